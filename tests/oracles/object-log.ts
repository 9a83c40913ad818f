/** A log of objects, deep copied: what was there when, and what a watch must say of it. */
import type { KubeObject } from '../../models/objects/index.ts';

interface LogEntry {
  readonly revision: number;
  readonly path: string;
  /** null = deleted. */
  readonly object: KubeObject | null;
}

export interface ExpectedEvent {
  readonly type: string;
  readonly path: string;
  readonly revision: number;
  /** Contents, as JSON. */
  readonly text: string;
}

export class ObjectLog {
  #entries: LogEntry[] = [];

  add(revision: number, path: string, object: KubeObject | null): void {
    this.#entries.push({ revision, path, object: structuredClone(object) });
    this.#entries.sort((a, b) => a.revision - b.revision);
  }

  get last(): number {
    return this.#entries.at(-1)?.revision ?? 0;
  }

  /** Objects by path as they stood after this revision. */
  stateAt(revision: number): Map<string, KubeObject> {
    const state = new Map<string, KubeObject>();
    for (const entry of this.#entries) {
      if (entry.revision > revision) break;
      if (entry.object === null) state.delete(entry.path);
      else state.set(entry.path, entry.object);
    }
    return state;
  }

  /** What a watch after `revision` is told, up to `last`. */
  eventsAfter(
    revision: number,
    last: number,
    matches: (object: KubeObject) => boolean,
  ): ExpectedEvent[] {
    const state = this.stateAt(revision);
    const events: ExpectedEvent[] = [];
    for (const entry of this.#entries) {
      if (entry.revision <= revision || entry.revision > last) continue;
      const before = state.get(entry.path);
      const wasIn = before !== undefined && matches(before);
      const isIn = entry.object !== null && matches(entry.object);
      if (entry.object === null) state.delete(entry.path);
      else state.set(entry.path, entry.object);
      if (!wasIn && !isIn) continue;
      const type = isIn ? (wasIn ? 'MODIFIED' : 'ADDED') : 'DELETED';
      const object = (isIn ? entry.object : before) as KubeObject;
      events.push({ type, path: entry.path, revision: entry.revision, text: textOf(object) });
    }
    return events;
  }
}

export function textOf(object: KubeObject): string {
  return JSON.stringify({ ...object, resourceVersion: 0 });
}
