/** Counts of an import: what was read, what became of it, and why the rest was left out. */

import type { Place } from './documents.ts';

export interface ImportNote {
  readonly level: 'error' | 'warning';
  readonly file: string;
  /** 'object 17 (Pod default/web-1)', 'line 5', or ''. */
  readonly where: string;
  readonly message: string;
  readonly hint: string;
}

export interface KindCount {
  readonly kind: string;
  readonly read: number;
  /** Became a part of the scenario. */
  readonly used: number;
  /** Bytes of all of them. */
  readonly bytes: number;
  /** Reasons, with how many were left out for each. */
  readonly skipped: readonly { readonly reason: string; readonly count: number }[];
}

/** Notes of one reason; more are counted in the last of them. */
const NOTES_PER_REASON_MAX = 5;

interface Counting {
  read: number;
  used: number;
  bytes: number;
  skipped: Map<string, number>;
}

export class Tally {
  readonly #kinds = new Map<string, Counting>();
  readonly #notes: ImportNote[] = [];
  readonly #byReason = new Map<string, number>();

  read(kind: string, bytes: number, count = 1): void {
    const counting = this.#of(kind);
    counting.read += count;
    counting.bytes += bytes;
  }

  used(kind: string, count = 1): void {
    this.#of(kind).used += count;
  }

  skipped(kind: string, reason: string, count = 1): void {
    const { skipped } = this.#of(kind);
    skipped.set(reason, (skipped.get(reason) ?? 0) + count);
  }

  /** Skips an object for something that is wrong with it. */
  refuse(kind: string, reason: string, place: Place, name: string, detail = ''): void {
    this.skipped(kind, reason);
    this.note('warning', place, `${kind} ${name}`, reason, detail, 'The object is left out.');
  }

  note(
    level: ImportNote['level'],
    place: Place,
    object: string,
    reason: string,
    detail = '',
    hint = '',
  ): void {
    const count = (this.#byReason.get(reason) ?? 0) + 1;
    this.#byReason.set(reason, count);
    if (count > NOTES_PER_REASON_MAX) return;
    const line = place.line > 0 ? `line ${place.line}` : '';
    const index = place.index > 0 ? `object ${place.index}` : '';
    const at = [line, index].filter((text) => text !== '').join(', ');
    const where = object === '' ? at : at === '' ? object : `${at} (${object})`;
    const message = detail === '' ? reason : `${reason}: ${detail}`;
    this.#notes.push({ level, file: place.file, where, message, hint });
  }

  get notes(): readonly ImportNote[] {
    const more: ImportNote[] = [];
    for (const [reason, count] of this.#byReason) {
      if (count <= NOTES_PER_REASON_MAX) continue;
      const message = `and ${count - NOTES_PER_REASON_MAX} more: ${reason}`;
      more.push({ level: 'warning', file: '', where: '', message, hint: '' });
    }
    return [...this.#notes, ...more];
  }

  /** By kind, in code-unit order. */
  get kinds(): readonly KindCount[] {
    const names = [...this.#kinds.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return names.map((kind) => {
      const { read, used, bytes, skipped } = this.#of(kind);
      const reasons = [...skipped].map(([reason, count]) => ({ reason, count }));
      return { kind, read, used, bytes, skipped: reasons };
    });
  }

  #of(kind: string): Counting {
    let counting = this.#kinds.get(kind);
    if (counting === undefined) {
      counting = { read: 0, used: 0, bytes: 0, skipped: new Map() };
      this.#kinds.set(kind, counting);
    }
    return counting;
  }
}
