/**
 * The log of one member: a ring of entries above a compacted prefix.
 *
 * One object plays the parts of raftLog, unstable and MemoryStorage in etcd-io/raft v3.6.0
 * (log.go, log_unstable.go, storage.go). Indexes count from 1. An entry is a proposal number, its
 * encoded size in bytes and its term. Typed arrays of a power of two, addressed by index & mask.
 */
import { assert } from '../../../src/core/index.ts';
import type { EntryBuffer } from './message.ts';

const CAPACITY_FIRST = 64;

export class RaftLog {
  /** Index before the first entry, and its term. */
  offset = 0;
  offsetTerm = 0;
  lastIndex = 0;
  /** Last index that is on disk. <= handedOut <= lastIndex. */
  stable = 0;
  /** Last index that a Ready has handed out to be persisted. */
  handedOut = 0;
  /** Index of the latest snapshot in storage; 0: none was taken yet. */
  snapshotIndex = 0;

  private mask = CAPACITY_FIRST - 1;
  private proposals = new Int32Array(CAPACITY_FIRST);
  private sizes = new Int32Array(CAPACITY_FIRST);
  private terms = new Int32Array(CAPACITY_FIRST);

  get firstIndex(): number {
    return this.offset + 1;
  }

  get lastTerm(): number {
    return this.lastIndex === this.offset
      ? this.offsetTerm
      : this.terms[this.lastIndex & this.mask];
  }

  /** Term of the entry at `index`; -1 where it is compacted or not there yet. */
  term(index: number): number {
    if (index > this.offset && index <= this.lastIndex) return this.terms[index & this.mask];
    return index === this.offset ? this.offsetTerm : -1;
  }

  proposal(index: number): number {
    assert(index > this.offset && index <= this.lastIndex, 'raft: no entry at this index');
    return this.proposals[index & this.mask];
  }

  sizeBytes(index: number): number {
    assert(index > this.offset && index <= this.lastIndex, 'raft: no entry at this index');
    return this.sizes[index & this.mask];
  }

  /** Sum of the encoded sizes of the entries from..to. */
  bytes(from: number, to: number): number {
    let bytes = 0;
    for (let index = from; index <= to; index++) bytes += this.sizes[index & this.mask];
    return bytes;
  }

  append(proposal: number, sizeBytes: number, term: number): number {
    if (this.lastIndex - this.offset === this.mask + 1) this.grow();
    const index = ++this.lastIndex;
    const at = index & this.mask;
    this.proposals[at] = proposal;
    this.sizes[at] = sizeBytes;
    this.terms[at] = term;
    return index;
  }

  /** Copies the entries from..to behind those of `out`. */
  copy(from: number, to: number, out: EntryBuffer): void {
    for (let index = from; index <= to; index++) {
      const at = index & this.mask;
      out.push(this.proposals[at], this.sizes[at], this.terms[at]);
    }
  }

  /** Last index such that from..last has at most `maxBytes`, but at least one entry (limitSize). */
  limit(from: number, to: number, maxBytes: number): number {
    let bytes = 0;
    for (let index = from; index <= to; index++) {
      bytes += this.sizes[index & this.mask];
      if (bytes > maxBytes && index > from) return index - 1;
    }
    return to;
  }

  /**
   * Appends what is new in `entries`, which follow `prevIndex`; drops our entries from the first
   * conflicting one on (log.go `maybeAppend`, `findConflict`; the previous entry was checked).
   */
  merge(prevIndex: number, entries: EntryBuffer, committed: number): void {
    let i = 0;
    while (i < entries.count && this.term(prevIndex + 1 + i) === entries.terms[i]) i++;
    if (i === entries.count) return;
    const conflict = prevIndex + 1 + i;
    assert(conflict > committed, 'raft: an entry conflicts with a committed one');
    if (conflict <= this.lastIndex) this.truncate(conflict - 1);
    for (; i < entries.count; i++) {
      this.append(entries.proposals[i], entries.sizes[i], entries.terms[i]);
    }
  }

  /** Drops everything after `index`. */
  truncate(index: number): void {
    assert(index >= this.offset && index <= this.lastIndex, 'raft: truncation out of range');
    this.lastIndex = index;
    if (this.handedOut > index) this.handedOut = index;
    if (this.stable > index) this.stable = index;
  }

  /** Becomes the empty log after a snapshot. */
  restart(index: number, term: number): void {
    this.offset = index;
    this.offsetTerm = term;
    this.lastIndex = index;
    this.handedOut = index;
    this.stable = index;
    this.snapshotIndex = index;
  }

  /** Drops the entries up to `index`, which stays known as the one before the first. */
  compact(index: number): void {
    if (index <= this.offset) return;
    assert(index <= this.lastIndex, 'raft: compaction out of range');
    this.offsetTerm = this.term(index);
    this.offset = index;
  }

  /**
   * Largest (index, term) at or below `index` whose term is at most `term` (findConflictByTerm).
   */
  findConflictByTerm(index: number, term: number): number {
    if (index > this.lastIndex) return index; // unknown to us: assume a possible match
    let at = index;
    while (at > this.offset && this.terms[at & this.mask] > term) at--;
    return at === this.offset && this.offset > 0 && this.offsetTerm > term ? at - 1 : at;
  }

  private grow(): void {
    const mask = this.mask * 2 + 1;
    const proposals = new Int32Array(mask + 1);
    const sizes = new Int32Array(mask + 1);
    const terms = new Int32Array(mask + 1);
    for (let index = this.offset + 1; index <= this.lastIndex; index++) {
      proposals[index & mask] = this.proposals[index & this.mask];
      sizes[index & mask] = this.sizes[index & this.mask];
      terms[index & mask] = this.terms[index & this.mask];
    }
    this.proposals = proposals;
    this.sizes = sizes;
    this.terms = terms;
    this.mask = mask;
  }
}
