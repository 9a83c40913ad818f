/**
 * Memory of one server: what it needs anyway, its watch caches, its watches, and responses under
 * way. Looked at once a second; large lists count at once, and until they have been encoded and
 * sent: the bytes of the answer, unless it is encoded item by item (1.33), and what was decoded
 * where it did not come from the cache.
 */
import { NS_PER_S, type Simulation } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Costs } from './costs.ts';
import type { ServerProcess } from './server-process.ts';
import type { ReplicaStorage } from './storage/types.ts';
import type { WatchTable } from './watches.ts';

const PERIOD_NS = NS_PER_S;
/** Responses below do not show. */
const HELD_BYTES_MIN = 1e6;

export class ServerMemory {
  readonly #sim: Simulation;
  readonly #process: ServerProcess;
  readonly #storage: ReplicaStorage;
  readonly #watches: WatchTable;
  readonly #baseBytes: number;
  readonly #cacheRatio: number;
  readonly #watchBytes: number;
  readonly #bytesPerSecond: number;
  readonly #streamingLists: boolean;
  readonly #lookType: number;
  readonly #freeType: number;
  /** Of responses under way; freed in units of kilobytes, as events carry 32 bits. */
  #heldBytes = 0;

  constructor(
    ctx: ModelContext,
    process: ServerProcess,
    storage: ReplicaStorage,
    watches: WatchTable,
    costs: Costs,
    o: { readonly streamingLists: boolean },
  ) {
    this.#streamingLists = o.streamingLists;
    this.#sim = ctx.sim;
    this.#process = process;
    this.#storage = storage;
    this.#watches = watches;
    this.#baseBytes = costs.get('baseMemoryBytes');
    this.#cacheRatio = costs.get('cacheMemoryRatio');
    this.#watchBytes = costs.get('watchMemoryBytes');
    this.#bytesPerSecond = costs.responseBytesPerSecond;
    this.#lookType = ctx.sim.eventType(`${process.name}/memory`, (life) => {
      if (life === this.#process.life && this.#process.alive) this.#look();
    });
    this.#freeType = ctx.sim.eventType(`${process.name}/memoryFree`, (kilobytes, life) => {
      if (life === this.#process.life && this.#process.alive) this.#free(kilobytes);
    });
  }

  start(): void {
    this.#heldBytes = 0;
    this.#look();
  }

  /** A list of so many bytes is being made; what it takes, in kilobytes, until it was `sent`. */
  hold(listBytes: number, fromCache: boolean): number {
    const encoded = this.#streamingLists ? 0 : listBytes;
    const bytes = encoded + (fromCache ? 0 : listBytes * this.#cacheRatio);
    if (bytes < HELD_BYTES_MIN) return 0;
    const kilobytes = Math.ceil(bytes / 1000);
    this.#heldBytes += kilobytes * 1000;
    this.#process.setMemory(this.#bytes());
    return kilobytes;
  }

  /** It is encoded, and goes out now: `kilobytes` are free when the last of it has been sent. */
  send(listBytes: number, kilobytes: number): void {
    const forNs = Math.ceil((listBytes / this.#bytesPerSecond) * NS_PER_S);
    this.#sim.schedule(forNs, this.#freeType, kilobytes, this.#process.life);
  }

  #free(kilobytes: number): void {
    this.#heldBytes -= kilobytes * 1000;
    this.#process.setMemory(this.#bytes());
  }

  #look(): void {
    this.#sim.schedule(PERIOD_NS, this.#lookType, this.#process.life, 0);
    this.#process.setMemory(this.#bytes());
  }

  #bytes(): number {
    const cache = this.#storage.cacheBytes * this.#cacheRatio;
    return this.#baseBytes + cache + this.#watches.count * this.#watchBytes + this.#heldBytes;
  }
}
