/** The constants in docs/models/etcd.md are those of the code. WAVETANK_UPDATE=1 writes them. */
import * as assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import { etcdConstants } from '../../../models/etcd/index.ts';
import type { ConstantEntry } from '../../../src/core/index.ts';

const test = suite('etcd/docs');

const PAGE = new URL('../../../docs/models/etcd.md', import.meta.url);
const BEGIN = '<!-- constants: written by tests/models/etcd/docs.test.ts -->\n';
const END = '<!-- end of constants -->';

function quantity(value: number, unit: ConstantEntry['unit']): string {
  switch (unit) {
    case 'ns':
      if (value >= 1e6) return `${value / 1e6} ms`;
      return value >= 1e3 ? `${value / 1e3} us` : `${value} ns`;
    case 'bytesPerSecond':
      return `${value / 1e6} MB/s`;
    case 'bytes':
      return `${value} B`;
    default:
      return String(value);
  }
}

function table(entries: readonly ConstantEntry[]): string {
  const rows = entries.map(({ name, value, low, high, unit, mark, source }) =>
    [name, quantity(value, unit), `${quantity(low, unit)} to ${quantity(high, unit)}`, mark, source]
      .map((cell) => cell.replaceAll('|', '\\|'))
      .join(' | '),
  );
  const head = '| name | value | range | mark | source |\n|---|---|---|---|---|\n';
  return `${head}${rows.map((row) => `| ${row} |\n`).join('')}`;
}

test('The page lists every constant with its value, range, mark and source.', () => {
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  assert.ok(from >= 0 && to > from, 'the markers are there');
  const expected = table(etcdConstants);
  if (process.env.WAVETANK_UPDATE === '1') {
    writeFileSync(PAGE, page.slice(0, from + BEGIN.length) + expected + page.slice(to));
    return;
  }
  assert.equal(page.slice(from + BEGIN.length, to), expected);
});

test('Every constant lies in its range and says where it comes from.', () => {
  for (const { name, value, low, high, source } of etcdConstants) {
    assert.ok(low <= value && value <= high, name);
    assert.ok(source.length > 10, name);
  }
});

test.run();
