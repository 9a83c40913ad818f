/**
 * Jobs of all processes of a host in typed arrays, and the binary heaps of slots that order them.
 */
import { doubled, doubledInts } from './arrays.ts';

export class JobPool {
  /** Virtual time of its process at which the job is done, or its turn is over. */
  virtualEnd = new Float64Array(64);
  /** Virtual time at which its turn is over, should it work so long; Infinity = never. */
  turnEnd = new Float64Array(64);
  /** Work beyond the present turn; all that is left while the job waits in a queue. */
  rest = new Float64Array(64);
  /** Order of arrival. */
  order = new Float64Array(64);
  /** When it came, less what it had waited before. */
  enteredNs = new Float64Array(64);
  /** How long its process had been held when it came. */
  heldAtEntryNs = new Float64Array(64);
  /** Work left when it came. */
  work = new Float64Array(64);
  doneType = new Int32Array(64);
  a = new Int32Array(64);
  b = new Int32Array(64);
  private readonly free: number[] = [];
  private slots = 0;

  take(): number {
    if (this.free.length > 0) return this.free.pop()!;
    if (this.slots === this.work.length) this.grow();
    return this.slots++;
  }

  give(slot: number): void {
    this.free.push(slot);
  }

  /** Adds a slot to a heap by (virtual end, order). */
  push(heap: number[], slot: number): void {
    let i = heap.length;
    heap.push(slot);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.before(slot, heap[parent])) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = slot;
  }

  /** Takes the first slot out of a heap that is not empty. */
  pop(heap: number[]): number {
    const top = heap[0];
    const slot = heap.pop()!;
    const n = heap.length;
    if (n === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && this.before(heap[child + 1], heap[child])) child++;
      if (!this.before(heap[child], slot)) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = slot;
    return top;
  }

  private before(s: number, t: number): boolean {
    const byEnd = this.virtualEnd[s] - this.virtualEnd[t];
    return byEnd !== 0 ? byEnd < 0 : this.order[s] < this.order[t];
  }

  private grow(): void {
    this.virtualEnd = doubled(this.virtualEnd);
    this.turnEnd = doubled(this.turnEnd);
    this.rest = doubled(this.rest);
    this.order = doubled(this.order);
    this.enteredNs = doubled(this.enteredNs);
    this.heldAtEntryNs = doubled(this.heldAtEntryNs);
    this.work = doubled(this.work);
    this.doneType = doubledInts(this.doneType);
    this.a = doubledInts(this.a);
    this.b = doubledInts(this.b);
  }
}
