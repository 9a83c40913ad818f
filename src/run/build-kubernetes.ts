/** Wires a Kubernetes cluster: etcd, API servers, components, nodes, and what happens to them. */
import { ApiServers, etcdStorage, ObjectStore } from '../../models/apiserver/index.ts';
import { ClientLibrary } from '../../models/client-go/index.ts';
import {
  attachedByDriver,
  Cloud,
  CloudControllerManager,
  ClusterAutoscaler,
  VolumeDriver,
} from '../../models/cloud/index.ts';
import { ControllerManager, settledObjects } from '../../models/controllers/index.ts';
import { EtcdCluster } from '../../models/etcd/index.ts';
import {
  type FaultComponent,
  FaultDriver,
  faultsOfRun,
  type KubernetesWorld,
  OutageTracker,
  type WorldParts,
} from '../../models/faults/index.ts';
import { Credentials, Host } from '../../models/machine/index.ts';
import { Network } from '../../models/network/index.ts';
import { Nodes } from '../../models/node/index.ts';
import {
  type KubeObject,
  type Lease,
  type ResourceName,
  Uids,
} from '../../models/objects/index.ts';
import { Scheduler, type SchedulerPlugin } from '../../models/scheduler/index.ts';
import {
  Agent,
  Fates,
  InitialState,
  Load,
  loadHost,
  PodWatcher,
  type Settle,
  Timeline,
} from '../../models/workload/index.ts';
import type { ModelContext } from '../resource/index.ts';
import type {
  ComponentScenario,
  FaultScenario,
  KubernetesScenario,
  Scenario,
} from '../scenario/types.ts';
import type { Cluster } from './cluster.ts';
import { asObject, Invariants } from './invariants.ts';
import { machineInterfaces, networkHosts } from './network-hosts.ts';
import { NodeInterfaces } from './node-interfaces.ts';
import { clusterAccess, type OwnComponent, type StartedComponent } from './own-components.ts';
import type { RunWarning } from './result.ts';
import { podsNotCreated } from './uncreated-pods.ts';

/** kubeadm sets --watch-progress-notify-interval=5s (kubernetes cmd/kubeadm/app/phases/etcd). */
const PROGRESS_NOTIFY_NS = 5e9;
/** Of certificates that the controller manager signs (--cluster-signing-duration: a year). */
const BACKDATED_NS = 300e9;
const YEAR_NS = 365 * 86_400e9;

export interface KubernetesCluster extends Cluster {
  readonly etcd: EtcdCluster;
  readonly servers: ApiServers;
  readonly nodes: Nodes;
  readonly timeline: Timeline;
}

export function buildKubernetes(
  ctx: ModelContext,
  scenario: Scenario,
  kubernetes: KubernetesScenario,
  own: readonly OwnComponent[] = [],
  plugins: readonly SchedulerPlugin[] = [],
): KubernetesCluster {
  const base = new Base(ctx, scenario, kubernetes);
  const { servers, etcd, outages, timeline } = base;
  const nodes = base.createNodes((node) => base.sign(node, components));
  const cloud = createCloud(ctx, base, nodes);
  const components: Component[] = [...createComponents(ctx, base, plugins), ...cloud.managers];
  const { maxEndpointsPerSlice, disabledControllers } = kubernetes.controllerManager;
  const settle: Settle = (given, where, namespaces) =>
    settledObjects(given, {
      sim: ctx.sim,
      uids: base.uids,
      maxEndpointsPerSlice,
      namespaces,
      endpoints: !disabledControllers.some((name) => /^endpoints(-controller)?$/.test(name)),
      place: (spec) => where.place(spec),
      eligible: (spec) => where.eligible(spec),
    });
  const draws = ctx.sim.stream('placement').u32();
  const initial = new InitialState(kubernetes, base.uids, nodes.initialObjects(), settle, draws);
  for (const component of components) initial.addLease(component.initialLease());
  base.preload(cloud.driver === null ? initial.objects : attachedByDriver(initial.objects));
  const loads = base.createLoads(initial);
  const watcher = new PodWatcher(base.library, timeline, base.frontDoor);
  const agents = kubernetes.agents.map(
    (agent) => new Agent(ctx, agent, base.library, base.frontDoor, nodes.nodeNames),
  );
  const added = createOwn(ctx, scenario, base, own);
  const parts = base.faultParts(scenario, { nodes, components, cloud: cloud.cloud });
  const faults = new FaultDriver(parts, base.faults);
  return {
    etcd,
    servers,
    nodes,
    timeline,
    start: () => {
      base.start();
      for (const component of components) component.start(true);
      nodes.start(true);
      cloud.autoscaler?.start(true);
      cloud.driver?.start(true);
      watcher.start();
      for (const component of added) component.start(true);
      for (const load of loads) load.start();
      for (const agent of agents) agent.start();
      faults.start();
    },
    finish: () => ({
      outages: outages.results(ctx.metrics.eventRows),
      timeline: timeline.report(podsNotCreated(etcd)),
      warnings: [
        ...unplacedWarning(initial),
        ...base.invariants.finish(base.library.transport.openRequests),
      ],
    }),
  };
}

function unplacedWarning({ unplaced }: InitialState): RunWarning[] {
  if (unplaced === 0) return [];
  const message = `${unplaced} pods of the start had no node with room: they begin as Pending`;
  const hint = 'give the node groups more nodes, or the objects fewer replicas or smaller requests';
  return [{ code: 'unplaced', message, hint }];
}

interface Component extends FaultComponent {
  initialLease(): Lease;
  start(preloaded: boolean): void;
}

/** Replicas of the scheduler and the controller manager. */
function createComponents(
  ctx: ModelContext,
  base: Base,
  plugins: readonly SchedulerPlugin[],
): Component[] {
  const { scheduler, controllerManager } = base.kubernetes;
  return [
    ...scheduler.replicas.map(
      (component) =>
        new Scheduler(ctx, scheduler, component, { ...base.optionsOf(component), plugins }),
    ),
    ...controllerManager.replicas.map(
      (component) =>
        new ControllerManager(ctx, controllerManager, component, base.optionsOf(component)),
    ),
  ];
}

/** Components of the library's user, after all others: these draw and act as without them. */
function createOwn(
  ctx: ModelContext,
  scenario: Scenario,
  base: Base,
  own: readonly OwnComponent[],
): readonly StartedComponent[] {
  if (own.length === 0) return [];
  const access = clusterAccess({
    ...ctx,
    scenario,
    library: base.library,
    uids: base.uids,
    observer: base.timeline,
    servers: base.frontDoor,
    defaultHost: base.kubernetes.apiServer.replicas[0].host,
  });
  return own.map((component) => component.create(access));
}

/** What stands in the cloud, and orders from it. */
function createCloud(ctx: ModelContext, base: Base, nodes: Nodes) {
  const { cloud: scenario, autoscaler, nodeGroups } = base.kubernetes;
  if (scenario === null) return { cloud: null, managers: [], autoscaler: null, driver: null };
  const cloud = new Cloud(ctx, scenario);
  const managers = scenario.replicas.map(
    (component) =>
      new CloudControllerManager(ctx, scenario, component, {
        ...base.optionsOf(component),
        cloud,
        exists: (node) => nodes.stateOf(node) !== 'down',
      }),
  );
  const [first] = scenario.replicas;
  const driver = hasStorage(base.kubernetes)
    ? new VolumeDriver(ctx, { ...base.optionsOf(first), cloud })
    : null;
  if (autoscaler === null) return { cloud, managers, autoscaler: null, driver };
  return {
    cloud,
    managers,
    driver,
    autoscaler: new ClusterAutoscaler(ctx, autoscaler, {
      library: base.library,
      networkHost: scenario.replicas[0].host,
      servers: base.frontDoor,
      cloud,
      groups: nodeGroups,
      order: (group, bootNs) => nodes.order(group, bootNs),
    }),
  };
}

/** A driver is installed where there are, or will be, classes of volumes. */
function hasStorage({ objects, load }: KubernetesScenario): boolean {
  const created = load.flatMap((entry) => (entry.kind === 'create' ? [entry.set] : []));
  return [...objects, ...created].some((set) => set.kind === 'StorageClass');
}

/** Machines, network, etcd, API servers, and the client library over them. */
class Base {
  /** Those of the scenario, and those that are drawn. */
  readonly faults: readonly FaultScenario[];
  readonly interfaces: NodeInterfaces;
  readonly network: Network;
  readonly credentials: Credentials;
  readonly etcd: EtcdCluster;
  readonly eventsEtcd: EtcdCluster | null;
  readonly servers: ApiServers;
  readonly library: ClientLibrary;
  readonly uids = new Uids();
  readonly timeline: Timeline;
  readonly outages: OutageTracker;
  readonly invariants: Invariants;
  /** What became of nodes and pods. */
  readonly fates: Fates;
  /** How nodes and people reach the API. */
  readonly frontDoor: readonly string[];
  readonly #ctx: ModelContext;
  readonly kubernetes: KubernetesScenario;
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #store: ObjectStore;
  #preloaded = new Map<ResourceName, KubeObject[]>();

  constructor(ctx: ModelContext, scenario: Scenario, kubernetes: KubernetesScenario) {
    const { apiServer, version } = kubernetes;
    this.#ctx = ctx;
    this.kubernetes = kubernetes;
    this.#hosts = new Map(scenario.hosts.map((h) => [h.name, new Host(ctx, h.name, h)]));
    this.credentials = new Credentials(ctx, this.#hosts);
    this.faults = faultsOfRun(scenario, ctx.sim);
    this.interfaces = new NodeInterfaces(scenario, this.faults);
    this.network = new Network(ctx, scenario.network, networkHosts(scenario, this.interfaces.all));
    const progressNotifyNs = PROGRESS_NOTIFY_NS;
    const { credentials } = this;
    this.etcd = new EtcdCluster(ctx, scenario, this.#hosts, this.network, {
      progressNotifyNs,
      credentials,
    });
    this.eventsEtcd = apiServer.eventsEtcd
      ? new EtcdCluster(ctx, eventsScenario(scenario), this.#hosts, this.network, {
          name: 'etcd-events',
          progressNotifyNs,
          credentials,
        })
      : null;
    this.timeline = new Timeline(ctx);
    this.fates = new Fates(ctx);
    this.outages = new OutageTracker(ctx.sim);
    this.etcd.onCampaign(() => this.outages.onCampaign());
    this.etcd.onLeader(() => this.outages.onElected());
    this.#store = new ObjectStore(this.etcd, this.eventsEtcd);
    this.servers = new ApiServers(ctx, apiServer, {
      hosts: this.#hosts,
      uids: this.uids,
      observer: this.timeline,
      credentials,
      version,
      createStorage: etcdStorage({
        store: this.#store,
        networkHostOf: (_, host) => host,
      }),
    });
    this.frontDoor =
      apiServer.loadBalancer === 'loadBalancer'
        ? ['loadBalancer']
        : apiServer.replicas.map((replica) => replica.name);
    this.library = new ClientLibrary(ctx, {
      network: this.network,
      hosts: this.#hosts,
      endpoints: this.servers.replicas,
      loadBalancer: {
        kind: apiServer.loadBalancer,
        healthIntervalNs: apiServer.loadBalancerHealthIntervalNs,
        healthThreshold: apiServer.loadBalancerHealthThreshold,
      },
      version,
      tls: apiServer.tls,
      credentials,
      onResult: (call, result, sentNs) => this.outages.onApiResult(call, result, sentNs),
      observer: this.timeline,
      uids: this.uids,
      preloaded: (resource) => ({
        items: this.#preloaded.get(resource) ?? [],
        resourceVersion: this.#store.resource(resource).cluster.shared.keys.revision,
      }),
    });
    this.invariants = this.#watchInvariants();
  }

  /** Of all replicas of etcd together: what is applied first is what holds. */
  #watchInvariants(): Invariants {
    const invariants = new Invariants({
      schedulers: this.kubernetes.scheduler.profiles.map((profile) => profile.schedulerName),
      ledger: this.library.transport.ledger,
    });
    const { fates } = this;
    this.etcd.shared.contents.listener = (previous, value) => {
      invariants.listener(previous, value);
      fates.changed(asObject(previous), asObject(value));
    };
    this.etcd.recovery.onRestored(({ changes, keysLost }) => {
      invariants.restored(changes);
      this.outages.onObjectsLost(keysLost);
    });
    return invariants;
  }

  /** A component talks to the API server of its own host, where there is one. */
  optionsOf(component: ComponentScenario) {
    const host = this.#hosts.get(component.host);
    if (host === undefined) throw new Error(`no host ${component.host}`);
    const own = this.kubernetes.apiServer.replicas.find((r) => r.host === component.host);
    return {
      library: this.library,
      host,
      uids: this.uids,
      observer: this.timeline,
      version: this.kubernetes.version,
      servers: own === undefined ? this.frontDoor : [own.name],
    };
  }

  createNodes(sign: (node: string) => void): Nodes {
    const { nodeGroups, version, cloud } = this.kubernetes;
    return new Nodes(this.#ctx, nodeGroups, {
      library: this.library,
      uids: this.uids,
      observer: this.timeline,
      witness: this.fates,
      version,
      servers: this.frontDoor,
      cloud: cloud !== null,
      networkHostOf: (zone, node) => this.interfaces.hostOf(zone, node),
      sign,
    });
  }

  /**
   * A node's first certificate is valid from 5 min before the signer's now, by the clock of the
   * leader of the controller managers (pkg/controller/certificates/signer); it matters only where
   * clocks differ.
   */
  sign(node: string, components: readonly FaultComponent[]): void {
    if (!this.credentials.isSkewed) return;
    const isSigner = ({ name, isLeader }: FaultComponent) =>
      isLeader && name.startsWith('kube-controller-manager/');
    const signer = components.find(isSigner);
    if (signer === undefined) return;
    const notBeforeNs = signer.process.host.clock.wallNs() - BACKDATED_NS;
    const notAfterNs = notBeforeNs + YEAR_NS;
    this.credentials.limit(`kubelet/${node}/client`, { notBeforeNs, notAfterNs });
  }

  preload(objects: readonly KubeObject[]): void {
    for (const given of objects) {
      const object = this.servers.admitted(given);
      this.#store.preload(object);
      const known = this.#preloaded.get(object.resource);
      if (known === undefined) this.#preloaded.set(object.resource, [object]);
      else known.push(object);
    }
  }

  createLoads(initial: InitialState): Load[] {
    const { load } = this.kubernetes;
    const world = {
      uids: this.uids,
      timeline: this.timeline,
      sets: initial.sets,
      pathsOf: (resource: ResourceName) =>
        (this.#preloaded.get(resource) ?? []).map(({ meta }) => meta.path),
    };
    return load.map((entry) => {
      const client = this.library.client({
        name: `load/${entry.name}`,
        user: entry.user,
        networkHost: loadHost,
        qps: entry.qps,
        burst: entry.burst,
        timeoutNs: Infinity,
        servers: this.frontDoor,
      });
      return new Load(this.#ctx, entry, client, world);
    });
  }

  faultParts(
    scenario: Scenario,
    parts: Pick<KubernetesWorld, 'nodes' | 'components' | 'cloud'>,
  ): WorldParts {
    const { etcd, eventsEtcd, network, credentials, outages } = this;
    const { kubernetes, servers, library, frontDoor } = this;
    return {
      ctx: this.#ctx,
      etcd,
      eventsEtcd,
      network,
      credentials,
      hosts: this.#hosts,
      networkHostsOf: machineInterfaces(scenario),
      clientHosts: [...new Set(scenario.workload.map((w) => w.host))],
      outages,
      kubernetes: { scenario: kubernetes, servers, library, frontDoor, ...parts },
    };
  }

  start(): void {
    if (this.credentials.isSkewed) this.library.tokens.watchClocks();
    this.invariants.start();
    this.etcd.start();
    this.eventsEtcd?.start();
    this.servers.start();
  }
}

/** The etcd of events: as many members, on the same hosts and disks. */
function eventsScenario(scenario: Scenario): Scenario {
  const { etcd } = scenario;
  const members = etcd.members.map((m) => ({
    ...m,
    name: m.name.replace('etcd/', 'etcd-events/'),
  }));
  return { ...scenario, etcd: { ...etcd, members, joining: [] } };
}
