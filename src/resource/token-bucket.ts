/**
 * TokenBucket: `burst` tokens at most, refilled at a rate; takers wait first in first out. The one
 * idea: the level is not stepped along but computed from the last instant at which the bucket was
 * full, level = start + rate x elapsed - taken, so that no rounding adds up. A taker is served at
 * the first whole ns at which its tokens are there; the fraction of a ns by which that is late is
 * not lost to the next.
 *
 * A take of more than `burst` is granted when the bucket is full and leaves a debt that is refilled
 * first. Measured service is the time in which the tokens taken come back; utilization is its share
 * of time.
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

const NS_PER_S = 1e9;
/**
 * Quotients this close to an integer, relatively, are that integer: a few units in the last
 * place.
 */
const SLACK = 1e-15;

function nearestInteger(x: number): number {
  const nearest = Math.round(x);
  return Math.abs(x - nearest) <= SLACK * Math.abs(x) ? nearest : x;
}

export class TokenBucket {
  readonly name: string;
  readonly burst: number;
  readonly #sim: Simulation;
  readonly #probe: ResourceProbe;
  readonly #waiters: JobRing = new JobRing(QUEUE_LIMIT_DEFAULT);
  readonly #refillType: number;
  readonly #ratePerSecond: number;
  /** Tokens at #startNs: the bucket was full then, or made then. */
  #startTokens: number;
  #startNs: number;
  /** Tokens taken since #startNs; whole, so the sum is exact. */
  #taken = 0;

  constructor(ctx: ModelContext, name: string, options: TokenBucketOptions) {
    const { ratePerSecond, burst, initial = burst } = options;
    assert(ratePerSecond > 0 && Number.isFinite(ratePerSecond), 'a bucket refills at a rate > 0');
    assert(Number.isInteger(burst) && burst >= 1, 'a burst is at least one token');
    assert(Number.isInteger(initial) && initial <= burst, 'a bucket starts with burst at most');
    this.name = name;
    this.burst = burst;
    this.#sim = ctx.sim;
    this.#probe = ctx.metrics.resource(name, 'token-bucket', 1);
    this.#ratePerSecond = ratePerSecond;
    this.#startTokens = initial;
    this.#startNs = ctx.sim.nowNs;
    this.#refillType = ctx.sim.eventType(`${name}/refill`, () => this.#refilled());
  }

  /** Takers that wait. */
  get queueLength(): number {
    return this.#waiters.length;
  }

  /** Whole tokens in the bucket now; below 0 while a debt is refilled. */
  get tokens(): number {
    const elapsedNs = this.#sim.nowNs - this.#startNs;
    const refilled = Math.floor(nearestInteger((elapsedNs * this.#ratePerSecond) / NS_PER_S));
    return Math.min(this.burst, this.#startTokens + refilled - this.#taken);
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
    if (this.#waiters.length === 1) this.#sim.scheduleAt(this.#readyNs(tokens), this.#refillType);
  }

  /** Takes the tokens where they are there and nobody waits. A refusal is no arrival. */
  tryTake(tokens: number): boolean {
    assert(tokens >= 0 && Math.floor(tokens) === tokens, 'tokens are whole');
    if (this.#waiters.length > 0) return false;
    const nowNs = this.#sim.nowNs;
    if (this.#readyNs(this.burst) <= nowNs) this.#restart(nowNs);
    if (this.#readyNs(tokens) > nowNs) return false;
    this.#probe.arrive();
    this.#grant(tokens, 0);
    return true;
  }

  /** For processes: `yield bucket.taken(1)`. */
  taken(tokens: number): Waitable {
    return { wait: (_sim, wakeType, a, b) => this.take(tokens, wakeType, a, b) };
  }

  /** The first ns at which `tokens`, or a full bucket where that is less, are there. */
  #readyNs(tokens: number): number {
    const missing = Math.min(tokens, this.burst) + this.#taken - this.#startTokens;
    if (missing <= 0) return this.#startNs;
    const refillNs = Math.ceil(nearestInteger((missing * NS_PER_S) / this.#ratePerSecond));
    return this.#startNs + refillNs;
  }

  /** The bucket is full, and what would flow over is lost. */
  #restart(nowNs: number): void {
    this.#startNs = nowNs;
    this.#startTokens = this.burst;
    this.#taken = 0;
  }

  #grant(tokens: number, waitNs: number): void {
    this.#taken += tokens;
    this.#probe.wait(waitNs);
    this.#probe.service(Math.round((tokens * NS_PER_S) / this.#ratePerSecond));
  }

  #refilled(): void {
    const waiters = this.#waiters;
    const nowNs = this.#sim.nowNs;
    while (waiters.length > 0) {
      const head = waiters.slot(0);
      const tokens = waiters.amount[head];
      const readyNs = this.#readyNs(tokens);
      if (readyNs > nowNs) {
        this.#sim.scheduleAt(readyNs, this.#refillType);
        break;
      }
      waiters.drop();
      this.#grant(tokens, nowNs - waiters.arrivedNs[head]);
      this.#sim.schedule(0, waiters.type[head], waiters.a[head], waiters.b[head]);
    }
    this.#probe.queue(nowNs, waiters.length);
  }
}
