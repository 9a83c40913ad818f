/**
 * LIST and WATCH of one resource, as stale as its watch, for ever: client-go tools/cache Reflector.
 *
 * A list is a streamed one (WatchList) or pages; then a watch from the list's version, with a
 * timeout at the server drawn anew each time, and again from the last version seen. 410 Gone makes
 * it list again; whatever else fails waits for the back-off (800 ms x 2 to 30 s, up to twice that
 * by jitter, forgotten after 2 min) and lists again, but for a refused connection or 429, after
 * which the watch alone is tried again.
 *
 * Left out: resync (it does not touch the server), transformers, retries of internal errors.
 * Sources: client-go tools/cache/reflector.go, KEP-3157.
 */
import { assert, HORIZON_NS_MAX } from '../../src/core/index.ts';
import type { ApiCall, ApiResult, KubeObject, ResourceName, WatchEvent } from '../objects/index.ts';
import type { LibraryClient, OpenedWatch } from './client.ts';
import { keyOf } from './keys.ts';
import type { ClientLibrary } from './library.ts';
import type { ComponentProcess } from './process.ts';
import type { WatchHandler } from './request.ts';
import { isSuccess } from './results.ts';
import type { InformerOptions, Reflector, ReflectorSink } from './types.ts';

const BACKOFF_FIRST_NS = 800e6;
const BACKOFF_MAX_NS = 30e9;
const BACKOFF_FORGET_NS = 120e9;
/** minWatchTimeout: drawn from 5 to 10 minutes. */
const WATCH_TIMEOUT_NS = 300e9;
/** tools/pager: pages of a consistent list. */
const PAGE = 500;
/** A watch that ends within a second without an event is an error. */
const SHORT_WATCH_NS = 1e9;

type WatchCall = { -readonly [K in keyof ApiCall]: ApiCall[K] };

type State = 'stopped' | 'listing' | 'streaming' | 'watching' | 'sleeping';

export interface ReflectorParts {
  readonly client: LibraryClient;
  readonly resource: ResourceName;
  readonly options: InformerOptions;
  readonly sink: ReflectorSink;
  /** Holds up its timers while it is frozen. */
  readonly process: ComponentProcess | null;
}

export class ListWatcher implements Reflector, WatchHandler {
  readonly resource: ResourceName;
  hasSynced = false;
  resourceVersion = 0;
  /** Lists that were begun, and watches: for tests and counts. */
  lists = 0;
  watches = 0;
  readonly #library: ClientLibrary;
  readonly #parts: ReflectorParts;
  readonly #index: number;
  readonly #seed: number;
  #state: State = 'stopped';
  /** Raised whenever what is under way becomes void. */
  #life = 0;
  #draws = 0;
  #backoffNs = 0;
  #backoffAtNs = -BACKOFF_FORGET_NS - 1;
  #opened: OpenedWatch | null = null;
  #openedNs = 0;
  #eventCount = 0;
  /** The server has no such version as the last one, or not any more: list without it. */
  #isExpired = false;
  /** After the back-off only the watch is tried again. */
  #watchOnly = false;
  /** Pages, or initial events, until they are complete. */
  #items: Map<string, KubeObject> | null = null;
  #itemBytes = 0;

  constructor(library: ClientLibrary, index: number, parts: ReflectorParts) {
    this.resource = parts.resource;
    this.#library = library;
    this.#index = index;
    this.#parts = parts;
    this.#seed = keyOf(`${parts.client.name}/${parts.resource}`);
  }

  start(preloaded: boolean): void {
    assert(this.#state === 'stopped', `a reflector of ${this.resource} is started twice`);
    this.#life++;
    this.hasSynced = false;
    this.resourceVersion = 0;
    this.#isExpired = false;
    this.#standInLater();
    if (preloaded) this.#preload();
    else this.#list();
  }

  stop(): void {
    this.#life++;
    this.#state = 'stopped';
    this.#opened?.stop();
    this.#opened = null;
    this.#items = null;
  }

  /** @internal The back-off is over. */
  wake(life: number): void {
    if (life !== this.#life || this.#state !== 'sleeping') return;
    const { process } = this.#parts;
    if (process?.defer(this.#library.reflectorType, this.#index, life)) return;
    if (this.#watchOnly) this.#watch(false);
    else this.#list();
  }

  // --- WatchHandler ------------------------------------------------------------------------------

  onOpen(result: ApiResult): void {
    if (isSuccess(result)) {
      this.#openedNs = this.#library.ctx.sim.nowNs;
      this.#eventCount = 0;
      return;
    }
    this.#opened = null;
    if (hasNoSuchVersion(result)) this.#expired();
    else {
      const watchOnly = result.reason === 'Refused' || result.code === 429;
      this.#sleep(watchOnly && this.#state === 'watching');
    }
  }

  onEvents(events: readonly WatchEvent[]): void {
    this.#eventCount += events.length;
    if (this.#state === 'streaming') {
      this.#initialEvents(events);
      return;
    }
    const changes = events.every(isChange) ? events : events.filter(isChange);
    const last = events[events.length - 1];
    if (last.type === 'ERROR') {
      if (changes.length > 0) this.#hand(changes);
      this.#opened?.stop();
      this.#opened = null;
      if (last.reason === 'Expired') this.#expired();
      else this.#sleep(false);
      return;
    }
    this.resourceVersion = last.resourceVersion;
    if (changes.length > 0) this.#hand(changes);
  }

  onEnd(_reason: string): void {
    this.#opened = null;
    const { process } = this.#parts;
    if (process?.isFrozen === true) {
      // It will see the end when it goes on.
      this.#watchOnly = this.#state === 'watching';
      this.#state = 'sleeping';
      process.defer(this.#library.reflectorType, this.#index, this.#life);
      return;
    }
    const { nowNs } = this.#library.ctx.sim;
    const short = nowNs - this.#openedNs < SHORT_WATCH_NS && this.#eventCount === 0;
    if (this.#state === 'streaming' || short) this.#sleep(false);
    else this.#watch(false);
  }

  // --- Listing -----------------------------------------------------------------------------------

  #preload(): void {
    const { options, sink } = this.#parts;
    const { items, resourceVersion } = this.#library.preloadedFor(this.resource, options);
    this.resourceVersion = resourceVersion;
    this.hasSynced = true;
    const life = this.#life;
    sink.replace(items, resourceVersion, -1);
    if (life === this.#life) this.#watch(true);
  }

  #list(): void {
    this.lists++;
    this.#items = new Map();
    this.#itemBytes = 0;
    if (this.#library.usesWatchList) this.#stream();
    else this.#page(0, 0);
  }

  #stream(): void {
    this.#state = 'streaming';
    const timeoutNs = this.#watchTimeoutNs();
    const call = this.#watchCall(this.#isExpired ? 0 : this.resourceVersion, timeoutNs);
    call.sendInitialEvents = true;
    call.consistency = this.#isExpired ? 'consistent' : 'notOlderThan';
    this.#open(call);
  }

  #initialEvents(events: readonly WatchEvent[]): void {
    this.#items ??= new Map();
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      if (event.type === 'ERROR') {
        this.#opened?.stop();
        this.#opened = null;
        if (event.reason === 'Expired') this.#expired();
        else this.#sleep(false);
        return;
      }
      if (event.object === null) {
        if (!event.initialEventsEnd) continue;
        const life = this.#life;
        this.#state = 'watching';
        this.#complete(event.resourceVersion, this.#itemBytes);
        if (life === this.#life && i + 1 < events.length) this.onEvents(events.slice(i + 1));
        return;
      }
      this.#itemBytes += event.object.bytes;
      if (event.type === 'DELETED') this.#items.delete(event.object.meta.path);
      else this.#items.set(event.object.meta.path, event.object);
    }
  }

  #page(continueAt: number, resourceVersion: number): void {
    this.#state = 'listing';
    const life = this.#life;
    const call = this.#listCall();
    const page =
      continueAt > 0
        ? { ...call, limit: PAGE, consistency: 'exact' as const, continueAt, resourceVersion }
        : { ...call, ...this.#freshness() };
    this.#parts.client.call(page, (result) => {
      if (life === this.#life) this.#listed(result);
    });
  }

  /** Nothing is older than what was seen before; after 410 the newest, in pages. */
  #freshness(): Partial<ApiCall> {
    if (this.#isExpired) return { consistency: 'consistent', limit: PAGE };
    const resourceVersion = this.resourceVersion;
    return { consistency: resourceVersion === 0 ? 'any' : 'notOlderThan', resourceVersion };
  }

  #listed(result: ApiResult): void {
    if (!isSuccess(result)) {
      if (hasNoSuchVersion(result)) this.#expired();
      else this.#sleep(false);
      return;
    }
    this.#items ??= new Map();
    for (const item of result.items ?? []) this.#items.set(item.meta.path, item);
    if (result.continueAt > 0) {
      this.#page(result.continueAt, result.resourceVersion);
      return;
    }
    const life = this.#life;
    this.#complete(result.resourceVersion, 0);
    if (life === this.#life) this.#watch(false);
  }

  #complete(resourceVersion: number, bytes: number): void {
    const items = this.#items === null ? [] : [...this.#items.values()];
    this.#items = null;
    this.#isExpired = false;
    this.resourceVersion = resourceVersion;
    this.hasSynced = true;
    this.#parts.sink.replace(items, resourceVersion, bytes);
  }

  // --- Cohorts: members > 1 --------------------------------------------------------------------

  /**
   * The watches of a cohort end at times of their own, so its one watch never does; in place of the
   * member whose turn it is, a watch is opened and closed.
   */
  #standInLater(): void {
    const { members = 1 } = this.#parts.options;
    if (members <= 1) return;
    const meanNs = (1.5 * WATCH_TIMEOUT_NS) / members;
    const delayNs = Math.round(meanNs * (0.5 + this.#draw()));
    this.#library.ctx.sim.schedule(delayNs, this.#library.standInType, this.#index, this.#life);
  }

  /** @internal The turn of a member of a cohort. */
  standIn(life: number): void {
    if (life !== this.#life) return;
    this.#standInLater();
    if (this.#state !== 'watching' || this.#opened === null) return;
    const { client } = this.#parts;
    const call = this.#watchCall(this.resourceVersion, this.#drawnTimeoutNs());
    call.members = 1;
    const watch = client.watch(
      call,
      {
        onOpen: () => watch.stop(),
        onEvents: () => {},
        onEnd: () => {},
      },
      'unlimited',
    );
  }

  // --- Watching ----------------------------------------------------------------------------------

  #watch(preloaded: boolean): void {
    this.#state = 'watching';
    const timeoutNs = preloaded ? this.#residualTimeoutNs() : this.#watchTimeoutNs();
    this.#open(this.#watchCall(this.resourceVersion, timeoutNs), preloaded);
  }

  #open(call: ApiCall, preloaded = false): void {
    this.watches++;
    const life = this.#life;
    const opened = this.#parts.client.watch(call, this, preloaded ? 'preloaded' : 'limited');
    if (life === this.#life && this.#state !== 'sleeping') this.#opened = opened;
  }

  #hand(events: readonly WatchEvent[]): void {
    this.#parts.sink.events(events);
  }

  #expired(): void {
    this.#isExpired = this.#state !== 'watching';
    this.#sleep(false);
  }

  #sleep(watchOnly: boolean): void {
    const { sim } = this.#library.ctx;
    this.#state = 'sleeping';
    this.#watchOnly = watchOnly;
    if (sim.nowNs - this.#backoffAtNs > BACKOFF_FORGET_NS) this.#backoffNs = 0;
    this.#backoffAtNs = sim.nowNs;
    const doubled = Math.max(BACKOFF_FIRST_NS, 2 * this.#backoffNs);
    this.#backoffNs = Math.min(BACKOFF_MAX_NS, doubled);
    const delayNs = Math.round(this.#backoffNs * (1 + this.#draw()));
    sim.schedule(delayNs, this.#library.reflectorType, this.#index, this.#life);
  }

  #listCall(): ApiCall {
    const { namespace, labelSelector, fieldSelector, members } = this.#parts.options;
    return {
      verb: 'list',
      resource: this.resource,
      namespace,
      labelSelector,
      fieldSelector,
      members,
      wantItems: true,
    };
  }

  /** All fields at once: a copy to which some are added is a slow object in V8, one by one. */
  #watchCall(resourceVersion: number, timeoutNs: number): WatchCall {
    const { namespace, labelSelector, fieldSelector, members } = this.#parts.options;
    return {
      verb: 'watch',
      resource: this.resource,
      namespace,
      labelSelector,
      fieldSelector,
      members,
      resourceVersion,
      timeoutNs,
      sendInitialEvents: undefined,
      consistency: undefined,
    };
  }

  #watchTimeoutNs(): number {
    return (this.#parts.options.members ?? 1) > 1 ? HORIZON_NS_MAX : this.#drawnTimeoutNs();
  }

  #drawnTimeoutNs(): number {
    return Math.round(WATCH_TIMEOUT_NS * (1 + this.#draw()));
  }

  /** What is left of a watch that is met at a random moment: long ones are met more often. */
  #residualTimeoutNs(): number {
    if ((this.#parts.options.members ?? 1) > 1) return HORIZON_NS_MAX;
    const factor = Math.sqrt(1 + 3 * this.#draw());
    return Math.max(1, Math.round(WATCH_TIMEOUT_NS * factor * this.#draw()));
  }

  #draw(): number {
    return this.#library.draw(this.#seed, this.#draws++);
  }
}

/** Too old for the server, or newer than it is: etcd went back to a snapshot. */
function hasNoSuchVersion({ code, reason }: ApiResult): boolean {
  return code === 410 || (code === 504 && reason === 'ResourceVersionTooLarge');
}

function isChange(event: WatchEvent): boolean {
  return event.object !== null;
}
