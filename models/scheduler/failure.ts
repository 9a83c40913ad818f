/**
 * What a scheduler tells the API about pods that it could not place, and about victims: status
 * patches, events, deletions.
 * Sources: kubernetes/pkg/scheduler/schedule_one.go `handleSchedulingFailure`, `updatePod`,
 * framework/preemption/preemption.go `PreemptPod`, `prepareCandidate`.
 */
import { type ApiClient, type EventRecorder, isSuccess } from '../client-go/index.ts';
import { isBeingDeleted, type KubeObject, type Pod, withPodStatus } from '../objects/index.ts';
import type { QueuedPod } from './queue/scheduling-queue.ts';

/** A strategic merge patch of one condition. */
const PATCH_BYTES = 500;

export interface FailureLinks {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
}

export class FailureHandler {
  readonly #links: FailureLinks;

  constructor(links: FailureLinks) {
    this.#links = links;
  }

  /** Event and condition PodScheduled=False; `then` once the patch has an answer. */
  report(
    { pod }: QueuedPod,
    reason: 'Unschedulable' | 'SchedulerError',
    nominatedNodeName: string,
    then: () => void,
  ): void {
    this.#links.recorder.record(pod, 'FailedScheduling');
    const scheduled = reason === 'Unschedulable' ? reason : pod.status.scheduled;
    this.#patch(
      pod,
      (current) => withPodStatus(current, { scheduled, nominatedNodeName }),
      () => then(),
    );
  }

  /** Deletes the victims, and takes back promises to pods of lower priority. */
  evict(victims: readonly Pod[], promised: readonly Pod[], done: (failed: boolean) => void): void {
    for (const pod of promised) {
      this.#patch(
        pod,
        (current) => withPodStatus(current, { nominatedNodeName: '' }),
        () => {},
      );
    }
    let left = victims.length;
    let failed = false;
    const one = (ok: boolean) => {
      if (!ok) failed = true;
      if (--left === 0) done(failed);
    };
    for (const victim of victims) {
      if (isBeingDeleted(victim)) one(true);
      else this.#evictOne(victim, one);
    }
  }

  /** Condition DisruptionTarget, then DELETE with the pod's own grace. */
  #evictOne(victim: Pod, done: (ok: boolean) => void): void {
    const { path, uid } = victim.meta;
    this.#patch(
      victim,
      (current) => withPodStatus(current, {}),
      (patched) => {
        if (!patched) {
          done(false);
          return;
        }
        this.#links.client.call(
          { verb: 'delete', resource: 'pods', path, uid, aboutUid: uid },
          (result) => {
            const ok = isSuccess(result) || result.code === 404;
            if (ok) this.#links.recorder.record(victim, 'Preempted');
            done(ok);
          },
        );
      },
    );
  }

  #patch(pod: Pod, change: (current: Pod) => Pod, done: (ok: boolean) => void): void {
    const { path, uid } = pod.meta;
    this.#links.client.call(
      {
        verb: 'patch',
        resource: 'pods',
        subresource: 'status',
        path,
        uid,
        bodyBytes: PATCH_BYTES,
        aboutUid: uid,
        mutate: (current: KubeObject) => change(current as Pod), // The patch is of a pod.
      },
      (result) => done(isSuccess(result) || result.code === 404),
    );
  }
}
