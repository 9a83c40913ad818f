/** The example of docs/library.md: it is the code that is type checked and run here. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { read } from '../tidy/sources.ts';
import { blocks } from './markdown.ts';

const test = suite('docs: library');

const page = { path: 'docs/library.md', text: read('docs/library.md') };
const EXAMPLE = 'tests/docs/library-example.ts';

test('the page shows the example as it is run', () => {
  const [shown] = blocks(page).filter(({ language }) => language === 'ts');
  assert.equal(shown.text, read(EXAMPLE).replace("'../../src/index.ts'", "'wavetank'"));
});

test('the example prints what the page says', async () => {
  const [expected] = blocks(page).filter(({ comment }) => comment === 'output of the example');
  const printed: string[] = [];
  const { log } = console;
  console.log = (line: string) => printed.push(line);
  try {
    await import('./library-example.ts');
  } finally {
    console.log = log;
  }
  assert.equal(`${printed.join('\n')}\n`, expected.text);
});

test.run();
