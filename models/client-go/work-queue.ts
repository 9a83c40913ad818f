/**
 * util/workqueue of client-go: a key waits once, however often it is added; while a worker has it,
 * additions wait for its end; failures come back after their back-off.
 *
 * The default rate limiters: per item 5 ms x 2^n, at most 1000 s, and a bucket of 10/s, burst 100,
 * over all rate-limited additions; the longer wait counts.
 * Sources: client-go util/workqueue/queue.go, delaying_queue.go, default_rate_limiters.go.
 */
import type { Counter, Level, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ComponentProcess } from './process.ts';
import type { WorkQueue } from './types.ts';

export interface ItemQueueOptions {
  /** Label `name` of its metrics. */
  readonly name: string;
  /** Emptied when it ends. */
  readonly process?: ComponentProcess | null;
  /** Of an item's first failure; default 5 ms. */
  readonly baseDelayNs?: number;
  readonly maxDelayNs?: number;
  /** Of all rate-limited additions; default 10/s. */
  readonly ratePerSecond?: number;
  readonly burst?: number;
}

/** prometheus.ExponentialBuckets(10e-9, 10, 10). */
const BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

export class ItemQueue implements WorkQueue {
  readonly name: string;
  readonly #sim: ModelContext['sim'];
  readonly #options: ItemQueueOptions;
  /** Keys to be processed, by when they were first added. */
  readonly #dirty = new Map<string, number>();
  /** Keys that workers have, by when they took them. */
  readonly #processing = new Map<string, number>();
  /** Keys in order; the first `#head` have been taken. */
  #queue: string[] = [];
  #head = 0;
  readonly #failures = new Map<string, number>();
  /** Keys that wait for their time: slot of each, and when. */
  readonly #waiting = new Map<string, { readonly slot: number; readonly readyNs: number }>();
  readonly #slots: string[] = [];
  readonly #slotLives: number[] = [];
  readonly #free: number[] = [];
  readonly #readyType: number;
  #fullNs = 0;
  #onItem: () => void = () => {};
  readonly #depth: Level;
  readonly #adds: Counter;
  readonly #retries: Counter;
  readonly #queued: Tally;
  readonly #worked: Tally;

  constructor(ctx: ModelContext, o: ItemQueueOptions) {
    this.name = o.name;
    this.#sim = ctx.sim;
    this.#options = o;
    const process = o.process ?? null;
    const labels = { name: o.name, component: process?.name ?? '' };
    const { metrics } = ctx;
    this.#depth = metrics.level('workqueue_depth', labels);
    this.#adds = metrics.counter('workqueue_adds_total', labels);
    this.#retries = metrics.counter('workqueue_retries_total', labels);
    const help = { buckets: BUCKETS, series: false };
    this.#queued = metrics.tally('workqueue_queue_duration_seconds', labels, help);
    this.#worked = metrics.tally('workqueue_work_duration_seconds', labels, help);
    this.#readyType = ctx.sim.eventType(`${labels.component}/queue ${o.name}/ready`, (slot, life) =>
      this.#ready(slot, life),
    );
    process?.onStop(() => this.clear());
  }

  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** Called whenever a key can be taken. One listener. */
  onItem(listener: () => void): void {
    this.#onItem = listener;
  }

  add(key: string): void {
    if (this.#dirty.has(key)) return;
    this.#adds.add(1);
    this.#dirty.set(key, this.#sim.nowNs);
    if (!this.#processing.has(key)) this.#push(key);
  }

  addAfter(key: string, delayNs: number): void {
    if (delayNs <= 0) {
      this.add(key);
      return;
    }
    const readyNs = this.#sim.nowNs + Math.round(delayNs);
    const known = this.#waiting.get(key);
    if (known !== undefined) {
      if (known.readyNs <= readyNs) return;
      this.#release(known.slot);
    }
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = key;
    this.#slotLives[slot] ??= 0;
    this.#waiting.set(key, { slot, readyNs });
    this.#sim.scheduleAt(readyNs, this.#readyType, slot, this.#slotLives[slot]);
  }

  addRateLimited(key: string): void {
    const o = this.#options;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#retries.add(1);
    let delayNs = o.baseDelayNs ?? 5e6;
    const maxNs = o.maxDelayNs ?? 1000e9;
    for (let i = 0; i < failures && delayNs < maxNs; i++) delayNs *= 2;
    this.addAfter(key, Math.max(Math.min(delayNs, maxNs), this.#reserve()));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** A worker takes the next key; null = none. */
  take(): string | null {
    if (this.#head === this.#queue.length) return null;
    const key = this.#queue[this.#head++];
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && 2 * this.#head > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    const { nowNs } = this.#sim;
    this.#queued.record(nowNs - (this.#dirty.get(key) ?? nowNs));
    this.#dirty.delete(key);
    this.#processing.set(key, nowNs);
    this.#depth.set(nowNs, this.length);
    return key;
  }

  /** The worker is through with the key; if it was added meanwhile, it waits again. */
  done(key: string): void {
    const { nowNs } = this.#sim;
    const startNs = this.#processing.get(key);
    if (startNs === undefined) return;
    this.#worked.record(nowNs - startNs);
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#push(key);
  }

  /** The process is gone: nothing is left, back-offs neither. */
  clear(): void {
    this.#dirty.clear();
    this.#processing.clear();
    this.#failures.clear();
    for (const { slot } of this.#waiting.values()) this.#release(slot);
    this.#waiting.clear();
    this.#queue = [];
    this.#head = 0;
    this.#fullNs = 0;
    this.#depth.set(this.#sim.nowNs, 0);
  }

  #push(key: string): void {
    this.#queue.push(key);
    this.#depth.set(this.#sim.nowNs, this.length);
    this.#onItem();
  }

  #ready(slot: number, life: number): void {
    if (this.#slotLives[slot] !== life) return;
    const key = this.#slots[slot];
    this.#waiting.delete(key);
    this.#release(slot);
    this.add(key);
  }

  #release(slot: number): void {
    this.#slotLives[slot] = (this.#slotLives[slot] + 1) & 0x7fffffff;
    this.#free.push(slot);
  }

  /** Wait for a token of the bucket, taken now. */
  #reserve(): number {
    const { nowNs } = this.#sim;
    const tokenNs = 1e9 / (this.#options.ratePerSecond ?? 10);
    const slackNs = tokenNs * ((this.#options.burst ?? 100) - 1);
    const readyNs = Math.max(nowNs, Math.ceil(this.#fullNs - slackNs));
    this.#fullNs = Math.max(this.#fullNs, nowNs) + tokenNs;
    return readyNs - nowNs;
  }
}
