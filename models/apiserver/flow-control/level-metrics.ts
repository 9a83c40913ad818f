/** What a server publishes of its flow control (pkg/util/flowcontrol/metrics), real names. */
import type { Counter, Level, Metrics, Tally } from '../../../src/metrics/index.ts';

const WAIT_BUCKETS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const QUEUE_LENGTH_BUCKETS = [0, 10, 25, 50, 100, 250, 500, 1000];
const SEATS_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 100];

/** Of one priority level of one server. */
export class LevelMetrics {
  readonly inQueue: Level;
  readonly executingRequests: Level;
  readonly executingSeats: Level;
  readonly demandSeats: Level;
  readonly nominalSeats: Level;
  readonly currentSeats: Level;
  readonly lowerSeats: Level;
  readonly upperSeats: Level;

  constructor(metrics: Metrics, instance: string, level: string) {
    const of = (name: string) =>
      metrics.level(`apiserver_flowcontrol_${name}`, { instance, priority_level: level });
    this.inQueue = of('current_inqueue_requests');
    this.executingRequests = of('current_executing_requests');
    this.executingSeats = of('current_executing_seats');
    this.demandSeats = of('demand_seats');
    this.nominalSeats = of('nominal_limit_seats');
    this.currentSeats = of('current_limit_seats');
    this.lowerSeats = of('lower_limit_seats');
    this.upperSeats = of('upper_limit_seats');
  }
}

/** Of one flow schema of one server; durations are those of all servers together. */
export class SchemaMetrics {
  readonly dispatched: Counter;
  readonly waitExecuted: Tally;
  readonly waitRejected: Tally;
  readonly execution: Tally;
  readonly seats: Tally;
  readonly queueLength: Tally;
  readonly #metrics: Metrics;
  readonly #labels: { readonly flow_schema: string; readonly priority_level: string };
  readonly #instance: string;
  readonly #rejected = new Map<string, Counter>();

  constructor(metrics: Metrics, instance: string, schema: string, level: string) {
    const labels = { flow_schema: schema, priority_level: level };
    this.#metrics = metrics;
    this.#labels = labels;
    this.#instance = instance;
    const prefix = 'apiserver_flowcontrol_';
    this.dispatched = metrics.counter(`${prefix}dispatched_requests_total`, {
      instance,
      ...labels,
    });
    const wait = `${prefix}request_wait_duration_seconds`;
    const o = { buckets: WAIT_BUCKETS };
    this.waitExecuted = metrics.tally(wait, { ...labels, execute: 'true' }, o);
    this.waitRejected = metrics.tally(wait, { ...labels, execute: 'false' }, o);
    this.execution = metrics.tally(`${prefix}request_execution_seconds`, labels, o);
    this.seats = metrics.tally(`${prefix}work_estimated_seats`, labels, {
      buckets: SEATS_BUCKETS,
    });
    this.queueLength = metrics.tally(`${prefix}request_queue_length_after_enqueue`, labels, {
      buckets: QUEUE_LENGTH_BUCKETS,
    });
  }

  reject(reason: string): void {
    let counter = this.#rejected.get(reason);
    if (counter === undefined) {
      counter = this.#metrics.counter('apiserver_flowcontrol_rejected_requests_total', {
        instance: this.#instance,
        ...this.#labels,
        reason,
      });
      this.#rejected.set(reason, counter);
    }
    counter.add(1);
  }
}
