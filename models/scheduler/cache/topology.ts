/**
 * Topology: which value of a label each node has, by row, and counts of pods by that value.
 *
 * One idea: what PodTopologySpread and InterPodAffinity recount in each cycle of the real scheduler
 * (their PreFilter and PreScore states) is kept up to date here, one addition for each pod that
 * comes or goes; what the recount costs is charged elsewhere.
 * Sources: kubernetes/pkg/scheduler/framework/plugins/{podtopologyspread,interpodaffinity}.
 */

/** Values of one label, numbered; -1 where a node has none. */
export class TopologyColumn {
  readonly key: string;
  /** By row of the node. */
  valueOf: Int32Array;
  readonly values = new Map<string, number>();

  constructor(key: string, capacity: number) {
    this.key = key;
    this.valueOf = new Int32Array(capacity).fill(-1);
  }

  set(row: number, value: string | undefined): void {
    if (value === undefined) {
      this.valueOf[row] = -1;
      return;
    }
    let id = this.values.get(value);
    if (id === undefined) {
      id = this.values.size;
      this.values.set(value, id);
    }
    this.valueOf[row] = id;
  }

  grow(capacity: number): void {
    const grown = new Int32Array(capacity).fill(-1);
    grown.set(this.valueOf);
    this.valueOf = grown;
  }
}

interface Subscription {
  readonly counter: TopologyCounter;
  /** What one pod of the source adds. */
  readonly weight: number;
}

/** Pods that are alike in what a counter asks: where they are, and who counts them. */
export class PodSource {
  /** Row of a node to how many of them it has. */
  readonly rows = new Map<number, number>();
  total = 0;
  #subscriptions: Subscription[] = [];

  get isWatched(): boolean {
    return this.#subscriptions.length > 0;
  }

  add(row: number, delta: number): void {
    const count = (this.rows.get(row) ?? 0) + delta;
    if (count === 0) this.rows.delete(row);
    else this.rows.set(row, count);
    this.total += delta;
    for (const { counter, weight } of this.#subscriptions) counter.add(row, delta, weight);
  }

  subscribe(counter: TopologyCounter, weight: number): void {
    this.#subscriptions.push({ counter, weight });
  }

  unsubscribe(counter: TopologyCounter): void {
    this.#subscriptions = this.#subscriptions.filter((s) => s.counter !== counter);
  }
}

/** What decides where a counter counts: rows of nodes that exist. */
export interface RowSet {
  readonly isNode: Uint8Array;
}

/** Weighted number of pods by value of a column, over the nodes that have the label. */
export class TopologyCounter {
  readonly column: TopologyColumn;
  readonly #rows: RowSet;
  /** By row: 1 where pods on it count; null = everywhere. */
  readonly #eligible: Uint8Array | null;
  readonly #sources: PodSource[] = [];
  readonly #weights: number[] = [];
  counts: Int32Array;
  /** Values whose count is not 0. */
  nonZero = 0;
  /** Pods that count. */
  matched = 0;

  constructor(column: TopologyColumn, rows: RowSet, eligible: Uint8Array | null) {
    this.column = column;
    this.#rows = rows;
    this.#eligible = eligible;
    this.counts = new Int32Array(Math.max(8, column.values.size));
  }

  /** Counts the pods of this source from now on, those that it has included. */
  subscribe(source: PodSource, weight: number): void {
    this.#sources.push(source);
    this.#weights.push(weight);
    source.subscribe(this, weight);
    for (const [row, count] of source.rows) this.add(row, count, weight);
  }

  /** Where the nodes have changed: counts everything again. */
  recount(): void {
    this.counts.fill(0);
    this.nonZero = 0;
    this.matched = 0;
    for (let i = 0; i < this.#sources.length; i++) {
      for (const [row, count] of this.#sources[i].rows) this.add(row, count, this.#weights[i]);
    }
  }

  dispose(): void {
    for (const source of this.#sources) source.unsubscribe(this);
  }

  /** So many pods of a source that weighs so much. */
  add(row: number, pods: number, weight: number): void {
    if (this.#rows.isNode[row] === 0) return;
    if (this.#eligible !== null && this.#eligible[row] === 0) return;
    const value = this.column.valueOf[row];
    if (value < 0) return;
    if (value >= this.counts.length) this.#grow(value);
    const before = this.counts[value];
    const after = before + pods * weight;
    this.counts[value] = after;
    this.matched += pods;
    if (before === 0) this.nonZero += after === 0 ? 0 : 1;
    else if (after === 0) this.nonZero--;
  }

  /** Of the value that this node has; 0 where it has none. */
  at(row: number): number {
    const value = this.column.valueOf[row];
    return value >= 0 && value < this.counts.length ? this.counts[value] : 0;
  }

  #grow(value: number): void {
    const grown = new Int32Array(Math.max(value + 1, this.counts.length * 2));
    grown.set(this.counts);
    this.counts = grown;
  }
}
