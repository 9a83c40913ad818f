/**
 * A limit of bytes or operations per second with burst credits, computed instead of queued: one
 * call answers when a request is through.
 *
 * The one idea: the bucket may go into debt, and what is in debt is what others have still to move.
 * Two writers that share a device take turns, so a request waits for at most as much of the others'
 * debt as it moves itself, plus what already sits in the device's queue. A small WAL sync next to a
 * large backend commit waits for the queue, not for the whole commit. The rate is kept exactly; the
 * finish of the larger request is optimistic by the bytes that came after it.
 */
export class RateBucket {
  /** Credits; negative = debt. */
  private level: number;
  private updatedNs = 0;
  private readonly perNs: number;
  private readonly burst: number;
  private readonly queue: number;

  /** `queue`: units of others' debt that a request can never pass. */
  constructor(ratePerSecond: number, burst: number, queue: number) {
    this.perNs = ratePerSecond / 1e9;
    this.burst = burst;
    this.queue = queue;
    this.level = burst;
  }

  get limited(): boolean {
    return this.perNs !== Infinity;
  }

  /** Takes `units` and returns the delay in ns until they are through. */
  take(units: number, nowNs: number): number {
    if (this.perNs === Infinity || units === 0) return 0;
    const before = this.refill(nowNs);
    this.level = before - units;
    if (this.level >= 0) return 0;
    if (before >= 0) return Math.ceil(-this.level / this.perNs);
    return Math.ceil((units + Math.min(-before, units + this.queue)) / this.perNs);
  }

  /** As `take`, for a request that waits for nobody but itself. */
  takeAlone(units: number, nowNs: number): number {
    if (this.perNs === Infinity || units === 0) return 0;
    this.level = this.refill(nowNs) - units;
    return units <= this.burst ? 0 : Math.ceil((units - this.burst) / this.perNs);
  }

  /** Units of debt now. */
  debt(nowNs: number): number {
    return this.perNs === Infinity ? 0 : Math.max(0, -this.refill(nowNs));
  }

  private refill(nowNs: number): number {
    this.level = Math.min(this.burst, this.level + (nowNs - this.updatedNs) * this.perNs);
    this.updatedNs = nowNs;
    return this.level;
  }
}
