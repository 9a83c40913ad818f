/**
 * What watchers of a prefix have been, or will be, told: one row for each revision that touched it.
 *
 * One idea: every member applies the same log, so the rows are the same everywhere; how far a
 * member or a watcher is, is a number of rows. Rows that no one can need any more are dropped.
 * Left out: contents; a watch on part of the prefix.
 */

import { assert } from '../../src/core/index.ts';

const ROWS_AT_START = 1 << 10;

/** Keys first .. first + count - 1. */
export interface KeyRange {
  readonly first: number;
  readonly count: number;
}

export class WatchHistory {
  readonly ranges: readonly KeyRange[];
  /** Rows base .. next - 1 are kept; a row's number never changes. */
  base = 0;
  next = 0;
  mask = ROWS_AT_START - 1;
  /** Revision of the store, index in the log. */
  revision = new Float64Array(ROWS_AT_START);
  index = new Float64Array(ROWS_AT_START);
  /** Events of the revision under this prefix, and bytes of their keys and values. */
  events = new Int32Array(ROWS_AT_START);
  bytes = new Float64Array(ROWS_AT_START);
  /** When the request was planned; NaN where nobody knows (a lease's end, a lost client). */
  plannedNs = new Float64Array(ROWS_AT_START);
  /** By member: when it applied the revision. */
  readonly appliedNs: Float64Array[];
  /** Readers say which row is the first that they may still ask for. */
  readonly #readers: (() => number)[] = [];
  readonly #counts: Int32Array[] = [];

  constructor(ranges: readonly KeyRange[], members: number) {
    this.ranges = ranges;
    this.appliedNs = Array.from({ length: members }, () => new Float64Array(ROWS_AT_START));
  }

  covers(key: number): boolean {
    for (const { first, count } of this.ranges) {
      if (key >= first && key < first + count) return true;
    }
    return false;
  }

  addReader(firstNeeded: () => number): void {
    this.#readers.push(firstNeeded);
  }

  /** A column of counts, zero for every new row; its number for `counts`. */
  addCounts(): number {
    this.#counts.push(new Int32Array(this.mask + 1));
    return this.#counts.length - 1;
  }

  counts(column: number): Int32Array {
    return this.#counts[column];
  }

  /** Adds to the last row where that is the same entry's, else a new row. */
  record(index: number, revision: number, events: number, bytes: number, plannedNs: number): void {
    const last = (this.next - 1) & this.mask;
    if (this.next > this.base && this.index[last] === index) {
      this.events[last] += events;
      this.bytes[last] += bytes;
      return;
    }
    if (this.next - this.base > this.mask) this.#makeRoom();
    const at = this.next++ & this.mask;
    this.revision[at] = revision;
    this.index[at] = index;
    this.events[at] = events;
    this.bytes[at] = bytes;
    this.plannedNs[at] = plannedNs;
    for (const counts of this.#counts) counts[at] = 0;
    for (const appliedNs of this.appliedNs) appliedNs[at] = Number.NaN;
  }

  /** Place of a kept row in the columns. */
  at(row: number): number {
    assert(row >= this.base && row < this.next, `row ${row} of a watched history is not kept`);
    return row & this.mask;
  }

  /** First kept row of an entry beyond `index`. */
  firstAfter(index: number): number {
    let low = this.base;
    let high = this.next;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.index[middle & this.mask] > index) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #makeRoom(): void {
    let needed = this.next;
    for (const reader of this.#readers) needed = Math.min(needed, reader());
    this.base = Math.max(this.base, needed);
    if (this.next - this.base > this.mask / 2) this.#grow();
  }

  #grow(): void {
    const from = this.mask;
    const size = (from + 1) * 2;
    const to = size - 1;
    const move = <T extends Float64Array | Int32Array>(old: T, grown: T): T => {
      for (let row = this.base; row < this.next; row++) grown[row & to] = old[row & from];
      return grown;
    };
    this.revision = move(this.revision, new Float64Array(size));
    this.index = move(this.index, new Float64Array(size));
    this.events = move(this.events, new Int32Array(size));
    this.bytes = move(this.bytes, new Float64Array(size));
    this.plannedNs = move(this.plannedNs, new Float64Array(size));
    for (let m = 0; m < this.appliedNs.length; m++)
      this.appliedNs[m] = move(this.appliedNs[m], new Float64Array(size));
    for (let c = 0; c < this.#counts.length; c++)
      this.#counts[c] = move(this.#counts[c], new Int32Array(size));
    this.mask = to;
  }
}

/** The histories of all watched prefixes; none where nobody watches. */
export class WatchHistories {
  readonly list: WatchHistory[] = [];

  get count(): number {
    return this.list.length;
  }

  /** Number of the new history. Call before the run starts. */
  add(ranges: readonly KeyRange[], members: number): number {
    this.list.push(new WatchHistory(ranges, members));
    return this.list.length - 1;
  }

  record(
    key: number,
    index: number,
    revision: number,
    events: number,
    bytes: number,
    plannedNs: number,
  ): void {
    for (const history of this.list) {
      if (history.covers(key)) history.record(index, revision, events, bytes, plannedNs);
    }
  }
}
