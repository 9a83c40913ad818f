/**
 * Where pods wait: activeQ (by priority, then time), backoffQ (1 s doubling to 10 s), the
 * unschedulable (until an event that may help, at most 5 min), the gated.
 *
 * One idea: unschedulable pods lie in buckets of pods that events cannot tell apart, so an event is
 * judged once a bucket. Events that come while a pod is being scheduled are kept and judged when it
 * fails, so that none is missed.
 *
 * Left out: nominated pods of other schedulers, PreEnqueue plugins other than gates and running
 * preemptions.
 * Source: kubernetes/pkg/scheduler/backend/queue.
 */
import type { Pod } from '../../objects/index.ts';
import { FILTERS } from '../framework/verdict.ts';
import { type ClusterEvent, FLUSH, type HintContext, mayHelp } from './events.ts';
import { Heap, type HeapItem } from './heap.ts';

export type QueueName = 'active' | 'backoff' | 'unschedulable' | 'gated';

export interface QueuedPod extends HeapItem {
  pod: Pod;
  /** Order of arrival in the queue that it is in. */
  timestampNs: number;
  sequence: number;
  /** First put into activeQ; NaN = never yet. */
  readonly initialNs: number;
  attempts: number;
  unschedulableCount: number;
  errorCount: number;
  /** Bit by filter plugin that rejected it last. */
  rejectors: number;
  /** They are counted in `rejected`. */
  isCounted: boolean;
  backoffUntilNs: number;
  /** NaN-free: none = it is being scheduled or bound. */
  queue: QueueName | 'none';
  /** Of `#buckets`. */
  bucket: string;
  /** Index of the first event that it has not seen, while it is being scheduled. */
  seenEvents: number;
  /** Its victims are being deleted: it waits. */
  isPreempting: boolean;
  /** An event would have let it try again meanwhile. */
  wasHeld: boolean;
  /** Message of its last failure, as a hash: an equal one is not patched again. */
  lastMessage: number;
}

export interface QueueOptions {
  readonly initialBackoffNs: number;
  readonly maxBackoffNs: number;
  /** An idle scheduler takes pods before their back-off ends (1.33). */
  readonly popFromBackoff: boolean;
  /** Which bucket: what events cannot tell apart. */
  bucketOf(queued: QueuedPod): string;
  readonly hints: HintContext;
}

/** backend/queue/scheduling_queue.go `DefaultPodMaxInUnschedulablePodsDuration`. */
export const UNSCHEDULABLE_MAX_NS = 300e9;
/** backoff_queue.go: expiries are ordered by windows of a second. */
const BACKOFF_WINDOW_NS = 1e9;

const FLUSH_EVENT: ClusterEvent = { kinds: FLUSH, node: null, pod: null };

export class SchedulingQueue {
  readonly #options: QueueOptions;
  readonly #pods = new Map<number, QueuedPod>();
  readonly #active = new Heap<QueuedPod>(isMoreUrgent);
  readonly #backoff = new Heap<QueuedPod>(endsEarlier);
  readonly #errors = new Heap<QueuedPod>(endsEarlier);
  readonly #buckets = new Map<string, Map<number, QueuedPod>>();
  readonly #gated = new Map<number, QueuedPod>();
  readonly #inFlight = new Set<QueuedPod>();
  #events: ClusterEvent[] = [];
  #eventsBefore = 0;
  #sequence = 0;
  #unschedulable = 0;
  /** Pods that each plugin rejected in their last attempt, until they are tried again. */
  readonly rejected: number[] = Array.from({ length: FILTERS }, () => 0);
  /** Pods that events made somebody look at: they cost. */
  visited = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get active(): number {
    return this.#active.size;
  }

  get backoff(): number {
    return this.#backoff.size + this.#errors.size;
  }

  get unschedulable(): number {
    return this.#unschedulable;
  }

  get gated(): number {
    return this.#gated.size;
  }

  get(uid: number): QueuedPod | undefined {
    return this.#pods.get(uid);
  }

  clear(): void {
    this.#pods.clear();
    this.#active.clear();
    this.#backoff.clear();
    this.#errors.clear();
    this.#buckets.clear();
    this.#gated.clear();
    this.#inFlight.clear();
    this.#events = [];
    this.#eventsBefore = 0;
    this.#unschedulable = 0;
    this.rejected.fill(0);
  }

  add(pod: Pod, nowNs: number, isGated: boolean): QueuedPod {
    const queued: QueuedPod = {
      pod,
      timestampNs: nowNs,
      sequence: ++this.#sequence,
      initialNs: nowNs,
      attempts: 0,
      unschedulableCount: 0,
      errorCount: 0,
      rejectors: 0,
      isCounted: false,
      backoffUntilNs: 0,
      queue: 'none',
      bucket: '',
      seenEvents: 0,
      isPreempting: false,
      wasHeld: false,
      lastMessage: 0,
      heapIndex: -1,
    };
    this.#pods.set(pod.meta.uid, queued);
    if (isGated) {
      queued.queue = 'gated';
      this.#gated.set(pod.meta.uid, queued);
    } else this.#activate(queued);
    return queued;
  }

  /** A new version of a pod that waits; it is worth a try where its spec or labels changed. */
  update(pod: Pod, isGated: boolean, nowNs: number): void {
    const queued = this.#pods.get(pod.meta.uid);
    if (queued === undefined) return;
    const before = queued.pod;
    queued.pod = pod;
    if (queued.queue === 'gated' && !isGated) {
      this.#gated.delete(pod.meta.uid);
      queued.timestampNs = nowNs;
      this.#activate(queued);
    } else if (
      queued.queue === 'unschedulable' &&
      (before.spec !== pod.spec || before.meta.labels !== pod.meta.labels)
    ) {
      this.#leaveBucket(queued);
      this.#requeue(queued, nowNs);
    }
  }

  /** Gone, or bound by somebody else. */
  remove(uid: number): void {
    const queued = this.#pods.get(uid);
    if (queued === undefined) return;
    this.#pods.delete(uid);
    this.#countRejected(queued, -1);
    this.#withdraw(queued);
    this.#endFlight(queued);
  }

  /** The most urgent pod; it is in flight until `done` or `fail`. */
  pop(): QueuedPod | undefined {
    let queued = this.#active.pop();
    if (queued === undefined && this.#options.popFromBackoff) queued = this.#backoff.pop();
    if (queued === undefined) return undefined;
    queued.queue = 'none';
    this.#countRejected(queued, -1);
    queued.attempts++;
    queued.seenEvents = this.#eventsBefore + this.#events.length;
    this.#inFlight.add(queued);
    return queued;
  }

  /** It is bound, or will not be. */
  done(queued: QueuedPod): void {
    this.#endFlight(queued);
    if (this.#pods.get(queued.pod.meta.uid) === queued) this.#pods.delete(queued.pod.meta.uid);
  }

  /** scheduling_queue.go `AddUnschedulableIfNotPresent`. */
  fail(queued: QueuedPod, rejectors: number, isError: boolean, nowNs: number): void {
    const missed = this.#missed(queued);
    this.#endFlight(queued);
    if (this.#pods.get(queued.pod.meta.uid) !== queued) return;
    queued.timestampNs = nowNs;
    queued.sequence = ++this.#sequence;
    queued.rejectors = rejectors;
    if (isError) queued.errorCount++;
    else {
      queued.errorCount = 0;
      queued.unschedulableCount++;
      this.#countRejected(queued, 1);
    }
    queued.backoffUntilNs = nowNs + this.#backoffNs(queued);
    const { hints } = this.#options;
    if (isError || missed.some((event) => mayHelp(hints, queued.pod, rejectors, event))) {
      if (queued.isPreempting) {
        queued.wasHeld = true;
        this.#enterBucket(queued);
      } else this.#requeue(queued, nowNs);
    } else this.#enterBucket(queued);
  }

  /** The calls of its preemption have ended; `retry`: they failed, it is tried again anyway. */
  endPreemption(queued: QueuedPod, retry: boolean, nowNs: number): void {
    queued.isPreempting = false;
    const wasHeld = queued.wasHeld;
    queued.wasHeld = false;
    if (!wasHeld && !retry) return;
    if (this.#pods.get(queued.pod.meta.uid) !== queued || queued.queue !== 'unschedulable') return;
    this.#leaveBucket(queued);
    this.#requeue(queued, nowNs);
  }

  /** Something happened: whom it may help is tried again. */
  move(event: ClusterEvent, nowNs: number): boolean {
    if (this.#inFlight.size > 0) this.#events.push(event);
    let moved = false;
    for (const [key, pods] of this.#buckets) {
      let sample: QueuedPod | undefined;
      for (const queued of pods.values()) {
        sample = queued;
        break;
      }
      if (sample === undefined) continue;
      this.visited += pods.size;
      if (!mayHelp(this.#options.hints, sample.pod, sample.rejectors, event)) continue;
      for (const queued of [...pods.values()]) {
        if (queued.isPreempting) {
          queued.wasHeld = true;
          continue;
        }
        pods.delete(queued.pod.meta.uid);
        this.#unschedulable--;
        this.#requeue(queued, nowNs);
        moved = true;
      }
      if (pods.size === 0) this.#buckets.delete(key);
    }
    return moved;
  }

  /** Pods whose back-off is over become active. */
  flushBackoff(nowNs: number): void {
    for (const heap of [this.#errors, this.#backoff]) {
      for (let next = heap.peek(); next !== undefined && next.backoffUntilNs <= nowNs; ) {
        heap.remove(next);
        this.#activate(next);
        next = heap.peek();
      }
    }
  }

  /** When the first back-off ends; Infinity = none. */
  get nextBackoffNs(): number {
    const first = this.#backoff.peek()?.backoffUntilNs ?? Infinity;
    return Math.min(first, this.#errors.peek()?.backoffUntilNs ?? Infinity);
  }

  /** Pods that no event has helped for long enough. */
  flushUnschedulable(nowNs: number): void {
    for (const [key, pods] of this.#buckets) {
      for (const queued of [...pods.values()]) {
        if (nowNs - queued.timestampNs <= UNSCHEDULABLE_MAX_NS || queued.isPreempting) continue;
        pods.delete(queued.pod.meta.uid);
        this.#unschedulable--;
        this.#requeue(queued, nowNs);
      }
      if (pods.size === 0) this.#buckets.delete(key);
    }
    if (this.#inFlight.size > 0) this.#events.push(FLUSH_EVENT);
  }

  /** Once after each attempt, and back at the next one, or when it goes. */
  #countRejected(queued: QueuedPod, by: 1 | -1): void {
    if (queued.isCounted === by > 0) return;
    queued.isCounted = by > 0;
    for (let plugin = 1; plugin < FILTERS; plugin++) {
      if (queued.rejectors & (1 << plugin)) this.rejected[plugin] += by;
    }
  }

  #activate(queued: QueuedPod): void {
    queued.queue = 'active';
    this.#active.push(queued);
  }

  #requeue(queued: QueuedPod, nowNs: number): void {
    queued.bucket = '';
    if (queued.backoffUntilNs <= nowNs) {
      this.#activate(queued);
      return;
    }
    queued.queue = 'backoff';
    (queued.errorCount > 0 ? this.#errors : this.#backoff).push(queued);
  }

  #enterBucket(queued: QueuedPod): void {
    queued.queue = 'unschedulable';
    queued.bucket = this.#options.bucketOf(queued);
    let pods = this.#buckets.get(queued.bucket);
    if (pods === undefined) {
      pods = new Map();
      this.#buckets.set(queued.bucket, pods);
    }
    pods.set(queued.pod.meta.uid, queued);
    this.#unschedulable++;
  }

  #leaveBucket(queued: QueuedPod): void {
    const pods = this.#buckets.get(queued.bucket);
    if (pods === undefined || !pods.delete(queued.pod.meta.uid)) return;
    this.#unschedulable--;
    if (pods.size === 0) this.#buckets.delete(queued.bucket);
  }

  #withdraw(queued: QueuedPod): void {
    switch (queued.queue) {
      case 'active':
        this.#active.remove(queued);
        break;
      case 'backoff':
        (queued.errorCount > 0 ? this.#errors : this.#backoff).remove(queued);
        break;
      case 'unschedulable':
        this.#leaveBucket(queued);
        break;
      case 'gated':
        this.#gated.delete(queued.pod.meta.uid);
        break;
      case 'none':
        break;
    }
    queued.queue = 'none';
  }

  /** Events since it was popped. */
  #missed(queued: QueuedPod): readonly ClusterEvent[] {
    if (!this.#inFlight.has(queued)) return [];
    return this.#events.slice(queued.seenEvents - this.#eventsBefore);
  }

  #endFlight(queued: QueuedPod): void {
    if (!this.#inFlight.delete(queued) || this.#events.length === 0) return;
    if (this.#inFlight.size === 0) {
      this.#eventsBefore += this.#events.length;
      this.#events = [];
      return;
    }
    // Pods took off in order: nobody needs what came before the oldest of them.
    for (const oldest of this.#inFlight) {
      const unneeded = oldest.seenEvents - this.#eventsBefore;
      if (unneeded < 1024) break;
      this.#events = this.#events.slice(unneeded);
      this.#eventsBefore += unneeded;
      break;
    }
  }

  /** backoff_queue.go `calculateBackoffDuration`. */
  #backoffNs(queued: QueuedPod): number {
    const count = queued.errorCount > 0 ? queued.errorCount : queued.unschedulableCount;
    const { initialBackoffNs, maxBackoffNs } = this.#options;
    let backoffNs = initialBackoffNs;
    for (let i = 1; i < count && backoffNs < maxBackoffNs; i++) backoffNs *= 2;
    return Math.min(backoffNs, maxBackoffNs);
  }
}

/** plugins/queuesort/priority_sort.go; the sequence decides among equals. */
function isMoreUrgent(a: QueuedPod, b: QueuedPod): boolean {
  const byPriority = a.pod.spec.priority - b.pod.spec.priority;
  if (byPriority !== 0) return byPriority > 0;
  if (a.timestampNs !== b.timestampNs) return a.timestampNs < b.timestampNs;
  return a.sequence < b.sequence;
}

function endsEarlier(a: QueuedPod, b: QueuedPod): boolean {
  const windowA = Math.floor(a.backoffUntilNs / BACKOFF_WINDOW_NS);
  const windowB = Math.floor(b.backoffUntilNs / BACKOFF_WINDOW_NS);
  return windowA === windowB ? isMoreUrgent(a, b) : windowA < windowB;
}
