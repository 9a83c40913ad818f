/** Distance of two words by trying every edit, without a bound: slow, and plainly right. */
export function slowEditDistance(a: string, b: string): number {
  const known = new Map<string, number>();
  const distance = (i: number, j: number): number => {
    if (i === 0) return j;
    if (j === 0) return i;
    const key = `${i},${j}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const tries = [
      distance(i - 1, j) + 1,
      distance(i, j - 1) + 1,
      distance(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
    ];
    if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
      tries.push(distance(i - 2, j - 2) + 1);
    }
    const best = Math.min(...tries);
    known.set(key, best);
    return best;
  };
  return distance(a.length, b.length);
}
