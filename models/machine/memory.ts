/**
 * Memory of a host: what each process holds, cgroup limits, the kernel's out-of-memory killer, and
 * how much is left for the page cache.
 *
 * Where the host is full the kernel kills by oom_score: the part of the memory that a process
 * holds, plus its oom_score_adj (fs/proc/base.c; kubernetes pkg/kubelet/qos: -997 for what is
 * critical to a node, 1000 for BestEffort). All processes of a control plane have the same, so
 * among them the largest goes; what is not critical goes before any of them.
 *
 * Left out: swap (Kubernetes runs without), NUMA, fragmentation, kernel memory, reclaim cost,
 * memory.high throttling.
 * Evidence: tests/models/machine/memory.test.ts, by hand.
 */
import { assert, type Simulation } from '../../src/core/index.ts';
import type { Counter, Level } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';

export type MemoryId = number;

export interface MemoryProcessOptions {
  /** cgroup memory.max in bytes; Infinity = none. */
  readonly limitBytes?: number;
  /** Not critical to its node: killed before all that are. */
  readonly isExpendable?: boolean;
  /** The process was killed; it has already lost its memory. Called from within `set` or `add`. */
  readonly onOomKill?: () => void;
}

interface MemoryProcess {
  readonly name: string;
  readonly limitBytes: number;
  readonly isExpendable: boolean;
  readonly onOomKill: () => void;
  readonly level: Level;
  residentBytes: number;
}

export class Memory {
  readonly name: string;
  readonly capacityBytes: number;
  private readonly ctx: ModelContext;
  private readonly sim: Simulation;
  private readonly evictionBytes: number;
  private readonly kills: Counter;
  private readonly processes: MemoryProcess[] = [];
  private usedBytes = 0;

  constructor(ctx: ModelContext, name: string, capacityBytes: number) {
    assert(capacityBytes > 0, `${name}: memory must be above 0 bytes`);
    this.ctx = ctx;
    this.sim = ctx.sim;
    this.name = name;
    this.capacityBytes = capacityBytes;
    this.evictionBytes = ctx.constants.get('machine.evictionMemoryBytes');
    this.kills = ctx.metrics.counter('wavetank_memory_oom_kills_total', { memory: name });
  }

  process(name: string, o: MemoryProcessOptions = {}): MemoryId {
    const limitBytes = o.limitBytes ?? Infinity;
    assert(limitBytes > 0, `${this.name}: limitBytes of ${name} must be above 0`);
    this.processes.push({
      name,
      limitBytes,
      isExpendable: o.isExpendable ?? false,
      onOomKill: o.onOomKill ?? (() => {}),
      level: this.ctx.metrics.level('wavetank_memory_resident_bytes', {
        memory: this.name,
        process: name,
      }),
      residentBytes: 0,
    });
    return this.processes.length - 1;
  }

  /**
   * Sets the resident bytes of a process; may kill it (over its limit) or the largest one (host
   * full).
   */
  set(id: MemoryId, bytes: number): void {
    assert(bytes >= 0, 'resident bytes must be >= 0');
    this.hold(this.processes[id], bytes);
    if (bytes > this.processes[id].limitBytes) this.kill(this.processes[id]);
    while (this.usedBytes > this.capacityBytes) this.kill(this.largest());
  }

  add(id: MemoryId, deltaBytes: number): void {
    this.set(id, this.processes[id].residentBytes + deltaBytes);
  }

  residentBytes(id: MemoryId): number {
    return this.processes[id].residentBytes;
  }

  /** Neither resident nor needed: page cache and free memory together. */
  get availableBytes(): number {
    return this.capacityBytes - this.usedBytes;
  }

  /** The kubelet's MemoryPressure by its default hard threshold. */
  get pressure(): boolean {
    return this.availableBytes < this.evictionBytes;
  }

  /** Part of a file of this size that the page cache can hold, 0..1. */
  cachedShare(fileBytes: number): number {
    return fileBytes <= this.availableBytes ? 1 : this.availableBytes / fileBytes;
  }

  private hold(process: MemoryProcess, bytes: number): void {
    this.usedBytes += bytes - process.residentBytes;
    process.residentBytes = bytes;
    process.level.set(this.sim.nowNs, bytes);
  }

  private kill(process: MemoryProcess): void {
    const detail = `${process.residentBytes} bytes`;
    this.hold(process, 0);
    this.kills.add(1);
    this.ctx.metrics.event(this.sim.nowNs, 'oomKill', process.name, detail);
    process.onOomKill();
  }

  /** The scores of the two classes are further apart than all of the memory counts. */
  private largest(): MemoryProcess {
    let found = this.processes[0];
    for (const p of this.processes) {
      const goesFirst = p.isExpendable && p.residentBytes > 0;
      if (goesFirst !== (found.isExpendable && found.residentBytes > 0)) {
        if (goesFirst) found = p;
      } else if (p.residentBytes > found.residentBytes) found = p;
    }
    return found;
  }
}
