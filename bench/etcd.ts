/**
 * Speed of the whole etcd model with digest, asserts and metrics on: simulated requests and events
 * per CPU second, and whether memory stays flat in the length of the run. Each case runs in a fresh
 * process.
 */
import { execFileSync } from 'node:child_process';
import { markdownTable } from '../src/output/index.ts';
import { withBundle } from './bundle.ts';
import type { EtcdCase, EtcdSample } from './etcd/case.ts';

export interface EtcdBenchRow {
  readonly bench: string;
  readonly members: number;
  /** Simulated seconds of a round. */
  readonly simulatedSeconds: number;
  readonly requests: number;
  readonly eventsPerRequest: number;
  /** Of the best round, per CPU second. */
  readonly requestsPerSecond: number;
  readonly eventsPerSecond: number;
  /** Simulated seconds per CPU second of the best round. */
  readonly speedup: number;
  readonly heapMegabytes: number;
}

interface Entry extends EtcdCase {
  readonly bench: string;
}

function entriesOf(quick: boolean): Entry[] {
  const puts = 'op: put, clients: 64, target: leader';
  const rounds = quick ? 2 : 5;
  const horizonSeconds = quick ? 5 : 20;
  const entry = (bench: string, members: number, workload: string, seconds = horizonSeconds) => ({
    bench,
    members,
    workload,
    horizonSeconds: seconds,
    rounds,
  });
  return [
    entry('puts, 64 clients', 3, puts),
    entry('puts, 64 clients, 4 x as long', 3, puts, 4 * horizonSeconds),
    entry('puts, 64 clients', 1, puts),
    ...(quick
      ? []
      : [
          entry('puts, 1000 clients', 3, 'op: put, clients: 1000, target: leader'),
          entry('puts, 1000/s', 3, 'op: put, rate: 1000/s'),
          entry('puts, 64 clients', 5, puts),
          entry('linearizable reads, 64 clients', 3, 'op: range, clients: 64, target: all'),
          entry(
            'serializable reads, 64 clients',
            3,
            'op: range, clients: 64, target: all, consistency: serializable',
          ),
        ]),
  ];
}

export function runEtcdBench(options: { readonly quick: boolean }): EtcdBenchRow[] {
  return withBundle(new URL('etcd/case.ts', import.meta.url), (outfile) => {
    return entriesOf(options.quick).map((entry) => measure(outfile, entry));
  });
}

function measure(file: string, entry: Entry): EtcdBenchRow {
  const args = ['--expose-gc', file, JSON.stringify(entry)];
  const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
  const samples = JSON.parse(text) as EtcdSample[];
  const best = samples.reduce((x, y) => (y.cpuNs / y.events < x.cpuNs / x.events ? y : x));
  const cpuSeconds = best.cpuNs / 1e9;
  return {
    bench: entry.bench,
    members: entry.members,
    simulatedSeconds: entry.horizonSeconds,
    requests: best.requests,
    eventsPerRequest: best.events / best.requests,
    requestsPerSecond: best.requests / cpuSeconds,
    eventsPerSecond: best.events / cpuSeconds,
    speedup: entry.horizonSeconds / cpuSeconds,
    heapMegabytes: Math.max(...samples.map((sample) => sample.heapBytes)) / 2 ** 20,
  };
}

export function renderEtcdTable(rows: readonly EtcdBenchRow[]): string {
  const heads = ['etcd model', 'members', 'simulated', 'requests', 'events/request', 'requests/s'];
  const cells = rows.map((row) => [
    row.bench,
    row.members,
    `${row.simulatedSeconds} s`,
    row.requests,
    row.eventsPerRequest.toFixed(1),
    row.requestsPerSecond.toFixed(0),
    row.eventsPerSecond.toFixed(0),
    row.speedup.toFixed(1),
    row.heapMegabytes.toFixed(1),
  ]);
  return markdownTable([...heads, 'events/s', 'x real time', 'heap MiB'], cells).join('\n');
}

export function renderEtcdCsv(rows: readonly EtcdBenchRow[]): string {
  const lines = [
    'bench,members,simulatedSeconds,requests,eventsPerRequest,requestsPerSecond,eventsPerSecond,speedup,heapMegabytes',
  ];
  for (const row of rows) {
    const numbers = [
      row.eventsPerRequest,
      row.requestsPerSecond,
      row.eventsPerSecond,
      row.speedup,
      row.heapMegabytes,
    ].map((x) => x.toFixed(3));
    const name = `"${row.bench}"`;
    lines.push([name, row.members, row.simulatedSeconds, row.requests, ...numbers].join(','));
  }
  return `${lines.join('\n')}\n`;
}
