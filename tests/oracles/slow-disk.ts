/**
 * A disk that is stepped from one ns at which something happens to the next and keeps a real queue:
 * the plain version of models/machine/disk.ts. Commands of one instant are taken before what ends
 * at it is forgotten.
 */

export interface DiskCommand {
  readonly kind: 'fsync' | 'stall' | 'slow';
  readonly atNs: number;
  /** stall: times 700 ns; slow: the factor. */
  readonly value: number;
}

interface Sync {
  readonly id: number;
  leftNs: number;
}

/** End time of each sync, in order of arrival. */
export function slowDisk(depth: number, syncNs: number, commands: readonly DiskCommand[]) {
  const ends: number[] = [];
  const queue: Sync[] = [];
  let serving: Sync[] = [];
  let factor = 1;
  let stalledUntilNs = 0;
  let nowNs = 0;
  let next = 0;
  let syncs = 0;
  while (next < commands.length || queue.length > 0 || serving.length > 0) {
    let nextNs = next < commands.length ? commands[next].atNs : Infinity;
    if (nowNs < stalledUntilNs) {
      nextNs = Math.min(nextNs, stalledUntilNs);
    } else {
      while (serving.length < depth && queue.length > 0) {
        const sync = queue.shift()!;
        sync.leftNs = syncNs * factor;
        serving.push(sync);
      }
      for (const sync of serving) nextNs = Math.min(nextNs, nowNs + sync.leftNs);
      for (const sync of serving) sync.leftNs -= nextNs - nowNs;
    }
    nowNs = nextNs;
    for (const sync of serving) if (sync.leftNs === 0) ends[sync.id] = nowNs;
    serving = serving.filter((sync) => sync.leftNs > 0);
    // A slot that is free now belongs to the head of the queue before anything else happens at this
    // instant.
    while (nowNs >= stalledUntilNs && serving.length < depth && queue.length > 0) {
      const sync = queue.shift()!;
      sync.leftNs = syncNs * factor;
      serving.push(sync);
    }
    while (next < commands.length && commands[next].atNs === nowNs) {
      const c = commands[next++];
      if (c.kind === 'slow') factor = c.value;
      else if (c.kind === 'stall') stalledUntilNs = Math.max(stalledUntilNs, nowNs + c.value * 700);
      else if (serving.length < depth && queue.length === 0 && nowNs >= stalledUntilNs)
        serving.push({ id: syncs++, leftNs: syncNs * factor });
      else queue.push({ id: syncs++, leftNs: 0 });
    }
  }
  return ends;
}
