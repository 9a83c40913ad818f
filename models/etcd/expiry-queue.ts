/**
 * Rows ordered by a time each, smallest first: a binary heap that knows where each row stands, so
 * that a row's time can be changed in place (etcd lease/lease_queue.go `LeaseExpiredNotifier`).
 */

const ABSENT = -1;

export class ExpiryQueue {
  size = 0;
  #heap = new Int32Array(64);
  #place = new Int32Array(64).fill(ABSENT);
  #time = new Float64Array(64);

  /** Row with the smallest time; call only where size > 0. */
  get first(): number {
    return this.#heap[0];
  }

  timeOf(row: number): number {
    return this.#time[row];
  }

  has(row: number): boolean {
    return row < this.#place.length && this.#place[row] !== ABSENT;
  }

  /** Puts the row in, or moves it to its new time. */
  set(row: number, time: number): void {
    if (row >= this.#place.length) this.#growRows(row);
    let place = this.#place[row];
    if (place === ABSENT) {
      if (this.size === this.#heap.length) this.#growHeap();
      place = this.size++;
      this.#heap[place] = row;
      this.#place[row] = place;
    }
    this.#time[row] = time;
    this.#up(place);
    this.#down(this.#place[row]);
  }

  remove(row: number): void {
    if (!this.has(row)) return;
    const place = this.#place[row];
    this.#place[row] = ABSENT;
    const last = this.#heap[--this.size];
    if (last === row) return;
    this.#heap[place] = last;
    this.#place[last] = place;
    this.#up(place);
    this.#down(this.#place[last]);
  }

  clear(): void {
    for (let i = 0; i < this.size; i++) this.#place[this.#heap[i]] = ABSENT;
    this.size = 0;
  }

  #up(from: number): void {
    const row = this.#heap[from];
    const time = this.#time[row];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#time[this.#heap[parent]] <= time) break;
      this.#move(this.#heap[parent], place);
      place = parent;
    }
    this.#move(row, place);
  }

  #down(from: number): void {
    const row = this.#heap[from];
    const time = this.#time[row];
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.size) break;
      if (
        child + 1 < this.size &&
        this.#time[this.#heap[child + 1]] < this.#time[this.#heap[child]]
      ) {
        child++;
      }
      if (this.#time[this.#heap[child]] >= time) break;
      this.#move(this.#heap[child], place);
      place = child;
    }
    this.#move(row, place);
  }

  #move(row: number, place: number): void {
    this.#heap[place] = row;
    this.#place[row] = place;
  }

  #growHeap(): void {
    const heap = new Int32Array(this.#heap.length * 2);
    heap.set(this.#heap);
    this.#heap = heap;
  }

  #growRows(row: number): void {
    let size = this.#place.length;
    while (size <= row) size *= 2;
    const place = new Int32Array(size).fill(ABSENT);
    place.set(this.#place);
    this.#place = place;
    const time = new Float64Array(size);
    time.set(this.#time);
    this.#time = time;
  }
}
