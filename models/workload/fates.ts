/**
 * What became of nodes and pods: those who know what truly runs tell (ClusterWitness), etcd tells
 * what the API says of it, and the times between the two are measured. Nothing depends on it.
 *
 * One idea: a pod that served and stops serving is lost, until it serves again itself, or until
 * another pod of its owner that was made in its place is Ready.
 *
 * *Left out:* replacements are paired with lost pods of their owner in the order of deletions; pods
 * without an owner, and pods that were lost while they started, have none. A pod of a node that
 * stands still counts as serving.
 */
import type { Level, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import {
  type ClusterWitness,
  controllerOf,
  isBeingDeleted,
  type KubeObject,
  type Node,
  type Pod,
} from '../objects/index.ts';

/** Upper bounds, s: around the grace periods of nodes, the toleration of 300 s and what follows. */
const OUTAGE_BUCKETS = [
  1, 2, 5, 10, 20, 30, 35, 40, 45, 50, 55, 60, 90, 120, 300, 330, 340, 350, 360, 370, 400, 450, 600,
  720, 900, 1200, 1800, 3600,
];

interface Serving {
  readonly node: string;
  readonly app: string;
}

/** A pod that has stopped to serve. */
interface Lost {
  readonly kind: string;
  readonly owner: number;
  readonly sinceNs: number;
  /** Its machine died. */
  readonly byNode: boolean;
}

interface Replacement {
  readonly kind: string;
  readonly sinceNs: number;
}

export class Fates implements ClusterWitness {
  readonly #ctx: ModelContext;
  readonly #serving = new Map<number, Serving>();
  readonly #servingOn = new Map<string, Map<number, Pod>>();
  readonly #deadSinceNs = new Map<string, number>();
  readonly #lost = new Map<number, Lost>();
  /** Since when pods of an owner are missed that were lost and then deleted, oldest first. */
  readonly #missing = new Map<number, Replacement[]>();
  readonly #replacing = new Map<number, Replacement>();
  /** Entries of kernels, by the pod that they point to. */
  readonly #entries = new Map<number, number>();
  readonly #apps = new Map<string, Level>();
  readonly #podStages = new Map<string, Tally>();
  readonly #nodeStages = new Map<string, Tally>();
  readonly #endpoints: { readonly serving: Level; readonly gone: Level };

  constructor(ctx: ModelContext) {
    this.#ctx = ctx;
    const endpoints = (state: string): Level =>
      ctx.metrics.level(
        'wavetank_service_endpoints',
        { state },
        { help: 'Ready endpoints that nodes know of, summed over nodes, by what their pods do.' },
      );
    this.#endpoints = { serving: endpoints('serving'), gone: endpoints('gone') };
  }

  // --- what truly happens -----------------------------------------------------------------------

  nodeLives(node: string, lives: boolean): void {
    const { nowNs } = this.#ctx.sim;
    if (lives) {
      this.#deadSinceNs.delete(node);
      return;
    }
    if (!this.#deadSinceNs.has(node)) this.#deadSinceNs.set(node, nowNs);
    for (const pod of [...(this.#servingOn.get(node)?.values() ?? [])]) {
      this.#stops(pod, true);
    }
  }

  podServes(pod: Pod, serves: boolean): void {
    const { uid } = pod.meta;
    if (serves === this.#serving.has(uid)) return;
    if (serves) this.#starts(pod);
    else this.#stops(pod, false);
  }

  endpoint(podUid: number, nodes: number): void {
    const { nowNs } = this.#ctx.sim;
    const count = (this.#entries.get(podUid) ?? 0) + nodes;
    if (count === 0) this.#entries.delete(podUid);
    else this.#entries.set(podUid, count);
    const { serving, gone } = this.#endpoints;
    (this.#serving.has(podUid) ? serving : gone).add(nowNs, nodes);
  }

  #starts(pod: Pod): void {
    const { nowNs } = this.#ctx.sim;
    const { uid, labels } = pod.meta;
    const app = labels.app ?? '';
    this.#serving.set(uid, { node: pod.nodeName, app });
    const known = this.#servingOn.get(pod.nodeName);
    if (known === undefined) this.#servingOn.set(pod.nodeName, new Map([[uid, pod]]));
    else known.set(uid, pod);
    this.#appOf(app).add(nowNs, 1);
    this.#moveEntries(uid, 1);
    const lost = this.#lost.get(uid);
    if (lost === undefined) return;
    this.#lost.delete(uid);
    this.#podStage(lost, 'resumed');
  }

  #stops(pod: Pod, byNode: boolean): void {
    const { nowNs } = this.#ctx.sim;
    const { uid } = pod.meta;
    const serving = this.#serving.get(uid);
    if (serving === undefined) return;
    this.#serving.delete(uid);
    this.#servingOn.get(serving.node)?.delete(uid);
    this.#appOf(serving.app).add(nowNs, -1);
    this.#moveEntries(uid, -1);
    // One that ends as it was told to is not lost.
    if (isBeingDeleted(pod)) return;
    const owner = controllerOf(pod);
    const kind = owner?.resource ?? 'none';
    this.#lost.set(uid, { kind, owner: owner?.uid ?? 0, sinceNs: nowNs, byNode });
  }

  #moveEntries(uid: number, sign: 1 | -1): void {
    const count = this.#entries.get(uid);
    if (count === undefined) return;
    const { nowNs } = this.#ctx.sim;
    this.#endpoints.serving.add(nowNs, sign * count);
    this.#endpoints.gone.add(nowNs, -sign * count);
  }

  // --- what the API says ------------------------------------------------------------------------

  /** A write was applied in etcd: the object before and after it. */
  changed(before: KubeObject | null, after: KubeObject | null): void {
    const resource = (after ?? before)?.resource;
    if (resource === 'pods') this.#pod(before as Pod | null, after as Pod | null);
    else if (resource === 'nodes') this.#node(before as Node | null, after as Node | null);
  }

  #node(before: Node | null, after: Node | null): void {
    if (before === null || after === null || this.#deadSinceNs.size === 0) return;
    const deadNs = this.#deadSinceNs.get(after.meta.name);
    if (deadNs === undefined) return;
    const ready = (node: Node): boolean => node.status.conditions.ready === 'True';
    if (ready(before) && !ready(after)) this.#nodeStage('notReady', deadNs);
    const evicts = (node: Node): boolean => node.spec.taints.some((t) => t.effect === 'NoExecute');
    if (!evicts(before) && evicts(after)) this.#nodeStage('tainted', deadNs);
  }

  #pod(before: Pod | null, after: Pod | null): void {
    if (before === null) {
      if (after !== null && this.#missing.size > 0) this.#created(after);
      return;
    }
    const isGoing = after === null || isBeingDeleted(after);
    if (isGoing && !isBeingDeleted(before) && this.#lost.size > 0) this.#deleted(before);
    if (after === null || this.#replacing.size === 0) return;
    const replacement = this.#replacing.get(after.meta.uid);
    if (replacement === undefined) return;
    if (before.nodeName === '' && after.nodeName !== '') this.#podStage(replacement, 'bound');
    if (before.status.ready || !after.status.ready) return;
    this.#replacing.delete(after.meta.uid);
    this.#podStage(replacement, 'ready');
  }

  #deleted(pod: Pod): void {
    const lost = this.#lost.get(pod.meta.uid);
    if (lost === undefined) return;
    this.#lost.delete(pod.meta.uid);
    if (!lost.byNode) return;
    this.#podStage(lost, 'deleted');
    if (lost.owner === 0) return;
    const missing = this.#missing.get(lost.owner);
    if (missing === undefined) this.#missing.set(lost.owner, [lost]);
    else missing.push(lost);
  }

  #created(pod: Pod): void {
    const owner = controllerOf(pod)?.uid ?? 0;
    const missing = this.#missing.get(owner);
    const replacement = missing?.shift();
    if (missing === undefined || replacement === undefined) return;
    if (missing.length === 0) this.#missing.delete(owner);
    this.#replacing.set(pod.meta.uid, replacement);
    this.#podStage(replacement, 'created');
  }

  // --- measurement ------------------------------------------------------------------------------

  #appOf(app: string): Level {
    let level = this.#apps.get(app);
    if (level === undefined) {
      level = this.#ctx.metrics.level(
        'wavetank_pods_serving',
        { app },
        { help: 'Pods whose containers run and are ready, whatever the API says, by label app.' },
      );
      this.#apps.set(app, level);
    }
    return level;
  }

  #podStage({ kind, sinceNs }: Replacement, stage: string): void {
    const key = `${kind} ${stage}`;
    let tally = this.#podStages.get(key);
    if (tally === undefined) {
      tally = this.#ctx.metrics.tally(
        'wavetank_pod_outage_seconds',
        { kind, stage },
        {
          unit: 'ns',
          help:
            'Since a pod stopped to serve: it serves again itself (resumed), or is deleted from ' +
            'its dead node, and another is created, bound and ready in its place; kind of its owner.',
          buckets: OUTAGE_BUCKETS,
        },
      );
      this.#podStages.set(key, tally);
    }
    tally.record(this.#ctx.sim.nowNs - sinceNs);
  }

  #nodeStage(stage: string, deadNs: number): void {
    let tally = this.#nodeStages.get(stage);
    if (tally === undefined) {
      tally = this.#ctx.metrics.tally(
        'wavetank_node_outage_seconds',
        { stage },
        {
          unit: 'ns',
          help: 'Since a machine died: its node is not ready, or tainted NoExecute, in etcd.',
          buckets: OUTAGE_BUCKETS,
        },
      );
      this.#nodeStages.set(stage, tally);
    }
    tally.record(this.#ctx.sim.nowNs - deadNs);
  }
}
