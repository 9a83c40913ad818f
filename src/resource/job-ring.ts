/** First-in-first-out ring of waiting jobs in parallel typed arrays; it doubles until its limit. */
const CAPACITY_INITIAL = 16;

/** Jobs that may wait at a resource unless it says otherwise. */
export const QUEUE_LIMIT_DEFAULT = 1_048_576;

/** The fields are indexed by `slot(i)`, i = 0 the oldest. */
export class JobRing {
  readonly limit: number;
  length = 0;
  arrivedNs: Float64Array = new Float64Array(CAPACITY_INITIAL);
  /** What the job asks for: service time in ns, tokens, weight. */
  amount: Float64Array = new Float64Array(CAPACITY_INITIAL);
  type: Int32Array = new Int32Array(CAPACITY_INITIAL);
  a: Int32Array = new Int32Array(CAPACITY_INITIAL);
  b: Int32Array = new Int32Array(CAPACITY_INITIAL);
  #head = 0;
  #mask = CAPACITY_INITIAL - 1;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Index of the i-th oldest job in the arrays. */
  slot(i: number): number {
    return (this.#head + i) & this.#mask;
  }

  /** False where the limit is reached. */
  push(arrivedNs: number, amount: number, type: number, a: number, b: number): boolean {
    if (this.length >= this.limit) return false;
    if (this.length > this.#mask) this.#grow();
    const slot = (this.#head + this.length) & this.#mask;
    this.arrivedNs[slot] = arrivedNs;
    this.amount[slot] = amount;
    this.type[slot] = type;
    this.a[slot] = a;
    this.b[slot] = b;
    this.length += 1;
    return true;
  }

  /** Forgets the oldest job; its slot stays readable until the next push. */
  drop(): void {
    this.#head = (this.#head + 1) & this.#mask;
    this.length -= 1;
  }

  #grow(): void {
    const capacity = 2 * (this.#mask + 1);
    this.arrivedNs = this.#moved(this.arrivedNs, new Float64Array(capacity));
    this.amount = this.#moved(this.amount, new Float64Array(capacity));
    this.type = this.#moved(this.type, new Int32Array(capacity));
    this.a = this.#moved(this.a, new Int32Array(capacity));
    this.b = this.#moved(this.b, new Int32Array(capacity));
    this.#head = 0;
    this.#mask = capacity - 1;
  }

  #moved<T extends Float64Array | Int32Array>(from: T, to: T): T {
    const tail = from.length - this.#head;
    to.set(from.subarray(this.#head));
    to.set(from.subarray(0, this.#head), tail);
    return to;
  }
}
