/**
 * What clients saw of each fault: first error, first success of a request that was sent after it
 * began (what was on its way says nothing about the fault), the longest gap, failed and ambiguous
 * requests.
 */

import type { Simulation } from '../../src/core/index.ts';
import type { OutageResult } from '../../src/run/result.ts';
import { Outcome, type OutcomeCode, outcomeNames } from '../etcd/index.ts';

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
    if (Number.isNaN(outage.firstSuccessNs) && sentNs >= outage.atNs) outage.firstSuccessNs = now;
    const gap = now - outage.lastAckNs;
    if (gap > outage.longestGapNs) {
      outage.longestGapNs = gap;
      outage.longestGapEndNs = now;
    }
    outage.lastAckNs = now;
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

  onRestart(): void {
    const outage = this.#outages[this.#outages.length - 1];
    if (outage !== undefined) outage.restarts++;
  }

  /** etcd went back to a snapshot that has no such keys. */
  onObjectsLost(objects: number): void {
    const outage = this.#outages[this.#outages.length - 1];
    if (outage !== undefined) outage.objectsLost += objects;
  }

  results(): (OutageResult & { readonly longestGapEndNs: number })[] {
    return this.#outages.map((o) => ({ ...o }));
  }
}
