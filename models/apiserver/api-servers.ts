/**
 * The kube-apiservers of a cluster: replicas that share nothing but etcd, and who starts them
 * again.
 */
import type { DistributionSpec } from '../../src/dist/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiServerScenario } from '../../src/scenario/types.ts';
import type { KubeObject } from '../objects/index.ts';
import { ApiServer } from './api-server.ts';
import { Defaulting } from './defaulting.ts';
import { Supervisor } from './supervisor.ts';
import type { ApiServersOptions } from './types.ts';
import type { Webhook, WebhookOutage } from './webhooks.ts';

export class ApiServers {
  readonly replicas: readonly ApiServer[];
  readonly #supervisors: readonly Supervisor[];
  readonly #defaulting: Defaulting;

  constructor(ctx: ModelContext, scenario: ApiServerScenario, options: ApiServersOptions) {
    const { sim, metrics, constants } = ctx;
    const shared = { sim, metrics, constants, scenario, options };
    const defaulting = new Defaulting(scenario.admissionPlugins);
    this.#defaulting = defaulting;
    this.replicas = scenario.replicas.map(
      (replica, i) => new ApiServer(shared, replica, i, defaulting),
    );
    this.#supervisors = this.replicas.map(
      (server, i) => new Supervisor(ctx, server, scenario.replicas[i].supervisor),
    );
  }

  /** They have been running: caches are full, nothing is charged. */
  start(): void {
    for (const replica of this.replicas) replica.start(true);
    for (const supervisor of this.#supervisors) supervisor.start();
  }

  /** What is there at the start has passed admission once. */
  admitted(object: KubeObject): KubeObject {
    return this.#defaulting.created(object);
  }

  replica(name: string): ApiServer {
    const found = this.replicas.find((replica) => replica.name === name);
    if (found === undefined) throw new Error(`no API server ${name}`);
    return found;
  }

  /** Whoever serves a webhook has gone, or is back. */
  setWebhookOutage(name: string, outage: WebhookOutage): void {
    for (const webhook of this.#webhooks(name)) webhook.outage = outage;
  }

  /** It answers as fast as this from now on; null: as fast as it did. */
  setWebhookLatency(name: string, latency: DistributionSpec | null): void {
    for (const webhook of this.#webhooks(name)) webhook.setLatency(latency);
  }

  #webhooks(name: string): Webhook[] {
    return this.replicas.flatMap(({ webhooks }) =>
      webhooks.all.filter(({ options }) => options.name === name),
    );
  }

  /** Stays down when it ends (`false`), or is started again as its supervisor does. */
  setRestart(name: string, restart: boolean): void {
    const index = this.replicas.findIndex((replica) => replica.name === name);
    this.#supervisors[index].restarts = restart;
  }
}
