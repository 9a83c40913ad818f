/**
 * One direction of a network interface or of a wire between two hosts: bytes a second, computed
 * instead of queued.
 *
 * Streams take turns, so a message waits for at most as many bytes of others as it has itself, plus
 * what is already in the queue of the interface: a heartbeat next to a snapshot of gigabytes is not
 * held up by all of it. The rate is kept exactly; what a large message loses to later small ones is
 * left out.
 */
import type { ResourceProbe } from '../../src/metrics/index.ts';

export class Link {
  private readonly nsPerByte: number;
  private readonly queueNs: number;
  private readonly probe: ResourceProbe | null;
  /** When everything accepted so far is through. */
  private freeNs = 0;
  private busy = false;
  /** Binary heap of the times at which waiting messages start; the first `waiting` are in use. */
  private starts = new Float64Array(16);
  private waiting = 0;

  constructor(bytesPerSecond: number, queueBytes: number, probe: ResourceProbe | null) {
    this.nsPerByte = 1e9 / bytesPerSecond;
    this.queueNs = queueBytes * this.nsPerByte;
    this.probe = probe;
  }

  /** Accepts a message and returns how long it waits for others, in ns that are not rounded. */
  accept(bytes: number, nowNs: number): number {
    const ownNs = bytes * this.nsPerByte;
    const backlogNs = Math.max(0, this.freeNs - nowNs);
    const waitNs = Math.min(backlogNs, ownNs + this.queueNs);
    if (this.probe !== null) this.measure(this.probe, nowNs, waitNs, ownNs);
    this.freeNs = nowNs + backlogNs + ownNs;
    return waitNs;
  }

  /** Time that a message of this size takes on an idle link. */
  serialNs(bytes: number): number {
    return bytes * this.nsPerByte;
  }

  /** Brings the levels up to `nowNs`. */
  settle(nowNs: number): void {
    const { probe } = this;
    if (probe === null) return;
    while (this.waiting > 0 && this.starts[0] <= nowNs) {
      const atNs = this.popStart();
      probe.queue(atNs, this.waiting);
    }
    if (this.busy && this.freeNs <= nowNs) {
      probe.busy(Math.ceil(this.freeNs), 0);
      this.busy = false;
    }
  }

  private measure(probe: ResourceProbe, nowNs: number, waitNs: number, ownNs: number): void {
    this.settle(nowNs);
    probe.arrive();
    probe.service(Math.round(ownNs));
    probe.wait(Math.round(waitNs));
    if (waitNs >= 1) {
      this.pushStart(nowNs + Math.floor(waitNs));
      probe.queue(nowNs, this.waiting);
    }
    if (!this.busy && ownNs > 0) {
      probe.busy(nowNs, 1);
      this.busy = true;
    }
  }

  private pushStart(atNs: number): void {
    if (this.waiting === this.starts.length) {
      const next = new Float64Array(this.waiting * 2);
      next.set(this.starts);
      this.starts = next;
    }
    let i = this.waiting++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.starts[parent] <= atNs) break;
      this.starts[i] = this.starts[parent];
      i = parent;
    }
    this.starts[i] = atNs;
  }

  private popStart(): number {
    const top = this.starts[0];
    const n = --this.waiting;
    const last = this.starts[n];
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && this.starts[child + 1] < this.starts[child]) child++;
      if (this.starts[child] >= last) break;
      this.starts[i] = this.starts[child];
      i = child;
    }
    this.starts[i] = last;
    return top;
  }
}
