/**
 * Level: a quantity that holds a value over time (queue length, keys stored); means weigh by
 * time.
 */
import { assert } from '../core/index.ts';
import type { Labels, LevelResult, LevelSegment, SeriesResult } from './result.ts';
import { seriesArray, type TickContext } from './series.ts';

export class Level {
  readonly name: string;
  readonly labels: Labels;
  readonly help: string;
  /** The value now; 0 until it is first set. */
  value = 0;

  /** Since when `value` holds. */
  #sinceNs: number;
  /** Integral, min and max since the last boundary (tick or segment). */
  #integral = 0;
  #min = 0;
  #max = 0;
  /** The same, of the open segment and of the open tick, up to the last boundary. */
  #segment = { integral: 0, min: 0, max: 0 };
  #tick = { integral: 0, min: 0, max: 0 };
  readonly #perSegment: LevelSegment[];
  readonly #series: readonly Float64Array[];

  constructor(name: string, labels: Labels, help: string, context: TickContext, series: boolean) {
    this.name = name;
    this.labels = labels;
    this.help = help;
    this.#sinceNs = context.nowNs;
    const before: LevelSegment = { integral: 0, min: 0, max: 0, last: 0 };
    this.#perSegment = new Array<LevelSegment>(context.segmentsClosed).fill(before);
    this.#series = series ? [0, 1, 2].map(() => seriesArray(context, Number.NaN)) : [];
  }

  set(nowNs: number, value: number): void {
    const heldNs = nowNs - this.#sinceNs;
    if (heldNs > 0) {
      this.#integral += this.value * heldNs;
      this.#sinceNs = nowNs;
    } else if (heldNs < 0) this.#backwards(nowNs);
    this.value = value;
    if (value > this.#max) this.#max = value;
    if (value < this.#min) this.#min = value;
  }

  add(nowNs: number, delta: number): void {
    this.set(nowNs, this.value + delta);
  }

  #backwards(nowNs: number): void {
    assert(false, `level ${this.name} set at ${nowNs} ns, before ${this.#sinceNs} ns`);
  }

  /** Moves what was gathered into the open tick and segment. */
  #settle(nowNs: number): void {
    this.set(nowNs, this.value);
    for (const part of [this.#segment, this.#tick]) {
      part.integral += this.#integral;
      part.min = Math.min(part.min, this.#min);
      part.max = Math.max(part.max, this.#max);
    }
    this.#integral = 0;
    this.#min = this.value;
    this.#max = this.value;
  }

  /** @internal Closes a row of the time series. */
  tick(slot: number, nowNs: number, durationNs: number): void {
    this.#settle(nowNs);
    if (this.#series.length > 0) {
      this.#series[0][slot] = this.value;
      this.#series[1][slot] = this.#tick.integral / durationNs;
      this.#series[2][slot] = this.#tick.max;
    }
    this.#tick = { integral: 0, min: this.value, max: this.value };
  }

  /** @internal */
  segmentStart(nowNs: number): void {
    this.#settle(nowNs);
    this.#segment = { integral: 0, min: this.value, max: this.value };
  }

  /** @internal */
  segmentEnd(nowNs: number): void {
    this.#settle(nowNs);
    this.#perSegment.push({ ...this.#segment, last: this.value });
  }

  /** @internal */
  result(): LevelResult {
    const { name, labels, help } = this;
    return { name, labels, help, perSegment: this.#perSegment };
  }

  /** @internal */
  series(slots: number): SeriesResult[] {
    const { name, labels, help } = this;
    const fields = ['value', 'mean', 'max'] as const;
    return this.#series.map((values, i) => {
      return { name, labels, help, field: fields[i], values: values.slice(0, slots) };
    });
  }
}
