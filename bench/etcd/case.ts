/**
 * One measurement of the etcd model in a process of its own: argv is a case as JSON, the answer is
 * a sample for every round.
 */
import { createRun } from '../../src/run/index.ts';
import { parseScenario } from '../../src/scenario/index.ts';

export interface EtcdCase {
  readonly members: number;
  /** One entry of `workload:`. */
  readonly workload: string;
  readonly horizonSeconds: number;
  readonly rounds: number;
}

export interface EtcdSample {
  readonly requests: number;
  readonly events: number;
  readonly cpuNs: number;
  /** Live bytes at the end of the run, before its result is made; after a collection. */
  readonly heapBytes: number;
}

const { members, workload, horizonSeconds, rounds } = JSON.parse(process.argv[2]) as EtcdCase;
const text = `
apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: bench }
horizon: ${horizonSeconds}s
warmup: 0s
seriesInterval: ${horizonSeconds}s
replications: 1
etcd:
  version: "3.5"
  members: ${members}
  disk: { fsync: { lognormal: { p50: 1ms, p99: 4ms } } }
network: { peerRtt: 0.5ms, clientRtt: 0.2ms }
workload:
  - { name: bench, ${workload} }
`;

function sample(round: number): EtcdSample {
  const { scenario, problems } = parseScenario(text, { file: 'bench' });
  if (scenario === null) throw new Error(JSON.stringify(problems));
  const run = createRun(scenario, { seed: String(round) });
  const start = process.cpuUsage();
  while (!run.advance(100_000)) {
    // advance does the work
  }
  const { user, system } = process.cpuUsage(start);
  globalThis.gc?.();
  const heapBytes = process.memoryUsage().heapUsed;
  const { eventCount, metrics } = run.finish();
  let requests = 0;
  for (const { name, perSegment } of metrics.counters) {
    if (name !== 'wavetank_client_requests') continue;
    for (const count of perSegment) requests += count;
  }
  return { requests, events: eventCount, cpuNs: (user + system) * 1000, heapBytes };
}

// The first round warms the compiler up and does not count.
sample(0);
const samples: EtcdSample[] = [];
for (let round = 1; round <= rounds; round++) samples.push(sample(round));
console.log(JSON.stringify(samples));
