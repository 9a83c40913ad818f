/**
 * Stops a run whose memory grows beyond what the process may have, before the engine dies of it
 * and takes the other runs along. A look at the heap's own counts between two slices.
 */
import { getHeapStatistics } from 'node:v8';
import { LimitError } from '../core/index.ts';
import type { RunProgress } from '../run/index.ts';

/** Share of the heap's limit beyond which a run is stopped; uncollected garbage counts. */
export const HEAP_SHARE_MAX = 0.94;
/** So many looks in a row, so that the collector has had its turn. */
export const HEAP_LOOKS = 4;

export interface HeapUse {
  readonly used_heap_size: number;
  readonly heap_size_limit: number;
}

const MIB = 1024 * 1024;

export class HeapGuard {
  readonly #read: () => HeapUse;
  #over = 0;

  constructor(read: () => HeapUse = getHeapStatistics) {
    this.#read = read;
  }

  check({ nowNs, eventCount }: RunProgress): void {
    const { used_heap_size: used, heap_size_limit: limit } = this.#read();
    this.#over = used > HEAP_SHARE_MAX * limit ? this.#over + 1 : 0;
    if (this.#over < HEAP_LOOKS) return;
    throw new LimitError(
      'WT2004',
      `the run needs more memory than it may have: ${Math.round(used / MIB)} MiB of ` +
        `${Math.round(limit / MIB)} MiB at ${nowNs} ns of simulated time, after ${eventCount} ` +
        'events. Reduce nodes, objects or the horizon, widen seriesInterval, run fewer at once ' +
        '(--jobs), or allow more: NODE_OPTIONS=--max-old-space-size=8192',
    );
  }
}
