import type * as Library from '../../src/index.ts';

export function simulate(
  library: typeof Library,
  text: string,
  slice: number,
): { digests: string[]; eventCount: number; files: [name: string, text: string][] };
