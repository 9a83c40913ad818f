import * as assert from 'node:assert';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import { runStory } from './story.ts';

const test = suite('scenario stories');
const folder = new URL('../testdata/scenario/', import.meta.url);
const update = process.env.WAVETANK_UPDATE === '1';

for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.txt')) continue;
  test(`The story ${file} is answered as written.`, () => {
    const path = new URL(file, folder);
    const text = readFileSync(path, 'utf8');
    const told = runStory(text);
    if (update) writeFileSync(path, told);
    else assert.equal(told, text);
  });
}

test('There are stories.', () => {
  assert.ok(readdirSync(folder).length >= 10);
});

test.run();
