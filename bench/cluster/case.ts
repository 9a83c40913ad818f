/**
 * One measurement of a whole cluster in a process of its own: argv is a case as JSON, the answer is
 * a sample.
 */
import { readFileSync } from 'node:fs';
import { nodeGroupsOf, readTrace, TRACE_IMAGE } from '../../src/import/index.ts';
import { createRun, knownConstants, type RunResult } from '../../src/run/index.ts';
import { parseScenario, type Scenario } from '../../src/scenario/index.ts';

export interface ClusterCase {
  /** A scenario as YAML. */
  readonly scenario: string;
  /** Also run this trace of pods on these nodes (openb), from the end of the warm-up. */
  readonly trace: {
    readonly pods: string;
    readonly nodes: string;
    readonly seconds: number;
  } | null;
}

export interface ClusterSample {
  /** Building, and the events before the end of the warm-up. */
  readonly startCpuNs: number;
  /** From the end of the warm-up to the horizon: simulated, CPU and wall. */
  readonly simulatedNs: number;
  readonly cpuNs: number;
  readonly wallNs: number;
  readonly requests: number;
  readonly events: number;
  readonly podsBound: number;
  /** From the first create of a pod to the last bind; 0 where there was none. */
  readonly bindSimulatedNs: number;
  readonly bindCpuNs: number;
  readonly bindWallNs: number;
  /** Largest resident set of the process. */
  readonly rssBytes: number;
}

/** Where the process stood: simulated time, CPU, wall, events. */
interface Mark {
  readonly nowNs: number;
  readonly cpuNs: number;
  readonly wallNs: number;
  readonly events: number;
}

const SLICE_EVENTS = 2000;
/** Stages of a pod (models/objects, podStages). */
const CREATED = 1;
const BOUND = 5;

const asked = JSON.parse(process.argv[2]) as ClusterCase;
console.log(JSON.stringify(sample()));

function sample(): ClusterSample {
  const scenario = scenarioOf(asked);
  const origin = process.hrtime.bigint();
  const marks: Mark[] = [];
  const run = createRun(scenario, { seed: '1' });
  const mark = () => {
    const { user, system } = process.cpuUsage();
    const { nowNs, eventCount } = run.progress();
    const wallNs = Number(process.hrtime.bigint() - origin);
    marks.push({ nowNs, cpuNs: (user + system) * 1000, wallNs, events: eventCount });
  };
  for (let finished = false; !finished; ) {
    finished = run.advance(SLICE_EVENTS);
    mark();
  }
  const result = run.finish();
  const start = markAt(marks, scenario.warmupNs);
  const end = marks[marks.length - 1];
  const binds = bindsOf(result);
  const last = markAt(marks, binds.lastNs);
  const first = binds.count === 0 ? last : markAt(marks, binds.firstNs);
  return {
    startCpuNs: start.cpuNs,
    simulatedNs: end.nowNs - start.nowNs,
    cpuNs: end.cpuNs - start.cpuNs,
    wallNs: end.wallNs - start.wallNs,
    requests: requestsOf(result),
    events: end.events - start.events,
    podsBound: binds.count,
    bindSimulatedNs: binds.count === 0 ? 0 : binds.lastNs - binds.firstNs,
    bindCpuNs: last.cpuNs - first.cpuNs,
    bindWallNs: last.wallNs - first.wallNs,
    rssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** The first mark at or after a time. */
function markAt(marks: readonly Mark[], atNs: number): Mark {
  return marks.find((mark) => mark.nowNs >= atNs) ?? marks[marks.length - 1];
}

/** Of the pods of the report: the newest, so all of the bench that creates some. */
function bindsOf(result: RunResult) {
  let firstNs = Number.POSITIVE_INFINITY;
  let lastNs = 0;
  let count = 0;
  for (const { stagesNs } of result.timeline?.pods ?? []) {
    const created = stagesNs[CREATED];
    const bound = stagesNs[BOUND];
    if (created === null || bound === null) continue;
    firstNs = Math.min(firstNs, created);
    lastNs = Math.max(lastNs, bound);
    count++;
  }
  return { firstNs, lastNs, count };
}

/** Requests that were answered after the warm-up. */
function requestsOf({ metrics }: RunResult): number {
  let sum = 0;
  for (const { name, perSegment } of metrics.counters) {
    if (name === 'apiserver_request_total') for (const count of perSegment) sum += count;
  }
  return sum;
}

function scenarioOf({ scenario: text, trace }: ClusterCase): Scenario {
  const parse = (overrides: readonly string[]) => {
    const options = { file: 'bench', overrides, constants: knownConstants() };
    const { scenario, problems } = parseScenario(text, options);
    if (scenario === null) throw new Error(JSON.stringify(problems));
    return scenario;
  };
  if (trace === null) return parse([]);
  const file = (name: string) => ({ name, chunks: [readFileSync(name, 'utf8')] });
  const whole = { windowNs: null, scale: 1, arrivalsOnly: true };
  const { spanNs } = readTrace(file(trace.pods), { ...whole, timeScale: 1 });
  const timeScale = spanNs / (trace.seconds * 1e9);
  const { pods } = readTrace(file(trace.pods), { ...whole, timeScale });
  const { groups } = nodeGroupsOf(file(trace.nodes));
  const parsed = parse([`kubernetes.nodeGroups=${JSON.stringify(groups)}`]);
  const { kubernetes } = parsed;
  if (kubernetes === null) throw new Error('the scenario has no cluster');
  const image = pods[0]?.template.spec.containers[0]?.image;
  const nodeGroups = kubernetes.nodeGroups.map((group) =>
    image?.name === TRACE_IMAGE ? { ...group, images: [...group.images, image] } : group,
  );
  const load = {
    name: 'replay',
    kind: 'replay' as const,
    startNs: parsed.warmupNs,
    stopNs: Number.POSITIVE_INFINITY,
    user: {
      name: 'kubernetes-admin',
      groups: ['system:masters'],
      agent: 'load/replay',
      authentication: 'x509' as const,
    },
    qps: Number.POSITIVE_INFINITY,
    burst: 100,
    pods,
  };
  return { ...parsed, kubernetes: { ...kubernetes, nodeGroups, load: [...kubernetes.load, load] } };
}
