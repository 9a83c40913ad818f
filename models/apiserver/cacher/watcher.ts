/**
 * One watch: its buffer, and the goroutine that encodes and writes what is in it (pkg/storage/
 * cacher/cache_watcher.go, pkg/endpoints/handlers/watch.go).
 *
 * One idea: what was true when it began (objects, or events since its resourceVersion) comes first
 * and waits nowhere; then what dispatch puts into the buffer. The goroutine takes all that is
 * there, up to a batch, with one piece of work. A watch that stands for `members` identical ones
 * costs that many, spread over the cores, and is told when the last of them would have been.
 */
import { dropFirst } from '../../../src/core/index.ts';
import type { KeyEvent } from '../../etcd/index.ts';
import type { KubeObject, WatchEvent, WatchSink } from '../../objects/index.ts';
import { currentOf, encodesFirst, makeEvent, previousOf, watchEvent } from './event-view.ts';
import { inScope, type Scope } from './scope.ts';
import type { CacheWatch } from './types.ts';

/** Events of one piece of work: buffered ones, and objects of the beginning. */
const BATCH_EVENTS = 16;
const BATCH_OBJECTS = 256;
/** Frame and type of an event besides its object. */
const EVENT_BYTES = 40;
const BOOKMARK_BYTES = 200;

/** What a watcher needs of the cache that it watches. */
export interface WatcherHost {
  readonly replica: number;
  readonly json: boolean;
  readonly costs: {
    readonly watcherNs: number;
    readonly watcherBatchNs: number;
    readonly sendByteNs: number;
    encode(bytes: number, json: boolean): number;
  };
  /** Work of this watcher; `onDone` of it comes. */
  execute(watcher: CacheWatcher, workNs: number): void;
  /** There is room in its buffer again. */
  onRoom(watcher: CacheWatcher): void;
  /** It is over: take it out. */
  remove(watcher: CacheWatcher): void;
  /** So many events were sent. */
  count(events: number, bytes: number): void;
}

/** What a new watch asks for. */
export interface WatchStart {
  readonly scope: Scope;
  readonly sink: WatchSink;
  readonly members: number;
  readonly deadlineNs: number;
  readonly bookmarks: boolean;
  /** After the objects of the beginning comes the bookmark that says so (WatchList). */
  readonly endsInitial: boolean;
}

/** What its cache gives it to begin with. */
export interface WatchBeginning {
  /** State at the beginning, as ADDED; null where it begins with a resourceVersion. */
  readonly objects: readonly KubeObject[] | null;
  readonly objectsRevision: number;
  /** Changes up to here are in the beginning. */
  readonly revision: number;
  /** Changes since its resourceVersion. */
  readonly events: readonly KeyEvent[];
  /** Places in its two channels. */
  readonly bufferSize: number;
}

export class CacheWatcher implements CacheWatch {
  readonly scope: Scope;
  readonly members: number;
  readonly deadlineNs: number;
  readonly bookmarks: boolean;
  /** Changes up to here are none of dispatch's business. */
  readonly fromRevision: number;
  /** Where its cache keeps it; of no meaning to itself. */
  slot = -1;
  isOpen = true;
  resourceVersion: number;
  readonly #host: WatcherHost;
  readonly #sink: WatchSink;
  readonly #bufferSize: number;
  #objects: readonly KubeObject[] | null;
  #objectsAt = 0;
  readonly #objectsRevision: number;
  #endsInitial: boolean;
  /** What dispatch gave, or the beginning: an event, and what it comes from (null: a bookmark). */
  #pending: WatchEvent[] = [];
  #sources: (KeyEvent | null)[] = [];
  #head = 0;
  /** Events of the beginning among them: they take no room. */
  #free = 0;
  #isBusy = false;
  #sending: WatchEvent[] = [];
  #sendingBytes = 0;

  constructor(host: WatcherHost, start: WatchStart, beginning: WatchBeginning) {
    const { objects, objectsRevision, revision, events, bufferSize } = beginning;
    this.#host = host;
    this.scope = start.scope;
    this.#sink = start.sink;
    this.members = start.members;
    this.deadlineNs = start.deadlineNs;
    this.bookmarks = start.bookmarks;
    this.fromRevision = revision;
    this.resourceVersion = objects === null ? 0 : objectsRevision;
    this.#bufferSize = bufferSize;
    this.#objects = objects;
    this.#objectsRevision = objectsRevision;
    this.#endsInitial = start.endsInitial;
    for (const event of events) this.offer(event);
    this.#free = this.#pending.length;
  }

  /** Begins to send. */
  start(): void {
    this.#next();
  }

  /** Events in its buffer. */
  get buffered(): number {
    return Math.max(0, this.#pending.length - this.#head - this.#free);
  }

  get isFull(): boolean {
    return this.buffered >= this.#bufferSize;
  }

  /** The change, as this watcher sees it; false: it does not. */
  offer(event: KeyEvent): boolean {
    const value = currentOf(event);
    const previous = previousOf(event);
    const { fieldSelector } = this.scope;
    if (fieldSelector !== null && fieldSelector.field === 'metadata.name') {
      // Both versions are of one name: most of what a watch of one object looks at ends here.
      const either = value ?? previous;
      if (either !== null && either.meta.name !== fieldSelector.value) return false;
    }
    const isIn = value !== null && inScope(this.scope, value);
    const wasIn = previous !== null && inScope(this.scope, previous);
    if (!isIn && !wasIn) return false;
    const type = !isIn ? 'DELETED' : wasIn ? 'MODIFIED' : 'ADDED';
    this.#put(watchEvent(event, type), event);
    return true;
  }

  /** Dropped where the buffer is full, or before the beginning is over. */
  offerBookmark(bookmark: WatchEvent): void {
    if (this.isFull || this.#objects !== null) return;
    if (bookmark.resourceVersion >= this.fromRevision) this.#put(bookmark, null);
  }

  /** Into the buffer, or at once to the goroutine where that is idle and nothing waits. */
  #put(event: WatchEvent, source: KeyEvent | null): void {
    const isIdle = !this.#isBusy && this.slot >= 0;
    if (isIdle && this.isOpen && this.#objects === null && this.#head === this.#pending.length) {
      const { costs } = this.#host;
      this.#sending = [event];
      this.#isBusy = true;
      const workNs = costs.watcherNs - costs.watcherBatchNs + this.#workNs(event, source);
      this.#host.execute(this, workNs + this.#onceNs(event, source));
      return;
    }
    this.#pending.push(event);
    this.#sources.push(source);
    if (isIdle) this.#next();
  }

  /** CPU of one event for each member; its bytes are added to what is sent. */
  #workNs(event: WatchEvent, source: KeyEvent | null): number {
    const { costs } = this.#host;
    const copies = source === null ? 1 : source.copies;
    const objectBytes = event.object === null ? 0 : event.object.bytes;
    const bytes = source === null ? BOOKMARK_BYTES : objectBytes + EVENT_BYTES;
    this.#sendingBytes += bytes * copies;
    return (costs.watcherBatchNs + bytes * costs.sendByteNs) * copies;
  }

  /** What the first of several members encodes, the others share: CPU of a member, on average. */
  #onceNs(event: WatchEvent, source: KeyEvent | null): number {
    const { costs, json, replica } = this.#host;
    if (source === null || event.object === null || !encodesFirst(source, replica)) return 0;
    return (costs.encode(event.object.bytes, json) * source.copies) / this.members;
  }

  stop(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#host.remove(this);
    this.#pending = [];
    this.#sources = [];
    this.#objects = null;
  }

  /** The server ends it. */
  terminate(reason: string): void {
    if (!this.isOpen) return;
    this.stop();
    this.#sink.end(reason);
  }

  // --- The goroutine ----------------------------------------------------------------------------

  #next(): void {
    if (!this.isOpen || this.#isBusy) return;
    let workNs = 0;
    if (this.#objects !== null) workNs = this.#takeObjects(this.#objects);
    else if (this.#head < this.#pending.length) workNs = this.#takeEvents();
    else return;
    this.#isBusy = true;
    this.#host.execute(this, workNs);
  }

  /** A piece of work ended. */
  onDone(): void {
    this.#isBusy = false;
    if (!this.isOpen) return;
    const events = this.#sending;
    const bytes = this.#sendingBytes;
    this.#sending = [];
    this.#sendingBytes = 0;
    if (events.length > 0) {
      this.resourceVersion = events[events.length - 1].resourceVersion;
      this.#host.count(events.length * this.members, bytes * this.members);
      if (!this.#sink.send(events, bytes)) {
        this.stop();
        return;
      }
    }
    this.#next();
    if (this.isOpen && !this.isFull) this.#host.onRoom(this);
  }

  /** Objects of the beginning, each encoded for this watch alone. */
  #takeObjects(objects: readonly KubeObject[]): number {
    const { costs, json } = this.#host;
    const end = Math.min(objects.length, this.#objectsAt + BATCH_OBJECTS);
    let workNs = 0;
    for (; this.#objectsAt < end; this.#objectsAt++) {
      const object = objects[this.#objectsAt];
      const bytes = object.bytes + EVENT_BYTES;
      workNs += costs.watcherBatchNs + costs.encode(object.bytes, json) + bytes * costs.sendByteNs;
      this.#sendingBytes += bytes;
      this.#sending.push(makeEvent('ADDED', object, object.resourceVersion));
    }
    if (end === objects.length) {
      this.#objects = null;
      if (this.#endsInitial) {
        this.#endsInitial = false;
        workNs += costs.watcherNs;
        this.#sendingBytes += BOOKMARK_BYTES;
        this.#sending.push(makeEvent('BOOKMARK', null, this.#objectsRevision, true));
      }
    }
    return workNs;
  }

  #takeEvents(): number {
    const { costs } = this.#host;
    const end = Math.min(this.#pending.length, this.#head + BATCH_EVENTS);
    let workNs = costs.watcherNs - costs.watcherBatchNs;
    let onceNs = 0;
    for (let i = this.#head; i < end; i++) {
      workNs += this.#workNs(this.#pending[i], this.#sources[i]);
      onceNs += this.#onceNs(this.#pending[i], this.#sources[i]);
    }
    this.#sending = this.#pending.slice(this.#head, end);
    this.#free = Math.max(0, this.#free - (end - this.#head));
    this.#head = end;
    if (this.#head === this.#pending.length || this.#head >= 1024) {
      dropFirst(this.#pending, this.#head);
      dropFirst(this.#sources, this.#head);
      this.#head = 0;
    }
    return workNs + onceNs;
  }
}
