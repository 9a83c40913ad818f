/**
 * One kube-apiserver: an endpoint of the API, its stations, and its life.
 *
 * Starting takes time until it listens; its watch caches fill meanwhile and after. Shutting down
 * (pkg/server/genericapiserver.go `PrepareRun`): /readyz fails at once, after --shutdown-delay it
 * no longer listens, tells its connections to go, refuses what still comes, and waits for what is
 * under way, at most a minute. Killed, its connections are reset and nothing is answered.
 */
import { NS_PER_S } from '../../src/core/index.ts';
import type { ApiServerScenario } from '../../src/scenario/types.ts';
import type { ApiCall, ApiEndpoint, ServedWatch, ServerRequest } from '../objects/index.ts';
import { Arrival } from './arrivals.ts';
import { Audit } from './audit.ts';
import { Authentication } from './authentication.ts';
import { Connections, type ServerConnection } from './connections.ts';
import { Costs } from './costs.ts';
import type { Defaulting } from './defaulting.ts';
import { transformerOf } from './encryption.ts';
import { type ApiServerFeatures, featuresOf } from './features.ts';
import { Gate } from './gate.ts';
import { IdentityLease } from './identity-lease.ts';
import { RequestKinds } from './kinds.ts';
import { QuotaAdmission } from './quota.ts';
import { Registry } from './registry.ts';
import { type PathLinks, RequestPath } from './request-path.ts';
import { ServerMemory } from './server-memory.ts';
import { ServerProcess } from './server-process.ts';
import type { ReplicaStorage } from './storage/types.ts';
import type { ApiServerShared } from './types.ts';
import { WatchHandler } from './watch-handler.ts';
import { ServerWatch, WatchTable } from './watches.ts';
import { calledWebhooks, WebhookTable } from './webhooks.ts';

export type ServerState = 'down' | 'starting' | 'running' | 'draining';
/** `reset` with connection -1: all of them. */
export type DisconnectListener = (kind: 'reset' | 'goaway', connection: number) => void;

/** pkg/server/config.go: how long what is under way may take at shutdown. */
const DRAIN_NS = 60 * NS_PER_S;
const SHUTDOWN_RETRY_AFTER_S = 5;

export class ApiServer implements ApiEndpoint {
  readonly name: string;
  readonly networkHost: string;
  readonly process: ServerProcess;
  readonly storage: ReplicaStorage;
  readonly webhooks: WebhookTable;
  state: ServerState = 'down';
  readonly #shared: ApiServerShared;
  readonly #features: ApiServerFeatures;
  readonly #connections: Connections;
  readonly #watches: WatchTable;
  readonly #path: RequestPath;
  readonly #links: PathLinks;
  readonly #memory: ServerMemory;
  readonly #identity: IdentityLease;
  readonly #listeners: DisconnectListener[] = [];
  readonly #frozenListeners: ((isFrozen: boolean) => void)[] = [];
  readonly #stopListeners: ((drained: boolean) => void)[] = [];
  readonly #listenType: number;
  readonly #drainType: number;
  readonly #drainedType: number;
  /** Requests that came while the process was stopped (SIGSTOP). */
  #deferred: Arrival[] = [];
  /** What the frozen listeners know. */
  #isFrozen = false;
  /** SIGTERM has come. */
  #stopping = false;
  /** When a process that starts has everything but its CPU work. */
  #startedNs = 0;

  constructor(
    shared: ApiServerShared,
    replica: ApiServerScenario['replicas'][number],
    index: number,
    defaulting: Defaulting,
  ) {
    const { sim, metrics, constants, scenario, options } = shared;
    const { name } = replica;
    const ctx = { sim, metrics, constants };
    const host = options.hosts.get(replica.host);
    if (host === undefined) throw new Error(`no host ${replica.host}`);
    this.name = name;
    this.networkHost = replica.host;
    this.#shared = shared;
    this.#features = featuresOf(options.version);
    this.process = new ServerProcess(host, replica);
    // Not at once: whoever asks for memory has more to do in this event.
    const oomType = sim.eventType(`${this.name}/oomKill`, (life) => {
      if (life === this.process.life) this.kill();
    });
    this.process.onOomKill(() => sim.schedule(0, oomType, this.process.life, 0));
    host.onState(() => this.#tellFrozen());
    const costs = new Costs(constants, scenario);
    const transformer = transformerOf(scenario.encryption, costs);
    const { version } = options;
    const cpu = this.process;
    const replicas = { ctx, name, replica: index, host, cpu, scenario, version, transformer };
    this.storage = options.createStorage(replicas);
    this.#connections = new Connections(sim, name, scenario.goawayChance);
    this.webhooks = new WebhookTable(ctx, name, calledWebhooks(scenario));
    this.#identity = new IdentityLease(sim, this, options.uids);
    const streamEnded = (connection: number) => this.#streamEnded(connection);
    const handler = new WatchHandler(() => {
      return { sim, storage: this.storage, path: this.#path, table: this.#watches, streamEnded };
    });
    const labels = { instance: name, verb: 'WATCH' };
    const open = metrics.level('apiserver_longrunning_requests', labels);
    this.#watches = new WatchTable(sim, name, scenario.minRequestTimeoutNs, open, handler);
    this.#memory = new ServerMemory(ctx, this.process, this.storage, this.#watches, costs, {
      streamingLists: this.#features.streamingLists,
    });
    this.#path = new RequestPath(ctx, name, () => this.#links);
    this.#links = this.#createLinks(costs, defaulting, handler);
    const type = (what: string, handle: () => void) =>
      sim.eventType(`${name}/${what}`, (life) => {
        if (life === this.process.life) handle();
      });
    this.#listenType = type('listen', () => this.#listen());
    this.#drainType = type('drain', () => this.#drain());
    this.#drainedType = type('drained', () => this.#end(true));
  }

  get isListening(): boolean {
    return this.state === 'running';
  }

  /** What /readyz says. */
  get isReady(): boolean {
    if (this.state !== 'running' || this.#stopping || !this.storage.etcdHealthy) return false;
    return !this.#features.readyWaitsForCaches || this.storage.isReady;
  }

  /** Requests with a client that are not answered yet, watches apart. */
  get requestsInFlight(): number {
    return this.#path.inFlight;
  }

  /** Open watches, members counted. */
  get watchCount(): number {
    return this.#watches.count;
  }

  /** `preloaded`: it has been running; its caches are full and nothing is charged. */
  start(preloaded: boolean): void {
    if (this.state !== 'down') return;
    const { sim, constants } = this.#shared;
    this.process.start();
    const { life } = this.process;
    this.#stopping = false;
    this.#path.reset(life);
    this.#links.gate.start();
    this.#links.audit.reset();
    this.#links.authentication.reset();
    this.#links.quota.reset();
    this.#connections.reset();
    this.storage.start(preloaded);
    this.state = preloaded ? 'running' : 'starting';
    this.#memory.start();
    this.#identity.start();
    if (preloaded || !this.process.alive) return;
    this.#startedNs = sim.nowNs + Math.round(constants.get('apiserver.startNs'));
    this.process.execute(constants.get('apiserver.startCpuNs'), this.#listenType, life, 0);
  }

  /** SIGTERM; `onStop` tells of the end. */
  shutdown(): void {
    if (this.state === 'starting') this.kill();
    if (this.state !== 'running' || this.#stopping) return;
    this.#stopping = true;
    this.#identity.stop();
    const { shutdownDelayNs } = this.#shared.scenario;
    this.#shared.sim.schedule(shutdownDelayNs, this.#drainType, this.process.life, 0);
  }

  /** SIGKILL, OOM, power: nothing is answered, connections are reset. */
  kill(): void {
    this.#end(false);
  }

  /** SIGSTOP. */
  pause(): void {
    this.process.pause();
    this.#tellFrozen();
  }

  /** SIGCONT: what has arrived meanwhile is looked at. */
  resume(): void {
    this.process.resume();
    this.#tellFrozen();
    const arrivals = this.#deferred;
    this.#deferred = [];
    for (const arrival of arrivals) {
      if (!arrival.stopped) arrival.watch = this.handle(arrival.request);
    }
  }

  onDisconnect(listener: DisconnectListener): void {
    this.#listeners.push(listener);
  }

  onFrozen(listener: (isFrozen: boolean) => void): void {
    this.#frozenListeners.push(listener);
  }

  connectionClosed(connection: number): void {
    this.#connections.forget(connection);
  }

  /** The process has ended; `drained` where it was asked to and went by itself. */
  onStop(listener: (drained: boolean) => void): void {
    this.#stopListeners.push(listener);
  }

  handle(source: ServerRequest): ServedWatch | null {
    if (this.state === 'down' || this.state === 'starting') return null;
    const { connection } = source;
    if (this.process.paused) {
      const arrival = new Arrival(source);
      this.#deferred.push(arrival);
      return source.sink === null ? null : arrival;
    }
    if (source.preloaded === true) return this.#adopt(source);
    const from = this.#connections.of(connection);
    const fresh = from.isNew;
    if (this.#connections.open(from)) return this.#serve(source, from, fresh);
    const arrival = new Arrival(source);
    this.#connections.wait(from, arrival);
    return source.sink === null ? null : arrival;
  }

  #serve(source: ServerRequest, from: ServerConnection, fresh: boolean): ServedWatch | null {
    if (this.state === 'draining') {
      this.#path.refuse(source, 429, 'TooManyRequests', SHUTDOWN_RETRY_AFTER_S);
      return null;
    }
    if (this.#connections.drawGoaway()) this.#tell('goaway', source.connection);
    const request = this.#path.begin(source, from, fresh ? this.#links.costs.tlsHandshakeNs : 0);
    if (source.sink === null) return null;
    const watch = new ServerWatch(this.#watches, request, this.#shared.sim.nowNs);
    request.watch = watch;
    return watch;
  }

  /** A watch that has been there since before the start: nothing is charged or counted. */
  #adopt(source: ServerRequest): ServedWatch {
    this.#connections.open(this.#connections.of(source.connection));
    const request = this.#path.adopt(source);
    const watch = new ServerWatch(this.#watches, request, this.#shared.sim.nowNs);
    request.watch = watch;
    this.#links.serveWatch(request);
    return watch;
  }

  #streamEnded(connection: number): void {
    const arrival = this.#connections.close(connection);
    if (arrival === null || !this.process.alive) return;
    const from = this.#connections.of(connection);
    this.#connections.open(from);
    arrival.watch = this.#serve(arrival.request, from, false);
  }

  #listen(): void {
    if (this.state !== 'starting') return;
    const { sim } = this.#shared;
    if (sim.nowNs < this.#startedNs) {
      sim.scheduleAt(this.#startedNs, this.#listenType, this.process.life, 0);
      return;
    }
    this.state = 'running';
    this.#shared.metrics.event(sim.nowNs, 'apiserverListening', this.name, '');
  }

  #drain(): void {
    this.state = 'draining';
    this.#tell('goaway', -1);
    this.#watches.endAll('');
    if (this.#path.inFlight === 0) this.#end(true);
    else this.#shared.sim.schedule(DRAIN_NS, this.#drainedType, this.process.life, 0);
  }

  #end(drained: boolean): void {
    if (this.state === 'down') return;
    this.state = 'down';
    this.#identity.stop();
    this.#watches.drop();
    this.storage.stop();
    this.process.kill();
    this.#tellFrozen();
    this.#deferred = [];
    const what = drained ? 'apiserverStopped' : 'apiserverKilled';
    this.#shared.metrics.event(this.#shared.sim.nowNs, what, this.name, '');
    this.#tell('reset', -1);
    for (const listener of this.#stopListeners) listener(drained);
  }

  /** Whether its process stands still, by a signal or with its machine. */
  #tellFrozen(): void {
    const { alive, paused, host } = this.process;
    const isFrozen = alive && (paused || host.state === 'paused');
    if (isFrozen === this.#isFrozen) return;
    this.#isFrozen = isFrozen;
    for (const listener of this.#frozenListeners) listener(isFrozen);
  }

  #tell(kind: 'reset' | 'goaway', connection: number): void {
    for (const listener of this.#listeners) listener(kind, connection);
  }

  #createLinks(costs: Costs, defaulting: Defaulting, handler: WatchHandler): PathLinks {
    const { sim, metrics, constants, scenario, options } = this.#shared;
    const ctx = { sim, metrics, constants };
    const path = this.#path;
    const { storage } = this;
    const links = { sim, storage, defaulting, observer: options.observer };
    return {
      process: this.process,
      costs,
      kinds: new RequestKinds(metrics, this.name),
      authentication: new Authentication(
        sim,
        costs,
        options.credentials ?? null,
        this.process.host.clock,
      ),
      webhooks: this.webhooks,
      audit: new Audit(ctx, this.name, scenario, costs),
      requestTimeoutNs: scenario.requestTimeoutNs,
      gate: new Gate(ctx, this.name, scenario, this.#features, storage, {
        onDispatch: (slot) => path.dispatched(slot),
        onWaitTooLong: (slot) => path.waitedTooLong(slot),
      }),
      registry: new Registry(
        { ...links, eventTtlNs: scenario.eventTtlNs },
        {
          onDone: (request, code, reason, result) => path.done(request, code, reason, result),
          child: (parent, object) => path.child(parent, object),
        },
      ),
      quota: new QuotaAdmission(storage, scenario.admissionPlugins, (request, admitted) => {
        path.quotaDecided(request, admitted);
      }),
      serveWatch: (request) => handler.serve(request),
      streamEnded: (connection) => this.#streamEnded(connection),
      health: (call) => this.#health(call),
      onIdle: () => {
        if (this.state === 'draining') this.#end(true);
      },
      memory: {
        hold: (bytes, fromCache) => this.#memory.hold(bytes, fromCache),
        send: (bytes, kilobytes) => this.#memory.send(bytes, kilobytes),
      },
    };
  }

  /** /livez asks whether the process and its etcd answer, /readyz whether it should be used. */
  #health(call: ApiCall): boolean {
    return call.path === 'livez' ? this.storage.etcdHealthy : this.isReady;
  }
}
