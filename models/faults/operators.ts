/** What operators do to nodes with kubectl: cordon, uncordon, drain; each command a process. */
import { NS_PER_S } from '../../src/core/index.ts';
import type { FaultAction } from '../../src/scenario/types.ts';
import { kubectl, kubectlClient } from '../client-go/index.ts';
import { loadHost } from '../workload/index.ts';
import type { FaultHandlers } from './handler.ts';
import { kubernetesOf, nodeNamesOf } from './targets.ts';
import type { FaultWorld } from './world.ts';

export const operatorFaults: FaultHandlers<'cordon' | 'uncordon' | 'drain'> = {
  cordon: ({ target, part }, world) => {
    const nodes = nodeNamesOf(target, world, part);
    new Commands(world, nodes, ['cordon'], nodes.length).start();
    return () => new Commands(world, nodes, ['uncordon'], nodes.length).start();
  },

  uncordon: ({ target, part }, world) => {
    const nodes = nodeNamesOf(target, world, part);
    new Commands(world, nodes, ['uncordon'], nodes.length).start();
    return null;
  },

  drain: (action, world) => {
    const nodes = nodeNamesOf(action.target, world, action.part);
    const commands = new Commands(world, nodes, drainOf(action), action.parallel);
    commands.start();
    return () => {
      const begun = commands.stop();
      new Commands(world, begun, ['uncordon'], begun.length).start();
    };
  },
};

function drainOf(action: Extract<FaultAction, { kind: 'drain' }>): string[] {
  const command = ['drain'];
  if (action.force) command.push('--force');
  if (action.ignoreDaemonSets) command.push('--ignore-daemonsets');
  if (action.disableEviction) command.push('--disable-eviction');
  if (!Number.isNaN(action.graceNs)) {
    command.push(`--grace-period=${Math.round(action.graceNs / NS_PER_S)}`);
  }
  return command;
}

/** One command for each node, some at a time. */
class Commands {
  readonly #world: FaultWorld;
  readonly #nodes: readonly string[];
  readonly #command: readonly string[];
  readonly #parallel: number;
  #begun = 0;

  constructor(
    world: FaultWorld,
    nodes: readonly string[],
    command: readonly string[],
    parallel: number,
  ) {
    this.#world = world;
    this.#nodes = nodes;
    this.#command = command;
    this.#parallel = parallel;
  }

  start(): void {
    for (let i = 0; i < this.#parallel; i++) this.#next();
  }

  /** No more are begun; the nodes of those that were. */
  stop(): readonly string[] {
    const begun = this.#nodes.slice(0, this.#begun);
    this.#begun = this.#nodes.length;
    return begun;
  }

  #next(): void {
    if (this.#begun >= this.#nodes.length) return;
    const node = this.#nodes[this.#begun++];
    const { library, frontDoor } = kubernetesOf(this.#world);
    const { sim } = this.#world.ctx;
    const [verb, ...flags] = this.#command;
    const name = `kubectl/${verb}-${node}-${sim.nowNs}`;
    const client = library.client(kubectlClient(name, loadHost, frontDoor));
    client.stop();
    sim.spawn(
      name,
      kubectl(client, [verb, node, ...flags], ({ failures }) => {
        this.#world.event(verb, node, failures === 0 ? '' : `${failures} requests were refused`);
        this.#next();
      }),
    );
  }
}
