/** Samples of a distribution: a list in the scenario, or a column of a CSV file that it names. */
import type { Node } from './document.ts';
import type { Reader } from './read.ts';
import { parseUnit } from './units.ts';
import { headSpan } from './words.ts';

interface SamplesValue {
  readonly values: readonly number[];
  readonly file: string | undefined;
  readonly column: string | undefined;
  readonly unit: string | undefined;
}

/** Lines of a CSV file that are read; the rest would not change a distribution. */
const ROWS_MAX = 2_000_000;

/** The samples in base units, or null with the problem reported. */
export function readSamples(
  reader: Reader,
  unit: 'duration' | 'bytes',
  value: SamplesValue,
  node: Node,
  path: string,
): number[] | null {
  const problem = (code: 'WT1401' | 'WT1404' | 'WT1005', message: string, hint = '') => {
    reader.problem(code, path, headSpan(node), message, { hint });
    return null;
  };
  if (value.file === undefined) return [...value.values];
  const file = reader.options.reader(value.file);
  if ('error' in file) {
    const hint = 'paths are relative to the folder of the scenario';
    return problem('WT1401', `${value.file}: ${file.error}`, hint);
  }
  const column = readColumn(file.text, value.column);
  if ('error' in column) return problem('WT1404', `${value.file}: ${column.error}`, column.hint);
  if (unit === 'duration' && value.unit === undefined && column.bare) {
    const hint = 'write { samples: { file: ..., unit: ms } }';
    return problem('WT1005', `the numbers of ${value.file} have no unit`, hint);
  }
  const numbers: number[] = [];
  for (const { text, line } of column.cells) {
    const parsed = parseUnit(unit, column.bare ? text + (value.unit ?? '') : text);
    if (!('value' in parsed) || parsed.value < 0) {
      return problem('WT1404', `${value.file}:${line}: \`${text.slice(0, 30)}\` is not a sample`);
    }
    numbers.push(parsed.value);
  }
  return numbers;
}

interface Column {
  readonly cells: readonly { readonly text: string; readonly line: number }[];
  /** The numbers have no unit of their own. */
  readonly bare: boolean;
}

function readColumn(
  text: string,
  name: string | undefined,
): Column | { error: string; hint: string } {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/, ROWS_MAX + 1);
  const rows = lines
    .map((line, i) => ({ cells: splitLine(line), line: i + 1, empty: /^\s*(#|$)/.test(line) }))
    .filter((row) => !row.empty);
  if (rows.length === 0) return { error: 'the file has no rows', hint: '' };
  const [first] = rows;
  const hasHeader = !first.cells.some((cell) => /^[+-]?[\d.]/.test(cell));
  let index = 0;
  if (name !== undefined) {
    index = hasHeader ? first.cells.indexOf(name) : -1;
    if (index < 0) {
      const hint = hasHeader ? `the columns are ${first.cells.join(', ')}` : 'there is no header';
      return { error: `there is no column \`${name}\``, hint };
    }
  } else {
    const sample = rows[hasHeader ? 1 : 0];
    index = sample?.cells.findIndex((cell) => /^[+-]?[\d.]/.test(cell)) ?? -1;
    if (index < 0) return { error: 'no column holds numbers', hint: '' };
  }
  const body = hasHeader ? rows.slice(1) : rows;
  if (body.length === 0) return { error: 'there are no rows below the header', hint: '' };
  const cells = body.map((row) => ({ text: row.cells[index] ?? '', line: row.line }));
  return { cells, bare: !/[a-zA-Zµμ]$/.test(cells[0].text) };
}

function splitLine(line: string): string[] {
  return line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}
