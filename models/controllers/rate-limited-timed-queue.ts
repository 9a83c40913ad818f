/**
 * RateLimitedTimedQueue of kubernetes/pkg/controller/nodelifecycle/scheduler: nodes of one zone
 * that wait to be tainted, let through by a token bucket of burst 1. No events of its own: the
 * tainting pass asks it every 100 ms.
 */
const TOKEN = 1e9;

export class RateLimitedTimedQueue {
  readonly #waiting: { readonly value: string; atNs: number }[] = [];
  readonly #known = new Set<string>();
  #ratePerSecond: number;
  /** Billionths of a token: integers, so that ten tenths of one are one. */
  #tokens = TOKEN;
  #refilledNs: number;

  constructor(ratePerSecond: number, nowNs: number) {
    this.#ratePerSecond = ratePerSecond;
    this.#refilledNs = nowNs;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get ratePerSecond(): number {
    return this.#ratePerSecond;
  }

  /** False where it waits already, or was handled and not removed since. */
  add(value: string, nowNs: number): boolean {
    if (this.#known.has(value)) return false;
    this.#known.add(value);
    this.#waiting.push({ value, atNs: nowNs });
    return true;
  }

  /** The node is reachable again, or gone. */
  remove(value: string): boolean {
    if (!this.#known.delete(value)) return false;
    const index = this.#waiting.findIndex((entry) => entry.value === value);
    if (index >= 0) this.#waiting.splice(index, 1);
    return true;
  }

  /**
   * SwapLimiter: a new bucket is full, unless the old one would have refused; that of rate 0
   * (FakeNeverRateLimiter) always refuses.
   */
  setRate(ratePerSecond: number, nowNs: number): void {
    if (ratePerSecond === this.#ratePerSecond) return;
    this.#refill(nowNs);
    const accepts = this.#ratePerSecond > 0 && this.#tokens === TOKEN;
    this.#tokens = accepts ? TOKEN : 0;
    this.#ratePerSecond = ratePerSecond;
  }

  /** The next value that may be handled now; null where none is due or there is no token. */
  next(nowNs: number): string | null {
    const head = this.#waiting[0];
    if (head === undefined || head.atNs > nowNs || this.#ratePerSecond === 0) return null;
    this.#refill(nowNs);
    if (this.#tokens < TOKEN) return null;
    this.#tokens -= TOKEN;
    this.#waiting.shift();
    return head.value;
  }

  /** Handling failed: it comes again, at the end of the queue. */
  retry(value: string, atNs: number): void {
    if (this.#known.has(value)) this.#waiting.push({ value, atNs });
  }

  #refill(nowNs: number): void {
    const gained = Math.round((nowNs - this.#refilledNs) * this.#ratePerSecond);
    this.#tokens = Math.min(TOKEN, this.#tokens + gained);
    this.#refilledNs = nowNs;
  }
}
