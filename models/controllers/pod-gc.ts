/**
 * The pod garbage collector: every 20 s, terminated pods above a threshold, pods of nodes that are
 * gone, and deleted pods that never got a node.
 *
 * Follows kubernetes/pkg/controller/podgc/gc_controller.go.
 * Left out: pods of nodes with the out-of-service taint.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import {
  type ApiCall,
  isBeingDeleted,
  isTerminal,
  type Pod,
  withPodStatus,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  deleteCall,
  errorOf,
  getCall,
  patchCall,
  perform,
  type Steps,
  type Sync,
  send,
  sendAll,
} from './environment.ts';

/** gcCheckPeriod, quarantineTime. */
const PERIOD_NS = 20e9;
const QUARANTINE_NS = 40e9;
const STATUS_PATCH_BYTES = 400;

export class PodGarbageCollector implements Controller {
  readonly name = 'podgc';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #nodes: Informer<'nodes'>;
  /** Nodes that pods name and nobody knows, after their quarantine. */
  readonly #quarantine: WorkQueue;
  readonly #missing = new Set<string>();
  readonly #ripe = new Set<string>();
  readonly #podNs: number;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client('pod-garbage-collector');
    this.#nodes = env.informer('nodes');
    this.#podNs = cost(env, 'controllers.podNs');
    this.#quarantine = env.queue({
      name: 'orphaned_pods_nodes',
      workers: 1,
      syncNs: 0,
      sync: (node) => this.#ripen(node),
    });
    env.every('podgc', PERIOD_NS, () => this.#collect());
  }

  // biome-ignore lint/correctness/useYield: a sync without a call.
  *#ripen(node: string): Sync {
    this.#ripe.add(node);
    return '';
  }

  *#collect(): Steps {
    yield this.#env.work(this.#podNs * (this.#env.pods.size + 1));
    const terminated: Pod[] = [];
    const orphans: Pod[] = [];
    const unscheduled: Pod[] = [];
    for (const pod of this.#env.pods.values()) {
      if (isTerminal(pod)) terminated.push(pod);
      if (pod.nodeName === '') {
        if (isBeingDeleted(pod)) unscheduled.push(pod);
      } else if (this.#nodes.get(pod.nodeName) === undefined) orphans.push(pod);
    }
    yield* this.#collectTerminated(terminated);
    yield* this.#collectOrphans(orphans);
    for (const pod of unscheduled) yield* this.#failAndDelete(pod);
  }

  /** gcTerminated: the oldest ones above the threshold, all at once. */
  *#collectTerminated(terminated: Pod[]): Steps {
    const excess = terminated.length - this.#env.scenario.terminatedPodGcThreshold;
    if (excess <= 0 || this.#env.scenario.terminatedPodGcThreshold <= 0) return;
    const evicted = (pod: Pod) => (pod.status.reason === 'Evicted' ? 0 : 1);
    terminated.sort(
      (a, b) =>
        evicted(a) - evicted(b) || a.meta.createdNs - b.meta.createdNs || a.meta.uid - b.meta.uid,
    );
    yield* sendAll(this.#client, terminated.slice(0, excess).map(goneCall));
  }

  /** gcOrphaned: a node must be missing for 40 s, and a GET must say so too. */
  *#collectOrphans(orphans: readonly Pod[]): Steps {
    const named = new Set(orphans.map((pod) => pod.nodeName));
    for (const name of named) {
      if (this.#missing.has(name)) continue;
      this.#missing.add(name);
      this.#quarantine.addAfter(name, QUARANTINE_NS);
    }
    for (const name of [...this.#missing]) {
      if (named.has(name) && !this.#ripe.has(name)) continue;
      this.#missing.delete(name);
      this.#ripe.delete(name);
      if (!named.has(name)) continue;
      const found = yield* send(this.#client, getCall('nodes', name));
      if (errorOf(found) !== 'NotFound') continue;
      for (const pod of orphans) if (pod.nodeName === name) yield* this.#failAndDelete(pod);
    }
  }

  /** markFailedAndDeletePod: one after the other. */
  *#failAndDelete(pod: Pod): Steps {
    if (!isTerminal(pod)) {
      const failed = patchCall(pod, STATUS_PATCH_BYTES, (current) =>
        withPodStatus(current, { phase: 'Failed', ready: false, reason: 'DeletionByPodGC' }),
      );
      const call = { ...failed, subresource: 'status', uid: pod.meta.uid } as const;
      const error = yield* perform(this.#client, call);
      if (error !== '' && error !== 'NotFound') return;
    }
    yield* perform(this.#client, goneCall(pod));
  }
}

function goneCall(pod: Pod): ApiCall {
  return { ...deleteCall(pod), uid: pod.meta.uid, graceNs: 0 };
}
