/**
 * The CronJob controller: makes a Job at each due time, and clears away old ones.
 *
 * Follows kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go. Each key comes back when its
 * next run is due.
 * Left out: time zones, startingDeadlineSeconds and the 100 missed runs.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  type CronJob,
  controllerOf,
  isBeingDeleted,
  type Job,
  metaOf,
  NEW_JOB_STATUS,
  ownedBy,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  createCall,
  deleteCall,
  INDEX_OWNER,
  perform,
  type Steps,
  type Sync,
  statusCall,
  withStatus,
} from './environment.ts';

/** nextScheduleDelta. */
const DELTA_NS = 100e6;
const MINUTE_NS = 60e9;

export class CronJobController implements Controller {
  readonly name = 'cronjob';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #crons: Informer<'cronjobs'>;
  readonly #jobs: Informer<'jobs'>;
  readonly #queue: WorkQueue;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#recorder = env.recorder(this.#client);
    this.#crons = env.informer('cronjobs');
    this.#jobs = env.informer('jobs');
    this.#jobs.addIndex(INDEX_OWNER, (job) => String(controllerOf(job)?.uid ?? ''));
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const enqueue = (cron: CronJob) => this.#queue.add(cron.meta.path);
    this.#crons.addHandlers({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    const ofJob = (job: Job) => {
      const owner = controllerOf(job);
      if (owner !== null && owner.resource === 'cronjobs') this.#queue.add(owner.path);
    };
    this.#jobs.addHandlers({ onAdd: ofJob, onUpdate: ofJob, onDelete: ofJob });
  }

  *#sync(key: string): Sync {
    const cron = this.#crons.get(key);
    if (cron === undefined || isBeingDeleted(cron)) return '';
    const jobs = [...this.#jobs.byIndex(INDEX_OWNER, String(cron.meta.uid))];
    const cleaned = yield* this.#cleanUp(cron, jobs);
    if (cleaned !== '') return cleaned;
    const active = jobs.filter((job) => job.status.finished === '');
    const { nowNs } = this.#env.sim;
    const due = lastDue(cron, nowNs);
    let { lastScheduleNs } = cron.status;
    let count = active.length;
    if (!cron.spec.suspend) {
      const waitNs = nextDue(cron, nowNs) - nowNs + DELTA_NS;
      if (!Number.isNaN(due) && !(due <= lastScheduleNs)) {
        const started = yield* this.#start(cron, active, due);
        if (started.error !== '') return started.error;
        if (started.made) {
          lastScheduleNs = due;
          count = started.active;
        }
      }
      this.#queue.addAfter(key, waitNs);
    }
    return yield* this.#writeStatus(cron, lastScheduleNs, count);
  }

  *#start(
    cron: CronJob,
    active: readonly Job[],
    dueNs: number,
  ): Steps<{ readonly error: string; readonly made: boolean; readonly active: number }> {
    const { concurrencyPolicy } = cron.spec;
    if (concurrencyPolicy === 'Forbid' && active.length > 0) {
      this.#recorder.record(cron, 'JobAlreadyActive');
      return { error: '', made: false, active: active.length };
    }
    let left = active.length;
    if (concurrencyPolicy === 'Replace') {
      for (const job of active) {
        const call = { ...deleteCall(job), propagation: 'Background' } as const;
        const error = yield* perform(this.#client, call);
        if (error !== '' && error !== 'NotFound') return { error, made: false, active: left };
        this.#recorder.record(cron, 'SuccessfulDelete', job.meta.name);
        left--;
      }
    }
    const job = this.#jobOf(cron, dueNs);
    const error = yield* perform(this.#client, createCall(job));
    if (error === 'NamespaceTerminating') return { error: '', made: false, active: left };
    // AlreadyExists: made in an earlier try, whose status did not get through.
    if (error !== '' && error !== 'AlreadyExists') return { error, made: false, active: left };
    if (error === '') this.#recorder.record(cron, 'SuccessfulCreate', job.meta.name);
    return { error: '', made: true, active: left + 1 };
  }

  /** getJobFromTemplate2: named by the minute of its time, so that it is made once. */
  #jobOf(cron: CronJob, dueNs: number): Job {
    // Ours may come more often than once a minute, and must differ then.
    const stepNs = Math.min(MINUTE_NS, cron.spec.everyNs);
    const name = `${cron.meta.name}-${Math.floor(dueNs / stepNs)}`;
    const { namespace } = cron.meta;
    const { labels } = cron.spec.job.template;
    return {
      resource: 'jobs',
      meta: metaOf(this.#env.uids, this.#env.sim.nowNs, {
        name,
        namespace,
        labels,
        owner: ownedBy(cron),
      }),
      bytes: cron.bytes,
      resourceVersion: 0,
      spec: cron.spec.job,
      status: NEW_JOB_STATUS,
    };
  }

  /** cleanupFinishedJobs. */
  *#cleanUp(cron: CronJob, jobs: readonly Job[]): Sync {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cron.spec;
    const rows = [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const;
    for (const [finished, limit] of rows) {
      const old = jobs
        .filter((job) => job.status.finished === finished && !isBeingDeleted(job))
        .sort((a, b) => a.meta.createdNs - b.meta.createdNs || a.meta.uid - b.meta.uid);
      for (const job of old.slice(0, Math.max(0, old.length - limit))) {
        const call = { ...deleteCall(job), propagation: 'Background' } as const;
        const error = yield* perform(this.#client, call);
        if (error !== '' && error !== 'NotFound') return error;
        this.#recorder.record(cron, 'SuccessfulDelete', job.meta.name);
      }
    }
    return '';
  }

  *#writeStatus(cron: CronJob, lastScheduleNs: number, active: number): Sync {
    const same =
      cron.status.active === active && Object.is(cron.status.lastScheduleNs, lastScheduleNs);
    if (same) return '';
    const next = withStatus(cron, { lastScheduleNs, active });
    return yield* perform(this.#client, statusCall(next, cron));
  }
}

/** The latest scheduled time up to now, after the object was made; NaN none. */
function lastDue(cron: CronJob, nowNs: number): number {
  const { everyNs, phaseNs } = cron.spec;
  const due = phaseNs + Math.floor((nowNs - phaseNs) / everyNs) * everyNs;
  return due < phaseNs || due <= cron.meta.createdNs ? Number.NaN : due;
}

function nextDue(cron: CronJob, nowNs: number): number {
  const { everyNs, phaseNs } = cron.spec;
  if (nowNs < phaseNs) return phaseNs;
  return phaseNs + (Math.floor((nowNs - phaseNs) / everyNs) + 1) * everyNs;
}
