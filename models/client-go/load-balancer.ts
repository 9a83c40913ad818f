/**
 * A load balancer of connections (layer 4) before the API servers: it draws a healthy replica for
 * each new connection, and never moves one that is established.
 *
 * Health is asked at intervals by GET /readyz over the balancer's own way to the replicas; a probe
 * that has no 200 within the interval has failed, and so many in a row change the verdict.
 *
 * Left out: its own delay and capacity (it is part of the path), idle timeouts (pings every 30 s
 * keep connections of clients alive), draining, a network between it and the replicas.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiCall, ApiResult, ServerRequest, User } from '../objects/index.ts';
import type { EndpointPort } from './endpoint-port.ts';

export interface LoadBalancerOptions {
  readonly kind: 'none' | 'loadBalancer' | 'clientList';
  readonly healthIntervalNs: number;
  /** Probes in a row that agree before a replica is taken out, or in. */
  readonly healthThreshold: number;
}

const PROBE: ApiCall = { verb: 'get', resource: 'namespaces', subresource: 'healthz' };
const PROBER: User = {
  name: 'system:anonymous',
  groups: ['system:unauthenticated'],
  agent: 'load-balancer',
  authentication: 'x509',
};

export class LoadBalancer {
  readonly #ctx: ModelContext;
  readonly #options: LoadBalancerOptions;
  readonly #ports: readonly EndpointPort[];
  /** Probes in a row against the present verdict, by replica. */
  readonly #against: number[];
  readonly #answers: boolean[];
  /** By replica: how many times its health check was turned off. */
  readonly #forced: number[];
  readonly #probeType: number;

  constructor(ctx: ModelContext, o: LoadBalancerOptions, ports: readonly EndpointPort[]) {
    this.#ctx = ctx;
    this.#options = o;
    this.#ports = ports;
    this.#against = ports.map(() => 0);
    this.#answers = ports.map(() => true);
    this.#forced = ports.map(() => 0);
    this.#probeType = ctx.sim.eventType('load-balancer/probe', () => this.#probe());
    if (o.kind === 'loadBalancer') ctx.sim.schedule(o.healthIntervalNs, this.#probeType);
  }

  /** By a draw in (0, 1); null: none is healthy. */
  choose(draw: number): EndpointPort | null {
    const healthy = this.#ports.filter((p) => p.isHealthy || this.#forced[p.index] > 0);
    return healthy.length === 0 ? null : healthy[Math.floor(draw * healthy.length)];
  }

  /**
   * Its health check is off: connections go to the replica, dead or not. To be ended as often as
   * it was begun.
   */
  ignoreHealth(server: string, ignored: boolean): void {
    for (const { endpoint, index } of this.#ports) {
      if (endpoint.name === server) this.#forced[index] += ignored ? 1 : -1;
    }
  }

  /** Judges the probes sent before, and sends the next. */
  #probe(): void {
    const { healthIntervalNs } = this.#options;
    const { sim } = this.#ctx;
    for (const port of this.#ports) {
      this.#judge(port, this.#answers[port.index]);
      this.#answers[port.index] = false;
      if (port.endpoint.isListening) port.endpoint.handle(this.#request(port));
    }
    sim.schedule(healthIntervalNs, this.#probeType);
  }

  #judge(port: EndpointPort, answer: boolean): void {
    const { index } = port;
    this.#against[index] = answer === port.isHealthy ? 0 : this.#against[index] + 1;
    if (this.#against[index] < this.#options.healthThreshold) return;
    port.isHealthy = answer;
    this.#against[index] = 0;
    const kind = answer ? 'replicaHealthy' : 'replicaUnhealthy';
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, kind, port.endpoint.name, 'load balancer');
  }

  #request(port: EndpointPort): ServerRequest {
    const { sim } = this.#ctx;
    const deadlineNs = sim.nowNs + this.#options.healthIntervalNs;
    return {
      call: PROBE,
      user: PROBER,
      deadlineNs,
      connection: -1,
      sink: null,
      respond: (result: ApiResult) => {
        if (sim.nowNs <= deadlineNs) this.#answers[port.index] = result.code === 200;
      },
    };
  }
}
