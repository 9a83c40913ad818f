/** One cluster twice: in the fast cache, and as plain lists for the slow scheduler. */
import assert from 'node:assert/strict';
import {
  type Labels,
  metaOf,
  type Node,
  type Pod,
  type PodSpec,
  type Service,
  selectorOf,
  Uids,
  withMeta,
} from '../../../models/objects/index.ts';
import { ClusterCache } from '../../../models/scheduler/cache/cluster-cache.ts';
import { cycleCosts, schedulerConstants } from '../../../models/scheduler/constants.ts';
import { Algorithm, nodesToFind } from '../../../models/scheduler/framework/algorithm.ts';
import { Nominator } from '../../../models/scheduler/framework/nominator.ts';
import { defaultProfile, profileOf } from '../../../models/scheduler/framework/profile.ts';
import {
  filterNames,
  isResolvable,
  pluginOf,
} from '../../../models/scheduler/framework/verdict.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import {
  type SlowVerdict,
  slowFilter,
  slowOrder,
  slowScores,
} from '../../oracles/slow-scheduler.ts';
import type { Change } from './arbitrary.ts';
import { nodeOf, podOf } from './objects.ts';

/** The same cluster twice: in the fast cache, and as plain lists. */
export class Twin {
  readonly uids = new Uids();
  readonly cache = new ClusterCache();
  readonly nominator = new Nominator();
  readonly algorithm: Algorithm;
  /** In the order in which they came; nodes of a zone likewise. */
  zones: { readonly zone: string; nodes: Node[] }[] = [];
  pods: Pod[] = [];
  readonly namespaces = new Map<string, Labels>();
  services: Service[] = [];
  /** Pods that preemption has made room for; `nodeName` says where. */
  promised: Pod[] = [];
  start = 0;
  readonly sim = new Simulation({ seed: 'oracle', horizonNs: 1 });

  constructor() {
    const options = {
      percentageOfNodesToScore: 0,
      costs: cycleCosts(new Constants(schedulerConstants)),
    };
    const profile = profileOf(defaultProfile);
    const rotation = { next: 0 };
    this.algorithm = new Algorithm(this.cache, profile, options, rotation, this.sim.stream('ties'));
  }

  apply(c: Change): void {
    switch (c.kind) {
      case 'node':
        this.setNode(nodeOf(this.uids, `n${c.index}`, c.parts));
        return;
      case 'removeNode':
        this.#leaveZone(`n${c.index}`);
        this.cache.removeNode(`n${c.index}`);
        return;
      case 'pod':
        this.addPod(c.spec, c.labels, c.namespace, `n${c.node}`);
        return;
      case 'promised':
        this.#promise(c.spec, c.labels, c.namespace, `n${c.node}`);
        return;
      case 'removePod':
        this.#removePod(c.index);
        return;
      case 'terminatePod':
        this.#terminatePod(c.index);
        return;
      case 'namespace':
        this.namespaces.set(c.name, { team: c.team });
        this.cache.setNamespace(c.name, { team: c.team });
        return;
      case 'service':
        this.#addService(c.namespace, c.app);
    }
  }

  setNode(node: Node): void {
    const { name } = node.meta;
    const zone = node.meta.labels['topology.kubernetes.io/zone'] ?? '';
    const old = this.zones.find((z) => z.nodes.some((n) => n.meta.name === name));
    if (old?.zone === zone) {
      old.nodes = old.nodes.map((n) => (n.meta.name === name ? node : n));
    } else {
      this.#leaveZone(name);
      const known = this.zones.find((z) => z.zone === zone);
      if (known === undefined) this.zones.push({ zone, nodes: [node] });
      else known.nodes.push(node);
    }
    this.cache.setNode(node);
  }

  get nodes(): Node[] {
    return this.zones.flatMap((z) => z.nodes);
  }

  #leaveZone(name: string): void {
    for (const zone of this.zones) zone.nodes = zone.nodes.filter((n) => n.meta.name !== name);
    this.zones = this.zones.filter((zone) => zone.nodes.length > 0);
  }

  addPod(spec: PodSpec, labels: Labels, namespace: string, nodeName: string, startNs = 0): void {
    const parts = { labels, namespace, nodeName, status: { startNs } };
    const pod = podOf(this.uids, `p${this.uids.next()}`, spec, parts);
    this.pods.push(pod);
    this.cache.addPod(pod);
  }

  /** Tries the pod both ways and binds it where the fast one says. */
  place(spec: PodSpec, labels: Labels, namespace: string): void {
    const pod = podOf(this.uids, `p${this.uids.next()}`, spec, { labels, namespace });
    const decision = this.algorithm.schedule(pod, this.nominator);
    const order = this.#rotatedOrder();
    const verdicts = order.map((node) => this.#slowVerdict(pod, node));
    const wanted = nodesToFind(order.length, 0);
    const found: Node[] = [];
    let examined = 0;
    for (; examined < order.length && found.length < wanted; examined++) {
      if (verdicts[examined] === null) found.push(order[examined]);
    }
    const { table } = this.cache;
    const { algorithm } = this;
    const names = [...algorithm.feasible.subarray(0, decision.feasible)].map((r) => table.names[r]);
    assert.deepEqual(
      names,
      found.map((n) => n.meta.name),
    );
    assert.equal(decision.examined, examined);
    for (let i = 0; i < examined; i++) this.#compareVerdict(order[i], verdicts[i]);
    this.start = order.length === 0 ? 0 : (this.start + examined) % order.length;
    if (found.length === 0) {
      assert.equal(decision.row, -1);
      return;
    }
    const nodeName = table.names[decision.row];
    if (found.length > 1) this.#compareScores(pod, found, nodeName);
    else assert.equal(nodeName, found[0].meta.name);
    const bound: Pod = { ...pod, nodeName };
    this.cache.assume(pod, decision.row);
    if (pod.meta.uid % 2 === 0) this.cache.addPod(bound);
    this.pods.push(bound);
  }

  get world() {
    const { namespaces, nodes, pods } = this;
    const services = this.services.map(({ meta, spec }) => ({
      namespace: meta.namespace,
      selector: spec.selector ?? { requirements: [] },
    }));
    return { nodes, pods, namespaces, services };
  }

  /** With the promised pods of the node, then without. */
  #slowVerdict(pod: Pod, node: Node): SlowVerdict | null {
    const here = this.promised.filter((p) => p.nodeName === node.meta.name);
    const pods = [...this.pods, ...here];
    return slowFilter({ ...this.world, pods }, pod, node) ?? slowFilter(this.world, pod, node);
  }

  #promise(spec: PodSpec, labels: Labels, namespace: string, nodeName: string): void {
    if (!this.nodes.some((node) => node.meta.name === nodeName)) return;
    const pod = podOf(this.uids, `p${this.uids.next()}`, spec, { labels, namespace });
    this.promised.push({ ...pod, nodeName });
    this.nominator.set(pod, this.cache.table.rowFor(nodeName));
  }

  #rotatedOrder(): Node[] {
    const order = slowOrder(this.zones.map((z) => z.nodes));
    const start = order.length === 0 ? 0 : this.start % order.length;
    return [...order.slice(start), ...order.slice(0, start)];
  }

  #compareVerdict(node: Node, slow: SlowVerdict | null): void {
    if (slow === null) return;
    const row = this.cache.table.rowFor(node.meta.name);
    const verdict = this.algorithm.verdicts[row];
    assert.ok(this.algorithm.wasExamined(row));
    const fast = {
      plugin: filterNames[pluginOf(verdict)],
      reasons: this.algorithm.reasons.textsOf(verdict),
    };
    assert.deepEqual(fast, { plugin: slow.plugin, reasons: slow.reasons });
    assert.equal(isResolvable(verdict), slow.resolvable);
  }

  #compareScores(pod: Pod, found: readonly Node[], nodeName: string): void {
    const scores = slowScores(this.world, pod, found);
    const fast = [...this.algorithm.total.subarray(0, found.length)];
    assert.deepEqual(fast, scores);
    const chosen = found.findIndex((n) => n.meta.name === nodeName);
    assert.equal(scores[chosen], Math.max(...scores));
  }

  #removePod(index: number): void {
    if (this.pods.length === 0) return;
    const [pod] = this.pods.splice(index % this.pods.length, 1);
    this.cache.removePod(pod.meta.uid);
  }

  #terminatePod(index: number): void {
    if (this.pods.length === 0) return;
    const at = index % this.pods.length;
    this.pods[at] = withMeta(this.pods[at], { deletedNs: 1 });
    this.cache.addPod(this.pods[at]);
  }

  #addService(namespace: string, app: string): void {
    if (this.services.some((s) => s.meta.path === `${namespace}/${app}`)) return;
    const service: Service = {
      resource: 'services',
      meta: metaOf(this.uids, 0, { name: app, namespace }),
      bytes: 1000,
      resourceVersion: 1,
      spec: { type: 'ClusterIP', selector: selectorOf({ app }), ports: 1, headless: false },
      status: { loadBalancerReady: false },
    };
    this.services.push(service);
    this.cache.setService(service);
  }
}
