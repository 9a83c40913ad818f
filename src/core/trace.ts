/** A record of some events of a run, by their place in the order of handling. */

export interface TraceOptions {
  /** First event recorded; the first event of a run is 1. */
  readonly fromEvent: number;
  /** Last event recorded. */
  readonly toEvent: number;
}

export interface TracedEvent {
  readonly event: number;
  readonly timeNs: number;
  readonly type: number;
  readonly a: number;
  readonly b: number;
}

export class EventTrace {
  readonly fromEvent: number;
  readonly toEvent: number;
  readonly events: TracedEvent[] = [];

  constructor(options: TraceOptions) {
    this.fromEvent = options.fromEvent;
    this.toEvent = options.toEvent;
  }

  record(event: number, timeNs: number, type: number, a: number, b: number): void {
    if (event < this.fromEvent || event > this.toEvent) return;
    this.events.push({ event, timeNs, type, a, b });
  }
}
