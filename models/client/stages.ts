/**
 * Where the time of a request went: the points that it passed become the lengths of named stages,
 * per kind of request, and once more for the slow ones alone, so that a summary says why p99 is
 * what it is.
 */

import type { Metrics, Tally } from '../../src/metrics/index.ts';
import { Op, opNames, type RequestTable } from '../etcd/index.ts';

/** Stages in causal order; a request has those whose both ends it passed. */
export const stageNames = [
  'client queue', // planned -> sent: timer, client CPU
  'network in', // sent -> arrived, gRPC of the server included
  'leader or admission wait', // arrived -> proposed
  'raft loop wait', // proposed -> taken by a Ready of the leader
  'WAL fsync', // taken -> leader's sync done
  'follower', // leader's sync done -> quorum known (0 where the followers were faster)
  'next Ready', // committed -> handed to the apply worker of the member asked
  'apply wait', // handed -> apply begins: queue, backend commit
  'apply', // apply
  'read index', // arrived -> allowed to read
  'read', // read in the store
  'response', // answered -> received
] as const;

/** Requests whose 99th percentile tells which of the next ones are slow. */
const WINDOW = 1024;
const WRITE_STAGES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11];
const READ_STAGES = [0, 1, 9, 10, 11];

export class StageRecorder {
  readonly #requests: RequestTable;
  readonly #all: Tally[];
  readonly #slow: Tally[];
  readonly #stages: readonly number[];
  readonly #lengths = new Float64Array(stageNames.length);
  /**
   * Latencies of the window under way; at its end its own 99th percentile is the next one's limit.
   */
  readonly #window = new Float64Array(WINDOW);
  #filled = 0;
  #slowAboveNs = Infinity;

  constructor(metrics: Metrics, requests: RequestTable, op: number) {
    this.#requests = requests;
    this.#stages = op === Op.range || op === Op.leaseKeepAlive ? READ_STAGES : WRITE_STAGES;
    const tally = (name: string, stage: number, help: string): Tally =>
      metrics.tally(name, { op: opNames[op], stage: stageNames[stage] }, { unit: 'ns', help });
    this.#all = this.#stages.map((s) =>
      tally('wavetank_request_stage_duration_seconds', s, 'Time that requests spent in a stage.'),
    );
    this.#slow = this.#stages.map((s) =>
      tally(
        'wavetank_request_slow_stage_duration_seconds',
        s,
        'The same for the slowest hundredth of requests.',
      ),
    );
  }

  /** The answer of `slot` was received now. */
  record(slot: number, now: number): void {
    const lengths = this.#lengths;
    this.#measure(slot, now);
    const total = now - this.#requests.planned[slot];
    const slow = total > this.#slowAboveNs;
    this.#window[this.#filled++] = total;
    if (this.#filled === WINDOW) {
      this.#window.sort();
      this.#slowAboveNs = this.#window[Math.floor(0.99 * WINDOW)];
      this.#filled = 0;
    }
    for (let i = 0; i < this.#stages.length; i++) {
      const length = lengths[this.#stages[i]];
      this.#all[i].record(length);
      if (slow) this.#slow[i].record(length);
    }
  }

  #measure(slot: number, now: number): void {
    const r = this.#requests;
    const lengths = this.#lengths;
    lengths[0] = r.sent[slot] - r.planned[slot];
    lengths[1] = r.arrived[slot] - r.sent[slot];
    const responded = r.responded[slot];
    if (this.#stages === READ_STAGES) {
      lengths[9] = r.applying[slot] - r.arrived[slot];
      lengths[10] = r.applied[slot] - r.applying[slot];
    } else {
      // A point that was not passed (a leader changed midway) counts with the point after it.
      const applied = r.applied[slot] >= 0 ? r.applied[slot] : responded;
      const applying = r.applying[slot] >= 0 ? r.applying[slot] : applied;
      const handed = r.handed[slot] >= 0 ? r.handed[slot] : applying;
      const proposed = r.proposed[slot] >= 0 ? r.proposed[slot] : r.arrived[slot];
      const batched = between(r.batched[slot], proposed, handed);
      const synced = between(r.synced[slot], batched, handed);
      const committed = between(r.committed[slot], synced, handed);
      lengths[2] = proposed - r.arrived[slot];
      lengths[3] = batched - proposed;
      lengths[4] = synced - batched;
      lengths[5] = committed - synced;
      lengths[6] = handed - committed;
      lengths[7] = applying - handed;
      lengths[8] = applied - applying;
    }
    lengths[11] = now - responded;
  }
}

/** `value` held within [low, high]; `low` where it is unset. */
function between(value: number, low: number, high: number): number {
  if (!(value >= low)) return low;
  return Math.min(value, high);
}
