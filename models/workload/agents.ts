/**
 * What lists and watches beside the control plane: a log agent on every node, an operator,
 * kube-state-metrics.
 *
 * Members of an agent are alike: where each watches the same, they are one watch that counts for
 * all; lists that come again are spread over their period, as processes that were started at
 * different times spread them.
 * Left out: what agents do with what they learn, scrapes of /metrics.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import type { AgentScenario } from '../../src/scenario/types.ts';
import type { ApiClient, ClientLibrary, ReflectorSink } from '../client-go/index.ts';
import type { FieldSelector, ResourceName } from '../objects/index.ts';
import { loadHost } from './pod-watcher.ts';

const NOTHING: ReflectorSink = { replace: () => {}, events: () => {} };

export class Agent {
  readonly #ctx: ModelContext;
  readonly #scenario: AgentScenario;
  readonly #library: ClientLibrary;
  readonly #client: ApiClient;
  /** Of a daemon: the node of each member. */
  readonly #nodes: readonly string[];
  readonly #members: number;
  readonly #listType: number;

  constructor(
    ctx: ModelContext,
    scenario: AgentScenario,
    library: ClientLibrary,
    servers: readonly string[],
    nodes: readonly string[],
  ) {
    this.#ctx = ctx;
    this.#scenario = scenario;
    this.#library = library;
    this.#nodes = nodes;
    this.#members = scenario.kind === 'daemon' ? nodes.length : scenario.count;
    this.#client = library.client({
      name: `agent/${scenario.name}`,
      user: scenario.user,
      networkHost: loadHost,
      qps: Infinity,
      burst: 1,
      timeoutNs: Infinity,
      servers,
    });
    this.#listType = ctx.sim.eventType(`agent/${scenario.name}/list`, (member) =>
      this.#list(member),
    );
  }

  /** They have been running: their watches are there, their next lists are due in turn. */
  start(): void {
    const { watches, relistNs } = this.#scenario;
    if (watches) for (const resource of this.#scenario.lists) this.#watch(resource);
    if (relistNs === 0) return;
    for (let member = 0; member < this.#members; member++) {
      const phaseNs = Math.floor((member * relistNs) / this.#members);
      this.#ctx.sim.schedule(phaseNs, this.#listType, member);
    }
  }

  #watch(resource: ResourceName): void {
    if (!this.#scenario.ownNodeOnly) {
      const options = { members: this.#members };
      this.#library.reflector(this.#client, resource, options, NOTHING).start(true);
      return;
    }
    for (let member = 0; member < this.#members; member++) {
      const options = { fieldSelector: this.#ownNode(member) };
      this.#library.reflector(this.#client, resource, options, NOTHING).start(true);
    }
  }

  #ownNode(member: number): FieldSelector {
    return { field: 'spec.nodeName', value: this.#nodes[member % this.#nodes.length] };
  }

  #list(member: number): void {
    const { lists, consistency, ownNodeOnly, relistNs } = this.#scenario;
    for (const resource of lists) {
      this.#client.call(
        {
          verb: 'list',
          resource,
          consistency,
          wantItems: false,
          ...(ownNodeOnly ? { fieldSelector: this.#ownNode(member) } : {}),
        },
        () => {},
      );
    }
    this.#ctx.sim.schedule(relistNs, this.#listType, member);
  }
}
