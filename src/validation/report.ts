/**
 * All comparisons of one validation: the tables that are printed, the CSV files, the goals.
 *
 * Goals, on the median over the repetitions of each setting, rows of saturated CPU apart: median
 * error <= 10 % on throughput and p50, <= 25 % on p99; ratio of means within 0.66 to 1.50 for at
 * least 90 % of the settings (SIG Scalability's "close enough"); events with n >= 20 at one
 * setting: Kolmogorov-Smirnov distance <= max(0.2, 1.36 / sqrt(n)), with fewer every measured point
 * inside the simulated 5 to 95 % range. The last rule is printed figure by figure and does not
 * decide: n points of a perfect model are all inside with probability 0.9^n. What decides for
 * events is the ratio of medians, by the same 0.66 to 1.50 for 90 % of the figures. Published
 * results are held to that rule by their means (throughput, mean latency); tails are printed.
 */
import { isClose, ksTwoSample, RATIO_SHARE } from '../analyze/index.ts';
import {
  type ComparedRow,
  compareSetting,
  isQuiet,
  type LoadSetting,
  loadSettings,
  median,
} from './compare.ts';
import { compareEvents, type EventFigure, type EventGroup, eventGroups } from './events.ts';
import { type PublishedFigure, publishedSteps } from './published.ts';
import { type DataFile, type ProblemRow, parseRows, type Row } from './rows.ts';
import type { ValidationSetup } from './scenario.ts';

export const MEDIAN_ERROR_MAX: Readonly<Record<string, number>> = {
  throughput_ops: 0.1,
  p50_ms: 0.1,
  p99_ms: 0.25,
};
/** Figures of published rows that are means. */
const MEANS: ReadonlySet<string> = new Set(['throughput_ops', 'mean_ms']);
/** Settings of a file in the quick form. */
const QUICK_SETTINGS = 4;
const KS_MIN_SAMPLES = 20;
const KS_FLOOR = 0.2;
const KS_CRITICAL = 1.36;

export interface EventComparison {
  readonly file: string;
  readonly experiment: string;
  readonly setting: string;
  readonly column: string;
  readonly measuredN: number;
  readonly simulatedN: number;
  readonly measured: readonly [number, number, number];
  readonly simulated: readonly [number, number, number];
  readonly distance: number;
  readonly bound: number;
  /** 'KS' or 'range'. */
  readonly rule: string;
  readonly within: boolean;
}

export interface Goal {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly met: boolean;
  readonly n: number;
}

export interface ValidationReport {
  readonly rows: readonly ComparedRow[];
  readonly events: readonly EventComparison[];
  readonly problems: readonly ProblemRow[];
  /** Empty unless asked for. */
  readonly published: readonly PublishedFigure[];
  readonly goals: readonly Goal[];
  /** Steps that were done when it was stopped; null where it came to its end. */
  readonly interrupted: { readonly done: number; readonly total: number } | null;
}

export interface ValidationOptions {
  readonly setup: ValidationSetup;
  readonly constants: Readonly<Record<string, number>>;
  /** A few settings of each file, no events, and of what is published what counts or is light. */
  readonly quick: boolean;
  /** Also compare with published results, which need no files. */
  readonly published: boolean;
}

/**
 * One step of the work: yielded before it is done, so that a caller can show progress. Answered
 * with true (`next(true)`), the comparison stops there and gives the report of what it has.
 */
export interface ValidationStep {
  readonly done: number;
  readonly total: number;
  readonly what: string;
}

export function* validateAgainst(
  files: readonly DataFile[],
  options: ValidationOptions,
): Generator<ValidationStep, ValidationReport, boolean | undefined> {
  const work = planWork(files, options.quick);
  const rows: ComparedRow[] = [];
  const events: EventComparison[] = [];
  const published: PublishedFigure[] = [];
  const steps = options.published ? publishedSteps().filter((s) => s.quick || !options.quick) : [];
  const tasks: Task[] = [
    ...work.settings.map((setting) => ({
      what: `${setting.file} ${setting.rows[0].experiment ?? ''}`,
      compare: () => void rows.push(...compareSetting(setting, options.setup, options.constants)),
    })),
    ...work.groups.map((group) => ({
      what: `${group.file} ${group.setting}`,
      compare: () => {
        for (const figure of compareEvents(group, options.setup, options.constants)) {
          const compared = compareFigure(group, figure);
          if (compared !== null) events.push(compared);
        }
      },
    })),
    ...steps.map((step) => ({
      what: `published ${step.name}`,
      compare: () => void published.push(...step.compare()),
    })),
  ];
  const total = tasks.length;
  let interrupted: ValidationReport['interrupted'] = null;
  for (const [done, task] of tasks.entries()) {
    if ((yield { done, total, what: task.what }) === true) {
      interrupted = { done, total };
      break;
    }
    task.compare();
  }
  const goals = goalsOf(rows, events, published);
  return { rows, events, problems: work.problems, published, goals, interrupted };
}

interface Task {
  readonly what: string;
  compare(): void;
}

function planWork(files: readonly DataFile[], quick: boolean) {
  const problems: ProblemRow[] = [];
  const settings: ReturnType<typeof loadSettings>['settings'] = [];
  const groups: EventGroup[] = [];
  for (const file of files) {
    const rows = parseRows(file.text);
    if (rows.length === 0 || isDescription(rows[0])) continue;
    if ('op' in rows[0]) {
      const load = loadSettings(file.name, rows);
      settings.push(...(quick ? sampleOf(load.settings) : load.settings));
      problems.push(...load.problems);
    } else {
      const found = eventGroups(file.name, rows);
      if (!quick) groups.push(...found.groups);
      problems.push(...found.problems);
    }
  }
  return { settings, groups, problems };
}

/** A few settings that count, spread over the file. */
function sampleOf(settings: readonly LoadSetting[]): LoadSetting[] {
  const counted = settings.filter((s) => s.rows.some((row) => isQuiet(row, false)));
  const step = Math.ceil(counted.length / QUICK_SETTINGS);
  return counted.filter((_, i) => i % step === 0);
}

/** bare.csv and its like: name, value, unit. They describe the rig and are no runs. */
function isDescription(row: Row): boolean {
  return 'name' in row && 'value' in row && !('experiment' in row);
}

function compareFigure(group: EventGroup, figure: EventFigure): EventComparison | null {
  const { measured, simulated } = figure;
  if (measured.length === 0 || simulated.length === 0) return null;
  const n = measured.length;
  const ks = ksTwoSample(measured, simulated);
  const range = spread(simulated);
  const byKs = n >= KS_MIN_SAMPLES;
  const bound = byKs ? Math.max(KS_FLOOR, KS_CRITICAL / Math.sqrt(n)) : Number.NaN;
  const distance = ks === null ? Number.NaN : ks.distance;
  const within = byKs ? distance <= bound : measured.every((v) => v >= range[0] && v <= range[2]);
  return {
    file: group.file,
    experiment: group.experiment,
    setting: group.setting,
    column: figure.column,
    measuredN: n,
    simulatedN: simulated.length,
    measured: spread(measured),
    simulated: range,
    distance,
    bound,
    rule: byKs ? 'KS' : 'range',
    within,
  };
}

/** 5th percentile, median, 95th percentile. */
function spread(values: readonly number[]): [number, number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (p: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))];
  return [at(0.05), median(sorted), at(0.95)];
}

/** What decides: met or missed, over the rows that count. */
export function goalsOf(
  rows: readonly ComparedRow[],
  events: readonly EventComparison[],
  published: readonly PublishedFigure[],
): Goal[] {
  const counted = rows.filter((row) => row.counted && Number.isFinite(row.ratio));
  const goals: Goal[] = [];
  for (const [column, limit] of Object.entries(MEDIAN_ERROR_MAX)) {
    const errors = counted
      .filter((row) => row.column.endsWith(column))
      .map((row) => Math.abs(row.ratio - 1));
    const value = median(errors);
    if (errors.length > 0)
      goals.push({
        name: `median error of ${column}`,
        value,
        limit,
        met: value <= limit,
        n: errors.length,
      });
  }
  const means = counted.filter((row) => row.column === 'mean_ms').map((row) => row.ratio);
  const timed = events.filter((e) => e.measured[1] > 0);
  const medians = timed.map((e) => e.simulated[1] / e.measured[1]);
  goals.push(...closeGoal('ratio of means within 0.66 to 1.50', means));
  goals.push(...closeGoal('events: ratio of medians within 0.66 to 1.50', medians));
  const comparable = published.filter((row) => row.counted && MEANS.has(row.column));
  const ratios = comparable.map((row) => row.ratio);
  goals.push(...closeGoal('published: ratio of means within 0.66 to 1.50', ratios));
  return goals;
}

/** The share of ratios that are close enough; no goal where there are none. */
function closeGoal(name: string, ratios: readonly number[]): Goal[] {
  if (ratios.length === 0) return [];
  const value = ratios.filter(isClose).length / ratios.length;
  return [{ name, value, limit: RATIO_SHARE, met: value >= RATIO_SHARE, n: ratios.length }];
}
