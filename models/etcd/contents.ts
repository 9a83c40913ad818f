/**
 * What stands under keys that have names: a reference to the client's value, the revision that
 * wrote it, the group (resource) of the key.
 *
 * One idea: contents are the client's business, so etcd keeps a reference, and sets the revision of
 * a value when it applies the write. Like the key space it is computed once: its values are those
 * of the member that is furthest ahead. A key's number is given back when the compaction that
 * removes its tombstone has passed, so a cluster may create and delete for days.
 * Left out: order of keys (ranges come in the order in which names were first used).
 */

import { assert } from '../../src/core/index.ts';
import type { KeySpace } from './mvcc.ts';

/** A value of a client, immutable but for its revision. */
export interface StoredValue {
  /** Bytes of it in etcd, per copy. */
  readonly bytes: number;
  /** Revision that wrote it; 0 until applied. */
  resourceVersion: number;
}

/** One change of one key, as watchers of its group are told. */
export class KeyEvent {
  readonly revision: number;
  /** Null: deleted. */
  readonly value: StoredValue | null;
  /** Null: created. */
  readonly previous: StoredValue | null;
  /** Identical keys that the key stands for. */
  readonly copies: number;
  /** What readers derive from it, once for all of them. */
  view: unknown = null;

  constructor(
    revision: number,
    value: StoredValue | null,
    previous: StoredValue | null,
    copies: number,
  ) {
    this.revision = revision;
    this.value = value;
    this.previous = previous;
    this.copies = copies;
  }
}

interface KeyGroup {
  readonly name: string;
  readonly keys: Map<string, number>;
  /** Keys that exist, copies counted. */
  live: number;
}

/** A named key that exists, as a snapshot of the store keeps it. */
export interface StoredKey {
  readonly group: number;
  readonly name: string;
  /** Its number at that time. */
  readonly key: number;
  readonly value: StoredValue;
}

/** What a restored snapshot changed of a named key. */
export interface KeyChange {
  readonly group: string;
  /** Null: was not there, is not there any more. */
  readonly before: StoredValue | null;
  readonly after: StoredValue | null;
  /** Identical keys that the key stands for. */
  readonly copies: number;
}

/** Told of every change as it is applied, in the order of revisions; it must not act on the run. */
export type ContentsListener = (previous: StoredValue | null, value: StoredValue | null) => void;

/** Requests that still mean an old key have ended long before. */
const RELEASE_AFTER_NS = 180e9;

export class KeyContents {
  readonly groups: KeyGroup[] = [{ name: '', keys: new Map(), live: 0 }];
  readonly values: (StoredValue | null)[] = [];
  /** Checks of a run listen here; what stood there at the start counts as changes. */
  listener: ContentsListener | null = null;
  readonly #keySpace: KeySpace;
  /** 0 where the key is not there. */
  readonly #modRevision: number[] = [];
  readonly #group: number[] = [];
  readonly #names: string[] = [];
  readonly #free: number[] = [];
  // Keys that were deleted, or asked for and never written, in the order of time.
  readonly #oldKey: number[] = [];
  readonly #oldRevision: number[] = [];
  readonly #oldNs: number[] = [];
  #oldHead = 0;

  constructor(keySpace: KeySpace) {
    this.#keySpace = keySpace;
  }

  addGroup(name: string): number {
    this.groups.push({ name, keys: new Map(), live: 0 });
    return this.groups.length - 1;
  }

  /** The key of this name; a name that is new gets a number. */
  acquire(group: number, name: string, nowNs: number): number {
    const { keys } = this.groups[group];
    const known = keys.get(name);
    if (known !== undefined) {
      if (this.values[known] === null) this.#retire(known, this.#keySpace.revision, nowNs);
      return known;
    }
    const key = this.#free.pop() ?? this.#keySpace.reserve(1);
    while (this.values.length <= key) {
      this.values.push(null);
      this.#modRevision.push(0);
      this.#group.push(0);
      this.#names.push('');
    }
    keys.set(name, key);
    this.#group[key] = group;
    this.#names[key] = name;
    this.#retire(key, this.#keySpace.revision, nowNs);
    return key;
  }

  /** Group of a key; 0 for keys without a name. */
  groupOf(key: number): number {
    return key >= 0 && key < this.#group.length ? this.#group[key] : 0;
  }

  /** Number of a name's key; -1 where it never had one. */
  find(group: number, name: string): number {
    return this.groups[group].keys.get(name) ?? -1;
  }

  /** Revision of the key's last write; 0 where it is not there. */
  modRevision(key: number): number {
    return this.#modRevision[key];
  }

  /** A write was applied; the revision becomes the value's. Returns the value before. */
  store(key: number, value: StoredValue, revision: number, copies: number): StoredValue | null {
    const previous = this.values[key];
    if (previous === null) this.groups[this.#group[key]].live += copies;
    value.resourceVersion = revision;
    this.values[key] = value;
    this.#modRevision[key] = revision;
    this.listener?.(previous, value);
    return previous;
  }

  /** A delete was applied. Returns what was there. */
  remove(key: number, revision: number, copies: number, nowNs: number): StoredValue | null {
    const previous = this.values[key];
    assert(previous !== null, 'a key without a value was deleted');
    this.groups[this.#group[key]].live -= copies;
    this.values[key] = null;
    this.#modRevision[key] = 0;
    this.#retire(key, revision, nowNs);
    this.listener?.(previous, null);
    return previous;
  }

  /** Values of a group, as they are now. */
  valuesOf(group: number): StoredValue[] {
    const found: StoredValue[] = [];
    for (const key of this.groups[group].keys.values()) {
      const value = this.values[key];
      if (value !== null) found.push(value);
    }
    return found;
  }

  // --- Snapshots of the store -------------------------------------------------------------------

  capture(): StoredKey[] {
    const stored: StoredKey[] = [];
    for (let group = 1; group < this.groups.length; group++) {
      for (const [name, key] of this.groups[group].keys) {
        const value = this.values[key];
        if (value !== null) stored.push({ group, name, key, value });
      }
    }
    return stored;
  }

  /**
   * Goes back to what a snapshot has, whose key space will be the store's. `copies`: by the
   * snapshot's numbers. Returns what changed, and today's numbers of the snapshot's keys.
   */
  restore(
    stored: readonly StoredKey[],
    copies: ReadonlyMap<number, number>,
    revision: number,
    nowNs: number,
  ): { readonly changes: KeyChange[]; readonly numbers: Map<number, number> } {
    const before = this.#clear(revision, nowNs);
    const changes: KeyChange[] = [];
    const change = (key: number, from: StoredValue | null, count: number): void => {
      const { name } = this.groups[this.#group[key]];
      changes.push({ group: name, before: from, after: this.values[key], copies: count });
    };
    const numbers = new Map<number, number>();
    for (const { group, name, key: oldKey, value } of stored) {
      const key = this.acquire(group, name, nowNs);
      const count = copies.get(oldKey) ?? 1;
      numbers.set(oldKey, key);
      this.values[key] = value;
      this.#modRevision[key] = value.resourceVersion;
      this.groups[group].live += count;
      const known = before.get(key)?.value ?? null;
      if (known !== value) change(key, known, count);
      before.delete(key);
    }
    for (const [key, known] of before) change(key, known.value, known.copies);
    return { changes, numbers };
  }

  /** Nothing is there any more. Returns what was. */
  #clear(
    revision: number,
    nowNs: number,
  ): Map<number, { readonly value: StoredValue; readonly copies: number }> {
    const before = new Map<number, { readonly value: StoredValue; readonly copies: number }>();
    for (let i = this.#oldHead; i < this.#oldRevision.length; i++) {
      this.#oldRevision[i] = Math.min(this.#oldRevision[i], revision);
    }
    for (const group of this.groups) {
      for (const key of group.keys.values()) {
        const value = this.values[key];
        if (value === null) continue;
        before.set(key, { value, copies: this.#keySpace.copiesOf(key) });
        this.values[key] = null;
        this.#modRevision[key] = 0;
        this.#retire(key, revision, nowNs);
      }
      group.live = 0;
    }
    return before;
  }

  /** Gives back the numbers of keys that are gone from every file. */
  onCompacted(revision: number, nowNs: number): void {
    while (this.#oldHead < this.#oldKey.length) {
      const at = this.#oldHead;
      if (this.#oldRevision[at] > revision || this.#oldNs[at] + RELEASE_AFTER_NS > nowNs) break;
      this.#oldHead++;
      this.#release(this.#oldKey[at], at);
    }
    if (this.#oldHead > 4096 && this.#oldHead * 2 > this.#oldKey.length) this.#trim();
  }

  /** Where it lives again it will retire again; a later retirement of it decides. */
  #release(key: number, at: number): void {
    if (this.values[key] !== null || this.#lastRetired[key] !== at + this.#dropped) return;
    this.groups[this.#group[key]].keys.delete(this.#names[key]);
    this.#group[key] = 0;
    this.#names[key] = '';
    this.#free.push(key);
  }

  /** By key: number of its last retirement. */
  readonly #lastRetired: number[] = [];
  #dropped = 0;

  #retire(key: number, revision: number, nowNs: number): void {
    this.#lastRetired[key] = this.#oldKey.length + this.#dropped;
    this.#oldKey.push(key);
    this.#oldRevision.push(revision);
    this.#oldNs.push(nowNs);
  }

  #trim(): void {
    this.#dropped += this.#oldHead;
    for (const column of [this.#oldKey, this.#oldRevision, this.#oldNs])
      column.splice(0, this.#oldHead);
    this.#oldHead = 0;
  }
}

/**
 * A read of a group's keys at one revision, page by page (a range with a limit, continued at the
 * revision of its first page).
 */
export class GroupRead {
  readonly group: number;
  /** Keys of a page; 0 = all. */
  limit: number;
  /** Of a prefix within the group; null = all of it. */
  readonly #accepts: ((value: StoredValue) => boolean) | null;
  /** Taken when the first page is read. */
  values: readonly StoredValue[] | null = null;
  revision = 0;
  /** The page: values from .. to - 1, and their bytes. */
  from = 0;
  to = 0;
  #next = 0;
  bytes = 0;
  /** Its revision was compacted since the page before. */
  compacted = false;

  constructor(
    group: number,
    limit: number,
    accepts: ((value: StoredValue) => boolean) | null = null,
  ) {
    this.group = group;
    this.limit = limit;
    this.#accepts = accepts;
  }

  get isComplete(): boolean {
    return this.values !== null && this.to >= this.values.length;
  }

  /** The page has come: what is read next begins here, as a rule after it. */
  advance(to = this.to): void {
    this.#next = to;
  }

  /** The page, at the member that reads; maybe again, where an answer was lost. */
  readPage(contents: KeyContents, keySpace: KeySpace): void {
    if (this.values === null) {
      const values = contents.valuesOf(this.group);
      this.values = this.#accepts === null ? values : values.filter(this.#accepts);
      this.revision = keySpace.revision;
    } else if (this.revision < keySpace.compactRevision) {
      this.compacted = true;
    }
    this.from = this.#next;
    const left = this.values.length - this.from;
    this.to = this.from + (this.compacted ? 0 : this.limit > 0 ? Math.min(this.limit, left) : left);
    this.bytes = 0;
    for (let i = this.from; i < this.to; i++) this.bytes += this.values[i].bytes;
  }
}
