/** Reads a CSV of latencies, one fsync a row: a column with a unit, perhaps a column of times. */
import { parse } from 'csv-parse/browser/esm/sync';
import { LATENCY_NS_MAX, type Latencies, latenciesOfSamples } from './latencies.ts';
import { linesOf } from './lines.ts';
import type { Report } from './problems.ts';
import type { LatencySeries } from './stalls.ts';
import type { CalibrateInput, CalibrateOptions, TimeUnit } from './types.ts';
import { nsPer, unitOf } from './units.ts';

export interface CsvLatencies {
  readonly latencies: Latencies;
  /** Null without a time column. */
  readonly series: LatencySeries | null;
}

interface Column {
  readonly index: number;
  /** 1-based and quoted name for messages. */
  readonly label: string;
  readonly unit: TimeUnit | null;
}

interface Table {
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
  /** Line of each row in the text. */
  readonly lines: readonly number[];
}

/** Rows are kept as text until their column is known; a CSV with quotes is read by a parser. */
const LENGTH_MAX = 100e6;
const QUOTED_LENGTH_MAX = 20e6;
/** A hundred days, the longest run that a simulation may have. */
const SPAN_NS_MAX = 8_640_000e9;
/** Fewer say nothing of a distribution. */
const LATENCIES_MIN = 10;
const LATENCY_WORDS =
  /^(latency|latencies|lat|fsync|fdatasync|sync|wal_fsync|duration|value|response_?time)$/;
const TIME_WORDS = /^(time|timestamp|ts|t|at|start|elapsed|date)$/;
const EXPECTED_COLUMN = 'a column named latency or fsync with its unit, e.g. latency_ms';

/** '1.2', '1.2ms', '850 µs', '1e-3'. */
const CELL = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-zµμ]*)$/i;

/** True where some cell is a number: a CSV with mistakes is then a better guess than none. */
export function looksLikeCsv(text: string): boolean {
  const lines = text.slice(0, 16_384).split(/\r?\n/, 50);
  return lines.some((line) => line.split(/[,;\t]/).some((cell) => CELL.test(unquote(cell))));
}

export function readCsv(
  input: CalibrateInput,
  options: CalibrateOptions,
  report: Report,
): CsvLatencies | null {
  const table = readTable(input, report);
  if (table === null) return null;
  const column = latencyColumn(input, table, report);
  if (column === null) return null;
  const time = timeColumn(table, column);
  const valuesNs = readColumn(input, table, column, options.unit, report);
  if (valuesNs === null) return null;
  if (valuesNs.length < LATENCIES_MIN) {
    report.problem({
      code: 'WT6034',
      input: input.name,
      message: `${valuesNs.length} latencies`,
      expected: `at least ${LATENCIES_MIN}, better some thousand`,
      hint: 'Measure for longer.',
    });
    return null;
  }
  return {
    latencies: latenciesOfSamples(valuesNs),
    series: time === null ? null : readSeries(input, { table, time, valuesNs }, options, report),
  };
}

function readTable(input: CalibrateInput, report: Report): Table | null {
  const head = /^(?!#)\s*\S.*$/m.exec(input.text.slice(0, 4096))?.[0] ?? '';
  const delimiter = [';', '\t', ','].find((mark) => head.includes(mark)) ?? ',';
  const quoted = input.text.includes('"');
  if (input.text.length > (quoted ? QUOTED_LENGTH_MAX : LENGTH_MAX)) {
    report.problem({
      code: 'WT6036',
      input: input.name,
      message: `${Math.round(input.text.length / 1e6)} MB of CSV`,
      expected: `at most ${(quoted ? QUOTED_LENGTH_MAX : LENGTH_MAX) / 1e6} MB`,
      hint: 'Give a part of it in one piece, e.g. head -n 1000000: stalls need every row.',
    });
    return null;
  }
  const rows: string[][] = [];
  const lines: number[] = [];
  const keep = (row: string[], line: number): void => {
    rows.push(row);
    lines.push(line);
  };
  if (quoted) {
    const broken = parseQuoted(input.text, delimiter, keep);
    if (broken !== null) {
      report.problem({
        code: 'WT6035',
        input: input.name,
        message: `not a CSV: ${broken}`,
        expected: 'comma-separated values, quotes closed',
        hint: 'Save the table as plain CSV.',
      });
      return null;
    }
  } else parsePlain(input.text, delimiter, keep);
  const isHeader =
    rows.length > 0 &&
    rows[0].some((cell) => cell !== '' && !CELL.test(cell) && !/^[-+]?(nan|inf)/i.test(cell));
  return isHeader
    ? { header: rows[0], rows: rows.slice(1), lines: lines.slice(1) }
    : { header: null, rows, lines };
}

/** Without a quote, CSV is lines and delimiters: a third of the time, and half of the memory. */
function parsePlain(
  text: string,
  delimiter: string,
  keep: (row: string[], line: number) => void,
): void {
  let number = 0;
  for (const raw of linesOf(text)) {
    number++;
    const line = raw.replace(/^\ufeff/, '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const cells = line.split(delimiter);
    for (let i = 0; i < cells.length; i++) cells[i] = cells[i].trim();
    keep(cells, number);
  }
}

/** What is wrong with the text, or null. */
function parseQuoted(
  text: string,
  delimiter: string,
  keep: (row: string[], line: number) => void,
): string | null {
  try {
    parse(text, {
      delimiter,
      bom: true,
      comment: '#',
      comment_no_infix: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (row: string[], context: { lines: number }) => {
        keep(row, context.lines);
        // Undefined: the parser need not keep it as well.
        return undefined;
      },
    });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 160) : 'unknown error';
  }
}

/** 'fsync latency [ms]' -> words without the unit, and the unit. */
function splitName(name: string): { readonly word: string; readonly unit: TimeUnit | null } {
  const parts = name
    .toLowerCase()
    .split(/[^a-z0-9µμ]+/)
    .filter((part) => part !== '');
  const unit = unitOf(parts.at(-1) ?? '');
  if (unit !== null) parts.pop();
  return { word: parts.join('_'), unit };
}

function latencyColumn(input: CalibrateInput, table: Table, report: Report): Column | null {
  if (table.header === null) {
    const width = table.rows[0]?.length ?? 0;
    if (width === 1) return { index: 0, label: 'column 1', unit: null };
    report.problem({
      code: 'WT6030',
      input: input.name,
      line: 1,
      message: `${width} columns and no header: which one is the latency?`,
      expected: EXPECTED_COLUMN,
      hint: 'Add a header line.',
    });
    return null;
  }
  const columns = table.header.map((name, index) => ({ index, name, ...splitName(name) }));
  const named =
    columns.find((c) => LATENCY_WORDS.test(c.word)) ??
    // A column named by its unit alone: 'ms'.
    columns.find((c) => c.word === '' && c.unit !== null) ??
    columns.find((c) => /(^|_)(latency|fsync|fdatasync)(_|$)/.test(c.word)) ??
    (columns.length === 1 ? columns[0] : undefined);
  if (named !== undefined) {
    return { index: named.index, label: `column '${named.name}'`, unit: named.unit };
  }
  report.problem({
    code: 'WT6030',
    input: input.name,
    line: 1,
    message: `no column is a latency; there are ${table.header.map((n) => `'${n}'`).join(', ')}`,
    expected: EXPECTED_COLUMN,
    hint: 'Rename the column.',
  });
  return null;
}

function timeColumn(table: Table, latency: Column): Column | null {
  if (table.header === null) return null;
  for (const [index, name] of table.header.entries()) {
    const { word, unit } = splitName(name);
    if (index !== latency.index && TIME_WORDS.test(word)) {
      return { index, label: `column '${name}'`, unit };
    }
  }
  return null;
}

/** Nanoseconds of a column; every bad cell is a problem of its own. */
function readColumn(
  input: CalibrateInput,
  table: Table,
  column: Column,
  optionUnit: TimeUnit | undefined,
  report: Report,
): number[] | null {
  const stated = optionUnit ?? column.unit;
  const valuesNs: number[] = [];
  let bare = 0;
  let withUnit = 0;
  for (const [i, row] of table.rows.entries()) {
    const text = row[column.index] ?? '';
    const match = CELL.exec(text);
    const value = match === null ? Number.NaN : Number(match[1]);
    const cellUnit = match === null || match[2] === '' ? null : unitOf(match[2]);
    const wrongUnit = match !== null && match[2] !== '' && cellUnit === null;
    const ns = Math.round(value * nsPer(cellUnit ?? stated ?? 'ns'));
    if (!(value >= 0) || !(ns <= LATENCY_NS_MAX) || wrongUnit) {
      badCell(input, table.lines[i], `${column.label} has '${text.slice(0, 40)}'`, report);
      continue;
    }
    if (cellUnit !== null && stated !== null && cellUnit !== stated) {
      mixedUnits(
        input,
        table.lines[i],
        `${column.label} is in ${stated}, but has '${text}'`,
        report,
      );
      return null;
    }
    if (cellUnit === null) bare++;
    else withUnit++;
    valuesNs.push(ns);
  }
  if (report.failed) return null;
  if (stated === null && bare > 0 && withUnit > 0) {
    mixedUnits(
      input,
      table.lines[0],
      `${column.label}: ${withUnit} cells have a unit, ${bare} none`,
      report,
    );
    return null;
  }
  if (stated === null && bare > 0) {
    report.problem({
      code: 'WT6031',
      input: input.name,
      line: 1,
      message: `the unit of ${column.label} is not known`,
      expected: 'ns, us, ms or s in the name of the column',
      hint: 'Name it latency_ms, for example, or say --unit ms.',
    });
    return null;
  }
  return valuesNs;
}

function badCell(input: CalibrateInput, line: number, message: string, report: Report): void {
  report.problem({
    code: 'WT6032',
    input: input.name,
    line,
    message,
    expected: 'a latency: a number, not negative, at most an hour',
    hint: 'Leave out rows of fsyncs that failed.',
  });
}

function mixedUnits(input: CalibrateInput, line: number, message: string, report: Report): void {
  report.problem({
    code: 'WT6033',
    input: input.name,
    line,
    message,
    expected: 'one unit in the whole column, or one in every cell',
    hint: 'Convert the column to one unit and name it in the header.',
  });
}

function readSeries(
  input: CalibrateInput,
  o: { table: Table; time: Column; valuesNs: readonly number[] },
  options: CalibrateOptions,
  report: Report,
): LatencySeries | null {
  const cells = o.table.rows.map((row) => row[o.time.index] ?? '');
  const times = cells.map((cell) =>
    CELL.test(cell) ? Number(cell.replace(/[^-+.\de]+$/i, '')) : Number.NaN,
  );
  if (times.some((time) => !Number.isFinite(time))) {
    report.warning(
      input.name,
      'time-not-numeric',
      `${o.time.label} is not numeric: stalls are not fitted`,
      'Give times as seconds, or as milliseconds in a column named time_ms.',
    );
    return null;
  }
  const unit = options.timeUnit ?? o.time.unit;
  if (unit === null) {
    report.info(input.name, 'time-unit', `${o.time.label} names no unit: read as seconds`);
  }
  const scale = nsPer(unit ?? 's');
  const origin = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const last = times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY);
  if (!((last - origin) * scale <= SPAN_NS_MAX)) {
    report.warning(
      input.name,
      'time-span',
      `${o.time.label} spans more than 100 days: stalls are not fitted`,
      'Say the unit of the times: --time-unit ms.',
    );
    return null;
  }
  const order = times.map((_, i) => i);
  if (times.some((time, i) => i > 0 && time < times[i - 1])) {
    report.info(input.name, 'time-sorted', `${o.time.label} goes back: rows were sorted by it`);
    order.sort((a, b) => times[a] - times[b] || a - b);
  }
  return {
    startsNs: Float64Array.from(order, (i) => Math.round((times[i] - origin) * scale)),
    latenciesNs: Float64Array.from(order, (i) => o.valuesNs[i]),
    resolutionNs: 0,
  };
}

function unquote(cell: string): string {
  return cell.trim().replace(/^"(.*)"$/, '$1');
}
