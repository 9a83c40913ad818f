/** Which segments of a run a window of simulated time covers. */
import type { Segment } from '../metrics/index.ts';

export interface WindowSelection {
  /** Indices into `segments` and into each metric's `perSegment`. */
  readonly segments: readonly number[];
  /**
   * Measured time inside the window; shorter than the window where warm-up or an interruption cut
   * it.
   */
  readonly durationNs: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Text of the window that covers the whole measured time. */
export const WHOLE_RUN = 'all';

/**
 * Segments that lie inside of fromNs..toNs. The run cuts at the edges of every window that a
 * threshold names, so no segment straddles one; warm-up is in no segment.
 */
export function selectSegments(
  segments: readonly Segment[],
  fromNs = 0,
  toNs = Infinity,
): WindowSelection {
  const chosen: number[] = [];
  let durationNs = 0;
  let first = Number.NaN;
  let last = Number.NaN;
  segments.forEach((segment, index) => {
    if (segment.fromNs < fromNs || segment.toNs > toNs) return;
    if (chosen.length === 0) first = segment.fromNs;
    last = segment.toNs;
    chosen.push(index);
    durationNs += segment.toNs - segment.fromNs;
  });
  return { segments: chosen, durationNs, fromNs: first, toNs: last };
}
