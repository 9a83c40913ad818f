/**
 * Watch responses on their way from a member to a client: a chunk is what a stream's send loop
 * framed with one piece of work. Pooled; a reused chunk has a new generation.
 */

import { assert } from '../../src/core/index.ts';
import type { WatchStream } from './watch-stream.ts';

/** What a run of equal responses says. */
export const ResponseKind = { events: 0, progress: 1, compacted: 2 } as const;

export class WatchChunk {
  readonly slot: number;
  generation = 0;
  stream: WatchStream | null = null;
  /** Responses, one a watcher and batch; bytes and events of all of them. */
  responses = 0;
  bytes = 0;
  events = 0;
  /** Runs: `counts[i]` watchers were each sent rows froms[i]..tos[i] of the history. */
  runs = 0;
  readonly kinds: number[] = [];
  readonly counts: number[] = [];
  readonly froms: number[] = [];
  readonly tos: number[] = [];
  /** Revision of the header: the watcher has seen everything up to it. */
  readonly revisions: number[] = [];

  constructor(slot: number) {
    this.slot = slot;
  }

  add(kind: number, count: number, from: number, to: number, revision: number): void {
    const i = this.runs++;
    this.kinds[i] = kind;
    this.counts[i] = count;
    this.froms[i] = from;
    this.tos[i] = to;
    this.revisions[i] = revision;
    this.responses += count;
  }
}

export class WatchChunks {
  readonly #all: WatchChunk[] = [];
  readonly #free: WatchChunk[] = [];

  acquire(stream: WatchStream): WatchChunk {
    const chunk = this.#free.pop() ?? this.#create();
    chunk.stream = stream;
    return chunk;
  }

  /** The chunk of a message; null where it was given back meanwhile. */
  find(slot: number, generation: number): WatchChunk | null {
    const chunk = this.#all[slot];
    return chunk.generation === generation ? chunk : null;
  }

  release(chunk: WatchChunk): void {
    assert(chunk.stream !== null, 'a watch chunk was released twice');
    chunk.stream = null;
    chunk.generation = (chunk.generation + 1) | 0;
    chunk.responses = 0;
    chunk.bytes = 0;
    chunk.events = 0;
    chunk.runs = 0;
    this.#free.push(chunk);
  }

  #create(): WatchChunk {
    const chunk = new WatchChunk(this.#all.length);
    this.#all.push(chunk);
    return chunk;
  }
}
