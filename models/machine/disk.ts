/**
 * A disk: syncs with a latency from a distribution, shared limits of operations and bytes, stalls,
 * filling up.
 *
 * The one idea: when a sync starts and ends is known when it arrives (first come, first served), so
 * it costs one event. The plan is kept in a short list, and a stall or a slower disk re-plans that
 * list.
 *
 * A sync goes through: the buckets (IOPS, bandwidth; shared with writes and reads), then one of
 * `queueDepth` slots in order of arrival, then its latency. `queueDepth` Infinity: syncs overlap
 * freely and do not wait for slots. `fsyncKind` 'response': the distribution was measured in
 * production and contains contention already; the disk adds none (no slots, no waiting for others'
 * bytes) and counts the syncs that would have waited, so that a warning can say that the load is
 * beyond what was observed.
 *
 * Left out: seeks and the order of requests, write amplification and garbage collection inside the
 * device (part of the distribution), journal commits of the file system as separate writes,
 * readahead.
 * Evidence: tests/models/machine/disk.test.ts (M/G/1 at queue depth 1, stalls by hand).
 */
import { assert, type Simulation, type Stream } from '../../src/core/index.ts';
import { createSampler, type DistributionSpec, type Sampler } from '../../src/dist/index.ts';
import type { Counter } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { DiskScenario } from '../../src/scenario/types.ts';
import { DiskPlan } from './disk-plan.ts';
import { RateBucket } from './rate-bucket.ts';

/** Deeper queues are as good as unlimited: etcd never has this many syncs in flight. */
const QUEUE_DEPTH_MAX = 1024;

export class Disk {
  readonly name: string;
  readonly options: DiskScenario;
  /** Bytes in use: grows by `allocate`, shrinks by `free`. */
  usedBytes = 0;
  private readonly sim: Simulation;
  private readonly plan: DiskPlan;
  private readonly stream: Stream;
  private readonly stallStream: Stream;
  private readonly operations: RateBucket;
  private readonly bandwidth: RateBucket;
  private readonly ioBytes: number;
  private readonly readNs: number;
  private readonly response: boolean;
  private readonly contended: Counter;
  private readonly refused: Counter;
  private sampler: Sampler;
  private factor = 1;
  private isFull = false;

  constructor(ctx: ModelContext, name: string, o: DiskScenario) {
    assert(o.queueDepth >= 1, `${name}: queueDepth must be at least 1`);
    assert(o.iops > 0 && o.bandwidthBytesPerSecond > 0, `${name}: rates must be above 0`);
    this.name = name;
    this.options = o;
    this.sim = ctx.sim;
    this.response = o.fsyncKind === 'response';
    const slots = this.response || o.queueDepth > QUEUE_DEPTH_MAX ? Infinity : o.queueDepth;
    this.plan = new DiskPlan(ctx, name, slots);
    this.stream = ctx.sim.stream(`${name}/fsync`);
    this.stallStream = ctx.sim.stream(`${name}/fsync/stall`);
    this.sampler = this.samplerOf(o.fsync);
    this.ioBytes = ctx.constants.get('machine.ioBytesPerOperation');
    this.readNs = ctx.constants.get('machine.diskReadNs');
    const queueBytes = ctx.constants.get('machine.diskQueueBytes');
    this.bandwidth = new RateBucket(o.bandwidthBytesPerSecond, o.bandwidthBurstBytes, queueBytes);
    this.operations = new RateBucket(o.iops, o.iopsBurst, queueBytes / this.ioBytes);
    const labels = { disk: name };
    this.contended = ctx.metrics.counter('wavetank_disk_beyond_observed_total', labels, {
      help: 'Syncs of a production histogram that would have waited for others at this load.',
    });
    this.refused = ctx.metrics.counter('wavetank_disk_no_space_total', labels, {
      help: 'Writes refused because the disk is full.',
    });
  }

  /**
   * Writes `bytes` and makes them durable; (doneType, a, b) comes when they are. False: no space
   * left, nothing was written and no event will come; a caller that goes on regardless waits for
   * ever.
   */
  fsync(bytes: number, doneType: number, a: number, b: number): boolean {
    if (this.isFull) return this.refuse();
    const transferNs = this.transfer(bytes);
    const baseNs = this.sampler.next(this.sim.nowNs);
    this.plan.add('sync', transferNs, baseNs, Math.round(baseNs * this.factor), doneType, a, b);
    return true;
  }

  /**
   * Writes `bytes` to the device without flushing it: takes of the limits, has no latency of its
   * own.
   */
  write(bytes: number, doneType: number, a: number, b: number): boolean {
    if (this.isFull) return this.refuse();
    this.plan.add('write', this.transfer(bytes), 0, 0, doneType, a, b);
    return true;
  }

  /** Reads `bytes` that are not in the page cache. */
  read(bytes: number, doneType: number, a: number, b: number): void {
    const serviceNs = Math.round(this.readNs * this.factor);
    this.plan.add('read', this.transfer(bytes), this.readNs, serviceNs, doneType, a, b);
  }

  /** Nothing ends until `untilNs`; what was in service then goes on with what it had left. */
  stall(untilNs: number): void {
    this.plan.stall(untilNs);
  }

  /** Syncs and reads that begin from now on take `factor` times as long; 1 = as built. */
  slow(factor: number): void {
    assert(factor > 0, 'a disk is slowed by a factor above 0');
    this.factor = factor;
    this.plan.replan((_kind, baseNs) => baseNs, factor);
  }

  /** Another latency for syncs that begin from now on. */
  setFsync(spec: DistributionSpec): void {
    this.sampler = this.samplerOf(spec);
    const nowNs = this.sim.nowNs;
    this.plan.replan(
      (kind, baseNs) => (kind === 'sync' ? this.sampler.next(nowNs) : baseNs),
      this.factor,
    );
  }

  /** While on, fsync, write and allocate are refused (ENOSPC). */
  full(on: boolean): void {
    this.isFull = on;
  }

  /** Space for `bytes` more; false: no space left. Files that only overwrite need none. */
  allocate(bytes: number): boolean {
    if (this.isFull || this.usedBytes + bytes > this.options.capacityBytes) return this.refuse();
    this.usedBytes += bytes;
    return true;
  }

  free(bytes: number): void {
    assert(bytes <= this.usedBytes, `${this.name}: more bytes freed than allocated`);
    this.usedBytes -= bytes;
  }

  get stalledUntilNs(): number {
    return this.plan.stalledUntilNs;
  }

  /** Syncs, writes and reads that have not ended. */
  get inFlight(): number {
    return this.plan.inFlight();
  }

  private samplerOf(spec: DistributionSpec): Sampler {
    return createSampler(spec, this.stream, { stallStream: this.stallStream });
  }

  private transfer(bytes: number): number {
    const nowNs = this.sim.nowNs;
    const operations = Math.max(1, Math.ceil(bytes / this.ioBytes));
    if (!this.response) {
      const bytesNs = this.bandwidth.take(bytes, nowNs);
      return Math.max(bytesNs, this.operations.take(operations, nowNs));
    }
    const debt = this.bandwidth.debt(nowNs) + this.operations.debt(nowNs);
    if (debt > 0 || this.plan.inFlight() >= this.options.queueDepth) this.contended.add(1);
    this.operations.takeAlone(operations, nowNs);
    return this.bandwidth.takeAlone(bytes, nowNs);
  }

  private refuse(): false {
    this.refused.add(1);
    return false;
  }
}
