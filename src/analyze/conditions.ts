/**
 * The conditions under which the etcd model was held against a real etcd, and what a scenario has
 * that differs from them. Outside of them the mechanism still holds, but nobody has measured the
 * numbers.
 */
import { quantile } from '../dist/index.ts';
import type { Scenario } from '../scenario/index.ts';

/** Said in every summary. */
export const VALIDATED_CONDITIONS =
  'etcd 3.4.23, no TLS, 1 or 3 members, fsync injected on tmpfs (0 to 20 ms), round trips up to 20 ms, 2 shared cores';

const MS = 1e6;
/** Largest settings of the measured rows, validation/etcd. */
const VALIDATED = {
  version: '3.4',
  members: [1, 3],
  fsyncNs: 20 * MS,
  peerRttNs: 20 * MS,
  valueBytes: 1024,
  clients: 256,
  watchers: 100,
  heartbeatNs: 100 * MS,
  electionNs: 1000 * MS,
} as const;

/** One sentence for each difference, in a fixed order, each once however many scenarios have it. */
export function conditionsOf(scenarios: readonly Scenario[]): string[] {
  const found = new Set<string>();
  for (const scenario of scenarios) {
    const all = [
      ...etcdDifferences(scenario),
      ...loadDifferences(scenario),
      ...kubernetesDifferences(scenario),
    ];
    for (const sentence of all) found.add(sentence);
  }
  return [...found];
}

function etcdDifferences(scenario: Scenario): string[] {
  const { etcd, network } = scenario;
  const found: string[] = [];
  if (!/^3\.4(\.|$)/.test(etcd.version)) {
    found.push(
      `etcd ${etcd.version}: measured was 3.4.23; switches between versions follow etcd's code.`,
    );
  }
  const voters = etcd.members.filter((member) => !member.learner).length;
  if (!VALIDATED.members.some((members) => members === voters)) {
    found.push(`${voters} voting members: measured were 1 and 3.`);
  }
  if (
    etcd.heartbeatIntervalNs !== VALIDATED.heartbeatNs ||
    etcd.electionTimeoutNs !== VALIDATED.electionNs
  ) {
    found.push('Heartbeat interval or election timeout changed: measured were 100 ms and 1 s.');
  }
  if (etcd.preVote && etcd.version.startsWith('3.4')) {
    found.push('Pre-vote on: measured was without.');
  }
  const disks = scenario.hosts.flatMap((host) => host.disks);
  if (disks.some((disk) => quantile(disk.fsync, 0.5) > VALIDATED.fsyncNs)) {
    found.push('An fsync of more than 20 ms in the median: measured was up to 20 ms.');
  }
  if (disks.some((disk) => disk.fsync.kind !== 'constant')) {
    found.push('fsync from a distribution: measured were constant delays.');
  }
  if (disks.some((disk) => disk.queueDepth !== Infinity)) {
    found.push('A disk that serialises or limits its syncs: measured were syncs that overlap.');
  }
  const rtts = [network.peerRtt, ...network.pairs.map((pair) => pair.rtt)];
  if (voters > 1 && rtts.some((rtt) => quantile(rtt, 0.5) > VALIDATED.peerRttNs)) {
    found.push('A round trip of more than 20 ms between members: measured was up to 20 ms.');
  }
  if (network.lossProbability > 0 || network.pairs.some((pair) => pair.lossProbability > 0)) {
    found.push('Packet loss: not measured.');
  }
  return found;
}

/** Nothing of the control plane above etcd was measured: its mechanisms and its costs are read. */
function kubernetesDifferences({ kubernetes }: Scenario): string[] {
  if (kubernetes === null) return [];
  const { apiServer, nodeGroups, cloud } = kubernetes;
  const found = [
    `Kubernetes ${kubernetes.version}: no real control plane was measured; mechanisms follow the code of its components, costs of CPU are set from published figures or estimated (constants.csv has mark and range of each).`,
  ];
  if (nodeGroups.length > 0) {
    found.push(
      'Times of the container runtime are those of the scenario: they decide most of a start-up.',
    );
  }
  if (apiServer.webhooks.length > 0) {
    found.push('Webhooks take the time that the scenario gives them, whatever their load.');
  }
  if (cloud !== null) {
    found.push('The cloud takes the times that the scenario gives it; no provider was measured.');
  }
  return found;
}

function loadDifferences(scenario: Scenario): string[] {
  const found: string[] = [];
  for (const load of scenario.workload) {
    if (quantile(load.valueSize, 0.5) > VALIDATED.valueBytes && load.op === 'put') {
      found.push('Values of more than 1 KiB: measured were 256 and 1024 bytes.');
    }
    const clients = load.op === 'watch' ? VALIDATED.watchers : VALIDATED.clients;
    if (load.clients > clients) {
      found.push(`More than ${clients} ${load.op} clients: measured was up to ${clients}.`);
    }
    if (load.op === 'txn' || load.op === 'delete') {
      found.push(`${load.op} requests: not measured.`);
    }
  }
  return found;
}
