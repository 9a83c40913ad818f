/**
 * etcd leases of objects with a lifetime (events), shared by those that come within a span of it
 * (pkg/storage/etcd3/lease_manager.go).
 *
 * One idea: a lease lives 5 % longer than was asked for (a minute at most), and serves everybody
 * until the rest of its life is less than asked for, or a thousand objects have used it. While one
 * is granted, all wait for it.
 */
import { Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { EtcdCall, EtcdClient } from './etcd-client.ts';

const REUSE_SHARE = 0.05;
const REUSE_NS_MAX = 60e9;
const OBJECTS_MAX = 1000;

/** The lease, or (0) none with the outcome. */
type LeaseDone = (lease: number, outcome: OutcomeCode) => void;

export class LeaseManager implements EtcdCall {
  readonly deadlineNs = Infinity;
  readonly json = false;
  readonly decoders = 1;
  startNs = 0;
  readonly #client: EtcdClient;
  #lease = 0;
  #endsNs = 0;
  #objects = 0;
  #grantingNs = 0;
  #waiting: { readonly ttlNs: number; readonly objects: number; readonly done: LeaseDone }[] = [];

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** Calls back at once where the lease at hand will do. */
  get(ttlNs: number, objects: number, done: LeaseDone): void {
    const { nowNs } = this.#client.cluster.shared.sim;
    const reuseNs = Math.min(REUSE_SHARE * ttlNs, REUSE_NS_MAX);
    const isValid = nowNs + ttlNs < this.#endsNs && nowNs + ttlNs + reuseNs >= this.#endsNs;
    if (this.#waiting.length === 0 && isValid && this.#objects + objects <= OBJECTS_MAX) {
      this.#objects += objects;
      done(this.#lease, Outcome.ok);
      return;
    }
    this.#waiting.push({ ttlNs, objects, done });
    if (this.#waiting.length > 1) return;
    this.#grantingNs = Math.ceil((ttlNs + reuseNs) / 1e9) * 1e9;
    this.#client.grantLease(this, this.#grantingNs / 1e6);
  }

  /** The process died. */
  reset(): void {
    this.#lease = 0;
    this.#endsNs = 0;
    this.#objects = 0;
    this.#waiting = [];
  }

  onAnswer(outcome: OutcomeCode, slot: number): void {
    const { requests, cluster } = this.#client;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (outcome === Outcome.ok) {
      this.#lease = requests.lease[slot];
      this.#endsNs = cluster.shared.sim.nowNs + this.#grantingNs;
      this.#objects = 0;
    }
    for (const { ttlNs, objects, done } of waiting) {
      if (outcome !== Outcome.ok) done(0, outcome);
      else if (this.#objects === 0) {
        // Whoever asked for it has it, however short its life turned out.
        this.#objects = objects;
        done(this.#lease, outcome);
      } else this.get(ttlNs, objects, done);
    }
  }
}
