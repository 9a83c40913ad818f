/**
 * The compactor of one replica at one etcd (pkg/storage/etcd3/compact.go).
 *
 * One idea: every 5 min each replica tries to overwrite `compact_rev_key`; who finds it as it left
 * it wins, and compacts up to the revision that it wrote down the time before, so that history is
 * 5 to 10 min. Who lost notes how the key stands now.
 */
import { Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { CpuTasks } from './cpu-tasks.ts';
import type { EtcdCall, EtcdClient } from './etcd-client.ts';
import { compactValue, type ObjectStore } from './object-store.ts';

const KEY_BYTES = 'compact_rev_key'.length;

export class Compactor implements EtcdCall {
  readonly deadlineNs = Infinity;
  readonly json = false;
  readonly decoders = 1;
  startNs = 0;
  readonly #store: ObjectStore;
  readonly #client: EtcdClient;
  readonly #tasks: CpuTasks;
  readonly #intervalNs: number;
  /** Mod revision of the key as last seen (0: not there), and the store's at that time. */
  #keyRevision = 0;
  #revision = 0;
  #isCompacting = false;

  constructor(store: ObjectStore, client: EtcdClient, tasks: CpuTasks, intervalNs: number) {
    this.#store = store;
    this.#client = client;
    this.#tasks = tasks;
    this.#intervalNs = intervalNs;
  }

  /** `phaseNs` until the first try; where it has been running it knows the key. */
  start(phaseNs: number, isRunning: boolean): void {
    this.#keyRevision = 0;
    this.#revision = 0;
    this.#isCompacting = false;
    const { contents, keys } = this.#client.cluster.shared;
    if (isRunning) {
      this.#keyRevision = contents.modRevision(this.#store.compactKey(this.#client.cluster));
      this.#revision = keys.revision;
    }
    this.#tasks.after(phaseNs, () => this.#try());
  }

  #try(): void {
    const key = this.#store.compactKey(this.#client.cluster);
    this.#client.txn(this, key, KEY_BYTES, compactValue(), this.#keyRevision, 0, 1);
  }

  onAnswer(outcome: OutcomeCode, slot: number): void {
    const { requests } = this.#client;
    if (outcome !== Outcome.ok || this.#isCompacting) {
      this.#isCompacting = false;
      this.#tasks.after(this.#intervalNs, () => this.#try());
      return;
    }
    const upTo = this.#revision;
    this.#revision = requests.revision[slot];
    const isWinner = requests.matched[slot] === 1;
    this.#keyRevision = requests.value[slot]?.resourceVersion ?? 0;
    if (isWinner && upTo > 0) {
      this.#isCompacting = true;
      this.#client.compact(this, upTo);
    } else this.#tasks.after(this.#intervalNs, () => this.#try());
  }
}
