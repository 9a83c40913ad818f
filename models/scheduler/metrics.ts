/** Metrics of kube-scheduler with its own buckets (kubernetes/pkg/scheduler/metrics/metrics.go). */
import type { Counter, Level, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import { filterNames } from './framework/verdict.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';
const results: readonly AttemptResult[] = ['scheduled', 'unschedulable', 'error'];
/** Label `attempts` of the SLI: 1 to 15, then 16+ (metrics/recorder). */
const ATTEMPTS_MAX = 16;

/** prometheus.ExponentialBuckets. */
function exponentialBuckets(start: number, factor: number, count: number): number[] {
  const buckets: number[] = [];
  for (let bound = start; buckets.length < count; bound *= factor) buckets.push(bound);
  return buckets;
}

export class SchedulerMetrics {
  readonly algorithm: Tally;
  readonly preemptionVictims: Tally;
  readonly preemptionAttempts: Counter;
  readonly #attempts: Readonly<Record<AttemptResult, Counter>>;
  readonly #durations: Readonly<Record<AttemptResult, Tally>>;
  readonly #podAttempts: Tally;
  readonly #sli: (Tally | undefined)[] = [];
  readonly #pending: readonly Level[];
  /** By plugin; made when it first rejects a pod. */
  readonly #rejected: (Level | undefined)[] = [];
  readonly #ctx: ModelContext;
  readonly #component: string;

  constructor(ctx: ModelContext, component: string) {
    this.#ctx = ctx;
    this.#component = component;
    const { metrics } = ctx;
    const buckets = exponentialBuckets(0.001, 2, 15);
    const counter = (result: AttemptResult) =>
      metrics.counter('scheduler_schedule_attempts_total', { component, result });
    const tally = (result: AttemptResult) =>
      metrics.tally(
        'scheduler_scheduling_attempt_duration_seconds',
        { component, result },
        { buckets },
      );
    this.#attempts = byResult(counter);
    this.#durations = byResult(tally);
    const labels = { component };
    this.algorithm = metrics.tally('scheduler_scheduling_algorithm_duration_seconds', labels, {
      buckets,
    });
    this.preemptionVictims = metrics.tally('scheduler_preemption_victims', labels, {
      unit: '1',
      buckets: exponentialBuckets(1, 2, 7),
    });
    this.preemptionAttempts = metrics.counter('scheduler_preemption_attempts_total', labels);
    this.#podAttempts = metrics.tally('scheduler_pod_scheduling_attempts', labels, {
      unit: '1',
      buckets: exponentialBuckets(1, 2, 5),
    });
    this.#pending = ['active', 'backoff', 'unschedulable', 'gated'].map((queue) =>
      metrics.level('scheduler_pending_pods', { component, queue }),
    );
  }

  attempt(result: AttemptResult, durationNs: number): void {
    this.#attempts[result].add();
    this.#durations[result].record(durationNs);
  }

  /** From the first time in activeQ to the end of the binding. */
  scheduled(sinceQueuedNs: number, attempts: number): void {
    this.#podAttempts.record(attempts);
    const label = Math.min(attempts, ATTEMPTS_MAX);
    let sli = this.#sli[label];
    if (sli === undefined) {
      const text = label === ATTEMPTS_MAX ? `${ATTEMPTS_MAX}+` : String(label);
      sli = this.#ctx.metrics.tally(
        'scheduler_pod_scheduling_sli_duration_seconds',
        { component: this.#component, attempts: text },
        { buckets: exponentialBuckets(0.01, 2, 20), series: false },
      );
      this.#sli[label] = sli;
    }
    sli.record(sinceQueuedNs);
  }

  pending(queue: SchedulingQueue): void {
    const { nowNs } = this.#ctx.sim;
    this.#pending[0].set(nowNs, queue.active);
    this.#pending[1].set(nowNs, queue.backoff);
    this.#pending[2].set(nowNs, queue.unschedulable);
    this.#pending[3].set(nowNs, queue.gated);
    for (let plugin = 1; plugin < queue.rejected.length; plugin++) {
      this.#setRejected(plugin, queue.rejected[plugin], nowNs);
    }
  }

  #setRejected(plugin: number, pods: number, nowNs: number): void {
    let level = this.#rejected[plugin];
    if (level === undefined) {
      if (pods === 0) return;
      const labels = { component: this.#component, plugin: filterNames[plugin] };
      level = this.#ctx.metrics.level('scheduler_unschedulable_pods', labels);
      this.#rejected[plugin] = level;
    }
    level.set(nowNs, pods);
  }
}

function byResult<T>(make: (result: AttemptResult) => T): Record<AttemptResult, T> {
  const [scheduled, unschedulable, error] = results.map(make);
  return { scheduled, unschedulable, error };
}
