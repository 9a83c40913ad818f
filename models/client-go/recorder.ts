/**
 * Events of a component: client-go tools/record. What repeats is counted in the event that is there
 * (a PATCH), many different messages become one, and each object has a budget; what is left is sent
 * one after the other, and lost where 1000 wait already.
 *
 * Left out: the message's text (its identity counts), series of events.k8s.io, sinks other than the
 * API.
 * Sources: client-go tools/record/event.go (12 tries, 10 s apart), events_cache.go.
 */
import type { Counter } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import {
  type ApiCall,
  type ApiResult,
  type EventRecord,
  type KubeObject,
  metaOf,
  resourceInfo,
  type Uids,
} from '../objects/index.ts';
import { keyOf } from './keys.ts';
import type { ComponentProcess } from './process.ts';
import { isSuccess } from './results.ts';
import type { ApiClient, EventRecorder } from './types.ts';

/** events_cache.go: maxLruCacheEntries, aggregation, spam filter. */
const CACHE_ENTRIES = 4096;
const SIMILAR_MAX = 10;
const SIMILAR_NS = 600e9;
const SPAM_BURST = 25;
const SPAM_TOKEN_NS = 300e9;
/** record.go: maxQueuedEvents, maxTriesPerEvent, defaultSleepDuration. */
const QUEUE_MAX = 1000;
const TRIES_MAX = 12;
const SLEEP_NS = 10e9;

/** The last of an event that was sent, or is to be. */
interface Known {
  readonly namespace: string;
  readonly name: string;
  count: number;
}

interface Similar {
  readonly message: string;
  /** Those that differ from it; null while there are none. */
  others: Set<string> | null;
  lastNs: number;
}

interface Budget {
  /** When its bucket is full again. */
  fullNs: number;
}

interface Item {
  readonly regarding: KubeObject;
  readonly reason: string;
  readonly known: Known;
  /** Counted already: a PATCH. */
  isRepeat: boolean;
  tries: number;
}

export class Recorder implements EventRecorder {
  readonly #ctx: ModelContext;
  readonly #uids: Uids;
  readonly #client: ApiClient;
  readonly #draw: (counter: number) => number;
  readonly #sleep: (delayNs: number, life: number) => void;
  readonly #dropped: Counter;
  readonly #known = new Map<string, Known>();
  readonly #similar = new Map<string, Similar>();
  /** By uid. */
  readonly #budgets = new Map<number, Budget>();
  #queue: Item[] = [];
  #isSending = false;
  #life = 0;
  #draws = 0;

  constructor(
    ctx: ModelContext,
    uids: Uids,
    client: ApiClient,
    process: ComponentProcess | null,
    o: {
      readonly draw: (seed: number, counter: number) => number;
      /** Calls `wake` with the life after the delay. */
      readonly sleep: (delayNs: number, life: number) => void;
    },
  ) {
    this.#ctx = ctx;
    this.#uids = uids;
    this.#client = client;
    const seed = keyOf(`${client.name}/events`);
    this.#draw = (counter) => o.draw(seed, counter);
    this.#sleep = o.sleep;
    const component = client.name.split('/')[0];
    this.#dropped = ctx.metrics.counter('wavetank_events_dropped_total', { component });
    process?.onStop(() => this.#clear());
  }

  /** Events that wait to be sent. */
  get length(): number {
    return this.#queue.length;
  }

  /** @internal A pause is over. */
  wake(life: number): void {
    if (life === this.#life) this.#send();
  }

  record(regarding: KubeObject, reason: string, message = ''): void {
    const { uid } = regarding.meta;
    const key = this.#aggregated(`${uid}/${reason}`, message);
    if (!this.#isWithinBudget(uid)) {
      this.#dropped.add(1);
      return;
    }
    const before = this.#known.get(key);
    const known = before ?? this.#name(regarding);
    known.count++;
    touch(this.#known, key, known, before === undefined);
    if (this.#queue.length >= QUEUE_MAX) {
      this.#dropped.add(1);
      return;
    }
    const isRepeat = before !== undefined;
    this.#queue.push({ regarding, reason, known, isRepeat, tries: 0 });
    if (!this.#isSending) this.#send();
  }

  /** What events are one: with the message, or for all where more than ten differ. */
  #aggregated(key: string, message: string): string {
    const { nowNs } = this.#ctx.sim;
    const before = this.#similar.get(key);
    let similar = before;
    if (similar === undefined || nowNs - similar.lastNs > SIMILAR_NS) {
      similar = { message, others: null, lastNs: nowNs };
    }
    similar.lastNs = nowNs;
    if (message !== similar.message) {
      similar.others ??= new Set();
      similar.others.add(message);
    }
    touch(this.#similar, key, similar, before === undefined);
    if (similar.others !== null && similar.others.size + 1 >= SIMILAR_MAX)
      return `${key}//combined`;
    return message === '' ? key : `${key}/${message}`;
  }

  #isWithinBudget(uid: number): boolean {
    const { nowNs } = this.#ctx.sim;
    const before = this.#budgets.get(uid);
    const budget = before ?? { fullNs: 0 };
    touch(this.#budgets, uid, budget, before === undefined);
    if (budget.fullNs - SPAM_TOKEN_NS * (SPAM_BURST - 1) > nowNs) return false;
    budget.fullNs = Math.max(budget.fullNs, nowNs) + SPAM_TOKEN_NS;
    return true;
  }

  #name(regarding: KubeObject): Known {
    const namespace = regarding.meta.namespace || 'default';
    return { namespace, name: `${regarding.meta.name}.${this.#uids.next()}`, count: 0 };
  }

  #send(): void {
    const item = this.#queue[0];
    this.#isSending = item !== undefined;
    if (item === undefined) return;
    const life = this.#life;
    this.#client.call(this.#callOf(item), (result) => {
      if (life === this.#life) this.#sent(item, result);
    });
  }

  /** Refusals are final; where nobody answered, or the server failed, it is tried again. */
  #sent(item: Item, result: ApiResult): void {
    item.tries++;
    const isFinal = isSuccess(result) || (result.code >= 400 && result.code < 500);
    if (result.code === 404 && item.isRepeat) {
      item.isRepeat = false;
      this.#send();
      return;
    }
    if (!isFinal && item.tries < TRIES_MAX) {
      // The first pause is random, so that restarts of a server are not met by all at once.
      const share = item.tries === 1 ? this.#draw(this.#draws++) : 1;
      this.#sleep(Math.round(SLEEP_NS * share), this.#life);
      return;
    }
    if (!isSuccess(result)) this.#dropped.add(1);
    this.#queue.shift();
    this.#send();
  }

  #callOf(item: Item): ApiCall {
    const { known } = item;
    const path = `${known.namespace}/${known.name}`;
    const { count } = known;
    if (item.isRepeat) {
      return {
        verb: 'patch',
        resource: 'events',
        path,
        bodyBytes: 100,
        mutate: (current) => {
          const event = current as EventRecord; // A patch of events gets one.
          return event.count >= count ? current : withCount(event, count);
        },
      };
    }
    return { verb: 'create', resource: 'events', path, object: this.#event(item, count) };
  }

  #event(item: Item, count: number): EventRecord {
    const { regarding, known, reason } = item;
    const { resource } = regarding;
    return {
      resource: 'events',
      meta: metaOf(this.#uids, this.#ctx.sim.nowNs, known),
      bytes: resourceInfo('events').typicalBytes,
      resourceVersion: 0,
      reason,
      regarding: { resource, path: regarding.meta.path },
      count,
    };
  }

  #clear(): void {
    this.#life++;
    this.#queue = [];
    this.#isSending = false;
    this.#known.clear();
    this.#similar.clear();
    this.#budgets.clear();
  }
}

function withCount(event: EventRecord, count: number): EventRecord {
  return { ...event, resourceVersion: 0, count };
}

/** Puts it last, and forgets the one that was used longest ago where there are too many. */
function touch<K, V>(map: Map<K, V>, key: K, value: V, isNew: boolean): void {
  if (!isNew) map.delete(key);
  map.set(key, value);
  if (map.size <= CACHE_ENTRIES) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
