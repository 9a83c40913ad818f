/** A small real scenario, resolved by the parser: for tests that are about driving a run. */
import * as assert from 'node:assert';
import { parseScenario, type Scenario } from '../../src/scenario/index.ts';

const TEXT = `
apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: test }
horizon: 10s
warmup: 1s
seed: seed
replications: 1
etcd:
  version: "3.5"
  members: 3
  disk: { fsync: { lognormal: { p50: 1ms, p99: 4ms } } }
network: { peerRtt: 0.5ms, clientRtt: 0.2ms }
workload:
  - { name: writers, op: put, rate: 50/s }
`;

export function makeScenario(changes: Partial<Scenario> = {}): Scenario {
  const { scenario, problems } = parseScenario(TEXT, { file: 'test.yaml' });
  assert.deepStrictEqual(problems, []);
  return { ...scenario!, ...changes };
}
