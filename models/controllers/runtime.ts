/**
 * What one kube-controller-manager process keeps over its lives, clients, informers and queues,
 * and what each life (a term) adds: handlers, workers, loops.
 *
 * The one idea: controllers are made anew for each life, as a new process does, over connections
 * and metrics that stay; whatever an earlier life had registered is no longer called.
 * Follows kubernetes/cmd/kube-controller-manager/app/{controllermanager.go,core.go}: a client for
 * each controller, one shared informer factory.
 */
import type { Constants, Simulation, Waitable } from '../../src/core/index.ts';
import type { Metrics } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ControllerManagerScenario } from '../../src/scenario/types.ts';
import {
  type ApiClient,
  type ClientLibrary,
  type ComponentProcess,
  type EventRecorder,
  type Informer,
  type InformerFactory,
  type ItemQueue,
  Workers,
  type WorkQueue,
} from '../client-go/index.ts';
import {
  type ClusterObserver,
  controllerOf,
  type ObjectOf,
  type ResourceName,
  type Uids,
  type User,
} from '../objects/index.ts';
import {
  type ControllerEnvironment,
  INDEX_NAMESPACE,
  INDEX_NODE,
  INDEX_OWNER,
  type QueueOptions,
  type Steps,
  type Sync,
} from './environment.ts';
import { SharedInformer } from './shared-informer.ts';

export interface RuntimeOptions {
  readonly library: ClientLibrary;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  /** '1.35'. */
  readonly version: string;
  readonly servers: readonly string[];
}

const USER: User = {
  name: 'system:kube-controller-manager',
  groups: ['system:authenticated'],
  agent: 'kube-controller-manager',
  authentication: 'x509',
};
const SERVICE_ACCOUNTS = ['system:serviceaccounts', 'system:serviceaccounts:kube-system'];

interface Lane {
  readonly queue: ItemQueue;
  readonly workers: Workers;
  sync: (key: string) => Sync;
  retriesMax: number;
}

export class Runtime {
  readonly ctx: ModelContext;
  readonly process: ComponentProcess;
  readonly scenario: ControllerManagerScenario;
  readonly options: RuntimeOptions;
  /** For what the process does that no controller does. */
  readonly user = USER;
  readonly factory: InformerFactory;
  readonly #recorders = new Map<string, EventRecorder>();
  readonly #clients = new Map<string, ApiClient>();
  readonly #informers = new Map<string, SharedInformer<ResourceName>>();
  readonly #lanes = new Map<string, Lane>();

  constructor(
    ctx: ModelContext,
    process: ComponentProcess,
    scenario: ControllerManagerScenario,
    options: RuntimeOptions,
  ) {
    this.ctx = ctx;
    this.process = process;
    this.scenario = scenario;
    this.options = options;
    this.factory = options.library.informers(this.client('shared-informers', 1, 1), process);
  }

  /** A new life: nobody of the last one hears anything any more. */
  forgetHandlers(): void {
    for (const informer of this.#informers.values()) informer.forgetHandlers();
  }

  startWorkers(): void {
    for (const lane of this.#lanes.values()) lane.workers.start();
  }

  /** Each controller has its own rate limit; all share the process's connections. */
  client(controller: string, qpsFactor: number, burstFactor: number): ApiClient {
    const name = `${this.process.name}/${controller}`;
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const { qps, burst } = this.scenario;
    const own = controller !== 'shared-informers';
    const client = this.options.library.client(
      {
        name,
        user: own ? serviceAccount(controller) : USER,
        networkHost: this.process.host.name,
        qps: qps * qpsFactor,
        burst: burst * burstFactor,
        timeoutNs: Number.POSITIVE_INFINITY,
        servers: this.options.servers,
        transport: this.process.name,
      },
      this.process,
    );
    this.#clients.set(name, client);
    return client;
  }

  informer<R extends ResourceName>(resource: R): SharedInformer<R> {
    let informer = this.#informers.get(resource);
    if (informer === undefined) {
      informer = new SharedInformer(this.factory.informer<ResourceName>(resource));
      this.#informers.set(resource, informer);
    }
    return informer as unknown as SharedInformer<R>; // By its name.
  }

  recorder(client: ApiClient): EventRecorder {
    let recorder = this.#recorders.get(client.name);
    if (recorder === undefined) {
      recorder = this.options.library.recorder(client, this.process);
      this.#recorders.set(client.name, recorder);
    }
    return recorder;
  }

  queue(o: QueueOptions): WorkQueue {
    const known = this.#lanes.get(o.name);
    if (known !== undefined) {
      known.sync = o.sync;
      return known.queue;
    }
    const { process } = this;
    const queue = this.options.library.queue({
      name: o.name,
      process,
      baseDelayNs: o.backoffNs?.first,
      maxDelayNs: o.backoffNs?.max,
    });
    const lane: Lane = {
      queue,
      sync: o.sync,
      retriesMax: o.retriesMax ?? Number.POSITIVE_INFINITY,
      workers: new Workers(this.ctx, {
        process,
        queue,
        count: o.workers,
        costNs: o.syncNs,
        sync: (key) => run(lane, key),
      }),
    };
    this.#lanes.set(o.name, lane);
    return queue;
  }
}

/** handleErr of most controllers: an error puts the key back, until there were too many. */
function* run(lane: Lane, key: string): Generator<number | Waitable, boolean, void> {
  const error = yield* lane.sync(key);
  return error === '' || lane.queue.retries(key) >= lane.retriesMax;
}

function serviceAccount(controller: string): User {
  return {
    name: `system:serviceaccount:kube-system:${controller}-controller`,
    groups: SERVICE_ACCOUNTS,
    agent: 'kube-controller-manager',
    authentication: 'serviceAccountToken',
  };
}

/** One life's environment. */
export class Term implements ControllerEnvironment {
  readonly sim: Simulation;
  readonly constants: Constants;
  readonly metrics: Metrics;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  readonly scenario: ControllerManagerScenario;
  readonly pods: Informer<'pods'>;
  readonly #runtime: Runtime;
  readonly #loops: { readonly periodNs: number; readonly pass: () => Steps }[] = [];

  constructor(runtime: Runtime) {
    const { ctx, options } = runtime;
    this.#runtime = runtime;
    this.sim = ctx.sim;
    this.constants = ctx.constants;
    this.metrics = ctx.metrics;
    this.uids = options.uids;
    this.observer = options.observer;
    this.scenario = runtime.scenario;
    runtime.forgetHandlers();
    const pods = this.informer('pods');
    pods.addIndex(INDEX_NODE, (pod) => pod.nodeName);
    pods.addIndex(INDEX_NAMESPACE, (pod) => pod.meta.namespace);
    pods.addIndex(INDEX_OWNER, ownerKey);
    this.informer('replicasets').addIndex(INDEX_OWNER, ownerKey);
    this.informer('replicationcontrollers').addIndex(INDEX_OWNER, ownerKey);
    this.pods = pods;
  }

  informer<R extends ResourceName>(resource: R): Informer<R> {
    return this.#runtime.informer(resource);
  }

  client(controller: string, qpsFactor = 1, burstFactor = 1): ApiClient {
    return this.#runtime.client(controller, qpsFactor, burstFactor);
  }

  recorder(client: ApiClient): EventRecorder {
    return this.#runtime.recorder(client);
  }

  queue(options: QueueOptions): WorkQueue {
    return this.#runtime.queue(options);
  }

  every(_name: string, periodNs: number, pass: () => Steps): void {
    this.#loops.push({ periodNs, pass });
  }

  go(_name: string, steps: Steps): void {
    this.#runtime.process.spawn(steps);
  }

  work(ns: number): Waitable {
    return this.#runtime.process.work(ns);
  }

  workers(controller: string, fallback: number): number {
    return this.scenario.concurrentSyncs[controller] ?? fallback;
  }

  /** Caches are synced: workers and loops begin. */
  start(): void {
    this.#runtime.startWorkers();
    for (const loop of this.#loops) this.#runtime.process.spawn(repeat(loop.periodNs, loop.pass));
  }
}

function* repeat(periodNs: number, pass: () => Steps): Steps {
  for (;;) {
    yield* pass();
    yield periodNs;
  }
}

function ownerKey(object: ObjectOf<ResourceName>): string {
  const owner = controllerOf(object);
  return owner === null ? '' : String(owner.uid);
}
