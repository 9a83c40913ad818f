/** One request as flow control sees it. Reused: one belongs to each place of a request. */
export type TicketState = 'idle' | 'waiting' | 'executing';

export class Ticket {
  /** What it belongs to: an index of the owner's. */
  readonly owner: number;
  state: TicketState = 'idle';
  /** Index of its level and of its schema. */
  level = -1;
  schema = -1;
  /** Seats while it runs, seats afterwards, and for how long (ns). */
  initialSeats = 1;
  finalSeats = 0;
  additionalNs = 0;
  /** Seats that it holds all along: the larger of the two. */
  seats = 1;
  /** Work in seat-nanoseconds, as expected at its arrival. */
  work = 0;
  finalWork = 0;
  arrivalNs = 0;
  arrivalR = 0;
  startNs = 0;
  /** -1 = not of a queue. */
  queue = -1;
  /** Number of its wait, which the event of its limit carries. */
  wait = 0;

  constructor(owner: number) {
    this.owner = owner;
  }
}
