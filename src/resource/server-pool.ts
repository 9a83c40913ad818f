/**
 * ServerPool: c equal servers and one queue, first in first out (G/G/c). The caller brings each
 * job's service time, drawn when the job is made.
 *
 * Left out: priorities, pre-emption, servers that share a core (see the machine's processor
 * sharing).
 */
import { assert, type Simulation, type Waitable } from '../core/index.ts';
import type { ResourceProbe } from '../metrics/index.ts';
import type { ModelContext } from './context.ts';
import { JobRing, QUEUE_LIMIT_DEFAULT } from './job-ring.ts';

export interface ServerPoolOptions {
  /** Jobs in service at once, >= 1. */
  readonly servers: number;
  /** Jobs that may wait; 0 = none waits (loss system). */
  readonly queueLimit?: number;
}

export class ServerPool {
  readonly name: string;
  readonly servers: number;
  readonly #sim: Simulation;
  readonly #probe: ResourceProbe;
  readonly #queue: JobRing;
  readonly #serviceEndType: number;
  /** What to schedule when the job of a server is done; indexed by server. */
  readonly #doneType: Int32Array;
  readonly #doneA: Int32Array;
  readonly #doneB: Int32Array;
  /** Idle servers: the first #idle entries. */
  readonly #idleServers: Int32Array;
  #idle: number;

  constructor(ctx: ModelContext, name: string, options: ServerPoolOptions) {
    const { servers, queueLimit = QUEUE_LIMIT_DEFAULT } = options;
    assert(Number.isInteger(servers) && servers >= 1, 'a pool has at least one server');
    assert(queueLimit >= 0, 'a queue limit is not negative');
    this.name = name;
    this.servers = servers;
    this.#sim = ctx.sim;
    this.#probe = ctx.metrics.resource(name, 'server-pool', servers);
    this.#queue = new JobRing(queueLimit);
    this.#serviceEndType = ctx.sim.eventType(`${name}/serviceEnd`, (server) =>
      this.#serviceEnd(server),
    );
    this.#doneType = new Int32Array(servers);
    this.#doneA = new Int32Array(servers);
    this.#doneB = new Int32Array(servers);
    this.#idleServers = Int32Array.from({ length: servers }, (_, i) => servers - 1 - i);
    this.#idle = servers;
  }

  /** Jobs that wait. */
  get queueLength(): number {
    return this.#queue.length;
  }

  get busy(): number {
    return this.servers - this.#idle;
  }

  /** Serves a job for `serviceNs` (integer), then schedules (doneType, a, b). False: queue full. */
  request(serviceNs: number, doneType: number, a: number, b: number): boolean {
    const sim = this.#sim;
    const probe = this.#probe;
    if (this.#idle > 0) {
      probe.arrive();
      this.#serve(0, serviceNs, doneType, a, b);
      probe.busy(sim.nowNs, this.servers - this.#idle);
      return true;
    }
    if (!this.#queue.push(sim.nowNs, serviceNs, doneType, a, b)) {
      probe.reject();
      return false;
    }
    probe.arrive();
    probe.queue(sim.nowNs, this.#queue.length);
    return true;
  }

  /** For processes: `const use = pool.use(serviceNs); yield use; if (!use.accepted) ...` */
  use(serviceNs: number): PoolUse {
    return new PoolUse(this, serviceNs);
  }

  #serve(waitNs: number, serviceNs: number, doneType: number, a: number, b: number): void {
    this.#idle -= 1;
    const server = this.#idleServers[this.#idle];
    this.#doneType[server] = doneType;
    this.#doneA[server] = a;
    this.#doneB[server] = b;
    this.#probe.wait(waitNs);
    this.#probe.service(serviceNs);
    this.#sim.schedule(serviceNs, this.#serviceEndType, server, 0);
  }

  #serviceEnd(server: number): void {
    const sim = this.#sim;
    sim.schedule(0, this.#doneType[server], this.#doneA[server], this.#doneB[server]);
    this.#idleServers[this.#idle] = server;
    this.#idle += 1;
    const queue = this.#queue;
    if (queue.length === 0) {
      this.#probe.busy(sim.nowNs, this.servers - this.#idle);
      return;
    }
    const job = queue.slot(0);
    queue.drop();
    this.#probe.queue(sim.nowNs, queue.length);
    const waitNs = sim.nowNs - queue.arrivedNs[job];
    this.#serve(waitNs, queue.amount[job], queue.type[job], queue.a[job], queue.b[job]);
  }
}

/** One job of a process; it wakes when the job is done, or at once where the queue is full. */
export class PoolUse implements Waitable {
  accepted = true;
  readonly #pool: ServerPool;
  readonly #serviceNs: number;

  constructor(pool: ServerPool, serviceNs: number) {
    this.#pool = pool;
    this.#serviceNs = serviceNs;
  }

  wait(sim: Simulation, wakeType: number, a: number, b: number): void {
    this.accepted = this.#pool.request(this.#serviceNs, wakeType, a, b);
    if (!this.accepted) sim.schedule(0, wakeType, a, b);
  }
}
