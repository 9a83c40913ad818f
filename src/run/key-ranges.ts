/** Which keys each workload asks for: workloads with the same prefix meet on the same keys. */
import type { KeyRange } from '../../models/etcd/index.ts';
import type { WorkloadScenario } from '../scenario/types.ts';

const NO_KEYS: KeyRange = { first: 0, count: 0 };

/** One range a workload, in their order; `reserve` takes keys out of the store's numbers. */
export function keyRanges(
  workloads: readonly WorkloadScenario[],
  reserve: (count: number) => number,
): KeyRange[] {
  const shared = new Map<string, KeyRange>();
  return workloads.map((workload) => {
    if (!writesOrReads(workload)) return NO_KEYS;
    if (workload.prefix === '') return range(reserve, workload.keySpace);
    let keys = shared.get(workload.prefix);
    if (keys === undefined) {
      const same = workloads.filter((w) => w.prefix === workload.prefix && writesOrReads(w));
      keys = range(reserve, Math.max(...same.map((w) => w.keySpace)));
      shared.set(workload.prefix, keys);
    }
    return keys;
  });
}

/** Keys that a watch on this prefix sees: those of every prefix that begins with it. */
export function watchedRanges(
  prefix: string,
  workloads: readonly WorkloadScenario[],
  ranges: readonly KeyRange[],
): KeyRange[] {
  if (prefix === '') return [];
  const seen = workloads.flatMap((w, i) =>
    w.prefix.startsWith(prefix) && ranges[i].count > 0 ? [ranges[i]] : [],
  );
  return [...new Set(seen)];
}

function writesOrReads({ op }: WorkloadScenario): boolean {
  return op !== 'watch' && !op.startsWith('lease-');
}

function range(reserve: (count: number) => number, count: number): KeyRange {
  return { first: reserve(count), count };
}
