/**
 * Linearizable reads: one ReadIndex round at a time, shared by every read that came meanwhile.
 *
 * etcd server/etcdserver/v3_server.go `linearizableReadLoop`: a read joins the next round; the
 * round costs one heartbeat exchange with a quorum; then the member waits until it has applied
 * what was committed when the round began; then every read of the round goes on.
 * 3.5 and later ask again every 500 ms (`readIndexRetryTime`); a lost leader ends the round with
 * ErrLeaderChanged; a round fails after ReqTimeout.
 */

import { type EventId, NO_EVENT } from '../../src/core/index.ts';
import type { Counter } from '../../src/metrics/index.ts';
import type { EtcdProcess } from './process.ts';
import { Outcome, type OutcomeCode } from './requests.ts';
import type { EtcdShared } from './shared.ts';
import { SlotQueue } from './slot-queue.ts';

const RETRY_NS = 500e6;

export interface ReadIndexLinks {
  /** Asks raft for a read index under this id. */
  ask(readId: number): void;
  appliedIndex(): number;
  /** The read may look at the store. */
  serve(slot: number, generation: number): void;
  fail(slot: number, generation: number, outcome: OutcomeCode): void;
}

export class ReadIndexLoop {
  readonly #shared: EtcdShared;
  readonly #process: EtcdProcess;
  readonly #links: ReadIndexLinks;
  #waiting = new SlotQueue();
  #round = new SlotQueue();
  #readId = 0;
  /** Read index of the current round, once known; -1 before. */
  #index = -1;
  #open = false;
  readonly #retryType: number;
  readonly #timeoutType: number;
  #retry: EventId = NO_EVENT;
  #timeout: EventId = NO_EVENT;
  readonly #slow: Counter;
  readonly #failed: Counter;

  constructor(shared: EtcdShared, process: EtcdProcess, links: ReadIndexLinks) {
    this.#shared = shared;
    this.#process = process;
    this.#links = links;
    const { sim, metrics } = shared;
    const labels = { member: process.name };
    this.#retryType = sim.eventType(`${process.name}/readIndex/retry`, (_, i) => this.#onRetry(i));
    this.#timeoutType = sim.eventType(`${process.name}/readIndex/timeout`, (_, i) =>
      this.#onTimeout(i),
    );
    this.#slow = metrics.counter('etcd_server_slow_read_indexes_total', labels, {
      help: 'Pending read indexes not in sync with the leader or timed out.',
    });
    this.#failed = metrics.counter('etcd_server_read_indexes_failed_total', labels, {
      help: 'Failed read indexes.',
    });
  }

  add(slot: number, generation: number): void {
    this.#waiting.push(slot, generation);
    if (!this.#open) this.#begin();
  }

  /** Raft answered; ids of earlier rounds are ignored. */
  onReadState(readId: number, index: number): void {
    if (!this.#open || readId !== this.#readId || this.#index >= 0) return;
    this.#index = index;
    this.#cancelTimers();
    this.onApplied();
  }

  /** The member applied further. */
  onApplied(): void {
    if (!this.#open || this.#index < 0 || this.#links.appliedIndex() < this.#index) return;
    this.#open = false;
    const finished = this.#round;
    // Serving schedules work and never adds a read, so the round cannot grow under our hands.
    while (finished.size > 0) {
      finished.shift();
      this.#links.serve(finished.slot, finished.generation);
    }
    if (this.#waiting.size > 0) this.#begin();
  }

  /** The member lost sight of its leader (etcd 3.4: `leaderChanged` closes). */
  onLeaderChange(): void {
    if (this.#open && this.#index < 0) this.#endRound(Outcome.leaderChanged);
  }

  /** The process ended; its callers were told by the connection. */
  reset(): void {
    this.#cancelTimers();
    this.#waiting.clear();
    this.#round.clear();
    this.#open = false;
    this.#index = -1;
  }

  #begin(): void {
    const round = this.#round;
    this.#round = this.#waiting;
    this.#waiting = round;
    this.#open = true;
    this.#index = -1;
    this.#readId = (this.#readId + 1) & 0x3fffffff;
    const { sim, requestTimeoutNs, features } = this.#shared;
    this.#timeout = sim.schedule(
      this.#process.localDelay(requestTimeoutNs),
      this.#timeoutType,
      0,
      this.#process.incarnation,
    );
    if (features.readIndexRetry) {
      this.#retry = sim.schedule(
        this.#process.localDelay(RETRY_NS),
        this.#retryType,
        0,
        this.#process.incarnation,
      );
    }
    this.#links.ask(this.#readId);
  }

  #onRetry(incarnation: number): void {
    this.#retry = NO_EVENT;
    if (!this.#process.isCurrent(incarnation) || !this.#open || this.#index >= 0) return;
    if (this.#process.deferWhilePaused(this.#retryType, 0)) return;
    this.#slow.add();
    this.#retry = this.#shared.sim.schedule(
      this.#process.localDelay(RETRY_NS),
      this.#retryType,
      0,
      incarnation,
    );
    this.#links.ask(this.#readId);
  }

  #onTimeout(incarnation: number): void {
    this.#timeout = NO_EVENT;
    if (!this.#process.isCurrent(incarnation) || !this.#open || this.#index >= 0) return;
    if (this.#process.deferWhilePaused(this.#timeoutType, 0)) return;
    this.#slow.add();
    this.#endRound(Outcome.serverTimeout);
  }

  #endRound(outcome: OutcomeCode): void {
    this.#cancelTimers();
    this.#failed.add();
    this.#open = false;
    const round = this.#round;
    while (round.size > 0) {
      round.shift();
      this.#links.fail(round.slot, round.generation, outcome);
    }
    if (this.#waiting.size > 0) this.#begin();
  }

  #cancelTimers(): void {
    if (this.#retry !== NO_EVENT) this.#shared.sim.cancel(this.#retry);
    if (this.#timeout !== NO_EVENT) this.#shared.sim.cancel(this.#timeout);
    this.#retry = NO_EVENT;
    this.#timeout = NO_EVENT;
  }
}
