/**
 * scheduleOne: one pod after the other gets a node, or a reason why not. The decision is taken on
 * the cache as it stands when the pod is popped; it takes effect when the CPU time of the cycle has
 * passed, its parallel part spread over workers.
 *
 * Source: kubernetes/pkg/scheduler/schedule_one.go.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import {
  type ApiClient,
  type ComponentProcess,
  type EventRecorder,
  isSuccess,
} from '../client-go/index.ts';
import {
  type ApiResult,
  type ClusterObserver,
  isBeingDeleted,
  type PersistentVolumeClaim,
  type Pod,
  silentObserver,
} from '../objects/index.ts';
import { describeAttempt } from './attempt.ts';
import { Binder, type BinderOwner, type Binding } from './binder.ts';
import type { ClusterView } from './cluster-view.ts';
import { FailureHandler } from './failure.ts';
import type { Algorithm } from './framework/algorithm.ts';
import type { PreemptionOutcome } from './framework/preemption.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { VolumeDecision } from './plugins/volumes.ts';
import { POD_DELETE } from './queue/events.ts';
import type { QueuedPod } from './queue/scheduling-queue.ts';
import {
  FLUSH_BACKOFF_NS,
  FLUSH_UNSCHEDULABLE_NS,
  type SchedulerState,
  tickAtOrAfter,
} from './state.ts';

export interface LoopOptions {
  readonly process: ComponentProcess;
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  readonly observer: ClusterObserver;
  readonly metrics: SchedulerMetrics;
  readonly parallelism: number;
  /** The victims of a preemption are deleted beside the cycle, not in it. */
  readonly asyncPreemption: boolean;
  /** The first pod since it leads has its node. */
  readonly onFirstBound: () => void;
}

/** The cycle under way. */
interface Cycle {
  readonly queued: QueuedPod;
  readonly algorithm: Algorithm;
  readonly startNs: number;
  readonly row: number;
  readonly volumes: readonly VolumeDecision[];
  readonly rejectors: number;
  readonly messageHash: number;
  readonly outcome: PreemptionOutcome | null;
}

export class SchedulingLoop implements BinderOwner {
  readonly #ctx: ModelContext;
  readonly #o: LoopOptions;
  readonly #binder: Binder;
  readonly #failures: FailureHandler;
  readonly #workerMinNs: number;
  readonly #moveNs: number;
  readonly #cycleType: number;
  readonly #moveType: number;
  readonly #flushType: number;
  #view!: ClusterView;
  #state: SchedulerState | null = null;
  #cycle: Cycle | null = null;
  #workersLeft = 0;
  #flushAtNs = Number.POSITIVE_INFINITY;
  #hasBound = false;

  constructor(ctx: ModelContext, o: LoopOptions) {
    this.#ctx = ctx;
    this.#o = o;
    const { name } = o.process;
    this.#binder = new Binder(ctx, o.process, o.client, this);
    this.#failures = new FailureHandler(o);
    this.#workerMinNs = ctx.constants.get('scheduler.workerMinNs');
    this.#moveNs = ctx.constants.get('scheduler.moveNs');
    this.#cycleType = ctx.sim.eventType(`${name}/cycle`, (life) => {
      if (life === o.process.life && --this.#workersLeft === 0) this.#cycleEnd();
    });
    this.#moveType = ctx.sim.eventType(`${name}/move`, () => {});
    this.#flushType = ctx.sim.eventType(`${name}/flush`, (life) => {
      if (life === o.process.life) this.#flush();
    });
  }

  get state(): SchedulerState | null {
    return this.#state;
  }

  /** It leads from now on, with this memory. */
  begin(state: SchedulerState, view: ClusterView): void {
    this.#state = state;
    this.#view = view;
    this.#hasBound = false;
    this.kick();
  }

  /** The process is gone. */
  end(): void {
    this.#state = null;
    this.#cycle = null;
    this.#workersLeft = 0;
    this.#flushAtNs = Number.POSITIVE_INFINITY;
  }

  claimNow(path: string): PersistentVolumeClaim | undefined {
    return this.#view.claimNow(path);
  }

  /** Something has changed: there may be a pod to take. */
  kick(): void {
    const state = this.#state;
    if (state === null) return;
    this.#payForMoves(state);
    while (this.#cycle === null) {
      const queued = state.queue.pop();
      if (queued === undefined) break;
      this.#cycleStart(state, queued);
    }
    this.#o.metrics.pending(state.queue);
    this.#planFlush(state);
  }

  #cycleStart(state: SchedulerState, queued: QueuedPod): void {
    const { pod } = queued;
    const algorithm = state.algorithmOf(pod);
    if (algorithm === undefined || isBeingDeleted(pod)) {
      state.queue.done(queued);
      return;
    }
    const { nowNs } = this.#ctx.sim;
    this.#o.observer.podStage(pod.meta.uid, 'popped', nowNs);
    const decision = algorithm.schedule(pod, state.nominator);
    const { row } = decision;
    let outcome: PreemptionOutcome | null = null;
    if (row < 0) {
      algorithm.work.fail();
      if (algorithm.profile.preempts) {
        this.#o.metrics.preemptionAttempts.add();
        outcome = state.preemption.run(pod, algorithm, nowNs);
      }
    }
    if (this.#o.observer !== silentObserver) {
      const { table } = state.cache;
      const attempt = describeAttempt(algorithm, table, outcome, nowNs);
      this.#o.observer.schedulingAttempt(pod.meta.uid, attempt);
    }
    this.#cycle = {
      queued,
      algorithm,
      startNs: nowNs,
      row,
      volumes: row < 0 ? NO_VOLUMES : this.#volumesFor(state, algorithm, row),
      rejectors: decision.rejectors,
      messageHash: row < 0 ? decision.messageHash : 0,
      outcome,
    };
    this.#execute(algorithm);
  }

  #volumesFor(state: SchedulerState, algorithm: Algorithm, row: number): readonly VolumeDecision[] {
    const node = state.cache.table.nodes[row];
    if (!algorithm.usesVolumes || node === null) return NO_VOLUMES;
    return algorithm.volumes.decide(node) ?? NO_VOLUMES;
  }

  /** One core runs the serial part and its share; helpers run the other shares beside it. */
  #execute({ work }: Algorithm): void {
    const { parallelism, process } = this.#o;
    const { parallelNs, serialNs } = work;
    const worthwhile = Math.ceil(parallelNs / this.#workerMinNs);
    const workers = Math.max(1, Math.min(parallelism, process.host.cpu.cores, worthwhile));
    const shareNs = Math.round(parallelNs / workers);
    this.#workersLeft = workers;
    process.execute(Math.round(serialNs) + shareNs, this.#cycleType, process.life, 0);
    for (let i = 1; i < workers; i++) process.execute(shareNs, this.#cycleType, process.life, 0);
  }

  #cycleEnd(): void {
    const state = this.#state;
    const cycle = this.#cycle;
    if (state === null || cycle === null) return;
    const { nowNs } = this.#ctx.sim;
    this.#o.metrics.algorithm.record(nowNs - cycle.startNs);
    if (cycle.row < 0) {
      this.#failed(state, cycle);
      return;
    }
    this.#cycle = null;
    this.#assume(state, cycle);
    this.kick();
  }

  #assume(state: SchedulerState, { queued, row, startNs, volumes }: Cycle): void {
    const { cache, nominator, queue } = state;
    const { uid } = queued.pod.meta;
    if (queue.get(uid) !== queued || cache.podOf(uid) !== undefined) {
      // Deleted, or bound by somebody else, while it was being looked at.
      queue.done(queued);
      return;
    }
    nominator.delete(uid);
    cache.assume(queued.pod, row);
    for (const { claim, volume } of volumes) {
      if (volume !== null) cache.volumes.assumed.set(volume.meta.path, claim.meta.path);
    }
    this.#o.observer.podStage(uid, 'scheduled', this.#ctx.sim.nowNs);
    this.#binder.bind({ queued, nodeName: cache.table.names[row], volumes, startNs });
  }

  onBound(binding: Binding, result: ApiResult | null): void {
    const state = this.#state;
    if (state === null) return;
    const { nowNs } = this.#ctx.sim;
    const { queued, startNs, volumes } = binding;
    const { cache, queue } = state;
    if (result !== null && isSuccess(result)) {
      queue.done(queued);
      this.#o.metrics.attempt('scheduled', nowNs - startNs);
      this.#o.metrics.scheduled(nowNs - queued.initialNs, queued.attempts);
      if (!this.#hasBound) this.#o.onFirstBound();
      this.#hasBound = true;
      this.#o.recorder.record(queued.pod, 'Scheduled');
      return;
    }
    cache.forget(queued.pod.meta.uid);
    for (const { volume } of volumes) {
      if (volume !== null) cache.volumes.assumed.delete(volume.meta.path);
    }
    queue.move({ kinds: POD_DELETE, node: null, pod: queued.pod }, nowNs);
    this.#o.metrics.attempt('error', nowNs - startNs);
    const now = this.#view.podNow(queued.pod.meta.path);
    const isGone = now === undefined || now.meta.uid !== queued.pod.meta.uid;
    if (isGone || now.nodeName !== '') queue.done(queued);
    else {
      queue.fail(queued, 0, true, nowNs);
      this.#failures.report(queued, 'SchedulerError', '', () => {});
    }
    this.kick();
  }

  /** handleSchedulingFailure: the status is patched before the next pod is looked at. */
  #failed(state: SchedulerState, cycle: Cycle): void {
    const { nowNs } = this.#ctx.sim;
    const { outcome, queued, rejectors, startNs } = cycle;
    this.#o.metrics.attempt('unschedulable', nowNs - startNs);
    const then = () => {
      if (this.#state !== state || this.#cycle !== cycle) return;
      this.#cycle = null;
      this.kick();
    };
    const pod = this.#latest(queued);
    if (pod === null) {
      state.queue.done(queued);
      then();
      return;
    }
    queued.pod = pod;
    if (outcome?.kind !== 'nominated') {
      if (outcome?.kind === 'none') state.nominator.delete(pod.meta.uid);
      state.queue.fail(queued, rejectors, false, nowNs);
      const keeps = outcome?.kind === 'waits' ? pod.status.nominatedNodeName : '';
      this.#reportOnce(cycle, keeps, then);
      return;
    }
    const { candidate } = outcome;
    const nodeName = state.cache.table.names[candidate.row];
    this.#o.metrics.preemptionVictims.record(candidate.victims.length);
    const { asyncPreemption } = this.#o;
    queued.isPreempting = asyncPreemption;
    const evict = (done: (failed: boolean) => void) => {
      const lower = state.nominator.below(candidate.row, pod.spec.priority);
      this.#failures.evict(candidate.victims, lower, done);
    };
    const requeue = () => {
      state.nominator.set(pod, candidate.row);
      state.queue.fail(queued, rejectors, false, this.#ctx.sim.nowNs);
      this.#reportOnce(cycle, nodeName, then);
    };
    if (!asyncPreemption) {
      evict(() => requeue());
      return;
    }
    requeue();
    evict((failed) => {
      if (this.#state !== state) return;
      state.queue.endPreemption(queued, failed, this.#ctx.sim.nowNs);
      this.kick();
    });
  }

  #reportOnce(cycle: Cycle, nominatedNodeName: string, then: () => void): void {
    const { messageHash, queued } = cycle;
    const { status } = queued.pod;
    const same =
      queued.lastMessage === messageHash &&
      status.scheduled === 'Unschedulable' &&
      status.nominatedNodeName === nominatedNodeName;
    queued.lastMessage = messageHash;
    if (same) {
      this.#o.recorder.record(queued.pod, 'FailedScheduling');
      then();
      return;
    }
    this.#failures.report(queued, 'Unschedulable', nominatedNodeName, then);
  }

  /** The pod as the informer has it now; null = gone, or on a node. */
  #latest(queued: QueuedPod): Pod | null {
    const now = this.#view.podNow(queued.pod.meta.path);
    if (now === undefined || now.meta.uid !== queued.pod.meta.uid) return null;
    return now.nodeName === '' ? now : null;
  }

  #flush(): void {
    const state = this.#state;
    if (state === null) return;
    const { nowNs } = this.#ctx.sim;
    this.#flushAtNs = Number.POSITIVE_INFINITY;
    state.queue.flushBackoff(nowNs);
    if (nowNs % FLUSH_UNSCHEDULABLE_NS === 0) state.queue.flushUnschedulable(nowNs);
    this.kick();
  }

  /** Back-offs are looked at every second, the unschedulable every 30 s, where there are any. */
  #planFlush({ queue }: SchedulerState): void {
    const { sim } = this.#ctx;
    let dueNs = tickAtOrAfter(sim, FLUSH_BACKOFF_NS, queue.nextBackoffNs);
    if (queue.unschedulable > 0) {
      const tickNs = tickAtOrAfter(sim, FLUSH_UNSCHEDULABLE_NS, sim.nowNs + 1);
      dueNs = Math.min(dueNs, tickNs);
    }
    if (dueNs >= this.#flushAtNs || dueNs === Number.POSITIVE_INFINITY) return;
    this.#flushAtNs = dueNs;
    sim.scheduleAt(dueNs, this.#flushType, this.#o.process.life);
  }

  /** Pods that events made the queue look at cost CPU, beside the cycle. */
  #payForMoves({ queue }: SchedulerState): void {
    if (queue.visited === 0) return;
    this.#o.process.execute(Math.round(queue.visited * this.#moveNs), this.#moveType, 0, 0);
    queue.visited = 0;
  }
}

const NO_VOLUMES: readonly VolumeDecision[] = Object.freeze([]);
