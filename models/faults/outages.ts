/**
 * What clients saw of each fault: first error, first success of a request that was sent after it
 * began (what was on its way says nothing about the fault), the longest gap, failed and ambiguous
 * requests.
 */

import type { Simulation } from '../../src/core/index.ts';
import type { EventRow } from '../../src/metrics/index.ts';
import type { OutageResult } from '../../src/run/result.ts';
import { Outcome, type OutcomeCode, outcomeNames } from '../etcd/index.ts';
import type { ApiCall, ApiResult } from '../objects/index.ts';

/** Rows of events.csv that tell of a process or a machine that is there again. */
const RESTARTS: readonly string[] = ['started', 'start', 'apiserverListening', 'nodeBoot'];
/** Rows that tell that somebody has noticed. */
const NOTICED: readonly string[] = ['campaign', 'leading', 'nodeNotReady', 'replicaUnhealthy'];
/** What clients saw of requests without an answer. */
const UNANSWERED: Readonly<Record<string, string>> = {
  Refused: 'refused',
  Reset: 'reset',
  ClientTimeout: 'timeout',
  Untrusted: 'tls',
};

/** No connection was made. */
const NOT_SENT: readonly string[] = ['Refused', 'Untrusted'];

interface OpenOutage {
  readonly fault: string;
  readonly atNs: number;
  detectedNs: number;
  firstErrorNs: number;
  firstSuccessNs: number;
  lastAckNs: number;
  longestGapNs: number;
  longestGapEndNs: number;
  elections: number;
  restarts: number;
  objectsLost: number;
  failed: Record<string, number>;
  ambiguous: number;
}

export class OutageTracker {
  readonly #sim: Simulation;
  readonly #outages: OpenOutage[] = [];
  #lastAckNs = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** When the last fault so far began; NaN where there was none. */
  get lastFaultNs(): number {
    return this.#outages.at(-1)?.atNs ?? Number.NaN;
  }

  begin(fault: string): void {
    this.#outages.push({
      fault,
      atNs: this.#sim.nowNs,
      detectedNs: Number.NaN,
      firstErrorNs: Number.NaN,
      firstSuccessNs: Number.NaN,
      lastAckNs: this.#lastAckNs,
      longestGapNs: 0,
      longestGapEndNs: Number.NaN,
      elections: 0,
      restarts: 0,
      objectsLost: 0,
      failed: {},
      ambiguous: 0,
    });
  }

  /** `sentNs`: when the attempt that was answered was sent. */
  onAnswer(outcome: OutcomeCode, ambiguous: boolean, sentNs: number): void {
    const now = this.#sim.nowNs;
    const ok = outcome === Outcome.ok || outcome === Outcome.notFound;
    if (ok) this.#lastAckNs = now;
    const outage = this.#outages[this.#outages.length - 1];
    if (outage === undefined) return;
    if (!ok) {
      if (Number.isNaN(outage.firstErrorNs)) outage.firstErrorNs = now;
      const name = outcomeNames[outcome];
      outage.failed[name] = (outage.failed[name] ?? 0) + 1;
      if (ambiguous) outage.ambiguous++;
      return;
    }
    this.#answered(outage, sentNs);
  }

  /** A campaign began: somebody noticed. */
  onCampaign(): void {
    const outage = this.#outages[this.#outages.length - 1];
    if (outage !== undefined && Number.isNaN(outage.detectedNs))
      outage.detectedNs = this.#sim.nowNs;
  }

  onElected(): void {
    const outage = this.#outages[this.#outages.length - 1];
    if (outage !== undefined) outage.elections++;
  }

  /** etcd went back to a snapshot that has no such keys. */
  onObjectsLost(objects: number): void {
    const outage = this.#outages[this.#outages.length - 1];
    if (outage !== undefined) outage.objectsLost += objects;
  }

  /**
   * A client of the API has its result. An answer that says no for reasons of its own (404, 409) is
   * an answer; `members`: so many clients at once.
   */
  onApiResult(call: ApiCall, { code, reason }: ApiResult, sentNs: number): void {
    const now = this.#sim.nowNs;
    const isAnswer = (code >= 200 && code < 429 && code !== 401 && code !== 403) || code === 501;
    if (isAnswer) this.#lastAckNs = now;
    const outage = this.#outages[this.#outages.length - 1];
    if (outage === undefined) return;
    const { members = 1 } = call;
    if (!isAnswer || code === 409) {
      const name = code === 0 ? (UNANSWERED[reason] ?? reason) : `${code}`;
      outage.failed[name] = (outage.failed[name] ?? 0) + members;
    }
    if (!isAnswer) {
      if (Number.isNaN(outage.firstErrorNs)) outage.firstErrorNs = now;
      const isRead = call.verb === 'get' || call.verb === 'list' || call.verb === 'watch';
      const mayHaveHappened = (code === 0 && !NOT_SENT.includes(reason)) || code === 504;
      if (!isRead && mayHaveHappened) outage.ambiguous += members;
      return;
    }
    this.#answered(outage, sentNs);
  }

  #answered(outage: OpenOutage, sentNs: number): void {
    const now = this.#sim.nowNs;
    if (Number.isNaN(outage.firstSuccessNs) && sentNs >= outage.atNs) outage.firstSuccessNs = now;
    const gap = now - outage.lastAckNs;
    if (gap > outage.longestGapNs) {
      outage.longestGapNs = gap;
      outage.longestGapEndNs = now;
    }
    outage.lastAckNs = now;
  }

  /** `events`: the rows of events.csv, which tell of restarts and of who noticed. */
  results(
    events: readonly EventRow[] = [],
  ): (OutageResult & { readonly longestGapEndNs: number })[] {
    const outages = this.#outages.map((o) => ({ ...o }));
    let index = -1;
    for (const { timeNs, kind } of events) {
      while (index + 1 < outages.length && outages[index + 1].atNs <= timeNs) index++;
      if (index < 0) continue;
      const outage = outages[index];
      if (RESTARTS.includes(kind)) outage.restarts++;
      if (kind === 'leading') outage.elections++;
      if (!NOTICED.includes(kind)) continue;
      if (!(outage.detectedNs <= timeNs)) outage.detectedNs = timeNs;
    }
    return outages;
  }
}
