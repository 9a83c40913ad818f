/** `wavetank check`: thresholds of results again, without simulating, and against a baseline. */
import { appendFileSync } from 'node:fs';
import {
  type ExitStatus,
  evaluateGate,
  evaluateThreshold,
  exitStatusOf,
  findOverload,
  logfmt,
  pairBySeed,
  parseGate,
} from '../../analyze/index.ts';
import type { ExecutorName } from '../../executor/index.ts';
import { UserError, writeFileAtomically } from '../../host/index.ts';
import {
  bencherJson,
  type CheckedChange,
  type CheckReport,
  checkMarkdown,
  columnsOf,
  formatValue,
  githubBenchmark,
  junitXml,
  paintVerdict,
  textTable,
} from '../../output/index.ts';
import { MODEL_REVISION } from '../../run/index.ts';
import type { ThresholdScenario } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { loadScenario } from '../load.ts';
import { type ResultSet, readResults, simulatePoints } from '../workbench/result-set.ts';

export interface CheckCommandOptions {
  readonly thresholds?: string;
  readonly baseline?: string;
  /** Percent that a figure of a threshold may get worse. */
  readonly maxChange: number;
  readonly rerun: boolean;
  readonly junit?: string;
  readonly benchmark?: string;
  readonly bencher?: string;
  readonly markdown?: string;
  /** GITHUB_STEP_SUMMARY. */
  readonly stepSummary?: string;
  readonly jobs?: number;
  readonly executor?: ExecutorName;
}

function checkThresholds(set: ResultSet, given: readonly ThresholdScenario[] | null) {
  return set.points.flatMap(({ axes, scenario, runs }) => {
    const overload = findOverload(runs);
    return (given ?? scenario.thresholds).map((threshold) => ({
      axes: logfmt(axes),
      threshold: evaluateThreshold(threshold, runs, overload),
    }));
  });
}

/** Each figure that a threshold looks at, in the direction that is worse. */
function changesOf(set: ResultSet, baseline: ResultSet, maxChange: number): CheckedChange[] {
  const others = new Map(baseline.points.map((point) => [logfmt(point.axes), point]));
  return set.points.flatMap(({ axes, scenario, runs }) => {
    const text = logfmt(axes);
    const pairs = pairBySeed(others.get(text)?.runs ?? [], runs);
    return scenario.thresholds.flatMap(({ metric, expect }) => {
      const [, word, operator] = /^\s*([\w.]+)\s*([<>]=?)/.exec(expect) ?? [];
      if (operator === undefined) return [];
      const worse = operator.startsWith('<') ? `<= +${maxChange}%` : `>= -${maxChange}%`;
      const gate = parseGate(`${metric} ${word} ${worse}`);
      if (gate === null) return [];
      const { verdict, before, after, unit, note } = evaluateGate(gate, pairs);
      const why = pairs.length === 0 ? 'the baseline has no run of this point and seed' : note;
      return [{ axes: text, text: gate.text, verdict, before, after, unit, note: why }];
    });
  });
}

/** The baseline as this model has it; null where it cannot be compared. */
async function baselineFor(
  set: ResultSet,
  options: CheckCommandOptions,
  io: Io,
): Promise<ResultSet | ExitStatus | 105> {
  const folder = options.baseline ?? '';
  const baseline = readResults(folder);
  if (baseline.modelRevision === set.modelRevision && baseline.version === set.version) {
    return baseline;
  }
  if (!options.rerun || set.modelRevision !== MODEL_REVISION) {
    io.err(
      `wavetank: the baseline is of version ${baseline.version}, model revision ` +
        `${baseline.modelRevision}; the results are of ${set.version}, ${set.modelRevision}: ` +
        'a difference may be the model and not your change\n' +
        '  hint: --rerun simulates the baseline again with this version\n',
    );
    return EXIT.inconclusive;
  }
  const scenarios = baseline.points.map((point) => point.scenario);
  const interrupts = io.interrupts(() => undefined);
  try {
    const runs = await simulatePoints(
      scenarios,
      { ...options, label: `${folder} again` },
      interrupts.signal,
      io,
    );
    if (runs === null) return EXIT.interrupted;
    const points = baseline.points.map((point, i) => ({ ...point, runs: runs[i] }));
    return { ...baseline, points };
  } finally {
    interrupts.dispose();
  }
}

function writeReports(report: CheckReport, options: CheckCommandOptions): void {
  const { junit, benchmark, bencher, markdown, stepSummary } = options;
  if (junit !== undefined) writeFileAtomically(junit, junitXml(report));
  if (bencher !== undefined) writeFileAtomically(bencher, bencherJson(report));
  if (markdown !== undefined) writeFileAtomically(markdown, checkMarkdown(report));
  if (benchmark !== undefined) {
    writeFileAtomically(benchmark, githubBenchmark(report, true));
    const bigger = benchmark.replace(/(\.json)?$/, '-bigger.json');
    writeFileAtomically(bigger, githubBenchmark(report, false));
  }
  if (stepSummary === undefined || stepSummary === '') return;
  try {
    appendFileSync(stepSummary, checkMarkdown(report));
  } catch (error) {
    const message = `cannot write '${stepSummary}': ${error}`;
    const hint = 'GITHUB_STEP_SUMMARY names the file.';
    throw new UserError({ code: 'WT8011', message, path: stepSummary, hint });
  }
}

function screen({ thresholds, changes }: CheckReport, io: Io): string {
  const colors = io.outColors;
  const rows = [
    ...thresholds.map(({ axes, threshold: t }) => [
      { text: t.verdict, paint: paintVerdict(t.verdict, colors) },
      axes,
      `${t.metric} ${t.expect}`,
      formatValue(t.value, t.unit),
      t.note,
    ]),
    ...changes.map((change) => [
      { text: change.verdict, paint: paintVerdict(change.verdict, colors) },
      change.axes,
      change.text,
      `${formatValue(change.before, change.unit)} → ${formatValue(change.after, change.unit)}`,
      change.note,
    ]),
  ];
  if (rows.length === 0) return 'The results have no thresholds.\n';
  const columns = columnsOf('left', 'verdict', 'point', 'expected', 'found', '');
  return `${textTable(columns, rows, colors.dim).join('\n')}\n`;
}

export async function checkCommand(
  folder: string,
  options: CheckCommandOptions,
  io: Io,
): Promise<number> {
  const set = readResults(folder);
  let given: readonly ThresholdScenario[] | null = null;
  if (options.thresholds !== undefined) {
    const loaded = loadScenario(options.thresholds, { set: [] }, io);
    if (loaded === null) return EXIT.invalidScenario;
    given = loaded.points[0].scenario.thresholds;
  }
  let changes: CheckedChange[] = [];
  let status: ExitStatus = 0;
  if (options.baseline !== undefined) {
    const baseline = await baselineFor(set, options, io);
    if (baseline === EXIT.interrupted) return EXIT.interrupted;
    if (typeof baseline === 'number') status = EXIT.inconclusive;
    else changes = changesOf(set, baseline, options.maxChange);
  }
  const report = { name: folder, thresholds: checkThresholds(set, given), changes };
  writeReports(report, options);
  io.out(screen(report, io));
  const verdicts = [...report.thresholds.map((t) => t.threshold), ...changes].map((r) => r.verdict);
  return Math.max(status, exitStatusOf(verdicts));
}
