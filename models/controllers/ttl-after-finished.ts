/**
 * The TTL-after-finished controller: deletes Jobs some time after their end.
 *
 * Follows kubernetes/pkg/controller/ttlafterfinished/ttlafterfinished_controller.go: a GET to be
 * sure, then a DELETE in the foreground.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import { isBeingDeleted, type Job } from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  deleteCall,
  errorOf,
  getCall,
  perform,
  type Sync,
  send,
} from './environment.ts';

export class TtlAfterFinishedController implements Controller {
  readonly name = 'ttl-after-finished';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #jobs: Informer<'jobs'>;
  readonly #queue: WorkQueue;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#jobs = env.informer('jobs');
    this.#queue = env.queue({
      name: 'ttl_jobs_to_delete',
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const look = (job: Job) => {
      if (!isBeingDeleted(job) && this.#leftNs(job) < Number.POSITIVE_INFINITY) {
        this.#queue.add(job.meta.path);
      }
    };
    this.#jobs.addHandlers({ onAdd: look, onUpdate: look });
  }

  /** Infinity: not finished, or to be kept. */
  #leftNs(job: Job): number {
    if (job.status.finished === '') return Number.POSITIVE_INFINITY;
    return job.status.finishedNs + job.spec.ttlAfterFinishedNs - this.#env.sim.nowNs;
  }

  *#sync(key: string): Sync {
    const job = this.#jobs.get(key);
    if (job === undefined || isBeingDeleted(job)) return '';
    const leftNs = this.#leftNs(job);
    if (leftNs === Number.POSITIVE_INFINITY) return '';
    if (leftNs > 0) {
      this.#queue.addAfter(key, leftNs);
      return '';
    }
    const latest = yield* send(this.#client, getCall('jobs', key));
    const error = errorOf(latest);
    if (error !== '' || latest.object?.meta.uid !== job.meta.uid) {
      return error === 'NotFound' ? '' : error;
    }
    const call = { ...deleteCall(job), uid: job.meta.uid, propagation: 'Foreground' } as const;
    const deleted = yield* perform(this.#client, call);
    return deleted === 'NotFound' ? '' : deleted;
  }
}
