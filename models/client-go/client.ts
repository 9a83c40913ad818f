/** Clients as components hold them: names and verbs over a `ClientState` and the transport. */
import { type EventId, NO_EVENT, type Simulation, type Waitable } from '../../src/core/index.ts';
import type { ApiCall, ApiResult, User } from '../objects/index.ts';
import type { ClientState } from './client-state.ts';
import type { Dialer } from './dialer.ts';
import type { WatchHandler } from './request.ts';
import type { Transport } from './transport.ts';
import type { ApiClient, ClientPopulation, PendingCall } from './types.ts';

/** A watch that its client can end. */
export interface OpenedWatch {
  stop(): void;
}

/** What reflectors need beside `ApiClient`. */
export interface LibraryClient extends ApiClient {
  watch(call: ApiCall, handler: WatchHandler, how: WatchOpening): OpenedWatch;
}

/**
 * limited: as any call. unlimited: past the rate limit, for a member of a cohort that has a bucket
 * of its own. preloaded: it has been there since before the start.
 */
export type WatchOpening = 'limited' | 'unlimited' | 'preloaded';

class Pending implements PendingCall {
  result: ApiResult | null = null;
  #sim: Simulation | null = null;
  #type = 0;
  #a = 0;
  #b = 0;
  /** Wakes the process where the result comes too late. */
  #limit: EventId = NO_EVENT;
  #isLimited = false;

  wait(sim: Simulation, wakeType: number, a: number, b: number): void {
    this.#sim = sim;
    this.#type = wakeType;
    this.#a = a;
    this.#b = b;
    if (this.result !== null) sim.schedule(0, wakeType, a, b);
  }

  atMost(delayNs: number): Waitable {
    return {
      wait: (sim, type, a, b) => {
        this.wait(sim, type, a, b);
        if (this.result !== null) return;
        this.#isLimited = true;
        this.#limit = sim.schedule(delayNs, type, a, b);
      },
    };
  }

  readonly resolve = (result: ApiResult): void => {
    const sim = this.#sim;
    if (sim !== null && this.#isLimited && !sim.cancel(this.#limit)) return;
    this.result = result;
    sim?.schedule(0, this.#type, this.#a, this.#b);
  };
}

export class Client implements LibraryClient {
  readonly #transport: Transport;
  readonly #state: ClientState;

  constructor(transport: Transport, state: ClientState) {
    this.#transport = transport;
    this.#state = state;
  }

  get name(): string {
    return this.#state.name;
  }

  get user(): User {
    return this.#state.user;
  }

  call(call: ApiCall, done: (result: ApiResult) => void): void {
    this.#transport.submit(this.#state, call, { done, tag: 0, watch: null });
  }

  start(call: ApiCall): PendingCall {
    const pending = new Pending();
    this.call(call, pending.resolve);
    return pending;
  }

  watch(call: ApiCall, watch: WatchHandler, how: WatchOpening): OpenedWatch {
    const to = { done: null, tag: 0, watch };
    return how === 'preloaded'
      ? this.#transport.preload(this.#state, call, to)
      : this.#transport.submit(this.#state, call, to, how === 'limited');
  }

  closeConnections(): void {
    this.#state.dialer.closeAll();
  }

  stop(): void {
    this.#state.stop();
    // What its process was to decode ended with the process.
    if (this.#state.kind.process !== null) this.#transport.sweep(this.#state);
  }

  restart(): void {
    this.#state.restart(this.#transport.nowNs);
  }
}

export class Population implements ClientPopulation {
  readonly count: number;
  readonly #transport: Transport;
  readonly #make: (member: number) => ClientState;
  /** Made with the first call of a member. */
  readonly #members: (ClientState | undefined)[];

  constructor(transport: Transport, count: number, make: (member: number) => ClientState) {
    this.#transport = transport;
    this.count = count;
    this.#make = make;
    this.#members = new Array(count);
  }

  call(member: number, call: ApiCall, tag: number): void {
    this.#transport.submit(this.#state(member), call, { done: null, tag, watch: null });
  }

  stop(member: number, silently = false): void {
    this.#state(member).stop(silently);
  }

  restart(member: number): void {
    this.#state(member).restart(this.#transport.nowNs);
  }

  closeConnections(member: number): void {
    this.#state(member).dialer.closeAll();
  }

  /** @internal Who a member is. */
  user(member: number): User {
    return this.#state(member).user;
  }

  /** @internal The way of a member to the servers, for another client of the same process. */
  joinDialer(member: number): Dialer {
    const { dialer } = this.#state(member);
    dialer.join();
    return dialer;
  }

  client(member: number): ApiClient {
    return new Client(this.#transport, this.#state(member));
  }

  #state(member: number): ClientState {
    const known = this.#members[member];
    if (known !== undefined) return known;
    const state = this.#make(member);
    this.#members[member] = state;
    return state;
  }
}
