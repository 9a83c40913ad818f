/**
 * API Priority and Fairness of one server (kubernetes/apiserver pkg/util/flowcontrol
 * apf_controller.go, apf_filter.go; KEP-1040): levels with seats, lent and borrowed every 10 s.
 *
 * Left out: objects of the API that configure it (a configuration lasts for a run), and their
 * status writes; debug endpoints; the old waiting limit of queues (before 1.26).
 */
import { NS_PER_S, type Simulation } from '../../../src/core/index.ts';
import type { ModelContext } from '../../../src/resource/index.ts';
import type { ApiCall, User } from '../../objects/index.ts';
import { allocateSeats } from './allocation.ts';
import type { FlowSchema, PriorityLevel } from './bootstrap.ts';
import { Classifier, type Flow, type Speaker } from './classifier.ts';
import { DroppedRequests } from './dropped-requests.ts';
import { LevelMetrics, SchemaMetrics } from './level-metrics.ts';
import { QueueSet } from './queue-set.ts';
import type { Ticket } from './ticket.ts';
import { seatsMax } from './width.ts';

const BORROWING_PERIOD_NS = 10 * NS_PER_S;

export interface FlowControlOptions {
  readonly levels: readonly PriorityLevel[];
  readonly schemas: readonly FlowSchema[];
  /** Seats of the server: --max-requests-inflight and --max-mutating-requests-inflight. */
  readonly seats: number;
}

/** What a server does when flow control decides later. */
export interface FlowControlOwner {
  /** It waited, and has its seats now. */
  onDispatch(ticket: Ticket): void;
  /** It has waited too long: 429. */
  onWaitTooLong(ticket: Ticket): void;
}

interface LevelState {
  readonly config: PriorityLevel;
  readonly nominalSeats: number;
  readonly minSeats: number;
  readonly maxSeats: number;
  /** Cap of one request's seats. */
  readonly widthMax: number;
  readonly metrics: LevelMetrics;
  queues: QueueSet;
  dropped: DroppedRequests;
}

export class FlowControl {
  readonly #sim: Simulation;
  readonly #options: FlowControlOptions;
  readonly #owner: FlowControlOwner;
  readonly #classifier: Classifier;
  readonly #levels: readonly LevelState[];
  readonly #schemas: readonly (SchemaMetrics | null)[];
  readonly #schemaMetrics: (schema: number) => SchemaMetrics;
  readonly #onDispatch: (ticket: Ticket) => void;
  readonly #borrowType: number;
  readonly #waitType: number;
  readonly #lingerType: number;
  readonly #tickets = new Map<number, Ticket>();
  /** Seats that linger after their request: by number, with free numbers for reuse. */
  readonly #lingerLevel: number[] = [];
  readonly #lingerQueue: number[] = [];
  readonly #lingerSeats: number[] = [];
  readonly #lingerFree: number[] = [];
  /** Grows with every start of the process. */
  #life = 0;
  /** Requests that have waited, in all lives. */
  #waits = 0;

  constructor(
    ctx: ModelContext,
    instance: string,
    options: FlowControlOptions,
    owner: FlowControlOwner,
  ) {
    const { sim, metrics } = ctx;
    this.#sim = sim;
    this.#options = options;
    this.#owner = owner;
    this.#classifier = new Classifier(options.schemas, options.levels);
    this.#onDispatch = (ticket) => {
      this.#noteDispatch(ticket);
      owner.onDispatch(ticket);
    };
    let shares = 0;
    for (const level of options.levels) shares += level.shares;
    this.#levels = options.levels.map((config): LevelState => {
      const nominalSeats = Math.ceil((options.seats * config.shares) / shares);
      const lent = Math.round((nominalSeats * config.lendablePercent) / 100);
      const borrowed =
        config.borrowingLimitPercent < Infinity
          ? Math.round((nominalSeats * config.borrowingLimitPercent) / 100)
          : options.seats;
      return {
        config,
        nominalSeats,
        minSeats: nominalSeats - lent,
        maxSeats: nominalSeats + borrowed,
        widthMax: seatsMax(nominalSeats, config.handSize),
        metrics: new LevelMetrics(metrics, instance, config.name),
        queues: this.#newQueues(config, nominalSeats, lent),
        dropped: new DroppedRequests(),
      };
    });
    const schemas: (SchemaMetrics | null)[] = options.schemas.map(() => null);
    this.#schemas = schemas;
    this.#schemaMetrics = (index) => {
      const { name, level } = options.schemas[index];
      schemas[index] = new SchemaMetrics(metrics, instance, name, level);
      return schemas[index]!;
    };
    const type = (name: string, handle: (a: number, b: number) => void) =>
      sim.eventType(`${instance}/flowcontrol/${name}`, handle);
    this.#borrowType = type('borrow', (life) => this.#borrow(life));
    this.#waitType = type('waitLimit', (owner, wait) => this.#waitLimit(owner, wait));
    this.#lingerType = type('linger', (at, life) => this.#lingered(at, life));
  }

  /** The process starts: everything is free, and the first adjustment comes at once. */
  start(): void {
    this.#life++;
    this.#lingerLevel.length = 0;
    this.#lingerQueue.length = 0;
    this.#lingerSeats.length = 0;
    this.#lingerFree.length = 0;
    this.#tickets.clear();
    const nowNs = this.#sim.nowNs;
    for (const level of this.#levels) {
      level.queues = this.#newQueues(
        level.config,
        level.nominalSeats,
        level.nominalSeats - level.minSeats,
      );
      level.dropped = new DroppedRequests();
      level.metrics.nominalSeats.set(nowNs, level.nominalSeats);
      level.metrics.lowerSeats.set(nowNs, level.minSeats);
      level.metrics.upperSeats.set(nowNs, level.maxSeats);
      this.#note(level);
      level.metrics.inQueue.set(nowNs, 0);
    }
    this.#borrow(this.#life);
  }

  /** `kind`: a small number of its verb, resource and subresource. */
  classify(user: User, call: ApiCall, kind: number, speaker: Speaker | null): Flow {
    return this.#classifier.classify(user, call, kind, speaker);
  }

  /** Cap of a request's seats on this level. */
  widthMax(level: number): number {
    return this.#levels[level].widthMax;
  }

  nominalSeats(level: number): number {
    return this.#levels[level].nominalSeats;
  }

  isExempt(level: number): boolean {
    return this.#levels[level].config.exempt;
  }

  levelName(level: number): string {
    return this.#levels[level].config.name;
  }

  /** Seats that the level may use now. */
  currentSeats(level: number): number {
    return this.#levels[level].queues.limit;
  }

  /** Whether a request of so many seats would go at once. */
  hasFreeSeats(level: number, seats: number): boolean {
    const { queues, config } = this.#levels[level];
    return (
      config.exempt || (queues.requestsWaiting === 0 && queues.seatsInUse + seats <= queues.limit)
    );
  }

  /**
   * The ticket's seats are set. `waiting`: `onDispatch` or `onWaitTooLong` follows, the latter
   * after `waitLimitNs`.
   * `rejected`: 429 with `retryAfterS`.
   */
  admit(ticket: Ticket, flow: Flow, waitLimitNs: number): 'executing' | 'waiting' | 'rejected' {
    const nowNs = this.#sim.nowNs;
    const level = this.#levels[flow.level];
    ticket.level = flow.level;
    ticket.schema = flow.schema;
    const metrics = this.#metricsOf(flow.schema);
    const outcome = level.queues.start(nowNs, ticket, flow.hand);
    metrics.seats.record(ticket.seats);
    if (outcome === 'queueFull' || outcome === 'concurrencyLimit') {
      this.#reject(level, metrics, 0, outcome === 'queueFull' ? 'queue-full' : 'concurrency-limit');
      return 'rejected';
    }
    if (ticket.queue >= 0) metrics.queueLength.record(level.queues.queueLength(ticket.queue));
    this.#note(level);
    if (outcome === 'executing') {
      metrics.dispatched.add(1);
      metrics.waitExecuted.record(0);
      return outcome;
    }
    level.metrics.inQueue.set(nowNs, level.queues.requestsWaiting);
    this.#tickets.set(ticket.owner, ticket);
    ticket.wait = this.#waits = (this.#waits + 1) | 0;
    this.#sim.schedule(waitLimitNs, this.#waitType, ticket.owner, ticket.wait);
    return outcome;
  }

  /** The client of a waiting request has gone. */
  cancel(ticket: Ticket, reason: 'cancelled' | 'time-out'): void {
    const nowNs = this.#sim.nowNs;
    const level = this.#levels[ticket.level];
    level.queues.cancel(nowNs, ticket);
    this.#tickets.delete(ticket.owner);
    this.#note(level);
    level.metrics.inQueue.set(nowNs, level.queues.requestsWaiting);
    this.#reject(level, this.#metricsOf(ticket.schema), nowNs - ticket.arrivalNs, reason);
  }

  /** The request has been answered (a watch: initialised). */
  finish(ticket: Ticket): void {
    const nowNs = this.#sim.nowNs;
    const level = this.#levels[ticket.level];
    const { queue, seats, additionalNs } = ticket;
    this.#metricsOf(ticket.schema).execution.record(nowNs - ticket.startNs);
    level.queues.finish(nowNs, ticket);
    if (additionalNs > 0) this.#linger(ticket.level, queue, seats, additionalNs);
    this.#note(level);
  }

  /** Retry-After of a level that has just rejected. */
  retryAfterS(level: number): number {
    return this.#levels[level].dropped.retryAfterS;
  }

  #newQueues(config: PriorityLevel, nominalSeats: number, lent: number): QueueSet {
    return new QueueSet(
      { queues: config.exempt ? -1 : config.queues, queueLengthLimit: config.queueLengthLimit },
      // Until the first adjustment: nominal - lendable / 2 (apf_controller.go).
      nominalSeats - Math.floor(lent / 2),
      this.#onDispatch,
    );
  }

  #metricsOf(schema: number): SchemaMetrics {
    return this.#schemas[schema] ?? this.#schemaMetrics(schema);
  }

  #reject(level: LevelState, metrics: SchemaMetrics, waitedNs: number, reason: string): void {
    level.dropped.record(this.#sim.nowNs, 1);
    metrics.waitRejected.record(waitedNs);
    metrics.reject(reason);
  }

  #noteDispatch(ticket: Ticket): void {
    const level = this.#levels[ticket.level];
    const metrics = this.#metricsOf(ticket.schema);
    this.#tickets.delete(ticket.owner);
    metrics.dispatched.add(1);
    metrics.waitExecuted.record(this.#sim.nowNs - ticket.arrivalNs);
    level.metrics.inQueue.set(this.#sim.nowNs, level.queues.requestsWaiting);
  }

  #note(level: LevelState): void {
    const nowNs = this.#sim.nowNs;
    const { queues, metrics } = level;
    metrics.executingSeats.set(nowNs, queues.seatsInUse);
    metrics.executingRequests.set(nowNs, queues.requestsExecuting);
    metrics.demandSeats.set(nowNs, queues.seatsInUse + queues.seatsWaiting);
  }

  #waitLimit(owner: number, wait: number): void {
    const ticket = this.#tickets.get(owner);
    if (ticket === undefined || ticket.wait !== wait || ticket.state !== 'waiting') return;
    this.cancel(ticket, 'time-out');
    this.#owner.onWaitTooLong(ticket);
  }

  #linger(level: number, queue: number, seats: number, forNs: number): void {
    const at = this.#lingerFree.pop() ?? this.#lingerLevel.length;
    this.#lingerLevel[at] = level;
    this.#lingerQueue[at] = queue;
    this.#lingerSeats[at] = seats;
    this.#sim.schedule(forNs, this.#lingerType, at, this.#life);
  }

  #lingered(at: number, life: number): void {
    if (life !== this.#life) return;
    const level = this.#levels[this.#lingerLevel[at]];
    this.#lingerFree.push(at);
    level.queues.release(this.#sim.nowNs, this.#lingerQueue[at], this.#lingerSeats[at]);
    this.#note(level);
  }

  /** apf_controller.go `updateBorrowingLocked`. */
  #borrow(life: number): void {
    if (life !== this.#life) return;
    const nowNs = this.#sim.nowNs;
    let sum = 0;
    const classes = this.#levels.map((level) => {
      const { demand } = level.queues;
      demand.update(nowNs);
      sum += level.nominalSeats;
      const used = Math.min(level.nominalSeats, demand.highWatermark);
      const lowerBound = Math.max(level.minSeats, used);
      const target = Math.max(lowerBound, demand.smoothed);
      return { lowerBound, upperBound: level.maxSeats, target };
    });
    const seats = allocateSeats(sum, classes);
    this.#levels.forEach((level, i) => {
      if (seats !== null) level.queues.setLimit(nowNs, Math.round(seats[i]));
      level.metrics.currentSeats.set(nowNs, level.queues.limit);
      this.#note(level);
    });
    this.#sim.schedule(BORROWING_PERIOD_NS, this.#borrowType, life, 0);
  }

  get seats(): number {
    return this.#options.seats;
  }
}
