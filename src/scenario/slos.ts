/**
 * Service levels as thresholds: what a profile of `slos` stands for.
 *
 * sig-scalability: community sig-scalability/slos/api_call_latency.md and pod_startup_latency.md.
 * Calls are judged for each resource and verb by themselves. Of a call the time in webhooks and in
 * the queues of priority and fairness does not count, and neither do WATCH and CONNECT: such is
 * apiserver_request_sli_duration_seconds. The definitions ask for the p99 of five minutes, over a
 * day of the cluster; here it is that of the measured time.
 *
 * Availability is what the tests of the project ask for (perf-tests clusterloader2, 99.5 %): calls
 * whose answer is not the server's failure (5xx). Calls without an answer are not among them.
 */
import type { Checker } from './checker.ts';
import type { BaseValue } from './fields/scenario.ts';
import type { RunTimes } from './thresholds.ts';
import type { ThresholdScenario } from './types.ts';

const DURATION = 'apiserver_request_sli_duration_seconds';
/** As the project's own measurement groups them (clusterloader2 api_responsiveness). */
const CALLS = ['resource', 'subresource', 'verb', 'scope'];

const sigScalability: readonly Omit<ThresholdScenario, 'window'>[] = [
  // Mutating calls of one object.
  {
    metric: `${DURATION}{scope="resource",verb!~"GET|LIST"}`,
    expect: 'p99 <= 1s',
    each: CALLS,
  },
  // Reads of one object.
  { metric: `${DURATION}{scope="resource",verb=~"GET|LIST"}`, expect: 'p99 <= 1s', each: CALLS },
  // Reads of a namespace or of the cluster.
  {
    metric: `${DURATION}{scope=~"namespace|cluster",verb="LIST"}`,
    expect: 'p99 <= 30s',
    each: CALLS,
  },
  // Stateless pods that could be scheduled when they were created, and whose images were there.
  { metric: 'wavetank_pod_startup_duration_seconds{kind="stateless"}', expect: 'p99 <= 5s' },
  { metric: 'apiserver_request_total', expect: 'availability >= 99.5%' },
];

export function sloThresholds(
  { slos, kubernetes }: BaseValue,
  times: RunTimes,
  checker: Checker,
): ThresholdScenario[] {
  if (slos.length === 0) return [];
  if (kubernetes === undefined) {
    checker.at('slos', 'WT1109', 'service levels are those of a Kubernetes cluster', {
      expected: 'a section `kubernetes`',
      hint: 'of etcd alone, say what must hold in `thresholds`',
    });
  }
  const window = { text: 'all', fromNs: times.warmupNs, toNs: times.horizonNs };
  // One profile so far, whose thresholds stand once however often it is named.
  return sigScalability.map((threshold) => ({ ...threshold, window }));
}
