/** What all watch caches of one replica share: event types, CPU, the table of open watches. */
import type { ModelContext } from '../../../src/resource/index.ts';
import type { CpuTasks } from '../storage/cpu-tasks.ts';
import type { ReplicaCpu } from '../storage/types.ts';
import type { WatchCache } from './cacher.ts';
import { CacherCosts } from './cacher-costs.ts';
import type { CacheWatcher } from './watcher.ts';

/** cacher.go `defaultBookmarkFrequency`; a watch that ends gets one shortly before. */
const BOOKMARK_NS = 60e9;
const LAST_BOOKMARK_NS = 2e9;
const TICK_NS = 1e9;

export class Cachers {
  readonly ctx: ModelContext;
  readonly cpu: ReplicaCpu;
  readonly tasks: CpuTasks;
  readonly costs: CacherCosts;
  readonly name: string;
  /** Number of the replica, for what is done once per replica. */
  readonly replica: number;
  /** Cores over which identical watches spread. */
  readonly cores: number;
  readonly list: WatchCache[] = [];
  readonly dispatchType: number;
  readonly budgetType: number;
  readonly freshType: number;
  readonly #watcherType: number;
  readonly #tickType: number;
  // Open watches: slots are reused, `lives` tells a late event from the watch that lives there now.
  readonly #watchers: (CacheWatcher | null)[] = [];
  readonly #lives: number[] = [];
  readonly #jobs: number[] = [];
  readonly #free: number[] = [];
  /** By second: watches that are due for a bookmark then. */
  readonly #bookmarks = new Map<number, { watcher: CacheWatcher; cache: WatchCache }[]>();
  #ticking = false;
  #life = 0;

  constructor(
    ctx: ModelContext,
    cpu: ReplicaCpu,
    tasks: CpuTasks,
    name: string,
    replica: number,
    cores: number,
  ) {
    this.ctx = ctx;
    this.cpu = cpu;
    this.tasks = tasks;
    this.costs = new CacherCosts(ctx.constants);
    this.name = name;
    this.replica = replica;
    this.cores = cores;
    const { sim } = ctx;
    const on = (what: string, handler: (cache: WatchCache) => void): number =>
      sim.eventType(`${name}/cacher/${what}`, (index, life) => {
        if (this.list[index].life === life) handler(this.list[index]);
      });
    this.dispatchType = on('dispatch', (cache) => cache.dispatcher.onWorked());
    this.budgetType = on('budget', (cache) => cache.dispatcher.onBudgetSpent());
    this.freshType = on('fresh', (cache) => cache.reads.onTick());
    this.#watcherType = sim.eventType(`${name}/cacher/watcher`, (slot, life) =>
      this.#onWatcher(slot, life),
    );
    this.#tickType = sim.eventType(`${name}/cacher/bookmarks`, (_, life) => this.#onTick(life));
  }

  addWatcher(watcher: CacheWatcher, cache: WatchCache): void {
    const slot = this.#free.pop() ?? this.#watchers.length;
    this.#watchers[slot] = watcher;
    this.#lives[slot] = ((this.#lives[slot] ?? 0) + 1) | 0;
    this.#jobs[slot] = 0;
    watcher.slot = slot;
    if (watcher.bookmarks) this.#planBookmark(watcher, cache);
  }

  removeWatcher(watcher: CacheWatcher): void {
    const { slot } = watcher;
    if (slot < 0 || this.#watchers[slot] !== watcher) return;
    this.#watchers[slot] = null;
    this.#lives[slot] = (this.#lives[slot] + 1) | 0;
    this.#free.push(slot);
  }

  /** Work of one watch; of each of its members, over the cores. */
  execute(watcher: CacheWatcher, workNs: number): void {
    const { slot, members } = watcher;
    const parts = Math.min(members, this.cores);
    const partNs = (workNs * members) / parts;
    const life = this.#lives[slot];
    this.#jobs[slot] = parts;
    for (let i = 0; i < parts; i++) this.cpu.execute(partNs, this.#watcherType, slot, life);
  }

  #onWatcher(slot: number, life: number): void {
    if (this.#lives[slot] !== life || --this.#jobs[slot] > 0) return;
    this.#watchers[slot]?.onDone();
  }

  /** The process died. */
  reset(): void {
    this.#life++;
    this.#ticking = false;
    this.#bookmarks.clear();
    for (let slot = 0; slot < this.#watchers.length; slot++) {
      if (this.#watchers[slot] === null) continue;
      this.#watchers[slot] = null;
      this.#lives[slot] = (this.#lives[slot] + 1) | 0;
      this.#free.push(slot);
    }
  }

  // --- Bookmarks --------------------------------------------------------------------------------

  #planBookmark(watcher: CacheWatcher, cache: WatchCache): void {
    const { nowNs } = this.ctx.sim;
    const lastNs = watcher.deadlineNs - LAST_BOOKMARK_NS;
    let atNs = nowNs + BOOKMARK_NS;
    if (atNs > lastNs) {
      if (lastNs <= nowNs) return;
      atNs = lastNs;
    }
    const second = Math.ceil(atNs / TICK_NS);
    const due = this.#bookmarks.get(second);
    if (due === undefined) this.#bookmarks.set(second, [{ watcher, cache }]);
    else due.push({ watcher, cache });
    this.#tick();
  }

  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    const { sim } = this.ctx;
    const next = (Math.floor(sim.nowNs / TICK_NS) + 1) * TICK_NS;
    sim.scheduleAt(next, this.#tickType, 0, this.#life);
  }

  #onTick(life: number): void {
    if (life !== this.#life) return;
    this.#ticking = false;
    const second = Math.floor(this.ctx.sim.nowNs / TICK_NS);
    const due = this.#bookmarks.get(second);
    this.#bookmarks.delete(second);
    if (due !== undefined) {
      for (const { watcher, cache } of due) {
        if (!watcher.isOpen) continue;
        cache.bookmark(watcher);
        this.#planBookmark(watcher, cache);
      }
    }
    if (this.#bookmarks.size > 0) this.#tick();
  }
}
