/**
 * Simulated time is an integer count of nanoseconds in a double. One run has at most 100 days, so
 * sums stay exact.
 */

export const NS_PER_US = 1_000;
export const NS_PER_MS = 1_000_000;
export const NS_PER_S = 1_000_000_000;
export const NS_PER_MINUTE = 60 * NS_PER_S;
export const NS_PER_HOUR = 3_600 * NS_PER_S;
export const NS_PER_DAY = 86_400 * NS_PER_S;

/** Longest horizon: 100 days = 8.64e15 ns, below 2^53 = 9.007e15. */
export const HORIZON_NS_MAX = 100 * NS_PER_DAY;
