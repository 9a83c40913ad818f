/**
 * client-go in one place: makes the clients, informers and recorders of all components of a run,
 * over one transport.
 */
import { mixUniform } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Credentials, Host } from '../machine/index.ts';
import type { Network } from '../network/index.ts';
import {
  type ApiEndpoint,
  type ClusterObserver,
  minorVersion,
  type ResourceName,
  silentObserver,
  Uids,
  type User,
} from '../objects/index.ts';
import { Client, type LibraryClient, Population } from './client.ts';
import { ClientMetrics } from './client-metrics.ts';
import { type ClientKind, ClientState } from './client-state.ts';
import type { Dialer } from './dialer.ts';
import { Factory } from './informer-factory.ts';
import { keyOf } from './keys.ts';
import { LeaderElector, type LeaderElectorOptions } from './leader-elector.ts';
import { Leadership } from './leadership.ts';
import type { LoadBalancerOptions } from './load-balancer.ts';
import { type PreloadedList, PreloadIndex } from './preload-index.ts';
import { ComponentProcess } from './process.ts';
import { Recorder } from './recorder.ts';
import { ListWatcher, type ReflectorParts } from './reflector.ts';
import { TokenHolders } from './token-holders.ts';
import { type ResultListener, Transport } from './transport.ts';
import type {
  ApiClient,
  ClientOptions,
  ClientPopulation,
  ComponentProcessOptions,
  EventRecorder,
  InformerFactory,
  InformerOptions,
  PopulationOptions,
  Preloaded,
  Reflector,
  ReflectorSink,
} from './types.ts';
import { ItemQueue, type ItemQueueOptions } from './work-queue.ts';

export interface LibraryOptions {
  readonly network: Network;
  /** By name. */
  readonly hosts: ReadonlyMap<string, Host>;
  readonly endpoints: readonly ApiEndpoint[];
  readonly loadBalancer: LoadBalancerOptions;
  /** '1.28' ... '1.37': informers stream their lists (WatchList) from 1.35. */
  readonly version: string;
  /** Default true. */
  readonly tls?: boolean;
  readonly observer?: ClusterObserver;
  /** Absent: whatever anybody shows is good for ever. */
  readonly credentials?: Credentials;
  /** For the events that recorders create. */
  readonly uids?: Uids;
  /** What the API has of a resource at the start; for `start(true)`. */
  readonly preloaded?: (resource: ResourceName) => Preloaded;
  /** Told of each result of a call (`TransportOptions`). */
  readonly onResult?: ResultListener;
}

/** client-go features/known_features.go: WatchListClient is on by default since 1.35. */
const WATCH_LIST_SINCE = 35;

export class ClientLibrary {
  readonly ctx: ModelContext;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly observer: ClusterObserver;
  readonly uids: Uids;
  readonly transport: Transport;
  readonly usesWatchList: boolean;
  readonly tokens: TokenHolders;
  /** Those that `process` made, by name: for faults. */
  readonly processes = new Map<string, ComponentProcess>();
  /** @internal */
  readonly reflectorType: number;
  /** @internal */
  readonly standInType: number;
  readonly #preloaded: PreloadIndex;
  readonly #metrics = new Map<string, ClientMetrics>();
  readonly #dialers = new Map<string, Dialer>();
  readonly #leaderships = new Map<string, Leadership>();
  readonly #draws: number;
  readonly #reflectors: ListWatcher[] = [];
  readonly #recorders: Recorder[] = [];
  readonly #recorderType: number;

  constructor(ctx: ModelContext, o: LibraryOptions) {
    this.ctx = ctx;
    this.hosts = o.hosts;
    this.observer = o.observer ?? silentObserver;
    this.uids = o.uids ?? new Uids();
    const nothing = () => ({ items: [], resourceVersion: 0 });
    this.#preloaded = new PreloadIndex(o.preloaded ?? nothing);
    this.usesWatchList = minorVersion(o.version) >= WATCH_LIST_SINCE;
    this.#draws = ctx.sim.stream('client-go/reflectors').u32();
    this.reflectorType = ctx.sim.eventType('client-go/reflector', (index, life) => {
      this.#reflectors[index].wake(life);
    });
    this.standInType = ctx.sim.eventType('client-go/standIn', (index, life) => {
      this.#reflectors[index].standIn(life);
    });
    this.#recorderType = ctx.sim.eventType('client-go/recorder', (index, life) => {
      this.#recorders[index].wake(life);
    });
    this.transport = new Transport(ctx, {
      network: o.network,
      endpoints: o.endpoints,
      observer: this.observer,
      tls: o.tls ?? true,
      loadBalancer: o.loadBalancer,
      credentials: o.credentials ?? null,
      onResult: o.onResult,
    });
    const draw = (seed: number, counter: number) => this.draw(seed, counter);
    this.tokens = new TokenHolders(ctx, o.credentials ?? null, this.transport.ports, draw);
  }

  /** Of all that stand for a lease of kube-system. */
  leadership(lease: string): Leadership {
    const known = this.#leaderships.get(lease);
    if (known !== undefined) return known;
    const leadership = new Leadership(this.ctx.metrics, lease);
    this.#leaderships.set(lease, leadership);
    return leadership;
  }

  /** A process of a component on its host. */
  process(host: Host, o: ComponentProcessOptions): ComponentProcess {
    const process = new ComponentProcess(this.ctx, host, o);
    this.processes.set(o.name, process);
    return process;
  }

  /** `process` pays for decoding, and stops and starts the client with itself. */
  client(o: ClientOptions, process: ComponentProcess | null = null): ApiClient {
    const component = o.name.split('/')[0];
    const kind: ClientKind = {
      ...limits(o),
      process,
      metrics: this.#metricsOf(component),
      nameOf: () => o.name,
      onResult: () => {},
    };
    const dialer = this.#dialer(o);
    const state = new ClientState(kind, 0, o.user, dialer);
    const client = new Client(this.transport, state);
    this.tokens.add(state);
    process?.onStop(() => client.stop());
    process?.onStart(() => client.restart());
    return client;
  }

  population(o: PopulationOptions): ClientPopulation {
    const first = o.first ?? 0;
    const kind: ClientKind = {
      ...limits(o),
      process: null,
      metrics: this.#metricsOf(o.component),
      nameOf: (member) => `${o.component}/${first + member}`,
      onResult: (member, tag, result) => o.onResult(member, tag, result),
    };
    const seed = keyOf(o.component) + first;
    const { sharing } = o;
    return new Population(this.transport, o.count, (member) => {
      const user = sharing instanceof Population ? sharing.user(member) : o.userOf(member);
      const dialer =
        sharing instanceof Population
          ? sharing.joinDialer(member)
          : this.transport.dialer(
              networkHostOf(o, member),
              o.servers,
              seed + member,
              ownerOf(user),
            );
      return new ClientState(kind, member, user, dialer);
    });
  }

  /** One process's informers; `process` null: at no cost (kubelets, agents). */
  informers(client: ApiClient, process: ComponentProcess | null): InformerFactory {
    return new Factory(this, clientOf(client), process);
  }

  /** A list and a watch without a cache. */
  reflector(
    client: ApiClient,
    resource: ResourceName,
    o: InformerOptions,
    sink: ReflectorSink,
  ): Reflector {
    return this.listWatcher({
      client: clientOf(client),
      resource,
      options: o,
      sink,
      process: null,
    });
  }

  queue(o: ItemQueueOptions): ItemQueue {
    return new ItemQueue(this.ctx, o);
  }

  /** Events are sent by `client`, which is the component's client of events. */
  recorder(client: ApiClient, process: ComponentProcess | null = null): EventRecorder {
    const index = this.#recorders.length;
    const recorder = new Recorder(this.ctx, this.uids, client, process, {
      draw: (seed, counter) => this.draw(seed, counter),
      sleep: (delayNs, life) => {
        this.ctx.sim.schedule(delayNs, this.#recorderType, index, life);
      },
    });
    this.#recorders.push(recorder);
    return recorder;
  }

  elector(o: LeaderElectorOptions): LeaderElector {
    return new LeaderElector(this, o);
  }

  /** @internal */
  listWatcher(parts: ReflectorParts): ListWatcher {
    const reflector = new ListWatcher(this, this.#reflectors.length, parts);
    this.#reflectors.push(reflector);
    return reflector;
  }

  /** @internal What a cluster that has been running holds. */
  preloadedFor(resource: ResourceName, o: InformerOptions): PreloadedList {
    return this.#preloaded.find(resource, o);
  }

  /** @internal A draw of who has this seed, uniform in (0, 1). */
  draw(seed: number, counter: number): number {
    return mixUniform(this.#draws, seed, counter);
  }

  #metricsOf(component: string): ClientMetrics {
    const known = this.#metrics.get(component);
    if (known !== undefined) return known;
    const metrics = new ClientMetrics(this.ctx.metrics, component);
    this.#metrics.set(component, metrics);
    return metrics;
  }

  /** Clients that name the same transport share its connections, as those of one process do. */
  #dialer(o: ClientOptions): Dialer {
    const key = o.transport;
    const known = key === undefined ? undefined : this.#dialers.get(key);
    if (known !== undefined) {
      known.join();
      return known;
    }
    const dialer = this.transport.dialer(
      o.networkHost,
      o.servers,
      keyOf(key ?? o.name),
      o.networkHost,
    );
    if (key !== undefined) this.#dialers.set(key, dialer);
    return dialer;
  }
}

function networkHostOf({ networkHost }: PopulationOptions, member: number): string {
  return typeof networkHost === 'string' ? networkHost : networkHost(member);
}

/** The clock of a node is that of its user's node. */
function ownerOf({ name }: User): string {
  return name.replace(/^system:node:/, 'node/');
}

function limits(o: { readonly qps: number; readonly burst: number; readonly timeoutNs: number }) {
  const tokenNs = o.qps === Infinity ? 0 : 1e9 / o.qps;
  return { tokenNs, slackNs: tokenNs * (o.burst - 1), timeoutNs: o.timeoutNs };
}

function clientOf(client: ApiClient): LibraryClient {
  // Every ApiClient of this library is one: there is no other implementation.
  return client as LibraryClient;
}
