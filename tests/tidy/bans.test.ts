import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { checkBans, FREE_ROOMS } from './bans.ts';
import { roomOf } from './rooms.ts';
import { assertNone, parse, sources } from './sources.ts';

const test = suite('tidy: bans');

function messages(text: string): string[] {
  return checkBans(parse('src/core/bad.ts', text)).map((f) => f.message);
}

test('nothing of the machine gets into what is simulated, analysed or written', () => {
  const bound = sources('src', 'models').filter((file) => !FREE_ROOMS.includes(roomOf(file.path)));
  assert.ok(bound.length > 100);
  assertNone(bound.flatMap(checkBans));
});

test('every banned thing is found, and the message names what to use', () => {
  const bad = [
    'const t = Date.now();',
    'const t = new Date();',
    'const t = performance.now();',
    'const x = Math.random();',
    'const x = Math.log(2);',
    'const x = Math.pow(2, 0.5);',
    'const f = Math.sin;',
    'const x = y ** 2;',
    'const x = 10 ** 3;',
    'let x = 2; x **= 3;',
    'setTimeout(f, 1);',
    'queueMicrotask(f);',
    'const p = Promise.resolve();',
    'async function f() {}',
    'const f = async () => {};',
    'if (process.env.X) f();',
    'f({ key: process });',
    'const b = Buffer.from(x);',
    'console.log(x);',
    'a.localeCompare(b);',
    'n.toLocaleString();',
    'new Intl.NumberFormat();',
    'const { log } = Math;',
    'fetch(x);',
    'new WeakRef(x);',
  ];
  for (const text of bad) {
    const found = messages(text);
    assert.equal(found.length, 1, `${text} ${found}`);
    assert.match(found[0], /use |see it/);
  }
});

test('what only looks banned is let through', () => {
  const good = [
    'const x = 2 ** 53 + 2 ** -30;',
    'const x = Math.sqrt(Math.imul(1, 2)) * Math.PI;',
    'interface X { process: number; Date?: string }',
    'function f(process: Process) { return process.next(); }',
    'const { process } = member; process.execute(1);',
    'for (const process of all) process.stop();',
    'member.process.execute(1);',
    '// Math.random() and Date.now() are banned',
    "const text = 'Date.now()';",
  ];
  for (const text of good) assert.deepEqual(messages(text), [], text);
});

test.run();
