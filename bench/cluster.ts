/**
 * Speed of a whole Kubernetes cluster with digest, asserts and metrics on:
 * `npx tsx bench/cluster.ts [--quick] [--nodes FILE --trace FILE]`. How many times faster than real
 * time it runs, API requests a CPU second, events a request and memory, from 100 to 100,000 nodes;
 * with churn; and how long the scheduling of 10,000 pods takes. Each case runs in a fresh process.
 * The trace openb (alibaba/clusterdata) is run where its files are given, or their folder by
 * WAVETANK_OPENB.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../src/output/index.ts';
import { withBundle } from './bundle.ts';
import type { ClusterCase, ClusterSample } from './cluster/case.ts';

export interface ClusterBenchRow {
  readonly bench: string;
  readonly nodes: number;
  readonly pods: number;
  /** Null where the case was not run: its files are not there. */
  readonly sample: ClusterSample | null;
}

export interface ClusterBenchOptions {
  /** A few seconds instead of several minutes: small clusters, short runs. */
  readonly quick: boolean;
  readonly trace: { readonly pods: string; readonly nodes: string } | null;
}

interface Entry extends ClusterCase {
  readonly bench: string;
  readonly nodes: number;
  readonly pods: number;
}

const OPENB_NODES = 'openb_node_list_all_node.csv';
const OPENB_PODS = 'openb_pod_list_default.csv';
/** The trace's arrivals are squeezed into so much simulated time. */
const OPENB_SECONDS = 60;

/** Of seconds of warm-up and after it, and lines of `kubernetes:`. */
function scenario(seconds: readonly [number, number], lines: readonly string[]): string {
  const [warmup, measured] = seconds;
  return `
apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: bench }
horizon: ${warmup + measured}s
warmup: ${warmup}s
replications: 1
seriesInterval: 10s
etcd: { members: 1 }
kubernetes:
  controlPlane: { replicas: 1, cores: 64, memory: 256GiB }
  kubeAPIServer: { eventsEtcd: true }
${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** Heartbeats alone. The more nodes, the shorter: as many requests a run. */
function idle(nodes: number, seconds: number): Entry {
  const text = scenario([10, seconds], [`nodeGroups: [{ name: node, count: ${nodes} }]`]);
  return { bench: 'idle', nodes, pods: 0, scenario: text, trace: null };
}

/** 30 pods a node, in Deployments of 30; 20 pods a second come, as many go. */
function churn(nodes: number, seconds: number): Entry {
  const text = scenario(
    [30, seconds],
    [
      'kubeControllerManager: { extraArgs: { kube-api-qps: "100", kube-api-burst: "100" } }',
      `nodeGroups: [{ name: node, count: ${nodes} }]`,
      'objects:',
      `  - { kind: Deployment, name: base, copies: ${nodes}, namespaces: 100, replicas: 30 }`,
      'load:',
      '  - { name: churn, start: 10s, churn: { pods: 20/s, replicas: 10, lifetime: 60s } }',
    ],
  );
  return { bench: 'churn 20 pods/s', nodes, pods: 30 * nodes, scenario: text, trace: null };
}

const SCHEDULER = 'kubeScheduler: { config: { clientConnection: { qps: 5000, burst: 5000 } } }';

/** Pods made by one client on empty nodes, scheduled with raised client limits. */
function scheduling(nodes: number, pods: number): Entry {
  const text = scenario(
    [10, 60],
    [
      SCHEDULER,
      `nodeGroups: [{ name: node, count: ${nodes}, cpu: "32", memory: 64GiB, zones: [a, b, c] }]`,
      'load:',
      '  - name: pods',
      '    start: 10s',
      `    create: { kind: Pod, copies: ${pods}, template: { cpu: 100m, memory: 500MB } }`,
    ],
  );
  return { bench: 'scheduling', nodes, pods, scenario: text, trace: null };
}

function openb(files: { readonly pods: string; readonly nodes: string }): Entry {
  const text = scenario(
    [10, OPENB_SECONDS + 30],
    [SCHEDULER, 'nodeGroups: [{ name: node, count: 10 }]'],
  );
  const trace = { ...files, seconds: OPENB_SECONDS };
  return { bench: 'openb', nodes: 1523, pods: 8152, scenario: text, trace };
}

function entriesOf(quick: boolean): Entry[] {
  if (quick) return [idle(100, 60), idle(1000, 20), churn(100, 20), scheduling(100, 500)];
  return [
    idle(100, 600),
    idle(1000, 300),
    idle(5000, 120),
    idle(15_000, 40),
    idle(50_000, 10),
    idle(100_000, 10),
    churn(100, 60),
    churn(1000, 60),
    churn(5000, 60),
    scheduling(5000, 10_000),
  ];
}

/** Runs all cases; several minutes, or seconds when `quick`. */
export function runClusterBench(options: ClusterBenchOptions): ClusterBenchRow[] {
  return withBundle(new URL('cluster/case.ts', import.meta.url), (outfile) => {
    const rows: ClusterBenchRow[] = [];
    for (const entry of entriesOf(options.quick)) rows.push(measure(outfile, entry));
    if (options.quick) return rows;
    const { trace } = options;
    if (trace !== null) rows.push(measure(outfile, openb(trace)));
    else rows.push({ bench: 'openb', nodes: 1523, pods: 8152, sample: null });
    return rows;
  });
}

function measure(file: string, entry: Entry): ClusterBenchRow {
  const { bench, nodes, pods } = entry;
  const asked: ClusterCase = { scenario: entry.scenario, trace: entry.trace };
  const args = ['--max-old-space-size=8192', file, JSON.stringify(asked)];
  console.error(`${bench}, ${nodes} nodes, ${pods} pods`);
  const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
  return { bench, nodes, pods, sample: JSON.parse(text) as ClusterSample };
}

/** The files of openb: as given, or in the folder that the variable names. */
export function openbFiles(
  argv: readonly string[],
  folder: string | undefined,
): ClusterBenchOptions['trace'] {
  const after = (flag: string) => {
    const at = argv.indexOf(flag);
    return at < 0 ? undefined : argv[at + 1];
  };
  const nodes = after('--nodes') ?? (folder ? join(folder, OPENB_NODES) : undefined);
  const pods = after('--trace') ?? (folder ? join(folder, OPENB_PODS) : undefined);
  if (nodes === undefined || pods === undefined) return null;
  return existsSync(nodes) && existsSync(pods) ? { nodes, pods } : null;
}

const seconds = (ns: number) => ns / 1e9;
/** Simulated time over `ns` of CPU or wall time. */
const speed = (sample: ClusterSample, ns: number) => sample.simulatedNs / ns;

export function renderClusterTable(rows: readonly ClusterBenchRow[]): string {
  const heads = ['cluster', 'nodes', 'pods', 'simulated', 'x real time (CPU)', '(wall)'];
  const more = ['requests', 'requests/CPU s', 'events/request', 'start, CPU s', 'RSS MB'];
  const cells = rows.map(({ bench, nodes, pods, sample }) => {
    if (sample === null) return [bench, nodes, pods, 'not run', '', '', '', '', '', '', ''];
    return [
      bench,
      nodes,
      pods,
      `${seconds(sample.simulatedNs).toFixed(0)} s`,
      speed(sample, sample.cpuNs).toFixed(1),
      speed(sample, sample.wallNs).toFixed(1),
      sample.requests,
      (sample.requests / seconds(sample.cpuNs)).toFixed(0),
      (sample.events / sample.requests).toFixed(1),
      seconds(sample.startCpuNs).toFixed(1),
      (sample.rssBytes / 1e6).toFixed(0),
    ];
  });
  return [...markdownTable([...heads, ...more], cells), '', ...bindTable(rows)].join('\n');
}

/** From the first create of a pod to the last bind. */
function bindTable(rows: readonly ClusterBenchRow[]): string[] {
  const heads = [
    'first create to last bind',
    'nodes',
    'pods bound',
    'simulated s',
    'CPU s',
    'wall s',
  ];
  const cells: (string | number)[][] = [];
  for (const { bench, nodes, sample } of rows) {
    if (bench !== 'scheduling' && bench !== 'openb') continue;
    if (sample === null) cells.push([bench, nodes, 'not run', '', '', '']);
    else {
      const times = [sample.bindSimulatedNs, sample.bindCpuNs, sample.bindWallNs];
      const texts = times.map((ns) => seconds(ns).toFixed(2));
      cells.push([bench, nodes, sample.podsBound, ...texts]);
    }
  }
  return [...markdownTable(heads, cells)];
}

export function renderClusterCsv(rows: readonly ClusterBenchRow[]): string {
  const lines = [
    'bench,nodes,pods,simulatedSeconds,cpuSeconds,wallSeconds,startCpuSeconds,requests,events,podsBound,bindSimulatedSeconds,bindCpuSeconds,bindWallSeconds,rssBytes',
  ];
  for (const { bench, nodes, pods, sample: s } of rows) {
    if (s === null) continue;
    const times = [s.simulatedNs, s.cpuNs, s.wallNs, s.startCpuNs].map((ns) =>
      seconds(ns).toFixed(3),
    );
    const binds = [s.bindSimulatedNs, s.bindCpuNs, s.bindWallNs].map((ns) =>
      seconds(ns).toFixed(3),
    );
    const counts = [s.requests, s.events, s.podsBound];
    lines.push([bench, nodes, pods, ...times, ...counts, ...binds, s.rssBytes].join(','));
  }
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const quick = process.argv.includes('--quick');
  const trace = openbFiles(process.argv, process.env.WAVETANK_OPENB);
  const rows = runClusterBench({ quick, trace });
  console.log(renderClusterTable(rows));
  const directory = fileURLToPath(new URL('../results/bench/', import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'cluster.csv'), renderClusterCsv(rows));
}
