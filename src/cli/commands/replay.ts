/** `wavetank replay`: a cluster under the arrivals of a trace; the same path as `run`. */
import { join } from 'node:path';
import { readTextChunks, UserError } from '../../host/index.ts';
import {
  type ImportNote,
  nodeGroupsOf,
  readTrace,
  TRACE_IMAGE,
  type Trace,
} from '../../import/index.ts';
import { knownConstants, type RunResult } from '../../run/index.ts';
import { type LoadScenario, parseScenario, type Scenario } from '../../scenario/index.ts';
import { quoteCommand } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type Loaded, loadScenario, printProblems } from '../load.ts';
import { checkFileNames, type RunCommandOptions, runLoaded } from './run.ts';

export interface ReplayCommandOptions extends RunCommandOptions {
  readonly nodes?: string;
  readonly scenario?: string;
  readonly window?: readonly [number, number];
  readonly timeScale: number;
  readonly scale: number;
  readonly arrivalsOnly: boolean;
}

/** Files of openb in the folder that the variable names (alibaba/clusterdata). */
const OPENB_NODES = 'openb_node_list_all_node.csv';
const OPENB_PODS = 'openb_pod_list_default.csv';
const OPENB = 'openb';

const DEFAULT_SCENARIO = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: replay, description: Arrivals of a trace. }
warmup: 10s
replications: 1
etcd: { members: 1 }
kubernetes:
  controlPlane: { replicas: 1, cores: 16, memory: 64GiB }
  nodeGroups: [{ name: node, count: 10, zones: [a, b, c] }]
`;
/** After the last arrival, for the pods that came last. */
const TAIL_NS = 60e9;
const NS_PER_S = 1e9;

export async function replayCommand(
  given: string | undefined,
  options: ReplayCommandOptions,
  io: Io,
): Promise<number> {
  checkFileNames(options.files ?? []);
  const files = filesOf(given, options);
  const input = { name: files.trace, chunks: readTextChunks(files.trace, 'trace') };
  const trace = readTrace(input, {
    windowNs: options.window ?? null,
    timeScale: options.timeScale,
    scale: options.scale,
    arrivalsOnly: options.arrivalsOnly,
  });
  printNotes(trace.notes, io);
  io.err(`${countsText(trace)}\n`);
  if (trace.pods.length + trace.loads.length === 0) {
    io.err('wavetank: there is nothing to replay\n');
    return EXIT.invalidScenario;
  }
  const set = [...options.set];
  if (files.nodes !== undefined) {
    const name = files.nodes;
    const list = nodeGroupsOf({ name, chunks: readTextChunks(name, 'list of nodes') });
    printNotes(list.notes, io);
    if (list.groups.length === 0) return EXIT.invalidScenario;
    set.unshift(`kubernetes.nodeGroups=${JSON.stringify(list.groups)}`);
  }
  const loaded = load(trace, { ...options, set }, io);
  if (loaded === null) return EXIT.invalidScenario;
  const command = repeatCommand(given ?? files.trace, options);
  const ran = await runLoaded(withTrace(loaded, trace), command, options, io);
  if (options.output === 'text') {
    for (const result of ran.results) io.out(outcomeText(result));
  }
  return ran.code;
}

function filesOf(given: string | undefined, { nodes }: ReplayCommandOptions) {
  const folder = process.env.WAVETANK_OPENB;
  if (given === OPENB && folder !== undefined && folder !== '') {
    return { trace: join(folder, OPENB_PODS), nodes: nodes ?? join(folder, OPENB_NODES) };
  }
  if (given !== undefined && given !== OPENB) return { trace: given, nodes };
  throw new UserError({
    code: 'WT8001',
    message: given === OPENB ? 'WAVETANK_OPENB names no folder' : 'no trace was given',
    path: '',
    hint: 'wavetank replay TRACE; `wavetank replay openb` takes the folder of WAVETANK_OPENB',
  });
}

/** The scenario that was given, or a small control plane; as long as the trace. */
function load(trace: Trace, options: ReplayCommandOptions, io: Io): Loaded | null {
  const { scenario: file } = options;
  const lasts = `horizon=${Math.ceil((trace.spanNs + TAIL_NS) / NS_PER_S) + 10}s`;
  const set = [lasts, ...options.set];
  if (file !== undefined) return loadScenario(file, { ...options, set }, io);
  const { scenario, problems } = parseScenario(DEFAULT_SCENARIO, {
    file: 'the scenario of replay',
    overrides: set,
    seed: options.seed,
    replications: options.replications,
    constants: knownConstants(),
  });
  if (scenario === null) {
    printProblems(problems, io);
    return null;
  }
  const { name, description } = scenario;
  return { name, description, points: [{ scenario }], experiment: null, files: {}, profiles: [] };
}

function withTrace(loaded: Loaded, trace: Trace): Loaded {
  const points = loaded.points.map((point) => ({
    ...point,
    scenario: scenarioWith(point.scenario, trace),
  }));
  return { ...loaded, points };
}

/** The trace begins when the warm-up ends: all of it is measured. */
function scenarioWith(scenario: Scenario, trace: Trace): Scenario {
  const { kubernetes, warmupNs } = scenario;
  if (kubernetes === null) {
    throw new UserError({
      code: 'WT8022',
      message: 'a trace needs a scenario with a cluster',
      path: '',
      hint: 'Give --scenario a file with `kubernetes:`.',
    });
  }
  const image = trace.pods.at(0)?.template.spec.containers.at(0)?.image;
  const nodeGroups = kubernetes.nodeGroups.map((group) =>
    image !== undefined && image.name === TRACE_IMAGE
      ? { ...group, images: [...group.images, image] }
      : group,
  );
  const pods: LoadScenario = {
    name: 'replay',
    kind: 'replay',
    startNs: warmupNs,
    stopNs: Number.POSITIVE_INFINITY,
    user: {
      name: 'kubernetes-admin',
      groups: ['system:masters'],
      agent: 'load/replay',
      authentication: 'x509',
    },
    qps: Number.POSITIVE_INFINITY,
    burst: 100,
    pods: trace.pods,
  };
  const load = [
    ...kubernetes.load,
    ...(trace.pods.length > 0 ? [pods] : []),
    ...trace.loads.map((one) => ({ ...one, startNs: one.startNs + warmupNs })),
  ];
  return { ...scenario, kubernetes: { ...kubernetes, nodeGroups, load } };
}

function printNotes(notes: readonly ImportNote[], io: Io): void {
  for (const { level, file, where, message, hint } of notes) {
    const place = [file, where].filter((text) => text !== '').join(': ');
    io.err(
      `${level}: ${place === '' ? '' : `${place}: `}${message}${hint === '' ? '' : `\n  ${hint}`}\n`,
    );
  }
}

function countsText({ counts, pods, loads }: Trace): string {
  const { rows, used, skipped } = counts;
  const left = skipped.map(({ reason, count }) => `${count} skipped: ${reason}`);
  return [`${rows} rows, ${used} used: ${pods.length} pods, ${loads.length} loads`, ...left].join(
    '\n  ',
  );
}

/** What became of the trace's pods and requests. */
function outcomeText(result: RunResult): string {
  let accepted = 0;
  let rejected = 0;
  for (const { name, labels, perSegment } of result.metrics.counters) {
    if (name !== 'wavetank_load_requests' || !/^(replay|audit-)/.test(labels.load ?? '')) continue;
    const value = perSegment.reduce((sum, count) => sum + count, 0);
    if (/^[123]/.test(labels.outcome ?? '')) accepted += value;
    else rejected += value;
  }
  const counts = result.timeline?.counts;
  const lines = [
    `\nReplay ${result.replication}: ${accepted} calls accepted, ${rejected} rejected`,
  ];
  if (counts !== undefined && counts.created > 0) {
    const { created, unscheduled, deletedEarly, started, failed } = counts;
    const placed = created - unscheduled - deletedEarly;
    lines.push(
      `  ${created} pods created: ${placed} placed, ${unscheduled} unscheduled, ` +
        `${started} started, ${failed} failed, ${deletedEarly} deleted before they started`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function repeatCommand(trace: string, options: ReplayCommandOptions): string {
  const argv = ['replay', trace];
  if (options.nodes !== undefined) argv.push('--nodes', options.nodes);
  if (options.scenario !== undefined) argv.push('--scenario', options.scenario);
  const { window } = options;
  if (window !== undefined) {
    const to = Number.isFinite(window[1]) ? `${window[1] / NS_PER_S}s` : '';
    argv.push('--window', `${window[0] / NS_PER_S}s..${to}`);
  }
  if (options.timeScale !== 1) argv.push('--time-scale', `${options.timeScale}`);
  if (options.scale !== 1) argv.push('--scale', `${options.scale}`);
  if (options.arrivalsOnly) argv.push('--arrivals-only');
  for (const assignment of options.set) argv.push('-s', assignment);
  if (options.seed !== undefined) argv.push('--seed', options.seed);
  if (options.replications !== undefined) argv.push('--replications', `${options.replications}`);
  return quoteCommand(argv);
}
