/**
 * The nearest of some names by Damerau-Levenshtein distance (optimal string alignment), with a
 * bound.
 */

/** Distance of two words, or bound + 1 as soon as it must be larger than the bound. */
export function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let twoBack: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1));
      // Two neighbours swapped count as one slip of the fingers.
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, twoBack[j - 2] + 1);
      }
      row.push(distance);
      best = Math.min(best, distance);
    }
    if (best > bound) return bound + 1;
    twoBack = previous;
    previous = row;
  }
  return Math.min(previous[b.length], bound + 1);
}

/** Case and separators count little: `heartbeatInterval` is near `heartbeat-interval`. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[-_ .]/g, '');
}

/** Names longer than this are not compared: nobody mistypes them, and the cost is quadratic. */
const LENGTH_MAX = 80;

/**
 * The nearest candidate, or '' where none is near enough to be meant. The first wins among
 * equals.
 */
export function nearestName(name: string, candidates: readonly string[]): string {
  const word = fold(name);
  if (word === '' || word.length > LENGTH_MAX) return '';
  // A third of the letters may be wrong; of two letters none, as any two would be near.
  let bound = Math.min(3, Math.floor(word.length / 3));
  let nearest = '';
  for (const candidate of candidates) {
    const distance = editDistance(word, fold(candidate), bound);
    if (distance > bound) continue;
    nearest = candidate;
    if (distance === 0) break;
    bound = distance - 1;
  }
  if (nearest !== '' || word.length < 4) return nearest;
  // `timeout` for `election-timeout`: one contains the other, and only one does.
  const containing = candidates.filter((c) => fold(c).includes(word));
  return containing.length === 1 ? containing[0] : '';
}
