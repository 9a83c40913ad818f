/** Which resource limits the run: ranked by utilization and by share of all waiting. */
import type { ResourceResult } from '../metrics/index.ts';
import { type Estimate, estimate } from './estimate.ts';
import { compareText } from './labels.ts';

export interface ResourceRank {
  readonly name: string;
  readonly kind: ResourceResult['kind'];
  readonly servers: number;
  /** Mean share of the servers in use over the measured time, 0..1, over replications. */
  readonly utilization: Estimate;
  /** Share of this resource in the waiting of all resources, all replications together, 0..1. */
  readonly waitShare: number;
  readonly waitMeanSeconds: number;
  readonly waitMaxSeconds: number;
  readonly serviceMeanSeconds: number;
  readonly queueMean: number;
  readonly queueMax: number;
  readonly arrivals: number;
  /** 1 = the busiest. */
  readonly utilizationRank: number;
  /** 1 = the one where most time was spent waiting. */
  readonly waitRank: number;
}

export interface Bottlenecks {
  /** All resources that served anything, busiest first. */
  readonly ranking: readonly ResourceRank[];
  /** Names; '' where there is none. */
  readonly busiest: string;
  readonly nextBusiest: string;
  readonly mostWaiting: string;
  readonly nextMostWaiting: string;
}

const NS_PER_S = 1e9;

/** `runs`: the resources of each replication of one point. Ties go by name. */
export function rankBottlenecks(runs: readonly (readonly ResourceResult[])[]): Bottlenecks {
  const groups = new Map<string, ResourceResult[]>();
  for (const resources of runs) {
    for (const resource of resources) {
      const group = groups.get(resource.name);
      if (group === undefined) groups.set(resource.name, [resource]);
      else group.push(resource);
    }
  }
  let waitTotal = 0;
  for (const resources of runs) for (const resource of resources) waitTotal += resource.waitNsTotal;
  const ranks: ResourceRank[] = [];
  for (const group of groups.values()) {
    const rank = combine(group, waitTotal);
    if (rank !== null) ranks.push(rank);
  }
  const byWait = [...ranks]
    .sort((a, b) => b.waitShare - a.waitShare || compareText(a.name, b.name))
    .map((rank) => rank.name);
  const ranking = ranks
    .sort((a, b) => b.utilization.mean - a.utilization.mean || compareText(a.name, b.name))
    .map((rank, i) => ({
      ...rank,
      utilizationRank: i + 1,
      waitRank: byWait.indexOf(rank.name) + 1,
    }));
  const waits = waitTotal > 0;
  return {
    ranking,
    busiest: ranking[0]?.name ?? '',
    nextBusiest: ranking[1]?.name ?? '',
    mostWaiting: waits ? byWait[0] : '',
    nextMostWaiting: waits ? (byWait[1] ?? '') : '',
  };
}

/** One resource over the replications; means weigh every arrival alike. */
function combine(group: readonly ResourceResult[], waitTotal: number): ResourceRank | null {
  const utilization = estimate(group.map((resource) => resource.utilization));
  let arrivals = 0;
  let waitNs = 0;
  let serviceNs = 0;
  let queue = 0;
  let waitNsMax = 0;
  let queueMax = 0;
  for (const resource of group) {
    arrivals += resource.arrivals;
    waitNs += resource.waitNsTotal;
    serviceNs += resource.serviceNsMean * resource.arrivals;
    queue += resource.queueMean;
    waitNsMax = Math.max(waitNsMax, resource.waitNsMax);
    queueMax = Math.max(queueMax, resource.queueMax);
  }
  if (utilization === null || (arrivals === 0 && utilization.max === 0)) return null;
  const perArrival = arrivals === 0 ? 0 : 1 / (arrivals * NS_PER_S);
  return {
    name: group[0].name,
    kind: group[0].kind,
    servers: group[0].servers,
    utilization,
    waitShare: waitTotal === 0 ? 0 : waitNs / waitTotal,
    waitMeanSeconds: waitNs * perArrival,
    waitMaxSeconds: waitNsMax / NS_PER_S,
    serviceMeanSeconds: serviceNs * perArrival,
    queueMean: queue / group.length,
    queueMax,
    arrivals,
    utilizationRank: 0,
    waitRank: 0,
  };
}
