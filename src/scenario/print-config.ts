/**
 * A resolved scenario as a scenario file with every default filled in; read back it is the same
 * scenario.
 */
import type { DistributionSpec } from '../dist/index.ts';
import type { KnownConstants } from './checker.ts';
import { minorOf } from './extra-args.ts';
import { actionNode } from './faults.ts';
import { lastingVerbs } from './fields/faults.ts';
import { API_VERSION, baseFields } from './fields/scenario.ts';
import { distributionNode } from './print-distribution.ts';
import { printYaml, type YamlValue } from './print-yaml.ts';
import { availabilityNode, randomFaultNode } from './random-faults.ts';
import type {
  ClockScenario,
  DiskScenario,
  EtcdMemberScenario,
  EtcdScenario,
  FaultScenario,
  HostScenario,
  NetworkScenario,
  Scenario,
  WorkloadScenario,
} from './types.ts';
import { formatUnit, type UnitKind } from './units.ts';

type Mapping = Record<string, YamlValue | undefined>;

const duration = (ns: number) =>
  ns === Number.POSITIVE_INFINITY ? 'forever' : formatUnit('duration', ns);
const limited = (kind: UnitKind, value: number) =>
  value === Number.POSITIVE_INFINITY ? 'unlimited' : formatUnit(kind, value);
const count = (value: number) => (value === Number.POSITIVE_INFINITY ? 'unlimited' : value);
const latency = (spec: DistributionSpec) => distributionNode(spec, 'duration');

export interface PrintOptions {
  /** Units of the constants; without them overrides of constants are printed as bare numbers. */
  readonly constants?: KnownConstants;
}

export function printConfig(scenario: Scenario, options: PrintOptions = {}): string {
  const comments: Record<string, string> = {};
  for (const [name, field] of Object.entries(baseFields)) comments[name] = field.description;
  const value: Mapping = {
    apiVersion: API_VERSION,
    kind: 'Scenario',
    metadata: { name: scenario.name, description: scenario.description },
    horizon: duration(scenario.horizonNs),
    warmup: duration(scenario.warmupNs),
    seed: scenario.seed,
    replications: scenario.replications,
    seriesInterval: duration(scenario.seriesIntervalNs),
    etcd: etcdNode(scenario.etcd),
    hosts: scenario.hosts.map(hostNode),
    network: networkNode(scenario.network),
    workload: scenario.workload.map((w) => workloadNode(w, scenario.horizonNs)),
    kubernetes: scenario.kubernetes?.written,
    faults: scenario.faults.map(faultNode),
    randomFaults: scenario.randomFaults?.map(randomFaultNode),
    availability:
      scenario.availability === undefined ? undefined : availabilityNode(scenario.availability),
    thresholds: scenario.thresholds.map(({ metric, expect, each, window }) => ({
      metric,
      expect,
      each,
      window: window.text,
    })),
    constants: constantsNode(scenario.constants, options.constants),
  };
  return printYaml(value, comments);
}

function etcdNode(etcd: EtcdScenario): Mapping {
  const learners = etcd.members.filter((member) => member.learner).length;
  const overrides: Mapping = {};
  for (const member of [...etcd.members, ...etcd.joining])
    overrides[member.name] = memberNode(member);
  return {
    version: etcd.version,
    members: etcd.members.length - learners,
    learners,
    placement: 'separate',
    extraArgs: extraArgsNode(etcd, learners),
    timers: etcd.timers,
    preload: {
      keys: etcd.preloadKeys,
      keySize: formatUnit('bytes', etcd.preloadKeyBytes),
      valueSize: formatUnit('bytes', etcd.preloadValueBytes),
    },
    overrides,
  };
}

function memberNode(member: EtcdMemberScenario): Mapping {
  const one = member.walDisk === member.backendDisk;
  return {
    host: member.host,
    ...(one
      ? { disk: { use: member.walDisk } }
      : { walDisk: { use: member.walDisk }, backendDisk: { use: member.backendDisk } }),
    cpuWeight: member.cpuWeight,
    cpuQuota: count(member.cpuQuotaCores),
  };
}

/** Flags in etcd's own units; those without effect as they were given. */
function extraArgsNode(etcd: EtcdScenario, learners: number): Mapping {
  const minor = minorOf(etcd.version) ?? '3.6';
  const catchUp =
    minor === '3.5' ? 'experimental-snapshot-catchup-entries' : 'snapshot-catchup-entries';
  const off = etcd.autoCompactionMode === 'off';
  const retention = etcd.autoCompactionRetention;
  const revision = etcd.autoCompactionMode === 'revision';
  const quota = etcd.quotaBackendBytes;
  const args: Record<string, string> = {
    'heartbeat-interval': String(etcd.heartbeatIntervalNs / 1e6),
    'election-timeout': String(etcd.electionTimeoutNs / 1e6),
    'pre-vote': String(etcd.preVote),
    'snapshot-count': String(etcd.snapshotCount),
    ...(minor === '3.4' ? {} : { [catchUp]: String(etcd.snapshotCatchUpEntries) }),
    'quota-backend-bytes': quota === Number.POSITIVE_INFINITY ? '-1' : String(quota),
    'max-request-bytes': String(etcd.maxRequestBytes),
    'max-txn-ops': String(etcd.maxTxnOps),
    'backend-batch-interval': goDuration(etcd.backendBatchIntervalNs),
    'backend-batch-limit': String(etcd.backendBatchLimit),
    'auto-compaction-mode': off ? 'periodic' : etcd.autoCompactionMode,
    'auto-compaction-retention': off ? '0' : revision ? String(retention) : goDuration(retention),
    'strict-reconfig-check': String(etcd.strictReconfigCheck),
    ...(learners > 1 ? { 'max-learners': String(learners) } : {}),
  };
  for (const flag of etcd.flagsWithoutEffect) {
    const equals = flag.indexOf('=');
    args[flag.slice(0, equals)] = flag.slice(equals + 1);
  }
  return args;
}

/** Go has no days. */
function goDuration(ns: number): string {
  const text = formatUnit('duration', ns);
  return text.endsWith('d') ? `${ns / 3600e9}h` : text;
}

function hostNode(host: HostScenario): Mapping {
  return {
    name: host.name,
    cores: host.cores,
    memory: formatUnit('bytes', host.memoryBytes),
    zone: host.zone,
    clock: clockNode(host.clock),
    disks: host.disks.map(diskNode),
  };
}

function clockNode(clock: ClockScenario): Mapping {
  return {
    shape: clock.shape,
    offset: duration(clock.offsetNs),
    drift: formatUnit('ppm', clock.driftPpm),
    amplitude: duration(clock.amplitudeNs),
    period: duration(clock.periodNs),
    stepAt: duration(clock.stepAtNs),
    step: duration(clock.stepNs),
    ntp: clock.ntp,
    ntpPoll: duration(clock.ntpPollNs),
    ntpMaxSlew: formatUnit('ppm', clock.ntpMaxSlewPpm),
  };
}

function diskNode(disk: DiskScenario): Mapping {
  return {
    name: disk.name,
    fsync: latency(disk.fsync),
    fsyncKind: disk.fsyncKind,
    profileName: disk.profile,
    queueDepth: count(disk.queueDepth),
    iops: limited('rate', disk.iops),
    iopsBurst: count(disk.iopsBurst),
    bandwidth: limited('bandwidth', disk.bandwidthBytesPerSecond),
    bandwidthBurst: limited('bytes', disk.bandwidthBurstBytes),
    capacity: limited('bytes', disk.capacityBytes),
  };
}

function networkNode(network: NetworkScenario): Mapping {
  return {
    peerRtt: latency(network.peerRtt),
    clientRtt: latency(network.clientRtt),
    bandwidth: limited('bandwidth', network.bandwidthBytesPerSecond),
    loss: formatUnit('ratio', network.lossProbability),
    pairs: network.pairs.map((pair) => ({
      between: [...pair.between],
      rtt: latency(pair.rtt),
      bandwidth: limited('bandwidth', pair.bandwidthBytesPerSecond),
      loss: formatUnit('ratio', pair.lossProbability),
    })),
  };
}

function workloadNode(w: WorkloadScenario, horizonNs: number): Mapping {
  const open = w.ratePerSecond > 0;
  const loop = open
    ? {
        rate: formatUnit('rate', w.ratePerSecond),
        arrivals: w.arrivals,
        maxInFlight: w.maxInFlight,
      }
    : { clients: w.clients, thinkTime: latency(w.thinkTime) };
  return {
    name: w.name,
    op: w.op,
    ...loop,
    connections: w.connections,
    target: w.target,
    consistency: w.consistency,
    keySize: formatUnit('bytes', w.keyBytes),
    valueSize: distributionNode(w.valueSize, 'bytes'),
    keySpace: w.keySpace,
    prefix: w.prefix,
    keysPerRequest: w.keysPerRequest,
    ...(w.op === 'txn' ? { compareFailure: formatUnit('ratio', w.compareFailure) } : {}),
    ...(w.op === 'watch' ? { streams: w.streams } : {}),
    ...(w.op.startsWith('lease-') ? { ttl: duration(w.leaseTtlNs) } : {}),
    ...(w.lease ? { lease: w.lease } : {}),
    deadline: duration(w.deadlineNs),
    retries: w.retries,
    retryBackoff: duration(w.retryBackoffNs),
    start: duration(w.startNs),
    stop: w.stopNs === horizonNs ? 'forever' : duration(w.stopNs),
    host: w.host,
  };
}

function faultNode(fault: FaultScenario): Mapping {
  const repeats = fault.everyNs > 0;
  const lasting = lastingVerbs.includes(fault.action.kind);
  return {
    name: fault.name,
    at: duration(fault.atNs),
    ...actionNode(fault),
    ...(lasting && fault.forNs !== Number.POSITIVE_INFINITY ? { for: duration(fault.forNs) } : {}),
    ...(repeats ? { every: duration(fault.everyNs), times: count(fault.times) } : {}),
  };
}

const constantKinds: Readonly<Record<string, UnitKind>> = {
  ns: 'duration',
  bytes: 'bytes',
  bytesPerSecond: 'bandwidth',
};

function constantsNode(values: Readonly<Record<string, number>>, known?: KnownConstants): Mapping {
  const node: Mapping = {};
  for (const [name, value] of Object.entries(values)) {
    const kind = constantKinds[known?.[name]?.unit ?? ''];
    node[name] = kind === undefined ? value : formatUnit(kind, value);
  }
  return node;
}
