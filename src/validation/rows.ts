/**
 * Files of measurements: CSV rows by column name, and rows of one setting gathered over their
 * repetitions.
 */
import { parse } from 'csv-parse/browser/esm/sync';

export type Row = Readonly<Record<string, string>>;

export interface DataFile {
  /** Without folder and ending: 'cluster'. */
  readonly name: string;
  readonly text: string;
}

export interface ProblemRow {
  readonly file: string;
  readonly line: number;
  readonly experiment: string;
  readonly reason: string;
}

export function parseRows(text: string): Row[] {
  return parse(text, {
    columns: true,
    skip_empty_lines: true,
    relax_column_count: true,
    bom: true,
    trim: true,
  });
}

/**
 * A number of a column, or the fallback where the cell is empty or missing. NaN where it is no
 * number.
 */
export function numberOf(row: Row, column: string, fallback = Number.NaN): number {
  const cell = row[column];
  return cell === undefined || cell === '' ? fallback : Number(cell);
}

/** Numbers of a cell such as '10/0'; the fallback where it is empty. */
export function listOf(row: Row, column: string, fallback: readonly number[]): readonly number[] {
  const cell = row[column];
  return cell === undefined || cell === '' ? fallback : cell.split('/').map(Number);
}

/** Rows whose key is the same, in order of first appearance. */
export function groupBy<T>(rows: readonly T[], key: (row: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const k = key(row);
    const group = groups.get(k);
    if (group === undefined) groups.set(k, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}
