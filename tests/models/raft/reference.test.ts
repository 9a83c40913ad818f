import * as assert from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import { Replay, shortHash } from './reference.ts';

const test = suite('raft against the real library');
const folder = new URL('../../testdata/raft-reference/', import.meta.url);

/** Recordings hold runs; a run is lines of `<hash> <command>`, the first one `<hash> new ...`. */
function replay(text: string, selfAck: 'append' | 'persist'): number {
  let group: Replay | null = null;
  let steps = 0;
  let run = 0;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [expected, ...words] = line.split(' ');
    const command = words.join(' ');
    if (words[0] === 'new') {
      group = new Replay(command, selfAck);
      run++;
    } else {
      group!.run(command);
    }
    steps++;
    const state = group!.describe();
    assert.equal(shortHash(state), expected, `run ${run}, '${command}' leads to ${state}`);
  }
  return steps;
}

for (const [file, selfAck] of [
  ['v3.6.0.txt', 'persist'],
  ['v3.5.21.txt', 'append'],
] as const) {
  test(`After every command the group is in the state of ${file}.`, () => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    assert.ok(replay(text, selfAck) > 5000);
  });
}

test('Another version is told apart: the recordings of 3.5 are not those of 3.6.', () => {
  const text = readFileSync(new URL('v3.6.0.txt', folder), 'utf8');
  assert.throws(() => replay(text, 'append'));
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('v3')).length, 2);
});

test.run();
