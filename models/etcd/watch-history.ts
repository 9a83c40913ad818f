/**
 * What watchers of a prefix have been, or will be, told: one row for each revision that touched it.
 *
 * One idea: every member applies the same log, so the rows are the same everywhere; how far a
 * member or a watcher is, is a number of rows. Rows that no one can need any more are dropped.
 * Left out: a watch on part of the prefix.
 */

import { assert } from '../../src/core/index.ts';
import type { KeyEvent } from './contents.ts';

const ROWS_AT_START = 1 << 10;

/** Keys first .. first + count - 1. */
export interface KeyRange {
  readonly first: number;
  readonly count: number;
}

/** Group of a history of keys without names. */
const NO_GROUP = 0;

export class WatchHistory {
  /** Its keys are those of a group of named keys, and rows carry what happened; 0 = of ranges. */
  readonly group: number;
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
  /** Of a group: the event of each row, or the events of a revision that has several. */
  readonly #details: (KeyEvent | KeyEvent[] | undefined)[] = [];

  constructor(ranges: readonly KeyRange[], members: number, group = NO_GROUP) {
    this.ranges = ranges;
    this.group = group;
    this.appliedNs = Array.from({ length: members }, () => new Float64Array(ROWS_AT_START));
  }

  /** Whether a key without a name belongs to it. */
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
  record(
    index: number,
    revision: number,
    events: number,
    bytes: number,
    plannedNs: number,
    detail?: KeyEvent,
  ): void {
    const last = (this.next - 1) & this.mask;
    if (this.next > this.base && this.index[last] === index) {
      this.events[last] += events;
      this.bytes[last] += bytes;
      if (detail !== undefined) this.#addDetail(last, detail);
      return;
    }
    if (this.next - this.base > this.mask) this.#makeRoom();
    const at = this.next++ & this.mask;
    this.revision[at] = revision;
    this.index[at] = index;
    this.events[at] = events;
    this.bytes[at] = bytes;
    this.plannedNs[at] = plannedNs;
    if (detail !== undefined) this.#details[at] = detail;
    for (const counts of this.#counts) counts[at] = 0;
    for (const appliedNs of this.appliedNs) appliedNs[at] = Number.NaN;
  }

  /** Place of a kept row in the columns. */
  at(row: number): number {
    if (row < this.base || row >= this.next) {
      assert(false, `row ${row} of a watched history is not kept`);
    }
    return row & this.mask;
  }

  /** What happened in a kept row of a group's history. */
  detail(row: number): KeyEvent | readonly KeyEvent[] {
    const detail = this.#details[this.at(row)];
    assert(detail !== undefined, 'a watched history of keys without names has no details');
    return detail;
  }

  #addDetail(at: number, detail: KeyEvent): void {
    const before = this.#details[at];
    if (Array.isArray(before)) before.push(detail);
    else this.#details[at] = before === undefined ? detail : [before, detail];
  }

  /** First kept row of a revision beyond this one. */
  firstAfterRevision(revision: number): number {
    let low = this.base;
    let high = this.next;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.revision[middle & this.mask] > revision) high = middle;
      else low = middle + 1;
    }
    return low;
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

  /** The store went back to a snapshot: nothing of what was told before can be told again. */
  forget(): void {
    if (this.group !== NO_GROUP) this.#details.fill(undefined);
    this.base = this.next;
  }

  #makeRoom(): void {
    let needed = this.next;
    for (const reader of this.#readers) needed = Math.min(needed, reader());
    const base = Math.max(this.base, needed);
    // What nobody can ask for any more is let go, contents too.
    if (this.group !== NO_GROUP) {
      for (let row = this.base; row < base; row++) this.#details[row & this.mask] = undefined;
    }
    this.base = base;
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
    if (this.group !== NO_GROUP) {
      const details = this.#details.slice();
      this.#details.length = 0;
      for (let i = 0; i < size; i++) this.#details.push(undefined);
      for (let row = this.base; row < this.next; row++)
        this.#details[row & to] = details[row & from];
    }
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

  /** By group of named keys: its history, where somebody may watch it. */
  readonly #ofGroup: (WatchHistory | null)[] = [];
  readonly #numbers: number[] = [];

  /** Number of the new history. Call before the run starts. */
  add(ranges: readonly KeyRange[], members: number, group = NO_GROUP): number {
    const history = new WatchHistory(ranges, members, group);
    this.list.push(history);
    const number = this.list.length - 1;
    if (group !== NO_GROUP) {
      while (this.#ofGroup.length <= group) this.#ofGroup.push(null);
      this.#ofGroup[group] = history;
      this.#numbers[group] = number;
    }
    return number;
  }

  ofGroup(group: number): WatchHistory | null {
    return group < this.#ofGroup.length ? this.#ofGroup[group] : null;
  }

  /** Number of a group's history; -1 where nobody may watch it. */
  numberOfGroup(group: number): number {
    return this.ofGroup(group) === null ? -1 : this.#numbers[group];
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
