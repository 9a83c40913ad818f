/**
 * A model without meaning that drives an event queue through all its paths: ties, zero delays,
 * delays within a bucket of the wheel, across buckets, across turns, beyond the horizon; and
 * cancellations of events that are pending, gone or cancelled. What it does next depends on the
 * event alone, so two queues agree if and only if they hand over the same events.
 */
import { mix32 } from '../../src/core/hash.ts';
import type { EventId } from '../../src/core/index.ts';

export interface ChaosHost {
  readonly nowNs: number;
  schedule(delayNs: number, a: number): EventId;
  cancel(id: EventId): boolean;
}

const DAY_NS = 86_400e9;
const SCALES_NS = [1, 2, 1_000, 2 ** 20, 5e6, 2 ** 26, 1e9, 2 ** 36, 3 * 2 ** 36, DAY_NS];

export class Chaos {
  readonly log: string[] = [];
  readonly #host: ChaosHost;
  readonly #pendingMax: number;
  readonly #ids: EventId[] = [];
  #state: number;
  #made = 0;
  #pending = 0;

  constructor(host: ChaosHost, seed: number, pendingMax: number) {
    this.#host = host;
    this.#state = seed | 0;
    this.#pendingMax = pendingMax;
    for (let i = 0; i < pendingMax; i++) this.#make();
  }

  handle(a: number): void {
    this.#pending--;
    this.#state = mix32(this.#state ^ a);
    this.log.push(`${this.#host.nowNs} ${a}`);
    const children = this.#below(4);
    for (let i = 0; i < children && this.#pending < this.#pendingMax; i++) this.#make();
    if (this.#below(3) === 0) this.#cancel();
  }

  #make(): void {
    this.#pending++;
    this.#ids.push(this.#host.schedule(this.#delayNs(), this.#made++));
  }

  #cancel(): void {
    // Half of the time a recent one, which is likely to be pending.
    const recent = Math.min(this.#ids.length, 8);
    const back = this.#below(2) === 0 ? this.#below(recent) : this.#below(this.#ids.length);
    const cancelled = this.#host.cancel(this.#ids[this.#ids.length - 1 - back]);
    if (cancelled) this.#pending--;
    this.log.push(`cancel ${back} ${cancelled}`);
  }

  #delayNs(): number {
    const scale = SCALES_NS[this.#below(SCALES_NS.length)];
    const kind = this.#below(4);
    if (kind === 0) return 0;
    if (kind === 1) return scale;
    return Math.floor((this.#below(1 << 20) / (1 << 20)) * scale);
  }

  #below(n: number): number {
    this.#state = mix32(this.#state + 0x9e3779b9);
    return (this.#state >>> 0) % n;
  }
}
