/** How requests ended, by the label `outcome` of wavetank_client_requests. */
import type { Labels } from '../metrics/index.ts';

/** Counter of requests by what the client saw: op, workload, outcome. */
export const REQUESTS_METRIC = 'wavetank_client_requests';
/** Tally of the latency of answered requests: op, workload. */
export const REQUEST_METRIC = 'wavetank_client_request_duration_seconds';
/** An open loop had maxInFlight requests pending and did not send. */
export const DROPPED = 'dropped';

/**
 * Answered, and so available: 'ok', and 'notFound', which is the right answer about a lease that is
 * gone. Dropped arrivals count as failed: a client wanted to send them.
 */
export function isSuccess(labels: Labels): boolean {
  return labels.outcome === 'ok' || labels.outcome === 'notFound';
}
