/**
 * kube-proxies of a pool of nodes (pkg/proxy): they watch services and EndpointSlices, and write
 * what has changed to their node's kernel, at most once in minSyncPeriod with a burst of two
 * (async BoundedFrequencyRunner); what changes during a sync is written by the next. With ipvs a
 * sync comes in each syncPeriod, changes or not (ipvs/proxier.go: the runner's longest interval);
 * iptables and nftables look only whether somebody flushed their rules.
 *
 * The one idea: the proxies are alike, so one watch stands for all and is charged for each; their
 * syncs are those of a few strata, each a share of the nodes with its own speed and rhythm, so that
 * every node's programming delay is counted without an event for each. Up to 32 nodes, a stratum is
 * a node.
 *
 * *Left out:* proxies of nodes that have crashed go on; retries of failed syncs; endpoints by zone;
 * the watch of a joining node's proxy begins with others of its batch.
 */
import { exp, mixUniform, normalQuantile, type Stream } from '../../src/core/index.ts';
import type { Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { KubeProxyScenario } from '../../src/scenario/types.ts';
import type { ApiClient } from '../client-go/index.ts';
import type { EndpointSlice, Service, User } from '../objects/index.ts';
import type { NodesOptions } from './api.ts';
import { firstPacketNs, ProxyCosts } from './proxy-costs.ts';
import { ServiceTable } from './proxy-tables.ts';

const STRATA_MAX = 32;
/** BoundedFrequencyRunner: burstSyncs. */
const BURST = 2;
/** pkg/proxy/util FullSyncPeriod. */
const FULL_SYNC_NS = 3600e9;
/** Nodes that join within this share a list and a watch of their proxies. */
const JOIN_BATCH_NS = 5e9;

interface Stratum {
  /** Nodes that it stands for. */
  readonly nodes: number;
  /** Logarithm of how much slower than usual they are. */
  readonly slowness: number;
  /** First change that it has not written. */
  cursor: number;
  /** Runner's bucket: tokens at an instant. */
  tokens: number;
  tokensNs: number;
  lastRunNs: number;
  lastFullNs: number;
  /** A sync runs, or is planned. */
  busy: boolean;
  planned: boolean;
  syncs: number;
  /** Of the sync under way. */
  sinceNs: number;
  until: number;
}

export interface KubeProxiesOptions extends NodesOptions {
  readonly scenario: KubeProxyScenario;
  readonly zone: string;
  /** Nodes whose proxies run at the start. */
  readonly nodes: number;
  /** Name of one of them: whose Node they watch. */
  readonly nodeName: string;
}

export class KubeProxies {
  readonly table = new ServiceTable();
  readonly #ctx: ModelContext;
  readonly #o: KubeProxiesOptions;
  readonly #costs: ProxyCosts;
  readonly #client: ApiClient;
  readonly #stream: number;
  readonly #strata: Stratum[];
  readonly #spread: number;
  readonly #runType: number;
  readonly #endType: number;
  readonly #joinType: number;
  readonly #resyncType: number;
  readonly #sync: Tally;
  readonly #programming: Tally;
  /** What a new connection pays on each node for its first packet, as of each sync. */
  readonly #firstPacket: Tally;
  /** Pods that are ready endpoints, by slice. */
  readonly #told = new Map<string, ReadonlySet<number>>();
  #joining = 0;
  #synced = false;

  constructor(ctx: ModelContext, name: string, stream: Stream, o: KubeProxiesOptions) {
    const { sim, metrics, constants } = ctx;
    const { scenario, nodes } = o;
    this.#ctx = ctx;
    this.#o = o;
    this.#costs = new ProxyCosts(constants);
    this.#stream = stream.u32();
    // Half of the variance is the node's, half that of the single sync.
    this.#spread = constants.get('kubeproxy.spread') * Math.sqrt(0.5);
    this.#strata = this.#makeStrata(nodes);
    this.#client = o.library.client({
      name: `kube-proxy/${name}`,
      user: PROXY,
      networkHost: o.networkHostOf?.(o.zone, '') ?? `nodes@${o.zone}`,
      servers: o.servers,
      qps: scenario.qps,
      burst: scenario.burst,
      timeoutNs: Number.POSITIVE_INFINITY,
    });
    this.#sync = metrics.tally(
      'kubeproxy_sync_proxy_rules_duration_seconds',
      {},
      { buckets: SYNC_BUCKETS },
    );
    this.#programming = metrics.tally(
      'kubeproxy_network_programming_duration_seconds',
      {},
      { buckets: PROGRAMMING_BUCKETS },
    );
    this.#firstPacket = metrics.tally('wavetank_kubeproxy_first_packet_duration_seconds');
    this.#runType = sim.eventType(`${name}/proxyRun`, (stratum) => this.#run(stratum));
    this.#endType = sim.eventType(`${name}/proxySynced`, (stratum) => this.#end(stratum));
    this.#resyncType = sim.eventType(`${name}/proxyResync`, (stratum) => this.#resync(stratum));
    this.#joinType = sim.eventType(`${name}/proxyJoin`, () => this.#joinBatch());
  }

  start(preloaded: boolean): void {
    const { nodes, nodeName } = this.#o;
    if (nodes === 0) return;
    const { sim } = this.#ctx;
    const informers = this.#o.library.informers(this.#client, null);
    informers.informer('services', { members: nodes }).addHandlers({
      onAdd: (service) => this.#onService(service, false),
      onUpdate: (service) => this.#onService(service, false),
      onDelete: (service) => this.#onService(service, true),
    });
    informers.informer('endpointslices', { members: nodes }).addHandlers({
      onAdd: (slice) => this.#onSlice(slice, false),
      onUpdate: (slice) => this.#onSlice(slice, false),
      onDelete: (slice) => this.#onSlice(slice, true),
    });
    informers.informer('nodes', {
      members: nodes,
      fieldSelector: { field: 'metadata.name', value: nodeName },
    });
    informers.onSynced(() => this.#onSynced(preloaded && sim.nowNs === 0));
    informers.start(preloaded);
  }

  /** The proxy of a node that has joined starts. */
  joined(): void {
    if (this.#joining++ === 0) this.#ctx.sim.schedule(JOIN_BATCH_NS, this.#joinType);
  }

  #joinBatch(): void {
    const members = this.#joining;
    this.#joining = 0;
    const { library } = this.#o;
    for (const resource of ['services', 'endpointslices'] as const) {
      library.reflector(this.#client, resource, { members }, NOTHING).start(false);
    }
    // Their first sync writes everything, whatever has changed of late.
    const stratum = this.#makeStratum(members, 0);
    stratum.cursor = this.table.first;
    stratum.planned = true;
    stratum.lastRunNs = this.#ctx.sim.nowNs;
    this.#strata.push(stratum);
    this.#ctx.sim.schedule(0, this.#runType, this.#strata.length - 1);
    this.#startResyncs(this.#strata.length - 1);
  }

  #makeStrata(nodes: number): Stratum[] {
    const count = Math.min(nodes, STRATA_MAX);
    return Array.from({ length: count }, (_, i) => {
      const share = Math.floor((nodes * (i + 1)) / count) - Math.floor((nodes * i) / count);
      // Speeds are spread evenly: the same for every seed.
      return this.#makeStratum(share, normalQuantile((i + 0.5) / count));
    });
  }

  #makeStratum(nodes: number, normal: number): Stratum {
    return {
      nodes,
      slowness: this.#spread * normal,
      cursor: 0,
      tokens: BURST,
      tokensNs: 0,
      lastRunNs: Number.NEGATIVE_INFINITY,
      lastFullNs: Number.NEGATIVE_INFINITY,
      busy: false,
      planned: false,
      syncs: 0,
      sinceNs: 0,
      until: 0,
    };
  }

  #onService(service: Service, isGone: boolean): void {
    this.table.onService(service, isGone);
    this.#changed();
  }

  #onSlice(slice: EndpointSlice, isGone: boolean): void {
    this.#tell(slice, isGone);
    this.table.onSlice(slice, isGone, this.#ctx.sim.nowNs);
    this.#changed();
  }

  /** Whom connections go to from now on; the second until that is written is left out. */
  #tell({ meta, endpoints }: EndpointSlice, isGone: boolean): void {
    const { witness, nodes } = this.#o;
    if (witness === undefined) return;
    const before = this.#told.get(meta.path) ?? new Set<number>();
    const uids = new Set(isGone ? [] : endpoints.filter((e) => e.ready).map((e) => e.podUid));
    for (const uid of before) if (!uids.has(uid)) witness.endpoint(uid, -nodes);
    for (const uid of uids) if (!before.has(uid)) witness.endpoint(uid, nodes);
    if (isGone) this.#told.delete(meta.path);
    else this.#told.set(meta.path, uids);
  }

  /** First lists are complete; what has been running has written them long ago. */
  #onSynced(isWritten: boolean): void {
    if (this.#synced) return;
    this.#synced = true;
    const { nowNs } = this.#ctx.sim;
    for (const [i, stratum] of this.#strata.entries()) {
      if (!isWritten) continue;
      stratum.cursor = this.table.next;
      stratum.lastFullNs = nowNs - Math.floor(this.#draw(i, 0) * FULL_SYNC_NS);
      stratum.lastRunNs = nowNs - Math.floor(this.#draw(i, 0) * this.#o.scenario.syncPeriodNs);
    }
    for (let i = 0; i < this.#strata.length; i++) this.#startResyncs(i);
    if (isWritten) this.table.forget(this.table.next);
    this.#changed();
  }

  #changed(): void {
    if (!this.#synced) return;
    for (let i = 0; i < this.#strata.length; i++) this.#plan(i);
  }

  /** The runner: now where its bucket has a token, else a period after the last run. */
  #plan(index: number): void {
    const stratum = this.#strata[index];
    if (stratum.busy || stratum.planned || stratum.cursor >= this.table.next) return;
    const { sim } = this.#ctx;
    const { minSyncPeriodNs } = this.#o.scenario;
    const period = Math.max(1, minSyncPeriodNs);
    const elapsedNs = sim.nowNs - stratum.tokensNs;
    stratum.tokens = Math.min(BURST, stratum.tokens + elapsedNs / period);
    stratum.tokensNs = sim.nowNs;
    stratum.planned = true;
    if (stratum.tokens >= 1) {
      stratum.tokens -= 1;
      sim.schedule(0, this.#runType, index);
    } else {
      sim.scheduleAt(Math.max(sim.nowNs, stratum.lastRunNs + period), this.#runType, index);
    }
  }

  #startResyncs(index: number): void {
    const { mode, syncPeriodNs } = this.#o.scenario;
    if (mode !== 'ipvs') return;
    const { sim } = this.#ctx;
    const dueNs = this.#strata[index].lastRunNs + syncPeriodNs;
    sim.scheduleAt(Math.max(dueNs, sim.nowNs + 1), this.#resyncType, index);
  }

  /** Nothing has been written for a period: everything is looked at. */
  #resync(index: number): void {
    const stratum = this.#strata[index];
    const { sim } = this.#ctx;
    const { syncPeriodNs } = this.#o.scenario;
    let dueNs = stratum.lastRunNs + syncPeriodNs;
    if (sim.nowNs >= dueNs) {
      dueNs = sim.nowNs + syncPeriodNs;
      if (!stratum.busy && !stratum.planned) {
        stratum.planned = true;
        sim.schedule(0, this.#runType, index);
      }
    }
    sim.scheduleAt(dueNs, this.#resyncType, index);
  }

  #run(index: number): void {
    const stratum = this.#strata[index];
    const { nowNs } = this.#ctx.sim;
    stratum.planned = false;
    stratum.busy = true;
    stratum.lastRunNs = nowNs;
    stratum.sinceNs = nowNs;
    const full = nowNs - stratum.lastFullNs >= FULL_SYNC_NS;
    if (full) stratum.lastFullNs = nowNs;
    stratum.syncs++;
    stratum.until = this.table.next;
    const { changed } = this.table.between(stratum.cursor, stratum.until);
    const usualNs = this.#costs.syncNs(this.#o.scenario.mode, this.table.size, changed, full);
    const noise = this.#spread * normalQuantile(this.#draw(index, stratum.syncs));
    const durationNs = Math.round(usualNs * exp(stratum.slowness + noise));
    this.#ctx.sim.schedule(durationNs, this.#endType, index);
  }

  #end(index: number): void {
    const stratum = this.#strata[index];
    const { nowNs } = this.#ctx.sim;
    const { nodes } = stratum;
    this.#sync.recordMany(nowNs - stratum.sinceNs, nodes);
    this.#firstPacket.recordMany(this.#packetNs(), nodes);
    const { triggersNs } = this.table.between(stratum.cursor, stratum.until);
    for (const triggerNs of triggersNs) {
      this.#programming.recordMany(Math.max(0, nowNs - triggerNs), nodes);
    }
    stratum.cursor = stratum.until;
    stratum.busy = false;
    let oldest = stratum.cursor;
    for (const other of this.#strata) oldest = Math.min(oldest, other.cursor);
    this.table.forget(oldest);
    this.#plan(index);
  }

  #packetNs(): number {
    return firstPacketNs(this.#ctx.constants, this.#o.scenario.mode, this.table.size.services);
  }

  #draw(stratum: number, counter: number): number {
    return mixUniform(this.#stream, stratum, counter);
  }
}

const NOTHING = { replace: () => {}, events: () => {} };

/** As kubeadm installs it: a DaemonSet with a service account of its own. */
const PROXY: User = {
  name: 'system:serviceaccount:kube-system:kube-proxy',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
  agent: 'kube-proxy',
  authentication: 'serviceAccountToken',
};

/** pkg/proxy/metrics: ExponentialBuckets(0.001, 2, 15). */
const SYNC_BUCKETS: readonly number[] = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
  16.384,
];
/** 0.25, 0.5, then every second to 59, every 5 s to 115, every 30 s to 300. */
const PROGRAMMING_BUCKETS: readonly number[] = [
  0.25,
  0.5,
  ...Array.from({ length: 59 }, (_, i) => i + 1),
  ...Array.from({ length: 12 }, (_, i) => 60 + 5 * i),
  ...Array.from({ length: 7 }, (_, i) => 120 + 30 * i),
];
