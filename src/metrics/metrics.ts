/**
 * Metrics: the registry of one run. Models register what they count, the run calls `cut` at every
 * `nextCutNs()`, and `finish` hands back plain data.
 *
 * Warm-up is in the time series and in no segment. A segment is [from, to): it begins at the end of
 * warm-up or at a cut and ends at the next cut or at the end of the run.
 *
 * Left out: rates over windows that are not segments; ask for a cut where a window begins or ends.
 */
import { assert } from '../core/index.ts';
import { BucketTable } from './buckets.ts';
import { Counter } from './counter.ts';
import { MetricsLimitError } from './errors.ts';
import { Level } from './level.ts';
import { type ResourceKind, ResourceProbe } from './probe.ts';
import type { EventRow, Labels, MetricsResult, Segment } from './result.ts';
import { metricText } from './selector.ts';
import type { TickContext } from './series.ts';
import { Tally, type TallyUnit } from './tally.ts';

/** Label sets of one run, over all metrics. */
export const METRICS_MAX = 20_000;
/** Rows of the time series. */
export const SERIES_ROWS_MAX = 100_000;
/** Numbers in all columns of the time series together (8 bytes each). */
export const SERIES_VALUES_MAX = 32_000_000;
/** Rows of events.csv; what comes after is counted, not kept. */
export const EVENT_ROWS_MAX = 100_000;

export interface MetricsOptions {
  readonly warmupNs: number;
  readonly horizonNs: number;
  /** Where segments end; those outside (warmupNs, horizonNs) have no effect. */
  readonly cutsNs: readonly number[];
  /** Width of a row of the time series; 0 = no time series. */
  readonly seriesIntervalNs: number;
}

export interface MetricHelp {
  readonly help?: string;
  /** false: no columns in the time series, for metrics that exist once per pod or node. */
  readonly series?: boolean;
}

export interface TallyHelp extends MetricHelp {
  /** Unit that is recorded; by default ns for `*_seconds`, bytes for `*_bytes`, else '1'. */
  readonly unit?: TallyUnit;
  /** Upper bounds, inclusive, in the exported unit (seconds, bytes), ascending, without +Inf. */
  readonly buckets?: readonly number[];
}

type Metric = Counter | Level | Tally;
const SERIES_COLUMNS = { counter: 2, level: 3, tally: 5 } as const;

export class Metrics {
  readonly options: MetricsOptions;
  readonly #byText = new Map<string, Metric>();
  readonly #counters: Counter[] = [];
  readonly #levels: Level[] = [];
  readonly #tallies: Tally[] = [];
  readonly #probes = new Map<string, ResourceProbe>();
  readonly #tables = new Map<string, BucketTable>();
  readonly #events: EventRow[] = [];
  #eventsDropped = 0;

  readonly #segments: Segment[] = [];
  /** Where segments begin: the end of warm-up, then the cuts. */
  readonly #boundariesNs: readonly number[];
  #boundariesPassed = 0;
  readonly #quartersNs: readonly number[];
  #quartersPassed = 0;
  readonly #rows: number;
  #rowsClosed = 0;
  #seriesValues = 0;
  #nowNs = 0;
  #segmentFromNs = 0;
  #measuring = false;
  #finished = false;
  #nextCutNs = 0;

  constructor(options: MetricsOptions) {
    const { warmupNs, horizonNs, cutsNs, seriesIntervalNs } = options;
    for (const timeNs of [warmupNs, horizonNs, seriesIntervalNs, ...cutsNs]) {
      assert(Math.floor(timeNs) === timeNs && timeNs >= 0, `${timeNs} ns is no time to cut at`);
    }
    assert(horizonNs > 0, 'a run lasts longer than nothing');
    this.options = options;
    const cuts = cutsNs.filter((cut) => cut > warmupNs && cut < horizonNs);
    this.#boundariesNs = [...new Set([warmupNs, ...cuts])].sort((a, b) => a - b);
    const measuredNs = Math.max(0, horizonNs - warmupNs);
    this.#quartersNs = [1, 2, 3].map((k) => warmupNs + Math.floor((measuredNs * k) / 4));
    this.#rows = seriesIntervalNs > 0 ? Math.ceil(horizonNs / seriesIntervalNs) : 0;
    if (this.#rows > SERIES_ROWS_MAX) {
      throw new MetricsLimitError(
        'WT2201',
        `${this.#rows} rows of time series; the limit is ${SERIES_ROWS_MAX}`,
        'choose a wider series interval',
      );
    }
    this.#measuring = warmupNs === 0;
    this.#boundariesPassed = this.#measuring ? 1 : 0;
    this.#plan();
  }

  /** Registers a counter, or returns the one that has this name and these labels. */
  counter(name: string, labels: Labels = {}, help: MetricHelp = {}): Counter {
    return this.#register('counter', name, labels, help, (key) => {
      assert(key === undefined || key instanceof Counter, `${name} is not a counter`);
      if (key !== undefined) return key;
      const series = help.series ?? true;
      const counter = new Counter(name, labels, help.help ?? '', this.#context(), series);
      this.#counters.push(counter);
      return counter;
    });
  }

  /** Registers a level; it is 0 until it is set. */
  level(name: string, labels: Labels = {}, help: MetricHelp = {}): Level {
    return this.#register('level', name, labels, help, (key) => {
      assert(key === undefined || key instanceof Level, `${name} is not a level`);
      if (key !== undefined) return key;
      const series = help.series ?? true;
      const level = new Level(name, labels, help.help ?? '', this.#context(), series);
      this.#levels.push(level);
      return level;
    });
  }

  tally(name: string, labels: Labels = {}, help: TallyHelp = {}): Tally {
    return this.#register('tally', name, labels, help, (key) => {
      assert(key === undefined || key instanceof Tally, `${name} is not a tally`);
      if (key !== undefined) return key;
      const unit = help.unit ?? unitOf(name);
      const table = this.#table(help.buckets ?? [], unit === 'ns' ? 1e9 : 1);
      const identity = { name, labels, help: help.help ?? '', unit };
      const tally = new Tally(identity, table, this.#context(), help.series ?? true);
      this.#tallies.push(tally);
      return tally;
    });
  }

  /** What a resource uses to measure itself. Names are unique. */
  resource(name: string, kind: ResourceKind, servers: number): ResourceProbe {
    assert(!this.#probes.has(name), `resource ${name} is registered twice`);
    assert(servers > 0, `resource ${name} needs servers`);
    const labels = { resource: name };
    const probe = new ResourceProbe(name, kind, servers, {
      arrivals: this.counter('wavetank_resource_arrivals_total', labels),
      rejected: this.counter('wavetank_resource_rejected_total', labels),
      queue: this.level('wavetank_resource_queue_length', labels),
      busy: this.level('wavetank_resource_busy_servers', labels),
      wait: this.tally('wavetank_resource_wait_seconds', labels),
      service: this.tally('wavetank_resource_service_seconds', labels),
    });
    for (let i = 0; i < this.#quartersPassed; i += 1) probe.quarter();
    this.#probes.set(name, probe);
    return probe;
  }

  /** A row of events.csv. */
  event(nowNs: number, kind: string, subject: string, detail: string): void {
    if (this.#events.length >= EVENT_ROWS_MAX) {
      this.#eventsDropped += 1;
      return;
    }
    this.#events.push({ timeNs: nowNs, kind, subject, detail });
  }

  /** When `cut` wants to be called next; Infinity where nothing is left but `finish`. */
  nextCutNs(): number {
    return this.#nextCutNs;
  }

  /** Rows of events.csv so far, in the order of their times. */
  get eventRows(): readonly EventRow[] {
    return this.#events;
  }

  /**
   * Closes every row, segment and quarter that ends at or before nowNs. To be called when the clock
   * stands at `nextCutNs()`; what is recorded at that instant before the call belongs to the past.
   */
  cut(nowNs: number): void {
    assert(!this.#finished, 'cut after finish');
    assert(nowNs >= this.#nowNs, `cut at ${nowNs} ns, before ${this.#nowNs} ns`);
    while (this.#nextCutNs <= nowNs) {
      this.#nowNs = this.#nextCutNs;
      if (this.#nowNs === this.#rowEndNs()) this.#closeRow();
      if (this.#nowNs === this.#boundariesNs[this.#boundariesPassed]) {
        this.#closeSegment();
        this.#openSegment();
        this.#boundariesPassed += 1;
      }
      if (this.#nowNs === this.#quartersNs[this.#quartersPassed]) {
        for (const probe of this.#probes.values()) probe.quarter();
        this.#quartersPassed += 1;
      }
      this.#plan();
    }
    this.#nowNs = nowNs;
  }

  /** Ends the measurement; a run that ends early has a shorter last segment and fewer of them. */
  finish(nowNs: number): MetricsResult {
    this.cut(nowNs);
    if (this.#rowsClosed < this.#rows && nowNs > this.#rowStartNs()) this.#closeRow();
    if (nowNs > this.#segmentFromNs) this.#closeSegment();
    if (this.#measuring) for (const probe of this.#probes.values()) probe.quarter();
    this.#finished = true;
    if (this.#eventsDropped > 0) {
      const detail = `${this.#eventsDropped} rows beyond the first ${EVENT_ROWS_MAX}`;
      this.#events.push({ timeNs: nowNs, kind: 'eventsDropped', subject: 'metrics', detail });
    }
    return {
      seriesIntervalNs: this.options.seriesIntervalNs,
      segments: this.#segments,
      counters: this.#counters.map((counter) => counter.result()),
      levels: this.#levels.map((level) => level.result()),
      tallies: this.#tallies.map((tally) => tally.result()),
      series: [...this.#byText.values()].flatMap((metric) => metric.series(this.#rowsClosed)),
      resources: [...this.#probes.values()].map((probe) => probe.result(this.#segments)),
      events: this.#events,
    };
  }

  #register<M extends Metric>(
    kind: keyof typeof SERIES_COLUMNS,
    name: string,
    labels: Labels,
    help: MetricHelp,
    create: (existing: Metric | undefined) => M,
  ): M {
    const text = metricText(name, labels);
    const existing = this.#byText.get(text);
    if (existing !== undefined) return create(existing);
    assert(!this.#finished, `${text} is registered after finish`);
    if (this.#byText.size >= METRICS_MAX) {
      throw new MetricsLimitError(
        'WT2202',
        `${text} would be one label set more than the limit of ${METRICS_MAX}`,
        'aggregate: give one metric to a population instead of one to each member',
      );
    }
    if (help.series !== false) this.#seriesValues += SERIES_COLUMNS[kind] * this.#rows;
    if (this.#seriesValues > SERIES_VALUES_MAX) {
      throw new MetricsLimitError(
        'WT2201',
        `the time series would hold more than ${SERIES_VALUES_MAX} numbers`,
        'choose a wider series interval',
      );
    }
    const metric = create(undefined);
    this.#byText.set(text, metric);
    return metric;
  }

  #table(bounds: readonly number[], scale: number): BucketTable {
    const key = `${scale}:${bounds.join(',')}`;
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = new BucketTable(bounds, scale);
      this.#tables.set(key, table);
    }
    return table;
  }

  #context(): TickContext {
    return {
      nowNs: this.#nowNs,
      slots: this.#rows,
      slotsClosed: this.#rowsClosed,
      segmentsClosed: this.#segments.length,
    };
  }

  #rowStartNs(): number {
    return this.#rowsClosed * this.options.seriesIntervalNs;
  }

  #rowEndNs(): number {
    if (this.#rowsClosed >= this.#rows) return Number.POSITIVE_INFINITY;
    return (this.#rowsClosed + 1) * this.options.seriesIntervalNs;
  }

  #closeRow(): void {
    const slot = this.#rowsClosed;
    const durationNs = this.#nowNs - this.#rowStartNs();
    for (const counter of this.#counters) counter.tick(slot, durationNs);
    for (const level of this.#levels) level.tick(slot, this.#nowNs, durationNs);
    for (const tally of this.#tallies) tally.tick(slot);
    this.#rowsClosed += 1;
  }

  #openSegment(): void {
    this.#measuring = true;
    this.#segmentFromNs = this.#nowNs;
    for (const counter of this.#counters) counter.segmentStart();
    for (const level of this.#levels) level.segmentStart(this.#nowNs);
    for (const tally of this.#tallies) tally.segmentStart();
  }

  #closeSegment(): void {
    if (!this.#measuring) return;
    for (const counter of this.#counters) counter.segmentEnd();
    for (const level of this.#levels) level.segmentEnd(this.#nowNs);
    for (const tally of this.#tallies) tally.segmentEnd();
    this.#segments.push({ fromNs: this.#segmentFromNs, toNs: this.#nowNs });
  }

  #plan(): void {
    this.#nextCutNs = Math.min(
      this.#rowEndNs(),
      this.#boundariesNs[this.#boundariesPassed] ?? Number.POSITIVE_INFINITY,
      this.#quartersNs[this.#quartersPassed] ?? Number.POSITIVE_INFINITY,
    );
  }
}

function unitOf(name: string): TallyUnit {
  if (name.endsWith('_seconds')) return 'ns';
  return name.endsWith('_bytes') ? 'bytes' : '1';
}
