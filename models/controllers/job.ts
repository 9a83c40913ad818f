/**
 * The Job controller: runs pods until enough have succeeded; each is counted exactly once, by a
 * finalizer that is taken off after the status says so.
 *
 * Follows kubernetes/pkg/controller/job/job_controller.go. Syncs are batched by a second, so that
 * many ended pods cost two status writes together, and one patch each.
 * Left out: suspend, pod failure policy, back-off per index, success policy, managedBy, pod
 * replacement policy Failed.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import { controllerOf, isBeingDeleted, type Job, type Pod, withMeta } from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  errorOf,
  INDEX_OWNER,
  patchCall,
  type Steps,
  type Sync,
  send,
  sendAll,
  statusCall,
  withStatus,
} from './environment.ts';
import { Expectations } from './expectations.ts';
import {
  backoffLeft,
  hasSucceeded,
  INDEX_LABEL,
  indexOf,
  JOB_FINALIZER,
  type JobPods,
  pendingIndexes,
  sortPods,
  wantedActive,
} from './job-pods.ts';
import { createPods, deletePods, podOf } from './pod-control.ts';
import { podsToDelete } from './pod-ranking.ts';

/** MaxPodCreateDeletePerSync, MaxUncountedPods, SyncJobBatchPeriod, the queue's back-off. */
const PODS_PER_SYNC = 500;
const UNCOUNTED_MAX = 500;
const BATCH_NS = 1e9;
const API_BACKOFF = { first: 1e9, max: 60e9 };
const FINALIZER_PATCH_BYTES = 150;
/** A uid in a status. */
const UID_BYTES = 38;

interface Failures {
  count: number;
  lastNs: number;
}

export class JobController implements Controller {
  readonly name = 'job';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #jobs: Informer<'jobs'>;
  readonly #queue: WorkQueue;
  readonly #orphans: WorkQueue;
  readonly #expectations = new Expectations();
  readonly #failures = new Map<string, Failures>();

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#recorder = env.recorder(this.#client);
    this.#jobs = env.informer('jobs');
    const syncNs = cost(env, 'controllers.syncNs');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 5),
      syncNs,
      backoffNs: API_BACKOFF,
      sync: (key) => this.#sync(key),
    });
    this.#orphans = env.queue({
      name: 'job_orphan_pod',
      workers: 1,
      syncNs,
      sync: (key) => this.#releaseOrphan(key),
    });
    this.#jobs.addHandlers({
      onAdd: (job) => this.#queue.add(job.meta.path),
      onUpdate: (job, old) => {
        if (job.meta.generation !== old.meta.generation) this.#queue.add(job.meta.path);
        else this.#queue.addAfter(job.meta.path, BATCH_NS);
      },
      onDelete: (job) => this.#onJobDelete(job),
    });
    env.pods.addHandlers({
      onAdd: (pod) => this.#onPod(pod, isBeingDeleted(pod) ? 'delete' : 'add'),
      onUpdate: (pod) => this.#onPod(pod, isBeingDeleted(pod) ? 'delete' : 'update'),
      onDelete: (pod) => this.#onPod(pod, 'delete'),
    });
  }

  #onJobDelete(job: Job): void {
    const { path, uid } = job.meta;
    this.#expectations.forget(path);
    this.#failures.delete(path);
    for (const pod of this.#env.pods.byIndex(INDEX_OWNER, String(uid))) {
      if (pod.meta.finalizers.includes(JOB_FINALIZER)) this.#orphans.add(pod.meta.path);
    }
  }

  #onPod(pod: Pod, what: 'add' | 'update' | 'delete'): void {
    const owner = controllerOf(pod);
    if (owner === null || owner.resource !== 'jobs') return;
    if (this.#jobs.get(owner.path)?.meta.uid !== owner.uid) {
      if (pod.meta.finalizers.includes(JOB_FINALIZER)) this.#orphans.add(pod.meta.path);
      return;
    }
    if (what === 'add') this.#expectations.creationObserved(owner.path);
    else if (what === 'delete') this.#expectations.deletionObserved(owner.path, pod.meta.uid);
    this.#queue.addAfter(owner.path, BATCH_NS);
  }

  /** syncOrphanPod: its job is gone, so nobody else takes the finalizer off. */
  *#releaseOrphan(path: string): Sync {
    const pod = this.#env.pods.get(path);
    if (pod === undefined || !pod.meta.finalizers.includes(JOB_FINALIZER)) return '';
    const error = errorOf(yield* send(this.#client, releaseCall(pod)));
    return error === 'NotFound' ? '' : error;
  }

  *#sync(key: string): Sync {
    const job = this.#jobs.get(key);
    if (job === undefined) {
      this.#expectations.forget(key);
      return '';
    }
    if (job.status.finished !== '') return '';
    const { sim } = this.#env;
    const owned = [...this.#env.pods.byIndex(INDEX_OWNER, String(job.meta.uid))];
    const pods = sortPods(job, owned);
    this.#noteFailures(key, pods);
    const needsSync = this.#expectations.satisfied(key, sim.nowNs);
    const counted = yield* this.#count(job, pods, owned);
    if (counted.error !== '') return counted.error;
    const { status } = counted;
    const failure = this.#failureOf(job, status);
    let error = '';
    let { active } = pods;
    if (failure || status.succeeded >= job.spec.completions) {
      error = yield* this.#remove(key, job, active);
      active = [];
    } else if (needsSync && !isBeingDeleted(job)) {
      const managed = yield* this.#manage(key, job, pods.active, status);
      error = managed.error;
      active = managed.active;
    }
    const ended = pods.active.length === 0 && pods.ended.length <= UNCOUNTED_MAX;
    const finished = ended ? this.#verdict(job, status, failure) : '';
    const written = yield* this.#writeStatus(job, counted.latest, {
      ...status,
      active: active.length,
      ready: pods.ready,
      finished,
      finishedNs: finished === '' ? Number.NaN : sim.nowNs,
    });
    if (written !== '') return written;
    if (finished !== '')
      this.#recorder.record(job, finished === 'Complete' ? 'Completed' : 'BackoffLimitExceeded');
    return error;
  }

  #noteFailures(key: string, pods: JobPods): void {
    let failures = this.#failures.get(key);
    for (const pod of pods.ended) {
      if (hasSucceeded(pod)) {
        failures = { count: 0, lastNs: 0 };
      } else {
        failures ??= { count: 0, lastNs: 0 };
        failures.count++;
        failures.lastNs = this.#env.sim.nowNs;
      }
    }
    if (failures !== undefined) this.#failures.set(key, failures);
  }

  /**
   * trackJobStatusAndRemoveFinalizers: the uids are written down, then the finalizers go, then the
   * pods are counted, in the status write of the sync's end.
   */
  *#count(
    job: Job,
    pods: JobPods,
    owned: readonly Pod[],
  ): Steps<{ readonly error: string; readonly status: Job['status']; readonly latest: Job }> {
    const old = job.status.uncounted ?? { succeeded: [], failed: [] };
    const batch = pods.ended.slice(0, UNCOUNTED_MAX);
    if (batch.length === 0 && old.succeeded.length + old.failed.length === 0) {
      return { error: '', status: job.status, latest: job };
    }
    const uid = (pod: Pod) => pod.meta.uid;
    const uncounted = {
      succeeded: [...old.succeeded, ...batch.filter(hasSucceeded).map(uid)],
      failed: [...old.failed, ...batch.filter((pod) => !hasSucceeded(pod)).map(uid)],
    };
    const indexes = batch
      .filter(hasSucceeded)
      .map(indexOf)
      .filter((index) => index >= 0);
    const before = job.status.completedIndexes ?? [];
    const fresh = indexes.filter((index) => !before.includes(index));
    const completedIndexes = job.spec.indexed ? [...before, ...new Set(fresh)] : undefined;
    let latest = job;
    if (batch.length > 0) {
      const written = { ...withStatus(job, { uncounted, completedIndexes }) };
      const result = yield* send(this.#client, statusCall(withUids(written, batch.length), job));
      if (errorOf(result) !== '') return { error: errorOf(result), status: job.status, latest };
      latest = result.object as Job; // What was sent, as stored.
    }
    const all = new Set([...uncounted.succeeded, ...uncounted.failed]);
    const held = owned.filter(
      (pod) => all.has(pod.meta.uid) && pod.meta.finalizers.includes(JOB_FINALIZER),
    );
    for (const result of yield* sendAll(this.#client, held.map(releaseCall))) {
      const error = errorOf(result);
      if (error !== '' && error !== 'NotFound') return { error, status: latest.status, latest };
    }
    const status: Job['status'] = {
      ...latest.status,
      succeeded: latest.status.succeeded + uncounted.succeeded.length,
      failed: latest.status.failed + uncounted.failed.length,
      uncounted: undefined,
    };
    if (completedIndexes === undefined) return { error: '', status, latest };
    return { error: '', status: { ...status, succeeded: completedIndexes.length }, latest };
  }

  /** True where the job has failed: too many failures, or out of time. */
  #failureOf(job: Job, status: Job['status']): boolean {
    if (status.failed > job.spec.backoffLimit) return true;
    const { activeDeadlineNs } = job.spec;
    const leftNs = job.meta.createdNs + activeDeadlineNs - this.#env.sim.nowNs;
    if (leftNs > 0 && leftNs < Number.POSITIVE_INFINITY)
      this.#queue.addAfter(job.meta.path, leftNs);
    return leftNs <= 0;
  }

  #verdict(job: Job, status: Job['status'], failure: boolean): Job['status']['finished'] {
    if (failure) return 'Failed';
    return status.succeeded >= job.spec.completions ? 'Complete' : '';
  }

  /** manageJob. */
  *#manage(
    key: string,
    job: Job,
    active: readonly Pod[],
    status: Job['status'],
  ): Steps<{ readonly error: string; readonly active: Pod[] }> {
    const { sim } = this.#env;
    const wanted = wantedActive(job, status.succeeded);
    if (active.length > wanted) {
      const excess = Math.min(active.length - wanted, PODS_PER_SYNC);
      const chosen = podsToDelete(active, [], excess, sim.nowNs);
      const error = yield* this.#remove(key, job, chosen);
      return { error, active: active.filter((pod) => !chosen.includes(pod)) };
    }
    const missing = Math.min(wanted - active.length, PODS_PER_SYNC);
    if (missing <= 0) return { error: '', active: [...active] };
    const failures = this.#failures.get(key);
    const waitNs = backoffLeft(failures?.count ?? 0, failures?.lastNs ?? 0, sim.nowNs);
    if (waitNs > 0) {
      this.#queue.addAfter(key, waitNs);
      return { error: '', active: [...active] };
    }
    const pods = this.#newPods({ ...job, status }, active, missing);
    this.#expectations.expectCreations(key, pods.length, sim.nowNs);
    const outcome = yield* createPods(this.#client, this.#recorder, job, pods);
    for (let i = outcome.created; i < pods.length; i++) this.#expectations.creationObserved(key);
    const error = outcome.error === 'NamespaceTerminating' ? '' : outcome.error;
    return { error, active: [...active, ...pods.slice(0, outcome.created)] };
  }

  #newPods(job: Job, active: readonly Pod[], count: number): Pod[] {
    const { uids, sim, observer } = this.#env;
    const { template, indexed } = job.spec;
    const indexes = indexed ? pendingIndexes(job, active, count) : [];
    const pods: Pod[] = [];
    for (let i = 0; i < (indexed ? indexes.length : count); i++) {
      const labels = indexed ? { ...template.labels, [INDEX_LABEL]: `${indexes[i]}` } : undefined;
      const pod = podOf(uids, sim.nowNs, job, template, { labels, finalizers: [JOB_FINALIZER] });
      const first = job.status.succeeded + job.status.failed === 0 && active.length === 0;
      observer.podStage(pod.meta.uid, 'requested', first ? job.meta.createdNs : sim.nowNs);
      pods.push(pod);
    }
    return pods;
  }

  /** deleteJobPods: without their finalizer, so that they are not counted as failed. */
  *#remove(key: string, job: Job, pods: readonly Pod[]): Sync {
    if (pods.length === 0) return '';
    const removed = pods.map((pod) => pod.meta.uid);
    this.#expectations.expectDeletions(key, removed, this.#env.sim.nowNs);
    yield* sendAll(this.#client, pods.map(releaseCall));
    return yield* deletePods(this.#client, this.#recorder, job, pods, (pod) =>
      this.#expectations.deletionObserved(key, pod.meta.uid),
    );
  }

  *#writeStatus(job: Job, latest: Job, status: Job['status']): Sync {
    const old = latest.status;
    const same =
      old.active === status.active &&
      old.ready === status.ready &&
      old.succeeded === status.succeeded &&
      old.failed === status.failed &&
      old.finished === status.finished &&
      old.uncounted === status.uncounted;
    if (same) return '';
    const next: Job = { ...withStatus(latest, status), bytes: job.bytes };
    return errorOf(yield* send(this.#client, statusCall(next, latest)));
  }
}

function withUids(job: Job, uids: number): Job {
  return { ...job, bytes: job.bytes + UID_BYTES * uids };
}

function releaseCall(pod: Pod) {
  const call = patchCall(pod, FINALIZER_PATCH_BYTES, (current) => {
    const finalizers = current.meta.finalizers.filter((f) => f !== JOB_FINALIZER);
    return withMeta(current, { finalizers });
  });
  return { ...call, uid: pod.meta.uid };
}
