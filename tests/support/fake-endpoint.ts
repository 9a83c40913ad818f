/**
 * An API server in memory, for tests of clients and components: right meaning, no cost but a fixed
 * delay. Replicas may share one `FakeStore`.
 */
import type {
  ApiCall,
  ApiEndpoint,
  ApiResult,
  ServedWatch,
  ServerRequest,
  WatchEvent,
} from '../../models/objects/index.ts';
import type { Simulation } from '../../src/core/index.ts';
import { FakeStore, type FakeWatch, status } from './fake-store.ts';

export interface FakeEndpointOptions {
  readonly name?: string;
  readonly networkHost?: string;
  readonly store?: FakeStore;
  /** Between arrival and execution; 0 = at once. */
  readonly delayNs?: number;
}

class OpenWatch implements FakeWatch, ServedWatch {
  readonly call: ApiCall;
  readonly request: ServerRequest;
  readonly endpoint: FakeEndpoint;
  accepted = false;
  readonly held: WatchEvent[] = [];

  constructor(endpoint: FakeEndpoint, request: ServerRequest) {
    this.endpoint = endpoint;
    this.request = request;
    this.call = request.call;
  }

  emit(event: WatchEvent): void {
    if (!this.accepted) this.held.push(event);
    else this.request.sink?.send([event], (event.object?.bytes ?? 0) + 50);
  }

  accept(): void {
    this.accepted = true;
    const bytes = this.held.reduce((sum, event) => sum + (event.object?.bytes ?? 0) + 50, 0);
    if (this.held.length > 0) this.request.sink?.send(this.held, bytes);
    this.held.length = 0;
  }

  stop(): void {
    this.endpoint.forget(this);
  }
}

export class FakeEndpoint implements ApiEndpoint {
  readonly name: string;
  readonly networkHost: string;
  readonly store: FakeStore;
  isListening = true;
  /** Every call that arrived, in order. */
  readonly calls: ApiCall[] = [];
  /** Users and connections beside them. */
  readonly requests: ServerRequest[] = [];
  /** Answers in place of the store; null = the store answers. */
  intercept: (request: ServerRequest) => ApiResult | null | 'never' = () => null;
  readonly watches = new Set<OpenWatch>();
  readonly #sim: Simulation;
  readonly #delayNs: number;
  readonly #pending: ServerRequest[] = [];
  readonly #type: number;
  readonly #listeners: ((kind: 'reset' | 'goaway', connection: number) => void)[] = [];
  readonly #frozenListeners: ((isFrozen: boolean) => void)[] = [];
  readonly #deferred: ServerRequest[] = [];
  #isFrozen = false;
  #life = 0;

  constructor(sim: Simulation, o: FakeEndpointOptions = {}) {
    this.name = o.name ?? 'kube-apiserver/0';
    this.networkHost = o.networkHost ?? this.name;
    this.store = o.store ?? new FakeStore();
    this.#sim = sim;
    this.#delayNs = o.delayNs ?? 0;
    this.#type = sim.eventType(`fake/${this.name}`, (index, life) => {
      if (life === this.#life) this.#execute(this.#pending[index]);
    });
  }

  handle(request: ServerRequest): ServedWatch | null {
    if (this.#isFrozen) {
      this.#deferred.push(request);
      return null;
    }
    this.calls.push(request.call);
    this.requests.push(request);
    const answer = this.intercept(request);
    if (answer === 'never') return null;
    if (answer !== null) {
      request.respond(answer);
      return null;
    }
    if (request.sink !== null) return this.#watch(request);
    if (this.#delayNs === 0) this.#execute(request);
    else {
      this.#pending.push(request);
      this.#sim.schedule(this.#delayNs, this.#type, this.#pending.length - 1, this.#life);
    }
    return null;
  }

  onDisconnect(listener: (kind: 'reset' | 'goaway', connection: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Outside of any client: at once. */
  now(call: ApiCall): ApiResult {
    return this.store.execute(call, this.#sim.nowNs);
  }

  /** Killed: nothing under way is answered, connections are reset. */
  crash(): void {
    this.isListening = false;
    this.#life++;
    for (const watch of this.watches) this.store.unwatch(watch);
    this.watches.clear();
    for (const listener of this.#listeners) listener('reset', -1);
  }

  onFrozen(listener: (isFrozen: boolean) => void): void {
    this.#frozenListeners.push(listener);
  }

  /** Its process stands still, or goes on: nothing is handled meanwhile. */
  freeze(isFrozen: boolean): void {
    for (const listener of this.#frozenListeners) listener(isFrozen);
    this.#isFrozen = isFrozen;
    if (!isFrozen) for (const request of this.#deferred.splice(0)) this.handle(request);
  }

  restart(): void {
    this.isListening = true;
  }

  goaway(connection: number): void {
    for (const listener of this.#listeners) listener('goaway', connection);
  }

  /** Ends every watch, as its timeout does. */
  endWatches(reason = ''): void {
    for (const watch of [...this.watches]) {
      this.forget(watch);
      watch.request.sink?.end(reason);
    }
  }

  /** @internal */
  forget(watch: OpenWatch): void {
    this.watches.delete(watch);
    this.store.unwatch(watch);
  }

  #execute(request: ServerRequest): void {
    request.respond(this.store.execute(request.call, this.#sim.nowNs));
  }

  #watch(request: ServerRequest): ServedWatch | null {
    const watch = new OpenWatch(this, request);
    const refused = this.store.watch(watch);
    if (refused !== null) {
      request.respond(refused);
      return null;
    }
    this.watches.add(watch);
    request.respond({ ...status(200, ''), resourceVersion: this.store.revision });
    watch.accept();
    return watch;
  }
}
