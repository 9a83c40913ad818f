/** Disk profiles: measured fsync latencies under a name, built in or written by `wavetank calibrate`. */
import type { DistributionSpec } from '../dist/index.ts';

export interface DiskProfile {
  readonly name: string;
  readonly description: string;
  /** 'service': latency of an idle disk; 'response': a production histogram, contention included. */
  readonly kind: 'service' | 'response';
  /** In ns. */
  readonly fsync: DistributionSpec;
  /** Where the figures come from: a public address, or the file that was calibrated. */
  readonly source: string;
  /** True where there was no series to fit stall length and correlation from. */
  readonly stallsAssumed: boolean;
  /** The load under which a 'response' profile was seen; null where it is not known. */
  readonly observedFsyncsPerSecond: number | null;
}
