/**
 * Notices a run that makes events and no progress: time that stands still, or a flood of events
 * that hardly moves it. It looks at each checkpoint, so a healthy run pays nothing for it; only a
 * suspect one is counted by type, for the report.
 */
import { LimitError } from './errors.ts';

/** Events within one stretch of simulated time beyond which a run is given up. */
export const FLOOD_EVENTS_MAX = 2 ** 25;
/** The stretch, ns: 1 ms, in which even the largest clusters make some thousands of events. */
export const FLOOD_SPAN_NS = 1_000_000;

export interface FloodLimit {
  /** Events; looked at every 2^16 of them. */
  readonly events: number;
  /** Simulated ns that they must move the clock by. */
  readonly spanNs: number;
}

/** Kinds of events with their counts, largest first: '61 % etcd/0/raft/tick (1234), 3 % ...'. */
export function topTypes(
  counts: readonly number[],
  nameOf: (type: number) => string,
  most = 5,
): string {
  const types = counts.map((_, type) => type).filter((type) => counts[type] > 0);
  types.sort((a, b) => counts[b] - counts[a] || a - b);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return types
    .slice(0, most)
    .map((type) => `${nameOf(type)} ${Math.round((100 * counts[type]) / total)} %`)
    .join(', ');
}

export class FloodGuard {
  readonly #limit: FloodLimit;
  readonly #nameOf: (type: number) => string;
  #sinceNs = 0;
  #sinceEvent = 0;
  /** Events by type since the run became suspect; null while it is not. */
  #counts: number[] | null = null;

  constructor(nameOf: (type: number) => string, limit: FloodLimit) {
    this.#nameOf = nameOf;
    this.#limit = limit;
  }

  /** Whether `count` wants to hear of every event. */
  get counting(): boolean {
    return this.#counts !== null;
  }

  count(type: number): void {
    if (this.#counts === null) return;
    while (this.#counts.length <= type) this.#counts.push(0);
    this.#counts[type]++;
  }

  /** Throws where too much happened since the clock last moved on. */
  check(nowNs: number, eventCount: number): void {
    const { events, spanNs } = this.#limit;
    if (nowNs - this.#sinceNs >= spanNs) {
      this.#sinceNs = nowNs;
      this.#sinceEvent = eventCount;
      this.#counts = null;
      return;
    }
    const handled = eventCount - this.#sinceEvent;
    if (handled * 2 >= events) this.#counts ??= [];
    if (handled < events) return;
    const stuck = nowNs === this.#sinceNs ? 'none' : `${nowNs - this.#sinceNs} ns`;
    throw new LimitError(
      'WT2003',
      `the run makes no progress: ${handled} events from ${this.#sinceNs} ns on, ` +
        `and ${stuck} of simulated time in them. Most were ${this.#top()}. ` +
        'Reduce the load or the number of nodes; without either, it is a livelock to report',
    );
  }

  #top(): string {
    return topTypes(this.#counts ?? [], this.#nameOf);
  }
}
