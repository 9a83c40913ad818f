/** The summary as one JSON document: what the tables of the terminal are made of. */
import type { Summary } from '../analyze/index.ts';

/** Fields in the order of the Summary; NaN and infinities become null. */
export function renderJson(summary: Summary): string {
  return `${JSON.stringify({ kind: 'wavetank/summary/v1', ...summary }, null, 2)}\n`;
}
