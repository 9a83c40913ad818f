/**
 * BatchServer: one server that takes everything queued (up to a limit) and serves it as one
 * batch, whose service time is a function of its size: a WAL fsync, a commit. An arrival at the
 * idle server starts a batch of its own at once. `service` is measured per batch, `wait` per job.
 */
import { assert, type Simulation, type Waitable } from '../core/index.ts';
import type { ResourceProbe, Tally } from '../metrics/index.ts';
import type { ModelContext } from './context.ts';
import { JobRing, QUEUE_LIMIT_DEFAULT } from './job-ring.ts';

export interface BatchServerOptions {
  /**
   * Service time of a batch in integer ns, from its number of jobs and the sum of their weights.
   */
  readonly serviceNs: (jobs: number, weight: number) => number;
  /** Jobs in one batch; Infinity by default. */
  readonly batchLimit?: number;
  readonly queueLimit?: number;
}

export class BatchServer {
  readonly name: string;
  readonly #sim: Simulation;
  readonly #probe: ResourceProbe;
  readonly #batchJobs: Tally;
  /** Jobs in service are the first #inService of the ring. */
  readonly #queue: JobRing;
  readonly #queueLimit: number;
  readonly #batchLimit: number;
  readonly #serviceNs: (jobs: number, weight: number) => number;
  readonly #batchEndType: number;
  #inService = 0;

  constructor(ctx: ModelContext, name: string, options: BatchServerOptions) {
    const { serviceNs, batchLimit, queueLimit = QUEUE_LIMIT_DEFAULT } = options;
    this.name = name;
    this.#sim = ctx.sim;
    this.#probe = ctx.metrics.resource(name, 'batch-server', 1);
    this.#batchJobs = ctx.metrics.tally('wavetank_resource_batch_jobs', { resource: name });
    this.#batchLimit = batchLimit ?? Number.POSITIVE_INFINITY;
    assert(this.#batchLimit >= 1, 'a batch has room for at least one job');
    assert(queueLimit >= 0, 'a queue limit is not negative');
    this.#queueLimit = queueLimit;
    this.#queue = new JobRing(Number.POSITIVE_INFINITY);
    this.#serviceNs = serviceNs;
    this.#batchEndType = ctx.sim.eventType(`${name}/batchEnd`, () => this.#batchEnd());
  }

  /** Jobs that wait for the next batch. */
  get queueLength(): number {
    return this.#queue.length - this.#inService;
  }

  /** Jobs of the batch in service; 0 = idle. */
  get inService(): number {
    return this.#inService;
  }

  /** Serves a job with the next batch, then schedules (doneType, a, b). False: queue full. */
  request(doneType: number, a: number, b: number, weight = 1): boolean {
    const nowNs = this.#sim.nowNs;
    if (this.#inService > 0 && this.queueLength >= this.#queueLimit) {
      this.#probe.reject();
      return false;
    }
    this.#queue.push(nowNs, weight, doneType, a, b);
    this.#probe.arrive();
    if (this.#inService === 0) this.#batchStart();
    else this.#probe.queue(nowNs, this.queueLength);
    return true;
  }

  /** For processes: the weight of the job; wakes when its batch is done, or at once where full. */
  use(weight = 1): BatchUse {
    return new BatchUse(this, weight);
  }

  #batchStart(): void {
    const nowNs = this.#sim.nowNs;
    const queue = this.#queue;
    const jobs = Math.min(queue.length, this.#batchLimit);
    let weight = 0;
    for (let i = 0; i < jobs; i += 1) {
      const job = queue.slot(i);
      weight += queue.amount[job];
      this.#probe.wait(nowNs - queue.arrivedNs[job]);
    }
    this.#inService = jobs;
    const serviceNs = this.#serviceNs(jobs, weight);
    this.#probe.service(serviceNs);
    this.#batchJobs.record(jobs);
    this.#probe.busy(nowNs, 1);
    this.#sim.schedule(serviceNs, this.#batchEndType, jobs, 0);
  }

  #batchEnd(): void {
    const sim = this.#sim;
    const queue = this.#queue;
    for (let i = this.#inService; i > 0; i -= 1) {
      const job = queue.slot(0);
      queue.drop();
      sim.schedule(0, queue.type[job], queue.a[job], queue.b[job]);
    }
    this.#inService = 0;
    if (queue.length > 0) {
      this.#batchStart();
      this.#probe.queue(sim.nowNs, this.queueLength);
    } else this.#probe.busy(sim.nowNs, 0);
  }
}

/** One job of a process. */
export class BatchUse implements Waitable {
  accepted = true;
  readonly #server: BatchServer;
  readonly #weight: number;

  constructor(server: BatchServer, weight: number) {
    this.#server = server;
    this.#weight = weight;
  }

  wait(sim: Simulation, wakeType: number, a: number, b: number): void {
    this.accepted = this.#server.request(wakeType, a, b, this.#weight);
    if (!this.accepted) sim.schedule(0, wakeType, a, b);
  }
}
