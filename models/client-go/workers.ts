/**
 * Workers of a controller: each takes a key from the queue, pays for one pass on the component's
 * cores, and runs `sync` to its end; then the key is forgotten, or comes back after its back-off.
 */
import type { Process, Waitable } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ComponentProcess } from './process.ts';
import type { ItemQueue } from './work-queue.ts';

/**
 * One pass over a key. Returns false where it failed: the key is added again, rate limited.
 * Anything else: its failures are forgotten. 'keep': neither (sync has asked the queue itself).
 */
export type Sync = Generator<number | Waitable, boolean | 'keep' | undefined, void>;

export interface WorkersOptions {
  readonly process: ComponentProcess;
  readonly queue: ItemQueue;
  readonly count: number;
  /** CPU of one pass before its first call; default `clientGo.syncNs`. */
  readonly costNs?: number;
  readonly sync: (key: string) => Sync;
}

export class Workers {
  readonly #options: WorkersOptions;
  readonly #costNs: number;
  #free: number;
  #isRunning = false;

  constructor(ctx: ModelContext, o: WorkersOptions) {
    this.#options = o;
    this.#costNs = o.costNs ?? ctx.constants.get('clientGo.syncNs');
    this.#free = o.count;
    o.queue.onItem(() => this.#take());
    o.process.onStop(() => this.stop());
  }

  /** Workers that have a key. */
  get busy(): number {
    return this.#options.count - this.#free;
  }

  /** They begin to take keys: once informers have synced, and the lock is held. */
  start(): void {
    this.#isRunning = true;
    this.#free = this.#options.count;
    this.#take();
  }

  /** Nothing more is taken; what is under way ends with the process. */
  stop(): void {
    this.#isRunning = false;
  }

  #take(): void {
    const { queue, process } = this.#options;
    while (this.#isRunning && this.#free > 0) {
      const key = queue.take();
      if (key === null) return;
      this.#free--;
      process.spawn(this.#pass(key), () => {
        this.#free++;
        this.#take();
      });
    }
  }

  *#pass(key: string): Process {
    const { queue, process, sync } = this.#options;
    yield process.work(this.#costNs);
    const outcome = yield* sync(key);
    if (outcome === false) queue.addRateLimited(key);
    else if (outcome !== 'keep') queue.forget(key);
    queue.done(key);
  }
}
