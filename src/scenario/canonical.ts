/** One text for one scenario, whatever file it came from: what the key of a run is the hash of. */
import type { Scenario } from './types.ts';

type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Keys sorted by code unit; numbers that JSON lacks as strings. */
function stringify(value: Plain): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(stringify).join(',')}]`;
  const record = value as { readonly [key: string]: Plain };
  const keys = Object.keys(record).filter((key) => record[key] !== undefined);
  keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${stringify(record[key])}`).join(',')}}`;
}

/**
 * The resolved scenario, profiles with their contents, without what no run depends on (name,
 * description, number of replications, how the file writes it) and without the seed, which the key
 * of a run holds beside it.
 */
export function canonicalScenario(scenario: Scenario): string {
  const { name: _n, description: _d, seed: _s, replications: _r, kubernetes, ...etcd } = scenario;
  if (kubernetes === null) return stringify(etcd as unknown as Plain);
  const { written: _w, ...cluster } = kubernetes;
  // A scenario is plain data by its definition.
  return stringify({ ...etcd, kubernetes: cluster } as unknown as Plain);
}
