/** Tally: one value per observation (a latency in ns, a size in bytes), kept as histograms. */
import type { BucketTable } from './buckets.ts';
import { emptyHistogram, Histogram } from './histogram.ts';
import { meanOf, quantileOf } from './quantiles.ts';
import type { HistogramData, Labels, SeriesResult, TallyResult } from './result.ts';
import { seriesArray, type TickContext } from './series.ts';

const SERIES_FIELDS = ['count', 'mean', 'p50', 'p99', 'max'] as const;

export type TallyUnit = 'ns' | 'bytes' | '1';

export class Tally {
  readonly name: string;
  readonly labels: Labels;
  readonly help: string;
  readonly unit: TallyUnit;

  /** Values since the last boundary: the only one that `record` touches. */
  readonly #current: Histogram = new Histogram();
  /** Values of the open row before `#current`; used where a segment ends inside a row. */
  readonly #tick: Histogram = new Histogram();
  readonly #segment: Histogram = new Histogram();
  readonly #perSegment: HistogramData[];
  readonly #series: readonly Float64Array[];

  readonly #buckets: BucketTable | null;
  readonly #divided: Uint8Array;
  /** Counts of the open segment from divided bins. */
  readonly #bucketCounts: Float64Array;
  readonly #bucketsPerSegment: Float64Array[] = [];

  /** `buckets.divided` is all zero for a tally without Prometheus buckets. */
  constructor(
    identity: { name: string; labels: Labels; help: string; unit: TallyUnit },
    buckets: BucketTable,
    context: TickContext,
    series: boolean,
  ) {
    this.name = identity.name;
    this.labels = identity.labels;
    this.help = identity.help;
    this.unit = identity.unit;
    this.#buckets = buckets.bounds.length > 0 ? buckets : null;
    this.#divided = buckets.divided;
    this.#bucketCounts = new Float64Array(buckets.bounds.length + 1);
    const closed = context.segmentsClosed;
    this.#perSegment = Array.from({ length: closed }, emptyHistogram);
    for (let i = 0; i < closed; i += 1) {
      this.#bucketsPerSegment.push(new Float64Array(buckets.bounds.length + 1));
    }
    this.#series = series
      ? SERIES_FIELDS.map((field) => seriesArray(context, field === 'count' ? 0 : Number.NaN))
      : [];
  }

  /** Counts one integer value, in the tally's unit. */
  record(value: number): void {
    const bin = this.#current.record(value);
    if (this.#divided[bin] !== 0) this.#recordDivided(value);
  }

  /** Counts 1 to 2^20 equal values: members of a population that are alike. */
  recordMany(value: number, times: number): void {
    const bin = this.#current.recordMany(value, times);
    if (this.#divided[bin] !== 0) this.#recordDivided(value, times);
  }

  #recordDivided(value: number, times = 1): void {
    if (this.#buckets !== null) this.#bucketCounts[this.#buckets.bucketOf(value)] += times;
  }

  /** @internal Closes a row of the time series. */
  tick(slot: number): void {
    const current = this.#current;
    const row = this.#tick.empty ? current : this.#tick;
    if (row !== current) row.add(current);
    if (this.#series.length > 0) this.#writeRow(slot, row);
    this.#segment.add(current);
    current.clear();
    this.#tick.clear();
  }

  #writeRow(slot: number, row: Histogram): void {
    const [count, mean, p50, p99, max] = this.#series;
    if (row.empty) {
      count[slot] = 0;
      return;
    }
    const data = row.data();
    count[slot] = data.total;
    mean[slot] = meanOf(data);
    p50[slot] = quantileOf(data, 0.5) ?? Number.NaN;
    p99[slot] = quantileOf(data, 0.99) ?? Number.NaN;
    max[slot] = data.max;
  }

  /** @internal */
  segmentStart(): void {
    this.#tick.add(this.#current);
    this.#current.clear();
    this.#segment.clear();
    this.#bucketCounts.fill(0);
  }

  /** @internal */
  segmentEnd(): void {
    this.#tick.add(this.#current);
    this.#segment.add(this.#current);
    this.#current.clear();
    this.#perSegment.push(this.#segment.data());
    const counts = this.#bucketCounts.slice();
    if (this.#buckets !== null) this.#buckets.addUndivided(this.#segment, counts);
    this.#bucketsPerSegment.push(counts);
  }

  /** @internal */
  result(): TallyResult {
    const { name, labels, help, unit } = this;
    const prometheus =
      this.#buckets === null
        ? null
        : { bounds: this.#buckets.bounds, perSegment: this.#bucketsPerSegment };
    return { name, labels, help, unit, perSegment: this.#perSegment, prometheus };
  }

  /** @internal */
  series(slots: number): SeriesResult[] {
    const { name, labels, help } = this;
    return this.#series.map((values, i) => {
      return { name, labels, help, field: SERIES_FIELDS[i], values: values.slice(0, slots) };
    });
  }
}
