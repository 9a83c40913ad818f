/** `wavetank capacity`: how far a parameter can go, what ends it, and how sure that is. */
import type { Capacity, CapacityRange, PointSummary } from '../../analyze/index.ts';
import type { ExecutorName } from '../../executor/index.ts';
import { checkWritable, UserError, writeFilesAtomically } from '../../host/index.ts';
import {
  type CapacityRow,
  capacityCsv,
  columnsOf,
  formatValue,
  textTable,
} from '../../output/index.ts';
import { type Range, readRange, type Scenario, valueText } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type LoadOptions, loadScenario } from '../load.ts';
import {
  checkThresholds,
  findCapacity,
  Interrupted,
  type Judged,
  type SearchOptions,
  sampleConstants,
} from '../workbench/capacity-search.ts';
import { lockFolder } from '../workbench/folder-lock.ts';
import { FolderStore } from '../workbench/run-store.ts';

export interface CapacityCommandOptions {
  readonly vary: string;
  readonly varyAlso?: string;
  readonly set: readonly string[];
  readonly seeds?: number;
  readonly seed?: string;
  readonly seedsMax: number;
  /** Percent of the value. */
  readonly tolerance: number;
  /** Samples of the constants; 0 = none. */
  readonly uncertainty: number;
  readonly out: string;
  readonly jobs?: number;
  readonly executor?: ExecutorName;
}

const RESOURCES_SHOWN = 8;
/** The search under uncertainty is coarser: the constants' ranges are. */
const UNCERTAIN_TOLERANCE = 0.1;

class InvalidScenario extends Error {}

function varied(text: string): { path: string; range: Range } {
  const match = /^([^\s=]+)=(?:(lin|log)\(([^(),]+),([^(),]+)\)|(.+?)\.\.(.+))$/.exec(text.trim());
  const bad = (message: string) =>
    new UserError({
      code: 'WT8041',
      message: `--vary: ${message}`,
      path: '',
      hint: '--vary kubernetes.nodeGroups.worker.count=100..5000, or path=log(1ms,100ms)',
    });
  if (match === null) throw bad(`'${text}' is not path=lo..hi`);
  const [, path, scale, a, b, from, to] = match;
  const range = readRange(scale === 'log' ? 'log' : 'lin', a ?? from, b ?? to);
  if (typeof range === 'string') throw bad(range);
  return { path, range };
}

function alsoValues(text: string | undefined): string[] {
  if (text === undefined) return [''];
  const match = /^([^\s=]+)=([^()]+)$/.exec(text);
  const values = match?.[2].split(',').map((value) => value.trim()) ?? [];
  if (match !== null && !values.includes('')) return values.map((value) => `${match[1]}=${value}`);
  const hint = '--vary-also etcd.disk.fsync.constant=1ms,4ms,10ms';
  const message = `--vary-also: '${text}' is not path=a,b,c`;
  throw new UserError({ code: 'WT8041', message, path: '', hint });
}

interface Found {
  readonly also: string;
  readonly capacity: Capacity;
  readonly judged: ReadonlyMap<number, Judged>;
  /** Over samples of the constants. */
  readonly samples: readonly Capacity[];
}

async function find(
  file: string,
  also: string,
  { path, range }: { path: string; range: Range },
  options: CapacityCommandOptions,
  search: SearchOptions,
): Promise<Found> {
  const load: LoadOptions = { set: [], seed: options.seed, replications: options.seeds };
  const scenarioAt = (value: number): Scenario => {
    const set = [
      ...options.set,
      ...(also === '' ? [] : [also]),
      `${path}=${valueText(range, value)}`,
    ];
    const loaded = loadScenario(file, { ...load, set }, search.io);
    if (loaded === null) throw new InvalidScenario();
    if (loaded.experiment === null) return loaded.points[0].scenario;
    const message = `'${file}' is an experiment, capacity takes a scenario`;
    throw new UserError({ code: 'WT8042', message, path: file, hint: 'Its base is one.' });
  };
  const first = scenarioAt(range.low);
  checkThresholds(first);
  // Before anything runs: the other end may be out of what the field takes.
  scenarioAt(range.high);
  const text = (value: number) => `${path}=${valueText(range, value)}`;
  const { low, high, scale, whole } = range;
  const wide: CapacityRange = { low, high, scale, whole, tolerance: options.tolerance / 100 };
  const nominal = await findCapacity(wide, scenarioAt, text, search);
  const samples: Capacity[] = [];
  const sets = options.uncertainty === 0 ? [] : sampleConstants(first, options.uncertainty);
  const tolerance = Math.max(wide.tolerance, UNCERTAIN_TOLERANCE);
  for (const [i, constants] of sets.entries()) {
    const { capacity } = await findCapacity(
      { ...wide, tolerance },
      (value) => ({ ...scenarioAt(value), constants }),
      (value) => `constants ${i + 1}/${sets.length}, ${text(value)}`,
      { ...search, seedsMax: 1 },
    );
    samples.push(capacity);
  }
  return { also, ...nominal, samples };
}

function summaryAt({ judged }: Found, value: number | null): PointSummary | null {
  return value === null ? null : (judged.get(value)?.summary ?? null);
}

function rowOf(found: Found, path: string, range: Range): CapacityRow {
  const { capacity, samples, also } = found;
  const text = (value: number | null) => (value === null ? '' : valueText(range, value));
  const goods = samples.flatMap(({ good }) => (good === null ? [] : [good]));
  const bads = samples.map(({ good, bad }) => bad ?? good ?? range.high);
  const ends = summaryAt(found, capacity.bad) ?? summaryAt(found, capacity.good);
  return {
    also,
    path,
    good: text(capacity.good),
    bad: text(capacity.bad),
    low: goods.length < samples.length || goods.length === 0 ? '' : text(Math.min(...goods)),
    high: bads.length === 0 ? '' : text(Math.max(...bads)),
    samples: samples.length,
    bottleneck: ends?.bottlenecks.busiest ?? '',
    next: ends?.bottlenecks.nextBusiest ?? '',
  };
}

function sentence({ capacity, samples }: Found, row: CapacityRow): string[] {
  const { good, bad, descending } = capacity;
  const lines: string[] = [];
  if (good === null && bad !== null) lines.push(`no value meets the thresholds; ${row.bad} fails`);
  else if (good === null) lines.push('undecided everywhere: more seeds or a longer run decide');
  else if (bad === null) lines.push(`holds up to ${row.good}; no value that was tried fails`);
  else {
    const side = descending ? 'down to' : 'up to';
    lines.push(`every threshold holds ${side} ${row.good}; one fails at ${row.bad}`);
  }
  const undecided = [...capacity.tested].filter(([, verdict]) => verdict === 'undecided').length;
  if (undecided > 0) lines.push(`undecided at ${undecided} of the values between (--seeds-max)`);
  if (samples.length === 0) return lines;
  const none = samples.filter(({ good: value }) => value === null).length;
  const within =
    row.low === ''
      ? `up to ${row.high === '' ? 'nothing' : row.high}`
      : `${row.low} .. ${row.high}`;
  lines.push(`with the constants anywhere in their ranges (${samples.length} samples): ${within}`);
  if (none > 0)
    lines.push(`  at ${none} of the samples no value is good: undecided by the constants`);
  return lines;
}

/** Margins of thresholds and headroom of resources at the last good value. */
function details(summary: PointSummary, io: Io): string[] {
  const { dim } = io.outColors;
  const heads = (of: string, ...figures: string[]) => [
    ...columnsOf('left', of),
    ...columnsOf('right', ...figures),
  ];
  const margins = summary.thresholds.map(({ metric, expect, value, limit, unit }) => {
    const margin = value === null || limit === 0 ? null : Math.abs(limit - value) / limit;
    return [`${metric} ${expect}`, formatValue(value, unit), formatValue(margin, 'ratio')];
  });
  const resources = summary.bottlenecks.ranking.slice(0, RESOURCES_SHOWN).map((resource) => {
    const used = resource.utilization.mean;
    return [resource.name, formatValue(used, 'ratio'), formatValue(Math.max(0, 1 - used), 'ratio')];
  });
  return [
    ...textTable(heads('threshold', 'value', 'margin'), margins, dim),
    ...textTable(heads('resource', 'used', 'headroom'), resources, dim),
  ];
}

function screen(found: readonly Found[], rows: readonly CapacityRow[], io: Io): string {
  const { bold } = io.outColors;
  const lines = found.flatMap((one, i) => {
    const row = rows[i];
    const at = summaryAt(one, one.capacity.good);
    return [
      bold(`${row.path}${row.also === '' ? '' : ` (${row.also})`}`),
      ...sentence(one, row).map((line) => `  ${line}`),
      `  busiest where it ends: ${row.bottleneck}, then ${row.next}`,
      ...(at === null || found.length > 1 ? [] : details(at, io)),
      '',
    ];
  });
  return lines.join('\n');
}

export async function capacityCommand(
  file: string,
  options: CapacityCommandOptions,
  io: Io,
): Promise<number> {
  const parameter = varied(options.vary);
  const values = alsoValues(options.varyAlso);
  checkWritable(options.out);
  const unlock = lockFolder(options.out);
  const interrupts = io.interrupts(() => undefined);
  const { signal } = interrupts;
  const execute = { ...options, store: new FolderStore(options.out) };
  const search: SearchOptions = { execute, seedsMax: options.seedsMax, signal, io };
  try {
    const found: Found[] = [];
    for (const also of values) found.push(await find(file, also, parameter, options, search));
    const rows = found.map((one) => rowOf(one, parameter.path, parameter.range));
    writeFilesAtomically(options.out, [{ name: 'capacity.csv', text: capacityCsv(rows) }]);
    io.out(screen(found, rows, io));
    return found.every(({ capacity }) => capacity.good !== null) ? EXIT.good : EXIT.inconclusive;
  } catch (error) {
    if (error instanceof Interrupted) {
      io.err(
        'wavetank: interrupted; finished runs are kept, the same command goes on from there\n',
      );
      return EXIT.interrupted;
    }
    if (error instanceof InvalidScenario) return EXIT.invalidScenario;
    throw error;
  } finally {
    interrupts.dispose();
    unlock();
  }
}
