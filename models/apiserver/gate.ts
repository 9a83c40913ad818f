/**
 * Who may run now: priority and fairness, or the old limits on requests in flight. Sets the seats
 * of a request before it asks.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiServerScenario } from '../../src/scenario/types.ts';
import type { ApiServerFeatures } from './features.ts';
import { flowSchemas, priorityLevels } from './flow-control/bootstrap.ts';
import type { Flow } from './flow-control/classifier.ts';
import { FlowControl } from './flow-control/flow-control.ts';
import { MaxInFlight } from './flow-control/max-in-flight.ts';
import type { Ticket } from './flow-control/ticket.ts';
import { listSeats, setMutatingSeats } from './flow-control/width.ts';
import type { Request } from './request.ts';
import type { ReplicaStorage } from './storage/types.ts';

/** A request waits for its seat for a quarter of what is left of its time, at most a minute. */
const WAIT_SHARE = 4;
const WAIT_NS_MAX = 60e9;

export interface GateOwner {
  onDispatch(slot: number): void;
  onWaitTooLong(slot: number): void;
}

export type GateAnswer = 'run' | 'wait' | 'reject';

export class Gate {
  readonly flowControl: FlowControl | null;
  readonly #inFlight: MaxInFlight;
  readonly #ctx: ModelContext;
  readonly #features: ApiServerFeatures;
  readonly #storage: ReplicaStorage;
  /** What `prepare` found out of the request that asks next. */
  #flow: Flow | null = null;

  constructor(
    ctx: ModelContext,
    instance: string,
    scenario: ApiServerScenario,
    features: ApiServerFeatures,
    storage: ReplicaStorage,
    owner: GateOwner,
  ) {
    this.#ctx = ctx;
    this.#features = features;
    this.#storage = storage;
    const { maxRequestsInFlight, maxMutatingRequestsInFlight } = scenario;
    this.#inFlight = new MaxInFlight(maxRequestsInFlight, maxMutatingRequestsInFlight);
    this.flowControl = scenario.priorityAndFairness
      ? new FlowControl(
          ctx,
          instance,
          {
            levels: priorityLevels(scenario.priorityLevels),
            schemas: flowSchemas(scenario.flowSchemas),
            seats: maxRequestsInFlight + maxMutatingRequestsInFlight,
          },
          {
            onDispatch: (ticket) => owner.onDispatch(ticket.owner),
            onWaitTooLong: (ticket) => owner.onWaitTooLong(ticket.owner),
          },
        )
      : null;
  }

  start(): void {
    this.flowControl?.start();
    this.#inFlight.reset();
  }

  /** Sets its seats; true where it would run at once. To be followed by `ask`. */
  prepare(request: Request): boolean {
    const { kind, ticket } = request;
    const control = this.flowControl;
    this.#flow = null;
    if (kind.longRunning && (control === null || kind.verb !== 'watch')) return true;
    if (control === null) return true;
    const flow = control.classify(request.user, request.call, kind.index, request.connection);
    this.#flow = flow;
    this.#setSeats(request, control, flow);
    return control.hasFreeSeats(flow.level, Math.max(ticket.initialSeats, ticket.finalSeats));
  }

  ask(request: Request): GateAnswer {
    const { kind } = request;
    if (kind.longRunning && (this.flowControl === null || kind.verb !== 'watch')) return 'run';
    if (this.flowControl === null || this.#flow === null) {
      if (request.isOfMaster) return 'run';
      if (!this.#inFlight.take(kind.mutating)) return this.#rejected(request, 1);
      request.holdsSeat = true;
      return 'run';
    }
    const leftNs = request.deadlineNs - this.#ctx.sim.nowNs;
    const limitNs = Math.max(0, Math.min(Math.floor(leftNs / WAIT_SHARE), WAIT_NS_MAX));
    const answer = this.flowControl.admit(request.ticket, this.#flow, limitNs);
    if (answer === 'executing') {
      request.holdsSeat = true;
      return 'run';
    }
    if (answer === 'waiting') return 'wait';
    return this.#rejected(request, this.retryAfterS(request));
  }

  /** Its seats are free again. */
  leave(request: Request): void {
    if (!request.holdsSeat) return;
    request.holdsSeat = false;
    if (this.flowControl !== null) this.flowControl.finish(request.ticket);
    else this.#inFlight.give(request.kind.mutating);
  }

  /** It waits, and its client has gone. */
  cancel(ticket: Ticket): void {
    this.flowControl?.cancel(ticket, 'cancelled');
  }

  retryAfterS(request: Request): number {
    if (this.flowControl === null || !this.#features.retryAfterByDrops) return 1;
    return this.flowControl.retryAfterS(request.ticket.level);
  }

  #rejected(request: Request, retryAfterS: number): GateAnswer {
    request.retryAfterS = retryAfterS;
    return 'reject';
  }

  #setSeats(request: Request, control: FlowControl, flow: Flow): void {
    const { kind, ticket, call, members } = request;
    ticket.initialSeats = 1;
    ticket.finalSeats = 0;
    ticket.additionalNs = 0;
    if (control.isExempt(flow.level)) return;
    const widthMax = control.widthMax(flow.level);
    if (kind.mutating) {
      if (this.#features.mutatingSeatsByWatchers) {
        setMutatingSeats(ticket, this.#interestedWatchers(request), widthMax);
      }
    } else if (kind.verb === 'list' || (kind.verb === 'watch' && asksForAll(request))) {
      const storage = this.#storage.of(call.resource);
      const stats = { objectCount: storage.objectCount, averageBytes: storage.averageBytes };
      const cached = kind.verb === 'watch' || (storage.cacher !== null && this.#fromCache(request));
      const bySize = this.#features.listSeatsBySize;
      ticket.initialSeats = listSeats(call, stats, cached, bySize, widthMax);
    }
    if (members === 1) return;
    // Members ask one by one: together as wide as the level lets them be.
    const most = Math.max(1, control.currentSeats(flow.level));
    ticket.initialSeats = Math.min(ticket.initialSeats * members, most);
    ticket.finalSeats = Math.min(ticket.finalSeats * members, most);
  }

  #fromCache(request: Request): boolean {
    const { consistency, limit, continueAt } = request.call;
    if (consistency === 'any' || consistency === 'notOlderThan') return true;
    if (consistency === 'exact' || (continueAt ?? 0) > 0) return false;
    return this.#features.consistentListFromCache || (limit ?? 0) < 0;
  }

  /** Watchers that a change would be sent to; of indexed fields only those that are known. */
  #interestedWatchers(request: Request): number {
    const { call } = request;
    if (request.kind.subresource === 'token') return 0;
    const { cacher } = this.#storage.of(call.resource);
    if (cacher === null || cacher.watchers < 10) return 0;
    const object = call.object ?? (call.path === undefined ? undefined : cacher.get(call.path));
    return object === undefined ? 0 : cacher.interestedWatchers(object);
  }
}

/** watch requests that begin with a list (list_work_estimator.go). */
function asksForAll(request: Request): boolean {
  return request.call.sendInitialEvents === true || (request.call.resourceVersion ?? 0) === 0;
}
