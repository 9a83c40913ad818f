/**
 * Retries of watchers whose channel was full (etcd mvcc/watchable_store.go `syncVictimsLoop`): pass
 * after pass as long as one pass moves anybody, then again after 10 ms. A pass is cut into slices,
 * between which the send loops make room.
 */

import { type EventId, NO_EVENT } from '../../src/core/index.ts';
import type { EtcdProcess } from './process.ts';
import type { EtcdShared } from './shared.ts';

const RETRY_NS = 10e6;
/** Attempts of one stream in a slice. */
const SLICE_ATTEMPTS = 256;

/** What a round of attempts did; `left` are victims still. */
export interface VictimRound {
  readonly attempts: number;
  readonly moved: number;
  readonly left: number;
}

/** Tries up to so many watchers of each stream. */
type Retry = (attempts: number) => VictimRound;

export class VictimLoop {
  readonly #shared: EtcdShared;
  readonly #process: EtcdProcess;
  readonly #retry: Retry;
  readonly #sliceType: number;
  readonly #timerType: number;
  readonly #attemptNs: number;
  #running = false;
  #timer: EventId = NO_EVENT;
  /** Attempts left in the pass under way (-1 before its first), watchers that it moved. */
  #passLeft = 0;
  #moved = 0;

  constructor(shared: EtcdShared, process: EtcdProcess, retry: Retry) {
    this.#shared = shared;
    this.#process = process;
    this.#retry = retry;
    const name = `${process.name}/watch/victims`;
    this.#sliceType = shared.sim.eventType(name, () => this.#onSlice());
    this.#timerType = shared.sim.eventType(`${name}/timer`, (_, incarnation) => {
      this.#timer = NO_EVENT;
      if (!process.isCurrent(incarnation)) return;
      if (process.deferWhilePaused(this.#timerType, 0)) return;
      this.#begin();
    });
    this.#attemptNs = shared.constants.get('etcd.watchNotifyNs');
  }

  /** There is a new victim. */
  signal(): void {
    if (this.#running) return;
    if (this.#timer !== NO_EVENT) this.#shared.sim.cancel(this.#timer);
    this.#timer = NO_EVENT;
    this.#begin();
  }

  reset(): void {
    if (this.#timer !== NO_EVENT) this.#shared.sim.cancel(this.#timer);
    this.#timer = NO_EVENT;
    this.#running = false;
  }

  #begin(): void {
    this.#running = true;
    this.#passLeft = -1;
    this.#moved = 0;
    this.#process.execute(this.#attemptNs, this.#sliceType, 0, 0);
  }

  #onSlice(): void {
    if (!this.#running) return;
    const { attempts, moved, left } = this.#retry(SLICE_ATTEMPTS);
    this.#moved += moved;
    if (left === 0) {
      this.#running = false;
      return;
    }
    if (this.#passLeft < 0) this.#passLeft = left + moved;
    this.#passLeft -= attempts;
    if (this.#passLeft > 0) {
      this.#process.execute(attempts * this.#attemptNs, this.#sliceType, 0, 0);
    } else if (this.#moved > 0) {
      this.#passLeft = -1;
      this.#moved = 0;
      this.#process.execute(attempts * this.#attemptNs, this.#sliceType, 0, 0);
    } else this.#wait();
  }

  #wait(): void {
    this.#running = false;
    const { sim } = this.#shared;
    const delayNs = this.#process.localDelay(RETRY_NS);
    this.#timer = sim.schedule(delayNs, this.#timerType, 0, this.#process.incarnation);
  }
}
