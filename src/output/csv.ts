/**
 * CSV: RFC 4180 quoting, UTF-8, LF, a header always, shortest round-trip numbers, no locale.
 *
 * The browser build of csv-stringify brings its own Buffer, so that one bundle runs everywhere; in
 * Node it is the same code.
 */
import { stringify } from 'csv-stringify/browser/esm/sync';

export type Cell = string | number | boolean | null;

/** One column: its name, what it means, and how a row gives it. The reference is made from this. */
export interface Column<Row> {
  readonly name: string;
  /**
   * 's', 'bytes', '1/s', 'ratio', '' (text or a plain number), 'unit' (that of the row's unit
   * column).
   */
  readonly unit: string;
  readonly description: string;
  cell(row: Row): Cell;
}

export interface Table<Row> {
  /** Name of the file, e.g. 'metrics.csv'. */
  readonly file: string;
  readonly description: string;
  /** What the rows are sorted by. */
  readonly order: string;
  readonly columns: readonly Column<Row>[];
}

const ROWS_PER_BATCH = 2000;

/** The file in pieces: a sweep's tables may be larger than the longest string of an engine. */
export function* csvChunks<Row>(table: Table<Row>, rows: Iterable<Row>): Generator<string> {
  const { columns } = table;
  yield stringify([columns.map((column) => column.name)]);
  let batch: string[][] = [];
  for (const row of rows) {
    batch.push(columns.map((column) => cellText(column.cell(row))));
    if (batch.length === ROWS_PER_BATCH) {
      yield stringify(batch);
      batch = [];
    }
  }
  if (batch.length > 0) yield stringify(batch);
}

/**
 * Nothing for null and NaN; +Inf and -Inf as in Prometheus; integers and decimals as JavaScript
 * prints them.
 */
export function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'number') return String(cell);
  if (Number.isNaN(cell)) return '';
  if (cell === Infinity) return '+Inf';
  if (cell === -Infinity) return '-Inf';
  return Object.is(cell, -0) ? '0' : String(cell);
}

/** A function of a column: keeps tables short. */
export function column<Row>(
  name: string,
  unit: string,
  description: string,
  cell: (row: Row) => Cell,
): Column<Row> {
  return { name, unit, description, cell };
}

export const NS_PER_S = 1e9;

/** Simulated time in seconds; null for "never". */
export function seconds(ns: number): number | null {
  return Number.isFinite(ns) ? ns / NS_PER_S : null;
}

/** A table that is in cells already, with its header. */
export function csvOf(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return stringify([header, ...rows]);
}
