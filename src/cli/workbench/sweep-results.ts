/**
 * The files of a sweep, point by point from the store: however large the sweep, the runs of one
 * point are in memory at a time.
 */
import {
  axisNames,
  exitStatusOf,
  type PointSummary,
  type Summary,
  summarize,
} from '../../analyze/index.ts';
import { type OutputFile, writeFilesAtomically } from '../../host/index.ts';
import {
  columnsOf,
  csvFiles,
  formatValue,
  type SensitivityRow,
  sensitivityCsv,
  streamedRuns,
  textTable,
} from '../../output/index.ts';
import {
  contentKey,
  MODEL_REVISION,
  planRuns,
  type RunPlan,
  type RunResult,
  VERSION,
} from '../../run/index.ts';
import type { Io } from '../io.ts';
import type { Loaded } from '../load.ts';
import { manifestFile } from '../results.ts';
import type { FolderStore } from './run-store.ts';
import {
  type Figure,
  figuresOf,
  meanFigure,
  type PointFigures,
  sensitivityRows,
} from './sweep-analysis.ts';

export interface FinishedSweep {
  readonly loaded: Loaded;
  readonly folder: string;
  readonly store: FolderStore;
  readonly command: string;
  readonly interrupted: boolean;
  readonly files?: readonly string[];
  readonly wallMs: number;
}

const DEFAULT_FILES = ['runs', 'metrics', 'thresholds', 'stages', 'resources'];
const POINTS_SHOWN = 30;

/** Runs of each point from the store; those that are not there are left out. */
class StoredPoints {
  readonly #plans = new Map<number, { readonly plan: RunPlan; readonly key: string }[]>();
  readonly #store: FolderStore;

  constructor(loaded: Loaded, store: FolderStore) {
    this.#store = store;
    for (const plan of planRuns(loaded.points.map((point) => point.scenario))) {
      const list = this.#plans.get(plan.point) ?? [];
      list.push({ plan, key: contentKey(plan.scenario, plan.seed) });
      this.#plans.set(plan.point, list);
    }
  }

  runs(point: number): RunResult[] {
    const runs: RunResult[] = [];
    for (const { plan, key } of this.#plans.get(point) ?? []) {
      const result = this.#store.load(key);
      if (result !== null) runs.push({ ...result, point, replication: plan.replication });
    }
    return runs;
  }

  *all(): Generator<RunResult> {
    for (const point of this.#plans.keys()) yield* this.runs(point);
  }
}

interface Digest {
  readonly summary: PointSummary;
  readonly figures: PointFigures;
}

function summaryOf(
  { loaded }: FinishedSweep,
  point: number,
  runs: readonly RunResult[],
): PointSummary {
  const [first] = summarize(
    runs.map((run) => ({ ...run, point: 0 })),
    [loaded.points[point]],
    { version: VERSION, modelRevision: MODEL_REVISION, profiles: loaded.profiles },
  ).points;
  return { ...first, point };
}

/** Tables of summaries that a digest holds: no run is read again for them. */
const OF_DIGESTS = ['thresholds', 'stages'];
/** Tables of what a digest leaves out of its summary. */
const OF_WHOLE_SUMMARIES = ['estimates', 'outages'];

/** Pieces of one table, point after point under one header. */
function* tableChunks(
  given: FinishedSweep,
  summary: Summary,
  points: StoredPoints,
  name: string,
): Generator<string> {
  const scenarios = given.loaded.points;
  const chunksOf = (of: Summary, results: readonly RunResult[]): Iterable<string> =>
    csvFiles({ summary: of, results, points: scenarios })
      .find((csv) => csv.name === `${name}.csv`)
      ?.chunks() ?? [];
  if (OF_DIGESTS.includes(name)) {
    yield* chunksOf(summary, []);
    return;
  }
  let header = true;
  for (const index of scenarios.keys()) {
    const results = points.runs(index);
    if (results.length === 0) continue;
    const whole = OF_WHOLE_SUMMARIES.includes(name) ? [summaryOf(given, index, results)] : [];
    let first = true;
    for (const chunk of chunksOf({ ...summary, points: whole }, results)) {
      if (!first || header) yield chunk;
      first = false;
    }
    // A point without the table, as of pods, has no header either.
    header &&= first;
  }
}

/** Writes the folder, prints the table; gives the exit code of the verdicts. */
export function finishSweep(given: FinishedSweep, io: Io): number {
  const { loaded, folder } = given;
  const points = new StoredPoints(loaded, given.store);
  const figures = figuresOf(loaded.points.map((point) => point.scenario));
  const digests: Digest[] = [];
  for (const index of loaded.points.keys()) {
    const runs = points.runs(index);
    if (runs.length === 0) continue;
    const summary = summaryOf(given, index, runs);
    const values = figures.map((figure) => meanFigure(figure, runs));
    digests.push({
      // Without what is large: the screen, the manifest and small tables do not need it.
      summary: { ...summary, metrics: [], outages: [] },
      figures: { axes: summary.axes, values },
    });
  }
  const axes = axisNames(loaded.points);
  const rows = sensitivityRows(
    axes,
    figures,
    digests.map((digest) => digest.figures),
  );
  const summary = wholeSummary(given, axes, digests);
  const files: OutputFile[] = (given.files ?? DEFAULT_FILES).map((name) => ({
    name: `${name}.csv`,
    text:
      name === 'runs'
        ? streamedRuns({ summary, points: loaded.points }, () => points.all())
        : tableChunks(given, summary, points, name),
  }));
  files.push({ name: 'sensitivity.csv', text: sensitivityCsv(rows) });
  const manifest = manifestFile(summary, loaded, [], { wallSeconds: given.wallMs / 1000 });
  writeFilesAtomically(folder, [...files, manifest]);
  io.out(screen(axes, figures, digests, rows, io));
  io.out(`\n${files.length + 1} files in ${folder}\n`);
  return summary.exitStatus;
}

function wholeSummary(
  given: FinishedSweep,
  axes: readonly string[],
  digests: readonly Digest[],
): Summary {
  const { loaded } = given;
  const [{ scenario }] = loaded.points;
  const points = digests.map((digest) => digest.summary);
  const verdicts = points.flatMap((p) => p.thresholds.map(({ verdict }) => verdict));
  let eventCount = 0;
  for (const { runs } of points) for (const run of runs) eventCount += run.eventCount;
  return {
    name: loaded.name,
    description: loaded.description,
    version: VERSION,
    modelRevision: MODEL_REVISION,
    command: given.command,
    seed: scenario.seed,
    replications: scenario.replications,
    horizonNs: scenario.horizonNs,
    warmupNs: scenario.warmupNs,
    eventCount,
    interrupted: given.interrupted,
    axes,
    points,
    warnings: [],
    conditions: [],
    exitStatus: exitStatusOf(verdicts),
  };
}

function screen(
  axes: readonly string[],
  figures: readonly Figure[],
  digests: readonly Digest[],
  rows: readonly SensitivityRow[],
  io: Io,
): string {
  const { dim, bold } = io.outColors;
  const heads = figures.map(({ metric, word }) => `${word} of ${metric}`);
  const table = textTable(
    [
      ...columnsOf('right', ...axes, ...heads.map((_, i) => `[${i + 1}]`)),
      ...columnsOf('left', 'verdict'),
    ],
    digests
      .slice(0, POINTS_SHOWN)
      .map(({ summary, figures: { values } }) => [
        ...axes.map((axis) => String(summary.axes[axis] ?? '')),
        ...values.map((value, i) => formatValue(value, unitOf(figures[i]))),
        verdictOf(summary),
      ]),
    dim,
  );
  const hidden = digests.length - POINTS_SHOWN;
  const lines = [bold('Points'), ...table];
  if (hidden > 0) lines.push(dim(`  and ${hidden} more in runs.csv`));
  lines.push(...heads.map((head, i) => dim(`  [${i + 1}] ${head}`)));
  const known = rows.filter((row) => row.firstOrder !== null);
  if (known.length > 0)
    lines.push('', bold('What moves it'), ...sensitivityLines(known, figures, io));
  return `${lines.join('\n')}\n`;
}

function sensitivityLines(rows: readonly SensitivityRow[], figures: readonly Figure[], io: Io) {
  const number = (value: number | undefined): string =>
    value === undefined ? '–' : value.toFixed(2);
  const interval = (of: SensitivityRow['src']): string =>
    of === null ? '–' : `${number(of.value)} (${number(of.low)}..${number(of.high)})`;
  const figuresOfAxis = ['of', 'alone explains', 'regression', 'rank correlation'];
  return textTable(
    [...columnsOf('left', 'axis'), ...columnsOf('right', ...figuresOfAxis)],
    rows.map((row) => [
      row.name,
      `[${figures.findIndex((f) => f.metric === row.metric && f.word === row.figure) + 1}]`,
      interval(row.firstOrder),
      interval(row.src),
      interval(row.rank),
    ]),
    io.outColors.dim,
  );
}

function unitOf({ metric, word }: Figure): 's' | 'bytes' | '1' | '1/s' | 'ratio' {
  if (word === 'availability') return 'ratio';
  if (word === 'rate') return '1/s';
  if (word === 'count') return '1';
  if (/_seconds(_total)?(\{|$)/.test(metric)) return 's';
  return /_bytes(_total)?(\{|$)/.test(metric) ? 'bytes' : '1';
}

function verdictOf({ thresholds }: PointSummary): string {
  const verdicts = thresholds.map(({ verdict }) => verdict);
  const [worst] = ['fail', 'overloaded', 'no-data', 'inconclusive'].filter((v) =>
    verdicts.some((verdict) => verdict === v),
  );
  return worst ?? (verdicts.length === 0 ? '' : 'pass');
}
