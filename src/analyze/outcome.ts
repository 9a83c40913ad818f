/** Which requests of a counter went well: availability is their share. */
import type { Labels } from '../metrics/index.ts';

/** Labels that say how a request ended, in the order in which they are looked at. */
export const OUTCOME_LABELS: readonly string[] = ['outcome', 'result', 'code'];

/** True where the outcome label says success: 'ok', gRPC's 'OK', an HTTP 2xx. */
export function isSuccess(labels: Labels): boolean {
  for (const label of OUTCOME_LABELS) {
    const value = labels[label];
    if (value !== undefined) return value === 'ok' || value === 'OK' || /^2\d\d$/.test(value);
  }
  return false;
}
