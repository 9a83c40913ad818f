/**
 * Fair queueing by its definition (KEP-1040): lists, scanned whole at each step. Virtual time, the
 * choice of a queue and of the next request are computed from nothing but the list of requests.
 */
const SERVICE_NS = 3e6;

export interface OracleRequest {
  readonly id: number;
  readonly queue: number;
  readonly seats: number;
  readonly work: number;
  readonly arrivalR: number;
  state: 'waiting' | 'executing' | 'done';
  startNs: number;
}

export class QueueSetOracle {
  readonly requests: OracleRequest[] = [];
  readonly #queues: number;
  readonly #lengthMax: number;
  readonly #limit: number;
  readonly #nextR: number[];
  #r = 0;
  #nowNs = 0;
  #robin = 0;
  #enqueues = 0;

  constructor(queues: number, lengthMax: number, limit: number) {
    this.#queues = queues;
    this.#lengthMax = lengthMax;
    this.#limit = limit;
    this.#nextR = new Array<number>(queues).fill(0);
  }

  /** Ids that were dispatched, or null: refused. */
  start(nowNs: number, id: number, seats: number, hand: readonly number[]): number[] | null {
    this.#sync(nowNs);
    const offset = this.#enqueues++ % hand.length;
    const order = hand.map((_, i) => hand[(offset + i) % hand.length]);
    const workOf = (q: number) => this.#in(q, 'waiting').reduce((total, r) => total + r.work, 0);
    let queue = order[0];
    for (const q of order) if (workOf(q) < workOf(queue)) queue = q;
    const waiting = this.#in(queue, 'waiting');
    if (this.#inUse() >= this.#limit && waiting.length >= this.#lengthMax) return null;
    if (waiting.length + this.#in(queue, 'executing').length === 0) this.#nextR[queue] = this.#r;
    const work = seats * SERVICE_NS;
    const request: OracleRequest = {
      id,
      queue,
      seats,
      work,
      arrivalR: this.#r,
      state: 'waiting',
      startNs: 0,
    };
    this.requests.push(request);
    this.#bound(queue);
    return this.#dispatch();
  }

  finish(nowNs: number, id: number): number[] {
    this.#sync(nowNs);
    const request = this.requests.find((r) => r.id === id)!;
    request.state = 'done';
    this.#nextR[request.queue] -= request.seats * (SERVICE_NS - (nowNs - request.startNs));
    this.#bound(request.queue);
    return this.#dispatch();
  }

  #in(queue: number, state: OracleRequest['state']): OracleRequest[] {
    return this.requests.filter((r) => r.queue === queue && r.state === state);
  }

  #inUse(): number {
    return this.requests.reduce((n, r) => n + (r.state === 'executing' ? r.seats : 0), 0);
  }

  #sync(nowNs: number): void {
    const live = this.requests.filter((r) => r.state !== 'done');
    const active = new Set(live.map((r) => r.queue)).size;
    const seats = live.reduce((n, r) => n + r.seats, 0);
    if (active > 0) this.#r += (Math.min(seats, this.#limit) / active) * (nowNs - this.#nowNs);
    this.#nowNs = nowNs;
  }

  #bound(queue: number): void {
    const [oldest] = this.#in(queue, 'waiting');
    if (oldest !== undefined) this.#nextR[queue] = Math.max(this.#nextR[queue], oldest.arrivalR);
  }

  #dispatch(): number[] {
    const dispatched: number[] = [];
    for (;;) {
      let best: OracleRequest | null = null;
      for (let i = 1; i <= this.#queues; i++) {
        const [oldest] = this.#in((this.#robin + i) % this.#queues, 'waiting');
        if (oldest === undefined) continue;
        const finish = (r: OracleRequest) => this.#nextR[r.queue] + r.work;
        if (best === null || finish(oldest) < finish(best)) best = oldest;
      }
      if (best === null || this.#inUse() >= this.#limit) return dispatched;
      const executing = this.requests.some((r) => r.state === 'executing');
      const fits =
        best.seats > this.#limit ? !executing : this.#inUse() + best.seats <= this.#limit;
      if (!fits) return dispatched;
      this.#robin = best.queue;
      best.state = 'executing';
      best.startNs = this.#nowNs;
      this.#nextR[best.queue] += best.work;
      this.#bound(best.queue);
      dispatched.push(best.id);
    }
  }
}
