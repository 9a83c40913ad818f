/**
 * Whether etcd answers, as the replica's health checks ask it: a read with a timeout of 2 s, at
 * most one a second (pkg/storage/storagebackend/factory/etcd3.go `newETCD3Check`). Probes of a
 * control plane come at least that often, so it is asked every second.
 */
import { Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { CpuTasks } from './cpu-tasks.ts';
import type { EtcdCall, EtcdClient } from './etcd-client.ts';

const PERIOD_NS = 1e9;
const TIMEOUT_NS = 2e9;
const KEY_BYTES = '/registry/health'.length;

export class EtcdHealth implements EtcdCall {
  deadlineNs = Infinity;
  readonly json = false;
  readonly decoders = 1;
  startNs = 0;
  isHealthy = false;
  readonly #client: EtcdClient;
  readonly #tasks: CpuTasks;
  readonly #onChange: () => void;

  constructor(client: EtcdClient, tasks: CpuTasks, onChange: () => void) {
    this.#client = client;
    this.#tasks = tasks;
    this.#onChange = onChange;
  }

  start(isHealthy: boolean): void {
    this.isHealthy = isHealthy;
    this.#ask();
  }

  stop(): void {
    this.isHealthy = false;
  }

  #ask(): void {
    this.deadlineNs = this.#client.cluster.shared.sim.nowNs + TIMEOUT_NS;
    this.#client.read(this, -1, KEY_BYTES, 1);
  }

  onAnswer(outcome: OutcomeCode, _slot: number): void {
    const before = this.isHealthy;
    this.isHealthy = outcome === Outcome.ok;
    this.#tasks.after(PERIOD_NS, () => this.#ask());
    if (this.isHealthy !== before) this.#onChange();
  }
}
