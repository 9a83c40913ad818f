/** `wavetank compare`: what a change changes, seed by seed, and whether that is too much. */
import {
  compareMetrics,
  compareStages,
  evaluateGate,
  exitStatusOf,
  type Gate,
  type GateResult,
  logfmt,
  pairBySeed,
  parseGate,
  parseSelectorOrNull,
  type RunPair,
} from '../../analyze/index.ts';
import type { ExecutorName } from '../../executor/index.ts';
import { checkWritable, UserError, writeFilesAtomically } from '../../host/index.ts';
import {
  comparisonCsv,
  type MetricComparisonRow,
  type StageComparisonRow,
  stageComparisonCsv,
} from '../../output/index.ts';
import { parseExpectation } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { comparisonText } from '../workbench/comparison-text.ts';
import { type ResultSet, resultsOf } from '../workbench/result-set.ts';
import { FolderStore } from '../workbench/run-store.ts';

export interface CompareCommandOptions {
  readonly metric: readonly string[];
  readonly gate: readonly string[];
  readonly seeds?: number;
  readonly seed?: string;
  readonly out: string;
  readonly jobs?: number;
  readonly executor?: ExecutorName;
  readonly all: boolean;
}

interface Compared {
  readonly metrics: MetricComparisonRow[];
  readonly stages: StageComparisonRow[];
  readonly gates: GateResult[];
}

function pairsOf(a: ResultSet, b: ResultSet): { axes: string; pairs: RunPair[] }[] {
  const others = new Map(b.points.map((point) => [logfmt(point.axes), point]));
  const single = a.points.length === 1 && b.points.length === 1;
  const found = a.points.flatMap((point) => {
    const axes = logfmt(point.axes);
    const other = single ? b.points[0] : others.get(axes);
    if (other === undefined) return [];
    const pairs = pairBySeed(point.runs, other.runs);
    return [{ axes: single ? '' : axes, pairs }];
  });
  const problem = (message: string, hint: string) =>
    new UserError({ code: 'WT8036', message, path: b.name, hint });
  if (found.length === 0) {
    const hint = 'Points are the same where all their axes are: compare sweeps over the same axes.';
    throw problem(`'${a.name}' and '${b.name}' have no point in common`, hint);
  }
  if (found.every(({ pairs }) => pairs.length === 0)) {
    const hint = 'Give both the same seed (--seed), or compare the scenario files.';
    throw problem(`'${a.name}' and '${b.name}' have no seed in common`, hint);
  }
  return found;
}

function compareSets(a: ResultSet, b: ResultSet, gates: readonly Gate[]): Compared {
  const compared: Compared = { metrics: [], stages: [], gates: [] };
  for (const { axes, pairs } of pairsOf(a, b)) {
    const of = { against: b.name, axes };
    for (const row of compareMetrics(pairs)) compared.metrics.push({ ...row, ...of });
    for (const row of compareStages(pairs)) compared.stages.push({ ...row, ...of });
    for (const gate of gates) compared.gates.push(evaluateGate(gate, pairs));
  }
  return compared;
}

/** `p99`, `mean`, `rate`: what a threshold can name. */
function isFigure(word: string): boolean {
  return 'value' in parseExpectation(`${word} < 0`);
}

function readGates(texts: readonly string[]): Gate[] {
  return texts.map((text) => {
    const gate = parseGate(text);
    if (gate !== null && parseSelectorOrNull(gate.metric) !== null && isFigure(gate.word))
      return gate;
    throw new UserError({
      code: 'WT8038',
      message: `--gate: '${text}' cannot be read`,
      path: '',
      hint: `a gate reads like 'wavetank_client_request_duration_seconds{op="put"} p99 < +5%'`,
    });
  });
}

function checkSelectors(texts: readonly string[]): void {
  const bad = texts.find((text) => parseSelectorOrNull(text) === null);
  if (bad === undefined) return;
  throw new UserError({
    code: 'WT8039',
    message: `--metric: '${bad}' is not a metric`,
    path: '',
    hint: `a metric reads like wavetank_client_requests or wavetank_client_requests{op="put"}`,
  });
}

export async function compareCommand(
  names: readonly string[],
  options: CompareCommandOptions,
  io: Io,
): Promise<number> {
  if (names.length < 2) {
    throw new UserError({
      code: 'WT8037',
      message: 'compare takes two settings or more',
      path: '',
      hint: 'wavetank compare my.yaml my.yaml@etcd.members=5',
    });
  }
  const gates = readGates(options.gate);
  checkSelectors(options.metric);
  checkWritable(options.out);
  const interrupts = io.interrupts(() => undefined);
  const sets: ResultSet[] = [];
  try {
    const given = { ...options, store: new FolderStore(options.out) };
    for (const name of names) {
      const set = await resultsOf(name, given, interrupts.signal, io);
      if (set === 'invalid') return EXIT.invalidScenario;
      if (set === 'interrupted') return EXIT.interrupted;
      sets.push(set);
    }
  } finally {
    interrupts.dispose();
  }
  const [first, ...others] = sets;
  const revisions = new Set(sets.map((set) => set.modelRevision));
  if (revisions.size > 1) {
    io.err(
      'wavetank: the results are of different model revisions: a difference may be the model\n',
    );
  }
  const compared = others.map((other) => compareSets(first, other, gates));
  const rows = {
    metrics: compared.flatMap((c) => c.metrics),
    stages: compared.flatMap((c) => c.stages),
    gates: compared.flatMap((c) => c.gates),
  };
  writeFilesAtomically(options.out, [
    { name: 'stage-comparison.csv', text: stageComparisonCsv(rows.stages) },
    { name: 'comparison.csv', text: comparisonCsv(rows.metrics) },
  ]);
  io.out(comparisonText(first.name, rows, { ...options, colors: io.outColors }));
  return exitStatusOf(rows.gates.map(({ verdict }) => verdict));
}
