/**
 * How many seats a priority level would use (pkg/util/flowcontrol/fairqueuing/integrator.go and
 * apf_controller.go `seatDemandStats`): weighed by time over one adjustment period, then smoothed:
 * it rises at once and falls slowly.
 */

/** Keeps 97.7 % of the old value each 10 s: half of it is gone after 5 minutes. */
const SMOOTHING = 0.977;

export class SeatDemand {
  /** Seats in use and waited for, now. */
  #value = 0;
  #sinceNs = 0;
  #startNs = 0;
  #integral = 0;
  #squares = 0;
  #max = 0;
  /** max(mean + deviation, smoothed), of the periods that have ended. */
  smoothed = 0;
  /** Largest demand in the period that ended last. */
  highWatermark = 0;

  set(nowNs: number, value: number): void {
    const spanNs = nowNs - this.#sinceNs;
    if (spanNs > 0) {
      this.#integral += this.#value * spanNs;
      this.#squares += this.#value * this.#value * spanNs;
      this.#sinceNs = nowNs;
    }
    this.#value = value;
    if (value > this.#max) this.#max = value;
  }

  /** A period ends. */
  update(nowNs: number): void {
    this.set(nowNs, this.#value);
    this.highWatermark = this.#max;
    const spanNs = nowNs - this.#startNs;
    if (spanNs > 0) {
      const mean = this.#integral / spanNs;
      const variance = this.#squares / spanNs - mean * mean;
      const envelope = mean + Math.sqrt(Math.max(variance, 0));
      this.smoothed = Math.max(envelope, SMOOTHING * this.smoothed + (1 - SMOOTHING) * envelope);
    }
    this.#startNs = nowNs;
    this.#integral = 0;
    this.#squares = 0;
    this.#max = this.#value;
  }
}
