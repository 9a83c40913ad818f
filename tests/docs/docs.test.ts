import * as assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { parseScenario, renderProblem } from '../../src/scenario/index.ts';
import { assertNone, type Finding, ROOT, read } from '../tidy/sources.ts';
import {
  anchors,
  blocks,
  commands,
  links,
  namedFiles,
  type Page,
  pages,
  words,
} from './markdown.ts';

const test = suite('docs');

const all = pages();
const page = (text: string): Page => ({ path: 'docs/x.md', text });

function missing(page: Page): Finding[] {
  return [...links(page), ...namedFiles(page)].flatMap(({ path, line, target, anchor }) => {
    const there = existsSync(join(ROOT, target));
    if (!there) return [{ path, line, message: `${target} does not exist` }];
    if (anchor === '' || anchors(read(target)).has(anchor)) return [];
    return [{ path, line, message: `${target} has no heading #${anchor}` }];
  });
}

test('every file that a page names or links to exists, and so do the headings', () => {
  assert.ok(all.length >= 8);
  assertNone(all.flatMap(missing));
});

test('a dead link, a dead anchor and a file that is gone are found', () => {
  assert.equal(missing(page('See [x](gone.md).')).length, 1);
  assert.equal(missing(page('See [x](../docs/internals.md#gone-with-the-wind).')).length, 1);
  assert.equal(missing(page('See `src/core/gone.ts`.')).length, 1);
  assert.deepEqual(missing(page('[x](https://a.b/c), [y](internals.md), `src/core`')), []);
});

test('every script that a page tells to run is in package.json', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const gone = all.flatMap(({ path, text }) =>
    [...text.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)]
      .filter(([, name]) => !(name in scripts))
      .map(([what]) => `${path}: ${what}`),
  );
  assert.deepEqual(gone, []);
});

test('every scenario shown in full is valid', () => {
  let count = 0;
  for (const block of all.flatMap(blocks)) {
    if (block.language !== 'yaml' || !block.text.includes('apiVersion:')) continue;
    count++;
    const { problems } = parseScenario(block.text, { file: `${block.path}:${block.line}` });
    assert.deepEqual(problems.map(renderProblem), []);
  }
  assert.ok(count > 0);
});

test('commands are read from fenced and from indented blocks, with their exit codes', () => {
  const text = [
    '```sh',
    "npx wavetank run a.yaml -s 'x=1 2'   # exit code 99",
    'npm test',
    '```',
    '',
    '    npx wavetank calibrate a.json \\',
    '      --out b.yaml # x',
    '',
    'Not `npx wavetank list`.',
  ].join('\n');
  assert.deepEqual(
    commands(page(text)).map(({ argv, exitCode, line }) => [line, exitCode, ...argv]),
    [
      [2, 99, 'run', 'a.yaml', '-s', 'x=1 2'],
      [6, 0, 'calibrate', 'a.json', '--out', 'b.yaml'],
    ],
  );
  assert.deepEqual(words(`a "b c"d#e # f`), ['a', 'b cd#e']);
});

test.run();
