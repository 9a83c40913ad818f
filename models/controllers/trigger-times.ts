/**
 * When the change happened that a slice's next version reflects: what network programming latency
 * is measured from.
 *
 * Follows kubernetes/staging/src/k8s.io/endpointslice/trigger_time_tracker.go:
 * the earliest of the readiness transitions that are newer than what was known of their pods.
 * Left out: when a pod stopped being ready is not in its status here; then nobody knows.
 */
import type { Pod } from '../objects/index.ts';

export class TriggerTimes {
  /** Last known transition of each pod, by service. */
  readonly #known = new Map<string, Map<number, number>>();

  /** Of the change since the last call for this service; undefined where nobody knows. */
  next(service: string, pods: Iterable<Pod>, serviceCreatedNs: number): number | undefined {
    const before = this.#known.get(service);
    const now = new Map<number, number>();
    let earliestNs = before === undefined ? serviceCreatedNs : Number.POSITIVE_INFINITY;
    for (const pod of pods) {
      const { uid } = pod.meta;
      const changedNs = pod.status.readySinceNs;
      if (Number.isNaN(changedNs)) continue;
      now.set(uid, changedNs);
      const isNew = changedNs > (before?.get(uid) ?? Number.NEGATIVE_INFINITY);
      if (before !== undefined && isNew) earliestNs = Math.min(earliestNs, changedNs);
    }
    this.#known.set(service, now);
    return earliestNs === Number.POSITIVE_INFINITY ? undefined : earliestNs;
  }

  forget(service: string): void {
    this.#known.delete(service);
  }
}
