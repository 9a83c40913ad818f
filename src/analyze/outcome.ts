/** How requests ended, by the label `outcome` of wavetank_client_requests. */
import type { Labels } from '../metrics/index.ts';

/** Counter of requests by what the client saw: op, workload, outcome. */
export const REQUESTS_METRIC = 'wavetank_client_requests';
/** Tally of the latency of answered requests: op, workload. */
export const REQUEST_METRIC = 'wavetank_client_request_duration_seconds';
/** An open loop had maxInFlight requests pending and did not send. */
export const DROPPED = 'dropped';

/** Whether a counter tells how requests ended: by outcome, or by the HTTP status of the answer. */
export function tellsOutcome(labels: Labels): boolean {
  return labels.outcome !== undefined || labels.code !== undefined;
}

/**
 * By the HTTP status: everything but a failure of the server (5xx). 429 and 409 are answers; a
 * client that got no answer counts its own word (`<error>`), which is none.
 */
export function isAvailable(labels: Labels): boolean {
  return /^[1-4]\d\d$/.test(labels.outcome ?? labels.code ?? '') || isSuccess(labels);
}

/**
 * Answered, and so available: 'ok', and 'notFound', which is the right answer about a lease that is
 * gone. Dropped arrivals count as failed: a client wanted to send them.
 */
export function isSuccess(labels: Labels): boolean {
  return labels.outcome === 'ok' || labels.outcome === 'notFound';
}
