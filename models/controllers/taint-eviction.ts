/**
 * The taint eviction controller: deletes pods from nodes with NoExecute taints, once what they
 * tolerate has run out.
 *
 * Follows kubernetes/pkg/controller/tainteviction/{taint_eviction.go,timed_workers.go} (a part of
 * nodelifecycle before 1.29). Each doomed pod has one timer, cancelled when the taint goes.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  isTerminal,
  type Node,
  type Pod,
  type Taint,
  tolerates,
  withPodStatus,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  deleteCall,
  INDEX_NODE,
  patchCall,
  perform,
  type Sync,
} from './environment.ts';

/** UpdateWorkerSize; retries of a delete, and the pause between them. */
const WORKERS = 8;
const RETRIES = 5;
const RETRY_SLEEP_NS = 10e6;
/** A patch of one condition (DisruptionTarget). */
const CONDITION_BYTES = 400;

interface Doom {
  readonly createdNs: number;
  readonly fireNs: number;
}

export class TaintEvictionController implements Controller {
  readonly name = 'taint-eviction';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #nodes: Informer<'nodes'>;
  /** Pods by path: fires when the tolerated time is over. */
  readonly #timers: WorkQueue;
  readonly #doomed = new Map<string, Doom>();
  /** Nodes with NoExecute taints. */
  readonly #tainted = new Map<string, readonly Taint[]>();

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#recorder = env.recorder(this.#client);
    this.#nodes = env.informer('nodes');
    this.#timers = env.queue({
      name: 'noexec_taint_pod',
      workers: WORKERS,
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#fire(key),
    });
    this.#nodes.addHandlers({
      onAdd: (node) => this.#onNode(node),
      onUpdate: (node, old) => {
        if (node.spec.taints !== old.spec.taints) this.#onNode(node);
      },
      onDelete: (node) => {
        this.#tainted.delete(node.meta.name);
        this.#forgetPodsOf(node.meta.name);
      },
    });
    env.pods.addHandlers({
      onAdd: (pod) => this.#onPod(pod),
      onUpdate: (pod, old) => {
        if (pod.nodeName !== old.nodeName || pod.spec !== old.spec) this.#onPod(pod);
      },
      onDelete: (pod) => this.#doomed.delete(pod.meta.path),
    });
  }

  /** handleNodeUpdate. */
  #onNode(node: Node): void {
    const { name } = node.meta;
    const taints = node.spec.taints.filter((taint) => taint.effect === 'NoExecute');
    if (taints.length === 0) {
      if (this.#tainted.delete(name)) this.#forgetPodsOf(name);
      return;
    }
    this.#tainted.set(name, taints);
    for (const pod of this.#env.pods.byIndex(INDEX_NODE, name)) this.#process(pod, taints);
  }

  #onPod(pod: Pod): void {
    const taints = this.#tainted.get(pod.nodeName);
    if (taints !== undefined) this.#process(pod, taints);
  }

  #forgetPodsOf(name: string): void {
    if (this.#doomed.size === 0) return;
    for (const pod of this.#env.pods.byIndex(INDEX_NODE, name)) this.#doomed.delete(pod.meta.path);
  }

  /** processPodOnNode. */
  #process(pod: Pod, taints: readonly Taint[]): void {
    const { path } = pod.meta;
    const { nowNs } = this.#env.sim;
    const toleratedNs = toleratedFor(pod, taints);
    if (toleratedNs === Number.POSITIVE_INFINITY) return;
    const old = this.#doomed.get(path);
    let createdNs = nowNs;
    if (toleratedNs > 0 && old !== undefined) {
      // A taint that was there already keeps its clock.
      createdNs = old.createdNs;
      if (createdNs + toleratedNs < old.fireNs) return;
    }
    const fireNs = Math.max(nowNs, createdNs + toleratedNs);
    this.#doomed.set(path, { createdNs, fireNs });
    this.#timers.addAfter(path, fireNs - nowNs);
  }

  /** deletePodHandler: the condition DisruptionTarget, then the delete; five tries. */
  *#fire(path: string): Sync {
    const doom = this.#doomed.get(path);
    if (doom === undefined) return '';
    const restNs = doom.fireNs - this.#env.sim.nowNs;
    if (restNs > 0) {
      // An earlier timer of this pod, which was cancelled: the later one still stands.
      this.#timers.addAfter(path, restNs);
      return '';
    }
    this.#doomed.delete(path);
    const pod = this.#env.pods.get(path);
    if (pod === undefined) return '';
    this.#recorder.record(pod, 'TaintManagerEviction');
    for (let i = 0; i < RETRIES; i++) {
      const error = yield* this.#evict(pod);
      if (error === '') return '';
      yield RETRY_SLEEP_NS;
    }
    return '';
  }

  *#evict(pod: Pod): Sync {
    if (!isTerminal(pod)) {
      const condition = patchCall(pod, CONDITION_BYTES, (current) =>
        withPodStatus(current, { reason: 'DeletionByTaintManager' }),
      );
      const call = { ...condition, subresource: 'status', uid: pod.meta.uid } as const;
      const error = yield* perform(this.#client, call);
      if (error !== '' && error !== 'NotFound') return error;
    }
    const error = yield* perform(this.#client, { ...deleteCall(pod), uid: pod.meta.uid });
    return error === 'NotFound' ? '' : error;
  }
}

/** GetMatchingTolerations and getMinTolerationTime: 0 where a taint is not tolerated at all. */
export function toleratedFor(pod: Pod, taints: readonly Taint[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const matching = pod.spec.tolerations.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    for (const { tolerationNs } of matching)
      shortest = Math.min(shortest, Math.max(0, tolerationNs));
  }
  return shortest;
}
