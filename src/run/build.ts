/** Wires etcd and its clients together: hosts, network, etcd, clients, faults. */
import {
  type ClientObserver,
  EtcdClients,
  EtcdWatchers,
  LeaseHolders,
} from '../../models/client/index.ts';
import { EtcdCluster } from '../../models/etcd/index.ts';
import { FaultDriver, faultsOfRun, OutageTracker } from '../../models/faults/index.ts';
import { Credentials, Host } from '../../models/machine/index.ts';
import { Network } from '../../models/network/index.ts';
import type { ModelContext } from '../resource/index.ts';
import type { Scenario } from '../scenario/types.ts';
import type { Cluster } from './cluster.ts';
import { keyRanges, watchedRanges } from './key-ranges.ts';
import { machineInterfaces, networkHosts } from './network-hosts.ts';

export interface EtcdRunCluster extends Cluster {
  readonly etcd: EtcdCluster;
  readonly clients: readonly EtcdClients[];
  readonly watchers: readonly EtcdWatchers[];
  readonly outages: OutageTracker;
}

export function buildCluster(ctx: ModelContext, scenario: Scenario): EtcdRunCluster {
  const hosts = new Map(scenario.hosts.map((h) => [h.name, new Host(ctx, h.name, h)]));
  const network = new Network(ctx, scenario.network, networkHosts(scenario));
  const credentials = new Credentials(ctx, hosts);
  const etcd = new EtcdCluster(ctx, scenario, hosts, network, { credentials });
  const outages = new OutageTracker(ctx.sim);
  etcd.onCampaign(() => outages.onCampaign());
  etcd.onLeader(() => outages.onElected());
  etcd.recovery.onRestored(({ keysLost }) => outages.onObjectsLost(keysLost));
  const { clients, watchers } = createClients(etcd, scenario, {
    onAnswer: (_, outcome, ambiguous, sentNs) => outages.onAnswer(outcome, ambiguous, sentNs),
  });
  const clientHosts = [...new Set(scenario.workload.map((w) => w.host))];
  const world = {
    ctx,
    etcd,
    eventsEtcd: null,
    network,
    credentials,
    hosts,
    networkHostsOf: machineInterfaces(scenario),
    clientHosts,
    outages,
    kubernetes: null,
  };
  const faults = new FaultDriver(world, faultsOfRun(scenario, ctx.sim));
  return {
    etcd,
    clients,
    watchers,
    outages,
    start: () => {
      etcd.start();
      for (const c of clients) c.start();
      for (const w of watchers) w.start();
      faults.start();
    },
    finish: () => ({ outages: outages.results(ctx.metrics.eventRows), warnings: [] }),
  };
}

function createClients(
  etcd: EtcdCluster,
  { workload: workloads }: Scenario,
  observer: ClientObserver,
): { clients: EtcdClients[]; watchers: EtcdWatchers[] } {
  const ranges = keyRanges(workloads, (count) => etcd.shared.keys.reserve(count));
  const leases = new LeaseHolders();
  const clients: EtcdClients[] = [];
  const watchers: EtcdWatchers[] = [];
  workloads.forEach((workload, i) => {
    const port = etcd.port(workload.host);
    if (workload.op === 'watch') {
      const history = etcd.addHistory(watchedRanges(workload.prefix, workloads, ranges));
      watchers.push(new EtcdWatchers(etcd, port, workload, i, history));
    } else {
      const { first } = ranges[i];
      clients.push(new EtcdClients(etcd, port, workload, i, first, observer, leases));
    }
  });
  return { clients, watchers };
}
