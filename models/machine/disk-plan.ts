/**
 * The requests of a disk that have not ended: when each starts and ends, and the measurement of it.
 */
import { assert, type Simulation } from '../../src/core/index.ts';
import type { ResourceProbe } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import { beforeCuts } from './before-cuts.ts';

export type RequestKind = 'sync' | 'write' | 'read';

/**
 * Records are reused, so that a request allocates nothing once the disk has seen its longest queue.
 */
interface Request {
  kind: RequestKind;
  arrivedNs: number;
  /** When the buckets let it through. */
  readyNs: number;
  startNs: number;
  endNs: number;
  /** Service time of a disk that is not slowed, and of this one. */
  baseNs: number;
  serviceNs: number;
  started: boolean;
  eventId: number;
  doneType: number;
  a: number;
  b: number;
}

export class DiskPlan {
  stalledUntilNs = 0;
  private readonly sim: Simulation;
  private readonly probe: ResourceProbe;
  private readonly slots: number;
  /** In order of arrival; the first `count` are in use. */
  private readonly requests: Request[] = [];
  private count = 0;
  private waiting = 0;
  private inService = 0;
  /** When each slot is free of what has been planned; empty where slots are unlimited. */
  private readonly slotFreeNs: Float64Array;

  constructor(ctx: ModelContext, name: string, slots: number) {
    this.sim = ctx.sim;
    this.slots = slots;
    this.slotFreeNs = new Float64Array(slots === Infinity ? 0 : slots);
    // Without slots, utilization is the part of the time in which any request is in service.
    this.probe = ctx.metrics.resource(name, 'disk', slots === Infinity ? 1 : slots);
    beforeCuts(ctx, name, () => this.settle());
  }

  add(
    kind: RequestKind,
    transferNs: number,
    baseNs: number,
    serviceNs: number,
    doneType: number,
    a: number,
    b: number,
  ): void {
    this.settle();
    const nowNs = this.sim.nowNs;
    const r = this.next();
    r.kind = kind;
    r.arrivedNs = nowNs;
    r.readyNs = nowNs + transferNs;
    r.baseNs = baseNs;
    r.serviceNs = serviceNs;
    r.doneType = doneType;
    r.a = a;
    r.b = b;
    r.started = false;
    this.place(r);
    r.eventId = this.sim.scheduleAt(r.endNs, doneType, a, b);
    this.probe.arrive();
    this.waiting++;
    if (r.startNs > nowNs) this.probe.queue(nowNs, this.waiting);
    else this.start(r);
    // What ends at once is accounted for at once: levels cannot be set in the past of a cut.
    if (r.endNs === nowNs) this.settle();
  }

  inFlight(): number {
    this.settle();
    return this.count;
  }

  stall(untilNs: number): void {
    this.settle();
    const fromNs = Math.max(this.sim.nowNs, this.stalledUntilNs);
    // For ever is until the horizon: what ends after it never ends.
    const endNs = Math.min(untilNs, this.sim.horizonNs);
    if (endNs <= fromNs) return;
    this.stalledUntilNs = endNs;
    for (let i = 0; i < this.count; i++) {
      if (this.requests[i].started) this.moveEnd(this.requests[i], endNs - fromNs);
    }
    this.placeWaiting();
  }

  /** New service times for what has not started. */
  replan(baseOf: (kind: RequestKind, baseNs: number) => number, factor: number): void {
    this.settle();
    for (let i = 0; i < this.count; i++) {
      const r = this.requests[i];
      if (r.started) continue;
      r.baseNs = baseOf(r.kind, r.baseNs);
      r.serviceNs = Math.round(r.baseNs * factor);
    }
    this.placeWaiting();
  }

  /** Start and end of a request behind everything that is planned. */
  private place(r: Request): void {
    let startNs = Math.max(r.readyNs, this.sim.nowNs);
    if (startNs < this.stalledUntilNs) startNs = this.stalledUntilNs;
    if (this.slots !== Infinity && r.kind !== 'write') {
      const slot = this.firstFree();
      if (this.slotFreeNs[slot] > startNs) startNs = this.slotFreeNs[slot];
      this.slotFreeNs[slot] = startNs + r.serviceNs;
    }
    r.startNs = startNs;
    r.endNs = startNs + r.serviceNs;
  }

  private placeWaiting(): void {
    this.slotFreeNs.fill(0);
    for (let i = 0; i < this.count; i++) {
      const r = this.requests[i];
      if (!r.started || r.kind === 'write' || this.slots === Infinity) continue;
      this.slotFreeNs[this.firstFree()] = r.endNs;
    }
    for (let i = 0; i < this.count; i++) {
      const r = this.requests[i];
      if (r.started) continue;
      const before = r.endNs;
      this.place(r);
      if (r.endNs !== before) this.reschedule(r);
    }
    this.settle();
  }

  private firstFree(): number {
    let slot = 0;
    for (let i = 1; i < this.slotFreeNs.length; i++) {
      if (this.slotFreeNs[i] < this.slotFreeNs[slot]) slot = i;
    }
    return slot;
  }

  private moveEnd(r: Request, byNs: number): void {
    r.endNs += byNs;
    this.reschedule(r);
  }

  private reschedule(r: Request): void {
    const cancelled = this.sim.cancel(r.eventId);
    assert(cancelled, 'a request that has not ended has a pending done event');
    r.eventId = this.sim.scheduleAt(r.endNs, r.doneType, r.a, r.b);
  }

  /**
   * Accounts for starts and ends up to now, in the order of their times, and forgets what has
   * ended.
   */
  private settle(): void {
    const nowNs = this.sim.nowNs;
    for (;;) {
      let first = -1;
      let firstNs = Infinity;
      for (let i = 0; i < this.count; i++) {
        const r = this.requests[i];
        const atNs = r.started ? r.endNs : r.startNs;
        if (atNs < firstNs) {
          first = i;
          firstNs = atNs;
        }
      }
      if (firstNs > nowNs) return;
      const r = this.requests[first];
      if (r.started) this.end(first);
      else this.start(r);
    }
  }

  private start(r: Request): void {
    r.started = true;
    this.waiting--;
    this.probe.wait(r.startNs - r.arrivedNs);
    if (r.startNs > r.arrivedNs) this.probe.queue(r.startNs, this.waiting);
    this.inService++;
    this.measureBusy(r.startNs);
  }

  private end(i: number): void {
    const r = this.requests[i];
    this.inService--;
    this.measureBusy(r.endNs);
    this.probe.service(r.endNs - r.startNs);
    this.count--;
    for (let j = i; j < this.count; j++) this.requests[j] = this.requests[j + 1];
    this.requests[this.count] = r;
  }

  private measureBusy(atNs: number): void {
    this.probe.busy(atNs, this.slots === Infinity ? Math.min(1, this.inService) : this.inService);
  }

  private next(): Request {
    if (this.count === this.requests.length) {
      this.requests.push({
        kind: 'sync',
        arrivedNs: 0,
        readyNs: 0,
        startNs: 0,
        endNs: 0,
        baseNs: 0,
        serviceNs: 0,
        started: false,
        eventId: 0,
        doneType: 0,
        a: 0,
        b: 0,
      });
    }
    return this.requests[this.count++];
  }
}
