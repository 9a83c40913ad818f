/** Scenario texts for tests of the command. */
export const GOOD = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: small }
horizon: 3s
warmup: 1s
replications: 2
etcd:
  version: "3.5"
  members: 3
  disk: { fsync: { lognormal: { p50: 1ms, p99: 4ms } } }
workload:
  - { name: writers, op: put, rate: 100/s }
`;

const PUT = `wavetank_client_request_duration_seconds{op="put"}`;

export function withThreshold(expect: string, metric = PUT): string {
  return `${GOOD}thresholds:\n  - { metric: '${metric}', expect: '${expect}' }\n`;
}

export const EXPERIMENT = `apiVersion: wavetank/v1alpha1
kind: Experiment
metadata: { name: two-disks }
question: Does a slower disk make puts slower?
base:
  horizon: 3s
  warmup: 1s
  etcd: { version: "3.5", members: 1, disk: { fsync: { constant: 1ms } } }
  workload:
    - { name: writers, op: put, rate: 50/s }
sweep:
  - { name: fsync, path: etcd.disk.fsync.constant, values: [1ms, 4ms, 9ms] }
quick:
  sweep:
    - { name: fsync, path: etcd.disk.fsync.constant, values: [1ms] }
`;
