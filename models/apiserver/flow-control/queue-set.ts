/**
 * The queues of one priority level (kubernetes/apiserver
 * pkg/util/flowcontrol/fairqueuing/queueset/queueset.go).
 *
 * The idea: fair queueing over virtual time R, the seat-time that each busy queue has been given.
 * A request joins the queue of its hand with the least work waiting; the queue whose oldest request
 * would end first in virtual time goes next. A request is first assumed to take 3 ms; when it ends
 * the queue is charged what it took. A wide request that is next waits until its seats are free,
 * and everybody behind it with it.
 *
 * Time is given, nothing is scheduled: who owns the set does that. Virtual time is in seat-ns.
 * Left out: changes of the number of queues (a configuration lasts for a run), advances of the
 * epoch (numbers here do not overflow).
 */
import { assert } from '../../../src/core/index.ts';
import { SeatDemand } from './seat-demand.ts';
import type { Ticket } from './ticket.ts';

/** queueset.go `estimatedServiceDuration`. */
export const ESTIMATED_SERVICE_NS = 3e6;

export interface QueueSetOptions {
  /** 0 = reject what finds no seat; -1 = exempt: nobody is ever held up. */
  readonly queues: number;
  readonly queueLengthLimit: number;
}

interface Queue {
  /** Oldest first. */
  readonly waiting: Ticket[];
  /** Of the waiting: sum of their work. */
  workWaiting: number;
  nextDispatchR: number;
  executing: number;
  seatsInUse: number;
}

export type StartOutcome = 'executing' | 'waiting' | 'queueFull' | 'concurrencyLimit';

export class QueueSet {
  readonly demand = new SeatDemand();
  readonly #options: QueueSetOptions;
  readonly #queues: Queue[] = [];
  readonly #onDispatch: (ticket: Ticket) => void;
  /** Seats that this level may use now. */
  #limit: number;
  #currentR = 0;
  #lastNs = 0;
  #robin = 0;
  #enqueues = 0;
  /** Queues with anything waiting or executing. */
  #active = 0;
  /** Seats that belong to requests of queues (not those executing without one). */
  #queueSeatsInUse = 0;
  /** The request that `start` is about: it learns of its dispatch by the outcome. */
  #starting: Ticket | null = null;
  requestsWaiting = 0;
  seatsWaiting = 0;
  requestsExecuting = 0;
  seatsInUse = 0;

  /** `onDispatch`: a request that waited goes now; it must not call back into the set. */
  constructor(options: QueueSetOptions, limit: number, onDispatch: (ticket: Ticket) => void) {
    this.#options = options;
    this.#limit = limit;
    this.#onDispatch = onDispatch;
    for (let i = 0; i < options.queues; i++) {
      this.#queues.push({
        waiting: [],
        workWaiting: 0,
        nextDispatchR: 0,
        executing: 0,
        seatsInUse: 0,
      });
    }
  }

  get limit(): number {
    return this.#limit;
  }

  setLimit(nowNs: number, limit: number): void {
    this.#sync(nowNs);
    this.#limit = limit;
    this.#dispatchAll(nowNs);
  }

  queueLength(queue: number): number {
    return queue < 0 ? 0 : this.#queues[queue].waiting.length;
  }

  /** `hand`: the queues of its flow. */
  start(nowNs: number, ticket: Ticket, hand: readonly number[] | null): StartOutcome {
    this.#sync(nowNs);
    ticket.seats = Math.max(ticket.initialSeats, ticket.finalSeats);
    ticket.finalWork = ticket.finalSeats * ticket.additionalNs;
    ticket.work = ticket.initialSeats * ESTIMATED_SERVICE_NS + ticket.finalWork;
    ticket.arrivalNs = nowNs;
    ticket.arrivalR = this.#currentR;
    if (this.#options.queues <= 0) {
      if (this.#options.queues === 0 && !this.#fits(ticket.seats)) return 'concurrencyLimit';
      ticket.queue = -1;
      this.#execute(nowNs, ticket);
      return 'executing';
    }
    assert(hand !== null, 'a level with queues deals hands');
    if (this.requestsWaiting === 0 && this.seatsInUse + ticket.seats <= this.#limit) {
      this.#pass(nowNs, ticket, hand[this.#enqueues++ % hand.length]);
      return 'executing';
    }
    const index = this.#choose(hand);
    const queue = this.#queues[index];
    const full = queue.waiting.length >= this.#options.queueLengthLimit;
    if (this.seatsInUse >= this.#limit && full) return 'queueFull';
    this.#enqueue(nowNs, ticket, index);
    this.#starting = ticket;
    this.#dispatchAll(nowNs);
    this.#starting = null;
    // A call, so that the compiler does not think that it knows what dispatching changed.
    return isExecuting(ticket) ? 'executing' : 'waiting';
  }

  /** A waiting request gives up; as in the original, nobody is dispatched for it. */
  cancel(nowNs: number, ticket: Ticket): void {
    assert(ticket.state === 'waiting', 'only a waiting request can be cancelled');
    this.#sync(nowNs);
    const queue = this.#queues[ticket.queue];
    const at = queue.waiting.indexOf(ticket);
    assert(at >= 0, 'a waiting request is in its queue');
    queue.waiting.splice(at, 1);
    this.#leave(queue, ticket);
    ticket.state = 'idle';
    if (isEmpty(queue)) this.#active--;
    this.#bound(queue);
    this.#noteDemand(nowNs);
  }

  /**
   * The request has been answered. Where seats linger (`additionalNs` > 0) they stay taken until
   * `release`.
   */
  finish(nowNs: number, ticket: Ticket): void {
    assert(ticket.state === 'executing', 'only an executing request can finish');
    this.#sync(nowNs);
    ticket.state = 'idle';
    this.requestsExecuting--;
    if (ticket.queue >= 0) {
      const queue = this.#queues[ticket.queue];
      queue.executing--;
      if (isEmpty(queue)) this.#active--;
      const tookNs = nowNs - ticket.startNs;
      queue.nextDispatchR -= ticket.initialSeats * (ESTIMATED_SERVICE_NS - tookNs);
      this.#bound(queue);
    }
    if (ticket.additionalNs > 0) this.#dispatchAll(nowNs);
    else this.release(nowNs, ticket.queue, ticket.seats);
  }

  /** Seats of a finished request become free. */
  release(nowNs: number, queue: number, seats: number): void {
    this.#sync(nowNs);
    this.seatsInUse -= seats;
    assert(this.seatsInUse >= 0, 'seats in use are never negative');
    if (queue >= 0) {
      this.#queues[queue].seatsInUse -= seats;
      this.#queueSeatsInUse -= seats;
    }
    this.#noteDemand(nowNs);
    this.#dispatchAll(nowNs);
  }

  #sync(nowNs: number): void {
    const spanNs = nowNs - this.#lastNs;
    this.#lastNs = nowNs;
    if (this.#active === 0 || spanNs === 0) return;
    const requested = this.#queueSeatsInUse + this.seatsWaiting;
    this.#currentR += (Math.min(requested, this.#limit) / this.#active) * spanNs;
  }

  /** Nobody waits and there are seats: in at one end of its queue and out at the other. */
  #pass(nowNs: number, ticket: Ticket, index: number): void {
    const queue = this.#queues[index];
    if (queue.executing === 0) {
      queue.nextDispatchR = this.#currentR;
      this.#active++;
    } else if (queue.nextDispatchR < this.#currentR) {
      queue.nextDispatchR = this.#currentR;
    }
    ticket.queue = index;
    this.#robin = index;
    this.#take(queue, ticket);
    this.#execute(nowNs, ticket);
  }

  /** The first of least work, from a place in the hand that moves on with every request. */
  #choose(hand: readonly number[]): number {
    const offset = this.#enqueues++ % hand.length;
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < hand.length; i++) {
      const index = hand[(offset + i) % hand.length];
      const work = this.#queues[index].workWaiting;
      if (work < least) {
        least = work;
        best = index;
      }
    }
    return best;
  }

  #enqueue(nowNs: number, ticket: Ticket, index: number): void {
    const queue = this.#queues[index];
    if (isEmpty(queue)) {
      queue.nextDispatchR = this.#currentR;
      this.#active++;
    }
    ticket.queue = index;
    ticket.state = 'waiting';
    queue.waiting.push(ticket);
    queue.workWaiting += ticket.work;
    this.requestsWaiting++;
    this.seatsWaiting += ticket.seats;
    this.#bound(queue);
    this.#noteDemand(nowNs);
  }

  #leave(queue: Queue, ticket: Ticket): void {
    queue.workWaiting -= ticket.work;
    if (queue.waiting.length === 0) queue.workWaiting = 0;
    this.requestsWaiting--;
    this.seatsWaiting -= ticket.seats;
  }

  #dispatchAll(nowNs: number): void {
    while (this.requestsWaiting > 0 && this.seatsInUse < this.#limit) {
      if (!this.#dispatch(nowNs)) return;
    }
  }

  #dispatch(nowNs: number): boolean {
    const starting = this.#starting;
    const alone = starting !== null && this.requestsWaiting === 1;
    const index = alone ? starting.queue : this.#nextQueue();
    const queue = this.#queues[index];
    const ticket = queue.waiting[0];
    if (!this.#fits(ticket.seats)) return false;
    this.#robin = index;
    queue.waiting.shift();
    this.#leave(queue, ticket);
    if (ticket.finalSeats > this.#limit) {
      ticket.finalSeats = Math.max(1, this.#limit);
      ticket.additionalNs = Math.round(ticket.finalWork / ticket.finalSeats);
      ticket.seats = Math.max(ticket.initialSeats, ticket.finalSeats);
    }
    this.#take(queue, ticket);
    this.#bound(queue);
    this.#execute(nowNs, ticket);
    if (ticket === starting) this.#starting = null;
    else this.#onDispatch(ticket);
    return true;
  }

  #take(queue: Queue, ticket: Ticket): void {
    queue.executing++;
    queue.seatsInUse += ticket.seats;
    this.#queueSeatsInUse += ticket.seats;
    queue.nextDispatchR += ticket.work;
  }

  #execute(nowNs: number, ticket: Ticket): void {
    ticket.state = 'executing';
    ticket.startNs = nowNs;
    this.requestsExecuting++;
    this.seatsInUse += ticket.seats;
    this.#noteDemand(nowNs);
  }

  #fits(seats: number): boolean {
    if (seats > this.#limit) return this.requestsExecuting === 0;
    return this.seatsInUse + seats <= this.#limit;
  }

  /** Round robin from the queue after the last one, the first with the least virtual finish. */
  #nextQueue(): number {
    const { length } = this.#queues;
    let least = Infinity;
    let best = -1;
    for (let i = 1; i <= length; i++) {
      const index = (this.#robin + i) % length;
      const queue = this.#queues[index];
      if (queue.waiting.length === 0) continue;
      const finish = queue.nextDispatchR + queue.waiting[0].work;
      if (finish < least) {
        least = finish;
        best = index;
      }
    }
    assert(best >= 0, 'requests wait in some queue');
    return best;
  }

  /** Anti-windup: dispatch in the virtual world does not precede arrival. */
  #bound(queue: Queue): void {
    if (queue.waiting.length === 0) return;
    const { arrivalR } = queue.waiting[0];
    if (queue.nextDispatchR < arrivalR) queue.nextDispatchR = arrivalR;
  }

  #noteDemand(nowNs: number): void {
    this.demand.set(nowNs, this.seatsInUse + this.seatsWaiting);
  }
}

function isEmpty(queue: Queue): boolean {
  return queue.waiting.length === 0 && queue.executing === 0;
}

function isExecuting(ticket: Ticket): boolean {
  return ticket.state === 'executing';
}
