/**
 * The dumbest event queue: an array that is searched. What must come next is the least (time, order
 * of scheduling).
 */

export interface PendingEvent {
  readonly timeNs: number;
  readonly order: number;
  readonly a: number;
}

export class SortedEvents {
  #order = 0;
  readonly #pending: PendingEvent[] = [];

  add(timeNs: number, a: number): PendingEvent {
    const event = { timeNs, order: this.#order++, a };
    this.#pending.push(event);
    return event;
  }

  remove(event: PendingEvent): boolean {
    const index = this.#pending.indexOf(event);
    if (index >= 0) this.#pending.splice(index, 1);
    return index >= 0;
  }

  takeBefore(horizonNs: number): PendingEvent | undefined {
    let first: PendingEvent | undefined;
    for (const event of this.#pending) {
      const earlier =
        first === undefined ||
        event.timeNs < first.timeNs ||
        (event.timeNs === first.timeNs && event.order < first.order);
      if (earlier) first = event;
    }
    if (first === undefined || first.timeNs >= horizonNs) return undefined;
    this.remove(first);
    return first;
  }
}
