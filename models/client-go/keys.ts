/** Names as numbers, for draws that must not depend on who else draws. */
import { hashText } from '../../src/core/index.ts';

/** int32. */
export function keyOf(name: string): number {
  return Number.parseInt(hashText(name).slice(0, 8), 16) | 0;
}
