/**
 * One replica of cloud-controller-manager: node, node lifecycle, route and service controllers
 * against the cloud, each with its own client.
 *
 * Follows kubernetes/cloud-provider: controllers/node (new nodes carry the taint `uninitialized`
 * until they are looked up; addresses of every node again every 5 min, one call each),
 * controllers/nodelifecycle (every 5 s, NotReady nodes only), controllers/route (every 10 s, at
 * most 200 at once), controllers/service (one worker, retries from 5 s to 300 s).
 * Left out: labels of zones and instance types beyond the taint, deletion of load balancers.
 */
import type { Waitable } from '../../src/core/index.ts';
import type { Counter } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { CloudScenario, ComponentScenario } from '../../src/scenario/types.ts';
import {
  type ApiClient,
  type ClientLibrary,
  type ComponentProcess,
  electorTimeoutNs,
  type Informer,
  type InformerFactory,
  type ItemQueue,
  LeaderElector,
  type Sync,
  Workers,
} from '../client-go/index.ts';
import type { Host } from '../machine/index.ts';
import type { ApiCall, KubeObject, Lease, Node, Service, User } from '../objects/index.ts';
import type { Cloud } from './cloud.ts';

export interface CloudOptions {
  readonly library: ClientLibrary;
  readonly host: Host;
  readonly servers: readonly string[];
  readonly cloud: Cloud;
  /** False: the machine of this node has gone. */
  exists(node: string): boolean;
}

const LEASE = 'cloud-controller-manager';
const USER: User = {
  name: 'system:serviceaccount:kube-system:cloud-controller-manager',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
  agent: 'cloud-controller-manager',
  authentication: 'serviceAccountToken',
};
const TAINT = 'node.cloudprovider.kubernetes.io/uninitialized';
const LIFECYCLE_PERIOD_NS = 5e9;
const ROUTES_AT_ONCE = 200;
const SERVICE_RETRY_FIRST_NS = 5e9;
const SERVICE_RETRY_MAX_NS = 300e9;
/** A patch of taints, conditions or status. */
const PATCH_BYTES = 300;

type Steps = Generator<number | Waitable, void, void>;

export class CloudControllerManager {
  readonly name: string;
  readonly process: ComponentProcess;
  readonly #ctx: ModelContext;
  readonly #scenario: CloudScenario;
  readonly #o: CloudOptions;
  readonly #elector: LeaderElector;
  readonly #factory: InformerFactory;
  readonly #nodes: Informer<'nodes'>;
  readonly #services: Informer<'services'>;
  readonly #nodeClient: ApiClient;
  readonly #routeClient: ApiClient;
  readonly #serviceClient: ApiClient;
  readonly #newNodes: ItemQueue;
  readonly #balancers: ItemQueue;
  readonly #workers: readonly Workers[];
  /** Nodes whose routes are being made; those that are there, the cloud knows. */
  readonly #making = new Set<string>();
  readonly #routesMade: Counter;
  #isPreloaded = false;

  constructor(
    ctx: ModelContext,
    scenario: CloudScenario,
    component: ComponentScenario,
    o: CloudOptions,
  ) {
    this.name = component.name;
    this.#ctx = ctx;
    this.#scenario = scenario;
    this.#o = o;
    const { library } = o;
    this.process = library.process(o.host, component);
    this.#factory = library.informers(this.#client('informers', Infinity), this.process);
    this.#nodes = this.#factory.informer('nodes');
    this.#services = this.#factory.informer('services');
    this.#nodeClient = this.#client('node', Infinity);
    this.#routeClient = this.#client('route', Infinity);
    this.#serviceClient = this.#client('service', Infinity);
    this.#newNodes = library.queue({ name: 'cloud-node', process: this.process });
    this.#balancers = library.queue({
      name: 'service',
      process: this.process,
      baseDelayNs: SERVICE_RETRY_FIRST_NS,
      maxDelayNs: SERVICE_RETRY_MAX_NS,
    });
    this.#workers = [
      this.#work(this.#newNodes, 1, (key) => this.#initialize(key)),
      this.#work(this.#balancers, scenario.concurrentServiceSyncs, (key) => this.#balance(key)),
    ];
    this.#routesMade = ctx.metrics.counter(
      'wavetank_cloud_routes_total',
      {},
      {
        help: 'Routes made for nodes.',
      },
    );
    this.#nodes.addHandlers({
      onAdd: (node) => this.#onNode(node),
      onUpdate: (node) => this.#onNode(node),
      onDelete: (node) => o.cloud.routes.delete(node.meta.name),
    });
    this.#services.addHandlers({ onAdd: (s) => this.#onService(s) });
    const election = scenario.leaderElection;
    this.#elector = new LeaderElector(library, {
      process: this.process,
      client: this.#client('leader-election', electorTimeoutNs(election)),
      election,
      lease: LEASE,
      onStartedLeading: () => this.#factory.start(this.#isPreloaded),
    });
    this.#factory.onSynced(() => this.#begin());
    this.process.onStart(() => {
      this.#isPreloaded = false;
      this.#elector.start(false);
    });
  }

  get isLeader(): boolean {
    return this.#elector.isLeader;
  }

  /** Gives the lease back where it was told to, as who ends in order does. */
  release(done: () => void): void {
    this.#elector.release(done);
  }

  initialLease(): Lease {
    return this.#elector.initialLease();
  }

  start(preloaded: boolean): void {
    this.#isPreloaded = preloaded;
    this.#elector.start(preloaded);
  }

  #client(controller: string, timeoutNs: number): ApiClient {
    const { qps, burst } = this.#scenario;
    return this.#o.library.client(
      {
        name: `${this.name}/${controller}`,
        user: USER,
        networkHost: this.#o.host.name,
        qps,
        burst,
        timeoutNs,
        servers: this.#o.servers,
        transport: this.name,
      },
      this.process,
    );
  }

  #work(queue: ItemQueue, count: number, sync: (key: string) => Sync): Workers {
    return new Workers(this.#ctx, { process: this.process, queue, count, sync });
  }

  #begin(): void {
    this.#making.clear();
    if (this.#isPreloaded) for (const node of this.#nodes.values()) this.#knowRoute(node);
    for (const workers of this.#workers) workers.start();
    this.process.spawn(this.#every(LIFECYCLE_PERIOD_NS, () => this.#lifecycle()));
    this.process.spawn(this.#every(this.#scenario.nodeSyncPeriodNs, () => this.#addresses()));
    if (!this.#scenario.routes) return;
    this.process.spawn(this.#every(this.#scenario.routeReconcilePeriodNs, () => this.#reconcile()));
  }

  /** wait.Until: the period counts from the end of a pass. */
  *#every(periodNs: number, pass: () => Steps): Steps {
    for (;;) {
      yield periodNs;
      yield* pass();
    }
  }

  // --- Nodes --------------------------------------------------

  #knowRoute(node: Node): void {
    if (node.status.conditions.networkUnavailable !== 'True')
      this.#o.cloud.routes.add(node.meta.name);
  }

  #onNode(node: Node): void {
    if (isNew(node)) this.#newNodes.add(node.meta.name);
  }

  /** syncNode: looked up in the cloud, then its taint goes. */
  *#initialize(name: string): Sync {
    const node = this.#nodes.get(name);
    if (node === undefined || !isNew(node)) return true;
    // The queue's back-off takes over (controllers/node syncNode: AddRateLimited).
    if ((yield* this.#o.cloud.call('describe')) !== '') return false;
    const pending = this.#nodeClient.start(
      patch(node, (current) => ({
        ...current,
        resourceVersion: 0,
        spec: {
          ...current.spec,
          providerID: `cloud://${name}`,
          taints: current.spec.taints.filter((taint) => taint.key !== TAINT),
        },
      })),
    );
    yield pending;
    return (pending.result?.code ?? 0) < 300;
  }

  /** Every node, one call each (cloud-provider controllers/node UpdateNodeStatus). */
  *#addresses(): Steps {
    for (const node of [...this.#nodes.values()]) {
      if (!isNew(node)) yield* this.#o.cloud.call('describe');
    }
  }

  /** A node that is not ready and whose machine has gone is deleted. */
  *#lifecycle(): Steps {
    for (const node of [...this.#nodes.values()]) {
      if (node.status.conditions.ready === 'True') continue;
      // An error is logged, and the node stays.
      if ((yield* this.#o.cloud.call('describe')) !== '') continue;
      const { name } = node.meta;
      if (this.#o.exists(name)) continue;
      yield this.#nodeClient.start({ verb: 'delete', resource: 'nodes', path: name });
    }
  }

  // --- Routes --------------------------------------------------

  *#reconcile(): Steps {
    // ListRoutes: without its answer nothing is done in this pass.
    if ((yield* this.#o.cloud.call('describe')) !== '') return;
    const { routes } = this.#o.cloud;
    const missing = [...this.#nodes.values()].filter(
      ({ spec, meta: { name } }) =>
        spec.podCIDR !== '' && !routes.has(name) && !this.#making.has(name),
    );
    for (const node of missing.slice(0, ROUTES_AT_ONCE)) {
      this.#making.add(node.meta.name);
      this.process.spawn(this.#route(node));
    }
  }

  *#route(node: Node): Steps {
    const failed = (yield* this.#o.cloud.call('createRoute')) !== '';
    // The next pass tries again; meanwhile the node is said to have no network (NoRouteCreated).
    this.#making.delete(node.meta.name);
    if (!failed) {
      this.#o.cloud.routes.add(node.meta.name);
      this.#routesMade.add();
    }
    const networkUnavailable = failed ? 'True' : 'False';
    yield this.#routeClient.start({
      ...patch(node, (current) => {
        const { conditions } = current.status;
        if (conditions.networkUnavailable === networkUnavailable) return current;
        return {
          ...current,
          resourceVersion: 0,
          status: { ...current.status, conditions: { ...conditions, networkUnavailable } },
        };
      }),
      subresource: 'status',
    });
  }

  // --- Services --------------------------------------------------

  #onService(service: Service): void {
    const { spec, status, meta } = service;
    if (spec.type === 'LoadBalancer' && !status.loadBalancerReady) this.#balancers.add(meta.path);
  }

  *#balance(path: string): Sync {
    const service = this.#services.get(path);
    if (service === undefined || service.status.loadBalancerReady) return true;
    if ((yield* this.#o.cloud.call('createLoadBalancer')) !== '') return false;
    const pending = this.#serviceClient.start({
      verb: 'patch',
      resource: 'services',
      subresource: 'status',
      namespace: service.meta.namespace,
      path,
      bodyBytes: PATCH_BYTES,
      mutate: (current) =>
        ({ ...current, resourceVersion: 0, status: { loadBalancerReady: true } }) as Service,
    });
    yield pending;
    return (pending.result?.code ?? 0) < 300;
  }
}

function isNew(node: Node): boolean {
  return node.spec.taints.some((taint) => taint.key === TAINT);
}

function patch(node: Node, mutate: (current: Node) => Node): ApiCall {
  return {
    verb: 'patch',
    resource: 'nodes',
    path: node.meta.path,
    bodyBytes: PATCH_BYTES,
    mutate: (current: KubeObject) => mutate(current as Node), // Of the path of a node.
  };
}
