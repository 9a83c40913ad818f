/**
 * A smaller scenario that fails as well: parts are left out one after the other, as long as the
 * same failure comes (delta debugging, Zeller and Hildebrandt 2002, on the tree of the scenario).
 */
import type { Plain } from './fuzz-draw.ts';

/** Tries of one minimisation. */
const TRIES_MAX = 300;

const KEPT: readonly string[] = ['apiVersion', 'kind', 'metadata', 'seed', 'replications'];

/** `fails` says whether the scenario still fails in the way that is looked for. */
export function minimise(value: Plain, fails: (candidate: Plain) => boolean): Plain {
  let best = value;
  let tries = 0;
  for (let again = true; again; ) {
    again = false;
    for (const candidate of smaller(best)) {
      if (tries++ >= TRIES_MAX) return best;
      if (!fails(candidate)) continue;
      best = candidate;
      again = true;
      break;
    }
  }
  return best;
}

/** Every value with one part less: large parts first. */
function* smaller(value: Plain): Generator<Plain> {
  for (const path of pathsOf(value)) {
    if (path.length === 1 && KEPT.includes(String(path[0]))) continue;
    yield without(value, path) as Plain;
  }
}

type Path = readonly (string | number)[];

/** Paths of all parts, the outer ones before those inside. */
function pathsOf(value: unknown): Path[] {
  const paths: Path[] = [];
  let level: Path[] = [[]];
  while (level.length > 0) {
    const next: Path[] = [];
    for (const path of level) {
      const inside = path.reduce<unknown>((at, key) => (at as Plain)[key], value);
      if (typeof inside !== 'object' || inside === null) continue;
      const keys = Array.isArray(inside) ? inside.map((_, i) => i) : Object.keys(inside);
      for (const key of keys) next.push([...path, key]);
    }
    paths.push(...next);
    level = next;
  }
  return paths;
}

function without(value: unknown, [key, ...rest]: Path): unknown {
  if (Array.isArray(value)) {
    return rest.length === 0
      ? value.filter((_, i) => i !== key)
      : value.map((item, i) => (i === key ? without(item, rest) : item));
  }
  const entries = Object.entries(value as Plain);
  return Object.fromEntries(
    rest.length === 0
      ? entries.filter(([name]) => name !== key)
      : entries.map(([name, item]) => [name, name === key ? without(item, rest) : item]),
  );
}
