/**
 * Faults of nodes from without: a runtime that hangs, a network plugin that is gone, something that
 * takes memory or disk, containers that crash, events without end. What kubelets make of them is in
 * models/node; what filters do with the events, in models/client-go/recorder.ts.
 */
import { NS_PER_S } from '../../src/core/index.ts';
import { type DistributionSpec, quantile } from '../../src/dist/index.ts';
import type { LoadScenario, ObjectSetScenario } from '../../src/scenario/types.ts';
import type { ApiClient, EventRecorder } from '../client-go/index.ts';
import type { CrashLoops } from '../node/index.ts';
import { type KubeObject, type Labels, metaOf, type Pod, type User } from '../objects/index.ts';
import { type FaultHandlers, undoAll } from './handler.ts';
import { kubernetesOf, nodeNamesOf, resolveTargets, type Target } from './targets.ts';
import type { FaultWorld, KubernetesWorld } from './world.ts';

/** Smallest draw of a quantile: one of 0 has none. */
const DRAW_MIN = 1e-9;
/** Events of a storm are recorded in turns of at least this long. */
const TURN_NS = 10e6;

type NodeVerb = 'hangRuntime' | 'cniDown' | 'pressure' | 'crashLoop' | 'eventStorm';

export const nodeFaults: FaultHandlers<NodeVerb> = {
  hangRuntime: ({ target, part, hangs }, world, forNs) => {
    const { sim } = world.ctx;
    // Past the end of the run is for ever.
    const durationNs = Math.min(forNs, 2 * sim.horizonNs);
    const { nodes } = kubernetesOf(world);
    for (const node of nodeNamesOf(target, world, part)) {
      nodes.hangRuntime(node, durationNs, hangs === 'everything');
    }
    // It ends by itself.
    return () => {};
  },

  cniDown: ({ target, part }, world) => {
    const { holds } = world;
    const { nodes } = kubernetesOf(world);
    return undoAll(
      nodeNamesOf(target, world, part).map((node) =>
        holds.hold(
          `cni/${node}`,
          () => nodes.setNetwork(node, false),
          () => nodes.setNetwork(node, true),
        ),
      ),
    );
  },

  pressure: ({ target, part, of, takes }, world) => {
    const { nodes } = kubernetesOf(world);
    const names = nodeNamesOf(target, world, part);
    for (const node of names) nodes.take(node, of, takes);
    return () => {
      for (const node of names) nodes.take(node, of, -takes);
    };
  },

  crashLoop: ({ set, runs }, world) => {
    const { nodes, scenario } = kubernetesOf(world);
    const owners = madeBy(set, scenario);
    const crashes: CrashLoops = {
      runsNs: (pod) => (owners.some((of) => isMadeBy(pod, of)) ? drawNs(runs, world) : null),
    };
    nodes.addCrashes(crashes);
    return () => nodes.removeCrashes(crashes);
  },

  eventStorm: ({ target, part, eventsPerSecond, about }, world) => {
    // The hosts of a zone record nothing.
    const sources = resolveTargets(target, world, part)
      .filter(({ kind }) => kind === 'node' || kind === 'component')
      .map((one) => source(one, about, world));
    const stop = storm(sources, eventsPerSecond, world);
    return () => {
      stop();
      for (const { client } of sources) client.stop();
    };
  },
};

function drawNs(runs: DistributionSpec, world: FaultWorld): number {
  return Math.max(0, Math.round(quantile(runs, Math.max(DRAW_MIN, world.draw()))));
}

// --- Whose pods ---------------------------------------------------------------------------------

/** Labels and namespaces that tell pods of an object set, or of a load. */
interface Maker {
  readonly labels: Labels;
  readonly namespace: string;
}

function madeBy(name: string, scenario: KubernetesWorld['scenario']): Maker[] {
  const { objects, load } = scenario;
  return [
    ...objects.filter((set) => set.name === name).map(makerOf),
    ...load.flatMap((entry) => loadMaker(entry, name)),
  ];
}

function makerOf({ labels, namespace }: ObjectSetScenario): Maker {
  return { labels, namespace };
}

function loadMaker(entry: LoadScenario, name: string): Maker[] {
  if (entry.kind === 'create' && (entry.name === name || entry.set.name === name)) {
    return [makerOf(entry.set)];
  }
  if (entry.kind !== 'churn' || entry.name !== name) return [];
  return [{ labels: entry.template.labels, namespace: entry.name }];
}

/** Several namespaces of a set are its own name and a number. */
function isMadeBy({ meta }: Pod, { labels, namespace }: Maker): boolean {
  if (meta.namespace !== namespace && !meta.namespace.startsWith(`${namespace}-`)) return false;
  for (const [key, value] of Object.entries(labels)) {
    if (meta.labels[key] !== value) return false;
  }
  return true;
}

// --- Events -------------------------------------------------------------------------------------

interface Source {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  readonly about: readonly KubeObject[];
  next: number;
}

/** Who records events: a kubelet, or a component, by a client of its own with its limits. */
function source(target: Target, about: number, world: FaultWorld): Source {
  const { library, scenario, nodes, frontDoor } = kubernetesOf(world);
  const { nowNs } = world.ctx.sim;
  const isNode = target.kind === 'node';
  const name = isNode ? target.node : target.kind === 'component' ? target.component.name : '';
  const component = isNode ? 'kubelet' : name.split('/')[0];
  const networkHost = isNode
    ? nodes.networkHostOf(name)
    : target.kind === 'component'
      ? target.component.process.host.name
      : '';
  const client = library.client({
    name: `${component}/storm-${name}-${nowNs}`,
    user: userOf(component, name),
    networkHost,
    ...limitsOf(isNode ? name : '', component, scenario),
    timeoutNs: Number.POSITIVE_INFINITY,
    servers: frontDoor,
  });
  const objects = Array.from({ length: about }, (_, i): KubeObject => {
    const meta = metaOf(library.uids, nowNs, { name: `${name.replace('/', '-')}-${i}` });
    return {
      resource: 'pods',
      meta: { ...meta, namespace: 'default' },
      bytes: 0,
      resourceVersion: 0,
    };
  });
  return { client, recorder: library.recorder(client), about: objects, next: 0 };
}

function userOf(component: string, name: string): User {
  if (component === 'kubelet') {
    const groups = ['system:nodes'];
    return { name: `system:node:${name}`, groups, agent: component, authentication: 'x509' };
  }
  return { name: `system:${component}`, groups: [], agent: component, authentication: 'x509' };
}

/** QPS and burst of events: of kubelets `eventRecordQPS`, of components their clients'. */
function limitsOf(node: string, component: string, scenario: KubernetesWorld['scenario']) {
  const ordinal = /-\d+$/.exec(node);
  const stem = node.slice(0, ordinal?.index ?? 0);
  const group = scenario.nodeGroups.find(
    ({ name, names }) => names.includes(node) || (ordinal !== null && name === stem),
  );
  if (group !== undefined) {
    return { qps: group.kubelet.eventQps, burst: group.kubelet.eventBurst };
  }
  const { scheduler, controllerManager, cloud } = scenario;
  const of =
    component === 'kube-scheduler'
      ? scheduler
      : component === 'kube-controller-manager'
        ? controllerManager
        : (cloud ?? controllerManager);
  return { qps: of.qps, burst: of.burst };
}

/** Each event has a message of its own; sources take turns. */
function storm(sources: readonly Source[], perSecond: number, world: FaultWorld): () => void {
  const gapNs = NS_PER_S / perSecond;
  const turnNs = Math.max(TURN_NS, Math.round(gapNs));
  const beganNs = world.ctx.sim.nowNs;
  let recorded = 0;
  let isOver = sources.length === 0;
  const turn = (): void => {
    if (isOver) return;
    const due = Math.floor((world.ctx.sim.nowNs - beganNs) / gapNs);
    for (; recorded < due; recorded++) {
      const from = sources[recorded % sources.length];
      const regarding = from.about[from.next++ % from.about.length];
      from.recorder.record(regarding, 'Storm', `${recorded}`);
    }
    world.after(turnNs, turn);
  };
  turn();
  return () => {
    isOver = true;
  };
}
