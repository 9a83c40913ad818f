/**
 * What a scheduler that leads keeps in memory: made anew by each that begins to lead, from its
 * informers.
 */
import type { Simulation, Stream } from '../../src/core/index.ts';
import type { SchedulerScenario } from '../../src/scenario/types.ts';
import type { Pod } from '../objects/index.ts';
import { ClusterCache } from './cache/cluster-cache.ts';
import { Algorithm } from './framework/algorithm.ts';
import type { CycleCosts } from './framework/cycle-work.ts';
import { Nominator } from './framework/nominator.ts';
import type { SchedulerPlugin } from './framework/own-score.ts';
import { Preemption } from './framework/preemption.ts';
import { profileOf } from './framework/profile.ts';
import { type QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts';
import type { SchedulerFeatures } from './versions.ts';

export interface StateOptions {
  readonly scenario: SchedulerScenario;
  readonly features: SchedulerFeatures;
  readonly costs: CycleCosts;
  readonly ties: Stream;
  readonly offsets: Stream;
  readonly plugins: readonly SchedulerPlugin[];
}

export class SchedulerState {
  readonly cache = new ClusterCache();
  readonly nominator = new Nominator();
  readonly queue: SchedulingQueue;
  readonly preemption: Preemption;
  readonly #algorithms = new Map<string, Algorithm>();

  constructor(o: StateOptions) {
    const { cache } = this;
    const rotation = { next: 0 };
    for (const profile of o.scenario.profiles) {
      const { percentageOfNodesToScore } = o.scenario;
      const plugins = o.plugins.filter(
        ({ schedulerName }) => (schedulerName ?? profile.schedulerName) === profile.schedulerName,
      );
      const options = { percentageOfNodesToScore, costs: o.costs, plugins };
      const algorithm = new Algorithm(cache, profileOf(profile), options, rotation, o.ties);
      this.#algorithms.set(profile.schedulerName, algorithm);
    }
    this.preemption = new Preemption(cache, o.offsets);
    this.queue = new SchedulingQueue({
      initialBackoffNs: o.scenario.podInitialBackoffNs,
      maxBackoffNs: o.scenario.podMaxBackoffNs,
      popFromBackoff: o.features.popFromBackoff,
      bucketOf: (queued) => this.#bucketOf(queued),
      hints: {
        hints: o.features.hints,
        namespaceLabels: (namespace) => cache.namespaceLabels(namespace),
      },
    });
  }

  /** The profile that this pod asks for; undefined = another scheduler's. */
  algorithmOf(pod: Pod): Algorithm | undefined {
    return this.#algorithms.get(pod.spec.schedulerName);
  }

  /** PreEnqueue: SchedulingGates. */
  isGated(pod: Pod): boolean {
    return pod.spec.schedulingGates.length > 0 && this.algorithmOf(pod)?.profile.gates === true;
  }

  #bucketOf({ pod, rejectors }: QueuedPod): string {
    const group = this.cache.groups.intern(pod.meta.namespace, pod.meta.labels, false);
    const podClass = this.algorithmOf(pod)?.classOf(pod.spec);
    return `${podClass?.id ?? 0}/${group.id}/${rejectors}`;
  }
}

/** Ticks of the flushes, and what is due at them. */
export const FLUSH_BACKOFF_NS = 1e9;
export const FLUSH_UNSCHEDULABLE_NS = 30e9;

/** The first tick of a period at or after a time. */
export function tickAtOrAfter(sim: Simulation, periodNs: number, timeNs: number): number {
  return Math.max(sim.nowNs, Math.ceil(timeNs / periodNs) * periodNs);
}
