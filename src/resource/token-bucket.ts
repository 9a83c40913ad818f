/**
 * TokenBucket: `burst` tokens at most, refilled at a rate; takers wait first in first out. The
 * level is an integer count of fractions of a token, and every ns adds an integer number of them:
 * no rounding, no drift, and a taker is served at the first ns at which its tokens are there.
 *
 * A take of more than `burst` is granted when the bucket is full and leaves a debt that is
 * refilled first. Measured service is the time in which the tokens taken come back; utilization
 * is its share of time.
 */
import { assert, type Simulation, type Waitable } from '../core/index.ts';
import type { ResourceProbe } from '../metrics/index.ts';
import type { ModelContext } from './context.ts';
import { JobRing, QUEUE_LIMIT_DEFAULT } from './job-ring.ts';

export interface TokenBucketOptions {
  /** Tokens a second, > 0. */
  readonly ratePerSecond: number;
  /** Tokens the bucket holds, an integer >= 1. */
  readonly burst: number;
  /** Tokens at the start, an integer; `burst` by default. */
  readonly initial?: number;
}

/** A rate as integers: `perNs` parts of a token each ns, `parts` of them in one token. */
export interface RefillRate {
  readonly perNs: number;
  readonly parts: number;
}

const LEVEL_MAX = 4503599627370496;

/**
 * The rate as a fraction in lowest terms, exact for rates of up to six decimals as long as the
 * level fits 2^52 parts; else the nearest fraction with a power of two below it, the largest that
 * fits.
 */
export function refillRate(ratePerSecond: number, burst: number): RefillRate {
  for (let unit = 1; unit <= 1e6; unit *= 10) {
    const scaled = Math.round(ratePerSecond * unit);
    // 16.67 * 100 is 1667.0000000000002.
    if (Math.abs(ratePerSecond * unit - scaled) > 1e-12 * scaled) continue;
    const divisor = greatestCommonDivisor(scaled, 1e9 * unit);
    const parts = (1e9 * unit) / divisor;
    if (parts * burst <= LEVEL_MAX) return { perNs: scaled / divisor, parts };
  }
  let parts = 1;
  while (parts * 2 * burst <= LEVEL_MAX) parts *= 2;
  return { perNs: Math.max(1, Math.round((ratePerSecond / 1e9) * parts)), parts };
}

function greatestCommonDivisor(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y > 0) {
    const rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}

export class TokenBucket {
  readonly name: string;
  readonly burst: number;
  readonly #sim: Simulation;
  readonly #probe: ResourceProbe;
  readonly #waiters: JobRing = new JobRing(QUEUE_LIMIT_DEFAULT);
  readonly #refillType: number;
  readonly #rate: RefillRate;
  /**
   * Parts of a token in the bucket at #levelNs; <= #full, below 0 after a take beyond the burst.
   */
  #level: number;
  #levelNs: number;
  readonly #full: number;

  constructor(ctx: ModelContext, name: string, options: TokenBucketOptions) {
    const { ratePerSecond, burst, initial = burst } = options;
    assert(ratePerSecond > 0 && Number.isFinite(ratePerSecond), 'a bucket refills at a rate > 0');
    assert(Number.isInteger(burst) && burst >= 1, 'a burst is at least one token');
    assert(Number.isInteger(initial) && initial <= burst, 'a bucket starts with burst at most');
    this.name = name;
    this.burst = burst;
    this.#sim = ctx.sim;
    this.#probe = ctx.metrics.resource(name, 'token-bucket', 1);
    this.#rate = refillRate(ratePerSecond, burst);
    this.#full = burst * this.#rate.parts;
    this.#level = initial * this.#rate.parts;
    this.#levelNs = ctx.sim.nowNs;
    this.#refillType = ctx.sim.eventType(`${name}/refill`, () => this.#refilled());
  }

  /** Takers that wait. */
  get queueLength(): number {
    return this.#waiters.length;
  }

  /** Whole tokens in the bucket now. */
  get tokens(): number {
    this.#refill();
    return Math.floor(this.#level / this.#rate.parts);
  }

  /**
   * Schedules (grantedType, a, b) when the tokens are the caller's: by a zero delay where they
   * are there.
   */
  take(tokens: number, grantedType: number, a: number, b: number): void {
    if (this.tryTake(tokens)) {
      this.#sim.schedule(0, grantedType, a, b);
      return;
    }
    const nowNs = this.#sim.nowNs;
    const queued = this.#waiters.push(nowNs, tokens, grantedType, a, b);
    assert(queued, 'more than 2^20 wait for one token bucket');
    this.#probe.arrive();
    this.#probe.queue(nowNs, this.#waiters.length);
    if (this.#waiters.length === 1) this.#sim.schedule(this.#delayNs(tokens), this.#refillType);
  }

  /** Takes the tokens where they are there and nobody waits. A refusal is no arrival. */
  tryTake(tokens: number): boolean {
    assert(tokens >= 0 && Math.floor(tokens) === tokens, 'tokens are whole');
    assert(tokens * this.#rate.parts <= LEVEL_MAX, 'a take is larger than a level can hold');
    if (this.#waiters.length > 0) return false;
    this.#refill();
    if (this.#level < this.#needed(tokens)) return false;
    this.#probe.arrive();
    this.#grant(tokens, 0);
    return true;
  }

  /** For processes: `yield bucket.taken(1)`. */
  taken(tokens: number): Waitable {
    return { wait: (_sim, wakeType, a, b) => this.take(tokens, wakeType, a, b) };
  }

  /** Level at which a take is granted. */
  #needed(tokens: number): number {
    return Math.min(tokens * this.#rate.parts, this.#full);
  }

  #grant(tokens: number, waitNs: number): void {
    this.#level -= tokens * this.#rate.parts;
    this.#probe.wait(waitNs);
    this.#probe.service(Math.round((tokens * this.#rate.parts) / this.#rate.perNs));
  }

  #refill(): void {
    const nowNs = this.#sim.nowNs;
    const elapsedNs = nowNs - this.#levelNs;
    // Compared in ns first: the product may be beyond 2^53 after a long pause.
    const full = elapsedNs * this.#rate.perNs >= this.#full - this.#level;
    this.#level = full ? this.#full : this.#level + elapsedNs * this.#rate.perNs;
    this.#levelNs = nowNs;
  }

  /** From now, the level being up to date, until `tokens` are there. */
  #delayNs(tokens: number): number {
    return Math.ceil((this.#needed(tokens) - this.#level) / this.#rate.perNs);
  }

  #refilled(): void {
    const waiters = this.#waiters;
    const nowNs = this.#sim.nowNs;
    this.#refill();
    while (waiters.length > 0) {
      const head = waiters.slot(0);
      const tokens = waiters.amount[head];
      if (this.#level < this.#needed(tokens)) {
        this.#sim.schedule(this.#delayNs(tokens), this.#refillType);
        break;
      }
      waiters.drop();
      this.#grant(tokens, nowNs - waiters.arrivedNs[head]);
      this.#sim.schedule(0, waiters.type[head], waiters.a[head], waiters.b[head]);
    }
    this.#probe.queue(nowNs, waiters.length);
  }
}
