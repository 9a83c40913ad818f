/**
 * The stalls that a disk is given where nobody measured them.
 *
 * Evidence (estimate): production histograms of etcd have one fsync in 1,000 to 10,000 above 50 ms,
 * with a median there of 100 to 220 ms and a p99 of about 1 s (etcd#7312, #9544, #12405; the
 * reporters were in trouble, so healthy disks stall less). At the 50 fsyncs per second of a small
 * Kubernetes cluster, one in 10,000 is 0.005 per second. Their correlation is a guess.
 */
import type { StallSpec } from '../dist/index.ts';

/** Length: 95 % between 52 ms and 773 ms, one in a thousand above 1.7 s. */
export function assumedStall(startPerSecond: number): StallSpec {
  return {
    startPerSecond,
    length: { kind: 'lognormal', p50: 200e6, p99: 1000e6 },
    correlation: 0.3,
  };
}

export const ASSUMED_STALL: StallSpec = assumedStall(0.005);
