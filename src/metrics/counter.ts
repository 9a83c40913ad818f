/** Counter: something that only grows. */
import type { CounterResult, Labels, SeriesResult } from './result.ts';
import { seriesArray, type TickContext } from './series.ts';

const NS_PER_S = 1e9;

export class Counter {
  readonly name: string;
  readonly labels: Labels;
  readonly help: string;
  /** Increments since the start of the run, warm-up included. */
  value = 0;

  #valueAtSegment = 0;
  #valueAtTick = 0;
  readonly #perSegment: number[];
  readonly #rate: Float64Array | null;
  readonly #value: Float64Array | null;

  constructor(name: string, labels: Labels, help: string, context: TickContext, series: boolean) {
    this.name = name;
    this.labels = labels;
    this.help = help;
    this.#perSegment = new Array<number>(context.segmentsClosed).fill(0);
    this.#rate = series ? seriesArray(context, 0) : null;
    this.#value = series ? seriesArray(context, 0) : null;
  }

  add(n = 1): void {
    this.value += n;
  }

  /** @internal */
  tick(slot: number, durationNs: number): void {
    if (this.#rate !== null && this.#value !== null) {
      this.#rate[slot] = ((this.value - this.#valueAtTick) * NS_PER_S) / durationNs;
      this.#value[slot] = this.value;
    }
    this.#valueAtTick = this.value;
  }

  /** @internal */
  segmentStart(): void {
    this.#valueAtSegment = this.value;
  }

  /** @internal */
  segmentEnd(): void {
    this.#perSegment.push(this.value - this.#valueAtSegment);
  }

  /** @internal */
  result(): CounterResult {
    const { name, labels, help } = this;
    return { name, labels, help, perSegment: this.#perSegment };
  }

  /** @internal */
  series(slots: number): SeriesResult[] {
    const { name, labels, help } = this;
    if (this.#rate === null || this.#value === null) return [];
    return [
      { name, labels, help, field: 'rate', values: this.#rate.slice(0, slots) },
      { name, labels, help, field: 'value', values: this.#value.slice(0, slots) },
    ];
  }
}
