/**
 * The scenario that `wavetank init` writes: commented, complete enough to run, short enough to
 * read.
 */
import { explain } from './explain.ts';
import { API_VERSION } from './fields/scenario.ts';

/** `{{path}}` stands for the description of the field, so that it is written only once. */
const template = `# A scenario of wavetank: one etcd cluster, its load, and what happens to it.
# \`wavetank run FILE\` runs it; \`wavetank explain etcd.disk.fsync\` tells more of a field.
apiVersion: ${API_VERSION}
kind: Scenario
metadata:
  name: my-cluster
  description: What does a disk that stalls for two seconds cost?

# {{horizon}}
horizon: 60s
# {{warmup}}
warmup: 10s

# {{etcd}}
etcd:
  # {{etcd.version}}
  version: "3.6"
  # {{etcd.members}}
  members: 3
  # {{etcd.extraArgs}}
  extraArgs:
    heartbeat-interval: "100"
    election-timeout: "1000"
  disk:
    # {{etcd.disk.fsync}} \`wavetank calibrate\` makes a profile from
    # measurements of your disk; then write fsync: { profile: ./my-disk.yaml }.
    fsync: { lognormal: { p50: 1ms, p99: 4ms } }
  # {{etcd.overrides}}
  # overrides:
  #   etcd/2: { disk: { fsync: 25ms } }

# {{network}}
network:
  # {{network.peerRtt}}
  peerRtt: 1ms
  # {{network.clientRtt}}
  clientRtt: 0.2ms

# {{workload}}
workload:
  # {{workload.rate}}
  - { name: writers, op: put, rate: 500/s, valueSize: 256, target: leader }
  # {{workload.clients}}
  - { name: readers, op: range, clients: 8, consistency: linearizable }

# {{faults}}
faults:
  - { name: stall, at: 30s, stallDisk: etcd/leader, for: 2s }

# {{thresholds}}
thresholds:
  - metric: wavetank_client_request_duration_seconds{op="put"}
    expect: p99 < 50ms
    window: before(stall)
  - metric: wavetank_client_request_duration_seconds{op="put"}
    expect: p99 < 50ms
    window: after(stall)+10s
`;

/** Second line of an explanation: the description of the field. */
function descriptionOf(path: string): string {
  const explanation = explain(path);
  if (!explanation.found) throw new TypeError(`the template names ${path}, which is not a field`);
  return explanation.text.split('\n')[1].trim();
}

export function initTemplate(): string {
  return template.replace(/\{\{([\w.]+)\}\}/g, (_, path: string) => descriptionOf(path));
}
