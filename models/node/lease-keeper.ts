/**
 * Node leases of a pool of kubelets: each PUTs its lease every quarter of the lease's duration plus
 * up to 4 % (component-helpers apimachinery/lease, pkg/kubelet/kubelet.go). The one idea: a renewal
 * is one event and one call; what a member needs is its last version of the lease and two counters.
 *
 * A PUT that fails is tried again at once, five times in all; a conflict reads the lease first.
 * Then the lease is read (or created) until that works, after 100 ms doubling to 7 s.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { Counter } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiCall, ApiResult, KubeObject, Lease } from '../objects/index.ts';

/** Calls of a lease, by the tag they carry. */
export const LEASE_PUT = 0;
export const LEASE_GET = 1;
export const LEASE_CREATE = 2;

const UPDATE_RETRIES_MAX = 5;
const ENSURE_FIRST_NS = 100e6;
const ENSURE_MAX_NS = 7e9;
/** renewInterval = NodeLeaseDurationSeconds x 0.25 (pkg/kubelet/kubelet.go). */
const RENEW_FRACTION = 0.25;

export interface LeaseKeeperOptions {
  readonly name: string;
  readonly count: number;
  readonly leaseDurationNs: number;
  /** Sends a call of a member's heartbeat client. */
  readonly send: (member: number, call: ApiCall, tag: number) => void;
  /** A lease that does not exist yet. */
  readonly make: (member: number) => Lease;
  readonly pathOf: (member: number) => string;
}

export class LeaseKeeper {
  readonly #o: LeaseKeeperOptions;
  readonly #sim: ModelContext['sim'];
  readonly #intervalNs: number;
  readonly #jitter: number;
  readonly #stream: number;
  readonly #renewType: number;
  /** Last version that the kubelet knows. */
  readonly #leases: (Lease | null)[];
  /** Failed PUTs of this round. */
  readonly #tries: Uint8Array;
  /** Rounds of PUTs that have failed, and the only one of a kubelet that had no lease in hand. */
  readonly #rounds: Uint8Array;
  /** Failed reads in a row. */
  readonly #ensures: Uint8Array;
  /** Draws so far. */
  readonly #draws: Int32Array;
  /** Raised when a kubelet ends: timers of before are void. */
  readonly #life: Int32Array;
  readonly #failures: Counter;

  constructor(ctx: ModelContext, stream: Stream, options: LeaseKeeperOptions) {
    const { count } = options;
    this.#o = options;
    this.#sim = ctx.sim;
    this.#stream = stream.u32();
    this.#intervalNs = Math.round(options.leaseDurationNs * RENEW_FRACTION);
    this.#jitter = ctx.constants.get('kubelet.leaseJitter');
    this.#leases = new Array<Lease | null>(count).fill(null);
    this.#tries = new Uint8Array(count);
    this.#rounds = new Uint8Array(count);
    this.#ensures = new Uint8Array(count);
    this.#draws = new Int32Array(count);
    this.#life = new Int32Array(count);
    this.#failures = ctx.metrics.counter('wavetank_kubelet_lease_failures_total');
    this.#renewType = ctx.sim.eventType(`${options.name}/renew`, (member, life) => {
      if (life === this.#life[member]) this.#renew(member);
    });
  }

  /** A member that has been running: `lease` is stored, and renewed some time ago. */
  resume(member: number, lease: Lease): void {
    this.#leases[member] = lease;
    this.#sim.schedule(
      Math.floor(this.#uniform(member) * this.#intervalNs),
      this.#renewType,
      member,
      this.#life[member],
    );
  }

  /** A kubelet starts and has no lease in hand. */
  begin(member: number): void {
    this.#leases[member] = null;
    this.#tries[member] = 0;
    this.#rounds[member] = 1;
    this.#ensures[member] = 0;
    this.#ensure(member);
  }

  end(member: number): void {
    this.#life[member]++;
  }

  onResult(member: number, tag: number, result: ApiResult): void {
    const ok = result.code >= 200 && result.code < 300;
    if (tag === LEASE_PUT) this.#onPut(member, ok, result);
    else if (ok) this.#ensured(member, result.object, tag === LEASE_CREATE);
    else if (tag === LEASE_GET && result.code === 404) this.#create(member);
    else this.#ensureLater(member);
  }

  #uniform(member: number): number {
    return mixUniform(this.#stream, member, this.#draws[member]++);
  }

  /** JitterUntil with `sliding`: the next one counts from the end of this one. */
  #renewLater(member: number): void {
    this.#tries[member] = 0;
    this.#rounds[member] = 0;
    this.#ensures[member] = 0;
    const delayNs = this.#intervalNs * (1 + this.#jitter * this.#uniform(member));
    this.#sim.schedule(Math.floor(delayNs), this.#renewType, member, this.#life[member]);
  }

  #renew(member: number): void {
    const lease = this.#leases[member];
    if (lease === null || this.#ensures[member] > 0) this.#ensure(member);
    else this.#put(member, lease);
  }

  #put(member: number, last: Lease): void {
    const lease: Lease = {
      resource: 'leases',
      meta: last.meta,
      bytes: last.bytes,
      resourceVersion: 0,
      holder: last.holder,
      durationNs: last.durationNs,
      renewNs: this.#sim.nowNs,
      transitions: last.transitions,
    };
    const call: ApiCall = {
      verb: 'update',
      resource: 'leases',
      path: last.meta.path,
      object: lease,
      resourceVersion: last.resourceVersion,
    };
    this.#o.send(member, call, LEASE_PUT);
  }

  #onPut(member: number, ok: boolean, result: ApiResult): void {
    if (ok) {
      // An update answers the object as stored.
      this.#leases[member] = result.object as Lease;
      this.#renewLater(member);
      return;
    }
    this.#failures.add();
    this.#tries[member]++;
    const last = this.#leases[member];
    if (this.#tries[member] >= UPDATE_RETRIES_MAX) {
      // What follows is a read, and one more round of PUTs when it works; then it waits.
      this.#tries[member] = 0;
      if (this.#rounds[member]++ === 0) this.#ensure(member);
      else this.#renewLater(member);
    } else if (result.code === 409 || last === null) this.#ensure(member);
    else this.#put(member, last);
  }

  #ensure(member: number): void {
    const path = this.#o.pathOf(member);
    this.#o.send(member, { verb: 'get', resource: 'leases', path }, LEASE_GET);
  }

  #create(member: number): void {
    const object = this.#o.make(member);
    const { namespace } = object.meta;
    this.#o.send(member, { verb: 'create', resource: 'leases', namespace, object }, LEASE_CREATE);
  }

  #ensured(member: number, object: KubeObject | null, created: boolean): void {
    // A read or a create of a lease answers a lease.
    const lease = object as Lease;
    this.#leases[member] = lease;
    this.#ensures[member] = 0;
    if (created) this.#renewLater(member);
    else this.#put(member, lease);
  }

  #ensureLater(member: number): void {
    const failed = Math.min(this.#ensures[member], 7);
    this.#ensures[member] = failed + 1;
    const delayNs = Math.min(ENSURE_FIRST_NS * (1 << failed), ENSURE_MAX_NS);
    this.#sim.schedule(delayNs, this.#renewType, member, this.#life[member]);
  }
}
