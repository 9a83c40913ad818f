/**
 * The values of a scenario, as read, to the resolved scenario: hosts, members, disks, faults,
 * windows.
 */
import { type DistributionSpec, isRandom } from '../dist/index.ts';
import type { Checker } from './checker.ts';
import { checkTimes, checkWorkloads } from './checks.ts';
import { disksOf, type MemberDisks } from './disks.ts';
import type { MapNode } from './document.ts';
import { minorOf, readFlags } from './extra-args.ts';
import { checkFaults } from './faults/checks.ts';
import { faultOf } from './faults.ts';
import type { ClockValue, HostValue } from './fields/machine.ts';
import type { BaseValue, MetadataValue } from './fields/scenario.ts';
import type { WorkloadValue } from './fields/workload.ts';
import { controlPlaneHost, kubernetesOf } from './kubernetes/index.ts';
import { WITHOUT_STALLS } from './profile.ts';
import { availabilityOf, randomFaultsOf } from './random-faults.ts';
import { sloThresholds } from './slos.ts';
import { thresholdsOf } from './thresholds.ts';
import type {
  ClockScenario,
  EtcdMemberScenario,
  EtcdScenario,
  HostScenario,
  NetworkScenario,
  Scenario,
  WorkloadScenario,
} from './types.ts';

const DAY_NS = 86_400e9;
const HORIZON_DAYS_MAX = 100;
const WARMUP_NS = 10e9;
const HORIZON_UNKNOWN = Number.POSITIVE_INFINITY;
const CLIENT_HOST = 'client';
const SHARED_HOST = 'host/0';
/** Enough that clients never wait for their own CPU. */
const CLIENT_CORES = 64;
const CORES = 4;
const MEMORY_BYTES = 16 * 1024 * 1024 * 1024;

export interface BuildInput {
  readonly metadata: MetadataValue;
  readonly base: BaseValue;
  /** Whether the name is the user's own; that of a point is made from its axes. */
  readonly named: boolean;
  /** The mapping that the values were read from, and the path of the scenario in the file. */
  readonly node: MapNode;
}

/** Always gives a scenario; it is of use only where the checker has found no problem. */
export function buildScenario(input: BuildInput, checker: Checker): Scenario {
  const { base, metadata } = input;
  if (input.named) checkName(metadata.name, checker);
  if (base.horizon > HORIZON_DAYS_MAX * DAY_NS) {
    checker.at('horizon', 'WT1110', `a run of ${Math.round(base.horizon / DAY_NS)} days`, {
      expected: `at most ${HORIZON_DAYS_MAX} days`,
      hint: 'questions about a year add up independent runs',
    });
  }
  const warmupNs = base.warmup ?? Math.min(WARMUP_NS, Math.floor(base.horizon / 6));
  // Nothing is past a horizon that could not be read.
  const times = { horizonNs: checker.bad('horizon') ? HORIZON_UNKNOWN : base.horizon, warmupNs };
  checkTimes(base, warmupNs, checker);
  const cluster = clusterOf(input, checker);
  const workload = workloadsOf(base, cluster.clientHost, checker);
  for (const [i, { host }] of workload.entries()) {
    checkHost(`workload[${i}].host`, host, cluster.hostNames, checker);
  }
  const hosts = hostsOf(base, cluster, workload, checker);
  const network = networkOf(base, cluster, hosts, checker);
  const kubernetes =
    base.kubernetes === undefined ? null : kubernetesOf(base.kubernetes, cluster.etcd, checker);
  const names = { etcd: cluster.etcd, hosts, kubernetes };
  const faults = base.faults.map((fault, i) => faultOf(fault, i, base.faults, names, checker));
  checkWorkloads(base.workload, workload, cluster.etcd, times, checker);
  checkFaults(base.faults, faults, names, times, checker);
  const randomFaults = randomFaultsOf(base.randomFaults, names, checker);
  const scenario: Scenario = {
    name: metadata.name,
    description: metadata.description,
    seed: base.seed,
    replications: 1,
    ...times,
    seriesIntervalNs: base.seriesInterval,
    etcd: cluster.etcd,
    hosts,
    network,
    workload,
    kubernetes,
    faults,
    ...(randomFaults.length === 0 ? {} : { randomFaults }),
    ...(base.availability === undefined
      ? {}
      : {
          availability: availabilityOf(base.availability, workload, kubernetes !== null, checker),
        }),
    thresholds: [
      ...thresholdsOf(base.thresholds, faults, times, checker),
      ...sloThresholds(base, times, checker),
    ],
    constants: constantsOf(base, checker),
  };
  return { ...scenario, replications: base.replications ?? (hasChance(scenario) ? 5 : 1) };
}

function checkName(name: string, checker: Checker): void {
  if (name === '' || /^[\p{L}\p{N}][\p{L}\p{N} ._/+-]{0,99}$/u.test(name)) return;
  checker.at('metadata.name', 'WT1006', `\`${name.slice(0, 40)}\` cannot be a name`, {
    expected: 'letters, digits, dashes and dots, at most 100',
  });
}

/** Whether two seeds can give different results. Faults count: elections draw their timeouts. */
function hasChance(scenario: Scenario): boolean {
  const { network, hosts, workload } = scenario;
  return (
    scenario.kubernetes !== null ||
    scenario.faults.length > 0 ||
    scenario.randomFaults !== undefined ||
    isRandom(network.peerRtt) ||
    isRandom(network.clientRtt) ||
    network.lossProbability > 0 ||
    network.pairs.some((pair) => isRandom(pair.rtt) || pair.lossProbability > 0) ||
    hosts.some((h) => h.clock.shape === 'noisy' || h.disks.some((disk) => isRandom(disk.fsync))) ||
    workload.some(
      (w) =>
        (w.ratePerSecond > 0 && w.arrivals === 'poisson') ||
        isRandom(w.thinkTime) ||
        isRandom(w.valueSize) ||
        w.target === 'random' ||
        w.compareFailure > 0,
    )
  );
}

export interface Cluster {
  readonly etcd: EtcdScenario;
  readonly memberDisks: readonly MemberDisks[];
  /** Hosts that something may run on: those described, and one for each member and the clients. */
  readonly hostNames: readonly string[];
  readonly clientHost: string;
  readonly shared: boolean;
}

/** Version and flags of etcd, as the members take them. */
function etcdFlagsOf({ etcd }: BaseValue, checker: Checker) {
  if (minorOf(etcd.version) === null) {
    checker.at('etcd.version', 'WT1204', `etcd ${etcd.version} is not modelled`, {
      expected: 'one of 3.4, 3.5, 3.6, 3.7, with or without a patch number',
    });
  }
  const { maxLearners, ...flags } = readFlags(etcd.extraArgs, etcd.version, (flag, ...rest) =>
    checker.at(`etcd.extraArgs${flag === '' ? '' : `.${flag}`}`, ...rest),
  );
  if (etcd.learners > maxLearners) {
    checker.at('etcd.learners', 'WT1109', `etcd allows ${maxLearners} learner at a time`, {
      hint: 'from 3.6 on, extraArgs: { max-learners: "2" } allows more',
    });
  }
  return flags;
}

function clusterOf(input: BuildInput, checker: Checker): Cluster {
  const { base, node } = input;
  const { etcd } = base;
  const flags = etcdFlagsOf(base, checker);
  const shared = etcd.placement === 'shared';
  const count = etcd.members + etcd.learners;
  const joining = joiningNames(base, count);
  const all = [...Array.from({ length: count }, (_, i) => `etcd/${i}`), ...joining];
  checkOverrides(etcd.overrides, all, checker);
  const planes = controlPlaneHosts(base);
  const hosts = [
    ...base.hosts.map((h) => h.name),
    ...planes,
    ...all,
    CLIENT_HOST,
    ...(shared ? [SHARED_HOST] : []),
  ];
  const members: EtcdMemberScenario[] = [];
  const memberDisks: MemberDisks[] = [];
  const stacked = base.kubernetes?.controlPlane.topology === 'stacked';
  const hostOf = (name: string) => {
    const plane = stacked ? planes[Number(name.slice('etcd/'.length))] : undefined;
    return etcd.overrides[name]?.host ?? (shared ? SHARED_HOST : (plane ?? name));
  };
  for (const [i, name] of all.entries()) {
    const own = etcd.overrides[name];
    const host = hostOf(name);
    checkHost(`etcd.overrides.${name}.host`, host, hosts, checker);
    const alone = all.every((other) => other === name || hostOf(other) !== host);
    const disks = disksOf({ root: node, member: name, host, alone, hosts: base.hosts }, checker);
    memberDisks.push(disks);
    members.push({
      name,
      host,
      learner: i >= etcd.members && i < count,
      walDisk: disks.walDisk,
      backendDisk: disks.backendDisk,
      cpuWeight: own?.cpuWeight ?? etcd.cpuWeight,
      cpuQuotaCores: own?.cpuQuota ?? etcd.cpuQuota,
    });
    if (own?.clock !== undefined && !alone) {
      checker.at(`etcd.overrides.${name}.clock`, 'WT1109', `${host} is shared by several members`, {
        hint: `set the clock of the host: hosts: [{ name: ${host}, clock: ... }]`,
      });
    }
  }
  return {
    etcd: {
      version: etcd.version.replace(/^v/, ''),
      members: members.slice(0, count),
      joining: members.slice(count),
      ...flags,
      timers: etcd.timers,
      preloadKeys: etcd.preload.keys,
      preloadKeyBytes: etcd.preload.keySize,
      preloadValueBytes: etcd.preload.valueSize,
    },
    memberDisks,
    hostNames: hosts,
    clientHost: shared ? SHARED_HOST : CLIENT_HOST,
    shared,
  };
}

function controlPlaneHosts({ kubernetes }: BaseValue): string[] {
  const count = kubernetes?.controlPlane.replicas ?? 0;
  return Array.from({ length: count }, (_, i) => controlPlaneHost(i));
}

/** A host has to be described, so that a slip of the pen does not make a new one. */
function checkHost(path: string, host: string, names: readonly string[], checker: Checker): void {
  if (names.includes(host)) return;
  const hint = `describe it: hosts: [{ name: ${host} }]`;
  checker.unknown(path, `there is no host ${host}`, host, names, hint);
}

/** Names that addMember faults bring, each once. */
function joiningNames(base: BaseValue, count: number): string[] {
  const names: string[] = [];
  for (const { addMember } of base.faults) {
    const index = /^etcd\/(\d+)$/.exec(addMember ?? '')?.[1];
    if (addMember === undefined || index === undefined || Number(index) < count) continue;
    if (!names.includes(addMember)) names.push(addMember);
  }
  return names;
}

function checkOverrides(
  overrides: BaseValue['etcd']['overrides'],
  names: readonly string[],
  checker: Checker,
): void {
  for (const name of Object.keys(overrides)) {
    if (names.includes(name)) continue;
    checker.unknown(`etcd.overrides.${name}`, `there is no member ${name}`, name, names);
  }
}

function clockOf(value: ClockValue): ClockScenario {
  return {
    shape: value.shape,
    offsetNs: value.offset,
    driftPpm: value.drift,
    amplitudeNs: value.amplitude,
    periodNs: value.period,
    stepAtNs: value.stepAt,
    stepNs: value.step,
    ntp: value.ntp,
    ntpPollNs: value.ntpPoll,
    ntpMaxSlewPpm: value.ntpMaxSlew,
  };
}

const IDEAL_CLOCK: ClockScenario = {
  shape: 'ideal',
  offsetNs: 0,
  driftPpm: 0,
  amplitudeNs: 0,
  periodNs: 60e9,
  stepAtNs: 0,
  stepNs: 0,
  ntp: 'none',
  ntpPollNs: 64e9,
  ntpMaxSlewPpm: 500,
};

/** Every host that something runs on, those of the scenario first, in its order. */
function hostsOf(
  base: BaseValue,
  cluster: Cluster,
  workload: readonly WorkloadScenario[],
  checker: Checker,
): HostScenario[] {
  checker.duplicates(
    'hosts',
    base.hosts.map((host) => host.name),
    'host',
  );
  const hosts = new Map<string, HostScenario>();
  for (const [i, host] of base.hosts.entries()) hosts.set(host.name, hostOf(host, i, checker));
  controlPlaneHosts(base).forEach((name, i) => {
    const plane = base.kubernetes?.controlPlane;
    if (plane === undefined || hosts.has(name)) return;
    const zone = plane.zones.length === 0 ? 'a' : plane.zones[i % plane.zones.length];
    hosts.set(name, {
      ...plainHost(name, plane.cores),
      memoryBytes: plane.memory,
      zone,
    });
  });
  const members = [...cluster.etcd.members, ...cluster.etcd.joining];
  for (const [i, member] of members.entries()) {
    const clock = base.etcd.overrides[member.name]?.clock;
    const host = hosts.get(member.host) ?? plainHost(member.host, CORES);
    const disks = [...host.disks, ...cluster.memberDisks[i].own];
    hosts.set(member.host, {
      ...host,
      disks,
      clock: clock === undefined ? host.clock : clockOf(clock),
    });
  }
  for (const w of workload) {
    if (!hosts.has(w.host)) hosts.set(w.host, plainHost(w.host, CLIENT_CORES));
  }
  return [...hosts.values()];
}

function plainHost(name: string, cores: number): HostScenario {
  return { name, cores, memoryBytes: MEMORY_BYTES, zone: 'a', clock: IDEAL_CLOCK, disks: [] };
}

function hostOf(host: HostValue, index: number, checker: Checker): HostScenario {
  const path = `hosts[${index}].disks`;
  checker.duplicates(
    path,
    host.disks.map((disk) => disk.name),
    'disk',
  );
  return {
    name: host.name,
    cores: host.cores,
    memoryBytes: host.memory,
    zone: host.zone,
    clock: clockOf(host.clock),
    disks: host.disks.map((disk) => diskOf(disk.name, disk)),
  };
}

function networkOf(
  base: BaseValue,
  cluster: Cluster,
  hosts: readonly HostScenario[],
  checker: Checker,
): NetworkScenario {
  const { network } = base;
  const members = cluster.etcd.members.map((member) => member.name);
  const zones = hosts.map((host) => host.zone);
  const names = [...new Set([...members, ...hosts.map((h) => h.name), ...zones, CLIENT_HOST])];
  const pairs = network.pairs.map((pair, i) => {
    for (const name of pair.between) {
      if (name === '' || names.includes(name)) continue;
      const message = `there is no host, member or zone ${name}`;
      checker.unknown(`network.pairs[${i}].between`, message, name, names);
    }
    const client = pair.between.some((name) => name === cluster.clientHost);
    return {
      between: pair.between,
      rtt: pair.rtt?.spec ?? (client ? network.clientRtt.spec : network.peerRtt.spec),
      bandwidthBytesPerSecond: pair.bandwidth ?? network.bandwidth,
      lossProbability: pair.loss ?? network.loss,
    };
  });
  return {
    peerRtt: network.peerRtt.spec,
    clientRtt: network.clientRtt.spec,
    bandwidthBytesPerSecond: network.bandwidth,
    lossProbability: network.loss,
    pairs,
  };
}

function workloadsOf(base: BaseValue, clientHost: string, checker: Checker): WorkloadScenario[] {
  checker.duplicates(
    'workload',
    base.workload.map((w) => w.name),
    'workload',
  );
  return base.workload.map((w) => workloadOf(w, clientHost, base.horizon));
}

function workloadOf(w: WorkloadValue, clientHost: string, horizonNs: number): WorkloadScenario {
  return {
    name: w.name,
    op: w.op,
    ratePerSecond: w.rate ?? 0,
    arrivals: w.arrivals,
    clients: w.rate === undefined ? (w.clients ?? 1) : 0,
    thinkTime: w.thinkTime.spec,
    connections: w.connections,
    target: w.target,
    consistency: w.consistency,
    keyBytes: w.keySize,
    valueSize: w.valueSize.spec,
    keySpace: w.keySpace,
    prefix: w.prefix ?? `/${w.name}`,
    keysPerRequest: w.keysPerRequest,
    compareFailure: w.compareFailure,
    streams: w.streams,
    leaseTtlNs: w.ttl,
    ...(w.lease === undefined ? {} : { lease: w.lease }),
    deadlineNs: w.deadline,
    retries: w.retries,
    retryBackoffNs: w.retryBackoff,
    startNs: w.start,
    stopNs: Math.min(w.stop, horizonNs),
    host: w.host ?? clientHost,
    maxInFlight: w.maxInFlight,
  };
}

function constantsOf(base: BaseValue, checker: Checker): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, { value, kind }] of Object.entries(base.constants)) {
    values[name] = value;
    checker.constant(name, kind, value);
  }
  return values;
}

function diskOf(name: string, value: HostValue['disks'][number]): HostScenario['disks'][number] {
  const { spec, profile } = value.fsync;
  const calmed = !value.assumedStalls && profile?.stallsAssumed === true;
  const source = calmed ? `${profile.name}${WITHOUT_STALLS}` : (profile?.name ?? '');
  return {
    name,
    fsync: calmed ? withoutStalls(spec) : spec,
    fsyncKind: value.fsyncKind ?? profile?.kind ?? 'service',
    profile: value.profileName ?? source,
    queueDepth: value.queueDepth,
    iops: value.iops,
    iopsBurst: value.iopsBurst,
    bandwidthBytesPerSecond: value.bandwidth,
    bandwidthBurstBytes: value.bandwidthBurst,
    capacityBytes: value.capacity,
  };
}

/** What is left of a profile's latencies when its assumed stalls do not happen. */
function withoutStalls(spec: DistributionSpec): DistributionSpec {
  switch (spec.kind) {
    case 'mixture':
      return spec.body;
    case 'scaled':
    case 'shifted':
      return { ...spec, of: withoutStalls(spec.of) };
    default:
      return spec;
  }
}

export { diskOf };
