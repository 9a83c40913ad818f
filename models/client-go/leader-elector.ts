/**
 * Leader election by a Lease: client-go tools/leaderelection.
 *
 * The leader writes the lease every retry period and gives up when it could not for the renew
 * deadline; then its process exits. A standby reads it every 1 to 2.2 retry periods and notes, by
 * its own monotonic clock, when it last saw it change: one lease duration later it may take it.
 * Time stamps in the lease are compared by nobody. A leader that stood still longer than that goes
 * on next to the new one until its own write fails and the deadline has passed.
 *
 * Left out: several locks of one process, coordinated leader election (KEP-4355).
 * Sources: client-go tools/leaderelection/leaderelection.go (JitterFactor 1.2, client timeout of
 * half the renew deadline).
 */
import type { Process, Waitable } from '../../src/core/index.ts';
import type { Counter, Level } from '../../src/metrics/index.ts';
import type { LeaderElectionScenario } from '../../src/scenario/types.ts';
import { type ApiCall, type ApiResult, type Lease, metaOf } from '../objects/index.ts';
import { keyOf } from './keys.ts';
import type { Leadership } from './leadership.ts';
import type { ClientLibrary } from './library.ts';
import type { ComponentProcess } from './process.ts';
import { isSuccess } from './results.ts';
import type { ApiClient } from './types.ts';

const JITTER_FACTOR = 1.2;
const LEASE_BYTES = 300;

type Wait = number | Waitable;

export interface LeaderElectorOptions {
  readonly process: ComponentProcess;
  /** Of its own: `electorTimeoutNs` is what it should have as its timeout. */
  readonly client: ApiClient;
  readonly election: LeaderElectionScenario;
  /** 'kube-scheduler' in kube-system. */
  readonly lease: string;
  readonly onStartedLeading: () => void;
  /** Before the process exits. */
  readonly onStoppedLeading?: () => void;
}

/** Client timeout of the lock: kubernetes component-base, max(renewDeadline / 2, 1 s). */
export function electorTimeoutNs(election: LeaderElectionScenario): number {
  return Math.max(Math.round(election.renewDeadlineNs / 2), 1e9);
}

export class LeaderElector {
  readonly path: string;
  isLeader = false;
  readonly #library: ClientLibrary;
  readonly #options: LeaderElectorOptions;
  readonly #status: Level;
  readonly #slowPaths: Counter;
  readonly #lost: Counter;
  readonly #leadership: Leadership;
  readonly #seed: number;
  #draws = 0;
  /** The lease as last seen, and when that changed by this host's monotonic clock. */
  #observed: Lease | null = null;
  #observedNs = 0;

  constructor(library: ClientLibrary, o: LeaderElectorOptions) {
    this.#library = library;
    this.#options = o;
    this.path = `kube-system/${o.lease}`;
    this.#seed = keyOf(`${o.process.name}/election/${o.lease}`);
    const labels = { name: o.lease, component: o.process.name };
    this.#status = library.ctx.metrics.level('leader_election_master_status', labels);
    this.#slowPaths = library.ctx.metrics.counter('leader_election_slowpath_total', labels);
    this.#lost = library.ctx.metrics.counter('wavetank_leader_election_lost_total', labels, {
      help: 'Leaders that could not renew for the renew deadline, and exited',
    });
    this.#leadership = library.leadership(o.lease);
    o.process.onStop(() => this.#forget());
  }

  /** Host and a number that each start of the process makes anew. */
  get identity(): string {
    return `${this.#options.process.name}_${this.#options.process.restarts}`;
  }

  /** The lease as it stands where this process leads from the start. */
  initialLease(): Lease {
    return this.#next(null);
  }

  /** `preloaded`: the lease of the start (with its holder) is known already. */
  start(preloaded: boolean): void {
    const { process, election } = this.#options;
    if (!election.enabled) {
      this.#lead();
      return;
    }
    if (preloaded) this.#observe(this.#known());
    process.spawn(this.#run());
  }

  /** The lock is given back: a process that ends in order does so where it was told to. */
  release(done: () => void): void {
    const { client, election } = this.#options;
    const observed = this.#observed;
    if (!this.isLeader || !election.releaseOnExit || observed === null) {
      done();
      return;
    }
    const released: Lease = { ...this.#next(observed), holder: '', durationNs: 1e9 };
    client.call(this.#put(released, observed), () => done());
  }

  *#run(): Process {
    const { election, process } = this.#options;
    if (this.#observed?.holder !== this.identity) yield* this.#acquire();
    this.#lead();
    yield this.#sleepNs(election.retryPeriodNs);
    while (yield* this.#renew()) yield this.#sleepNs(election.retryPeriodNs);
    this.#setLeader(false);
    this.#lost.add(1);
    this.#options.onStoppedLeading?.();
    process.exit('leader election lost');
  }

  *#acquire(): Process {
    const { retryPeriodNs } = this.#options.election;
    while (!(yield* this.#try(Infinity))) {
      const factor = 1 + JITTER_FACTOR * this.#library.draw(this.#seed, this.#draws++);
      yield this.#sleepNs(retryPeriodNs * factor);
    }
  }

  /** Tries until the deadline; true where it was renewed. */
  *#renew(): Generator<Wait, boolean, void> {
    const { renewDeadlineNs, retryPeriodNs } = this.#options.election;
    const { clock } = this.#options.process.host;
    const deadlineNs = clock.monotonicNs() + renewDeadlineNs;
    for (;;) {
      const startNs = clock.monotonicNs();
      if (startNs >= deadlineNs) return false;
      if (yield* this.#try(deadlineNs)) return true;
      const nextNs = Math.min(deadlineNs, startNs + retryPeriodNs);
      yield this.#sleepNs(Math.max(0, nextNs - clock.monotonicNs()));
    }
  }

  /** tryAcquireOrRenew; gives up at `deadlineNs` of the monotonic clock. */
  *#try(deadlineNs: number): Generator<Wait, boolean, void> {
    const known = this.#observed;
    if (this.isLeader && known !== null && known.holder === this.identity) {
      const result = yield* this.#ask(this.#put(this.#next(known), known), deadlineNs);
      if (this.#written(result)) return true;
      if (result === null) return false;
      this.#slowPaths.add(1);
    }
    const get: ApiCall = { verb: 'get', resource: 'leases', path: this.path };
    const found = yield* this.#ask(get, deadlineNs);
    if (found === null) return false;
    if (found.code === 404) {
      const object = this.#next(null);
      const create: ApiCall = { verb: 'create', resource: 'leases', path: this.path, object };
      return this.#written(yield* this.#ask(create, deadlineNs));
    }
    if (!isSuccess(found)) return false;
    const lease = found.object as Lease; // A GET of leases gives one.
    this.#observe(lease);
    const { clock } = this.#options.process.host;
    const isHeld = lease.holder !== '' && lease.holder !== this.identity;
    const validNs = this.#observedNs + this.#options.election.leaseDurationNs;
    if (isHeld && clock.monotonicNs() < validNs) return false;
    return this.#written(yield* this.#ask(this.#put(this.#next(lease), lease), deadlineNs));
  }

  *#ask(call: ApiCall, deadlineNs: number): Generator<Wait, ApiResult | null, void> {
    const pending = this.#options.client.start(call);
    if (deadlineNs === Infinity) yield pending;
    else {
      const leftNs = deadlineNs - this.#options.process.host.clock.monotonicNs();
      yield pending.atMost(this.#sleepNs(Math.max(0, leftNs)));
    }
    return pending.result;
  }

  #written(result: ApiResult | null): boolean {
    if (result === null || !isSuccess(result)) return false;
    this.#observe(result.object as Lease); // A write of leases gives one.
    return true;
  }

  #observe(lease: Lease | null): void {
    if (lease === null || lease.resourceVersion === this.#observed?.resourceVersion) return;
    this.#observed = lease;
    this.#observedNs = this.#options.process.host.clock.monotonicNs();
  }

  #put(object: Lease, before: Lease): ApiCall {
    const { resourceVersion } = before;
    return { verb: 'update', resource: 'leases', path: this.path, object, resourceVersion };
  }

  #next(before: Lease | null): Lease {
    const { election, lease, process } = this.#options;
    const { ctx, uids } = this.#library;
    const name = { name: lease, namespace: 'kube-system' };
    const isOwn = before?.holder === this.identity;
    return {
      resource: 'leases',
      meta: before?.meta ?? metaOf(uids, ctx.sim.nowNs, name),
      bytes: LEASE_BYTES,
      resourceVersion: 0,
      holder: this.identity,
      durationNs: election.leaseDurationNs,
      renewNs: process.host.clock.wallNs(),
      transitions: before === null ? 0 : before.transitions + (isOwn ? 0 : 1),
    };
  }

  #known(): Lease | null {
    const fieldSelector = { field: 'metadata.name', value: this.#options.lease } as const;
    const { items } = this.#library.preloadedFor('leases', { fieldSelector });
    const found = items.find((object) => object.meta.path === this.path);
    return (found as Lease | undefined) ?? null; // The items are leases.
  }

  #lead(): void {
    const { sim, metrics } = this.#library.ctx;
    this.#setLeader(true);
    metrics.event(sim.nowNs, 'leading', this.#options.process.name, this.#options.lease);
    this.#options.onStartedLeading();
  }

  #forget(): void {
    this.#setLeader(false);
    this.#observed = null;
  }

  #setLeader(leads: boolean): void {
    const { nowNs } = this.#library.ctx.sim;
    if (leads !== this.isLeader) {
      if (leads) this.#leadership.begin(nowNs);
      else this.#leadership.end(nowNs);
    }
    this.isLeader = leads;
    this.#status.set(nowNs, leads ? 1 : 0);
  }

  #sleepNs(localNs: number): number {
    return Math.round(this.#options.process.host.clock.toSimDelay(localNs));
  }
}
