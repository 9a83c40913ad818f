/**
 * Tokens of pods that call the API: agents, drivers, the cloud's controllers. Each is asked for by
 * the kubelet at 80 % of its life, less a jitter (pkg/kubelet/token), from whichever API server
 * that kubelet speaks with, and is valid from then on by that server's clock (nbf = iat,
 * pkg/serviceaccount/claims.go). Another server, whose clock is behind, refuses it until its own
 * clock has come that far.
 *
 * The one idea: it matters only where clocks differ, so nothing is kept until somebody says so;
 * tokens of before are old and good everywhere. What asking costs is in models/node/token-refresh.
 *
 * *Left out:* that a token is read from its file up to a minute late (client-go tokensource); the
 * tokens of controllers, which their manager asks for from the server that they then speak with;
 * expiry: tokens of pods for the API live a year (--service-account-extend-token-expiration).
 */
import type { ModelContext } from '../../src/resource/index.ts';
import type { Credentials } from '../machine/index.ts';
import { type ClientState, credentialOf } from './client-state.ts';
import type { EndpointPort } from './endpoint-port.ts';
import { keyOf } from './keys.ts';

/** A renewal comes up to so much early (pkg/kubelet/token `maxJitter`). */
const JITTER_NS = 10e9;

export class TokenHolders {
  readonly #credentials: Credentials | null;
  readonly #ports: readonly EndpointPort[];
  readonly #draw: (seed: number, counter: number) => number;
  readonly #holders: ClientState[] = [];
  readonly #renewals: number[] = [];
  readonly #ctx: ModelContext;
  #type = -1;
  /** Age at which a token is renewed at the latest. */
  #renewedNs = 0;

  constructor(
    ctx: ModelContext,
    credentials: Credentials | null,
    ports: readonly EndpointPort[],
    draw: (seed: number, counter: number) => number,
  ) {
    this.#ctx = ctx;
    this.#credentials = credentials;
    this.#ports = ports;
    this.#draw = draw;
  }

  add(client: ClientState): void {
    if (client.user.authentication !== 'serviceAccountToken') return;
    if (client.name.startsWith('kube-controller-manager/')) return;
    this.#holders.push(client);
    this.#renewals.push(0);
    if (this.#type >= 0) this.#planFirst(this.#holders.length - 1);
  }

  /** From now on clocks may differ. */
  watchClocks(): void {
    if (this.#type >= 0 || this.#credentials === null) return;
    const { sim, constants } = this.#ctx;
    this.#type = sim.eventType('client-go/tokenRenewed', (i) => this.#renew(i));
    this.#renewedNs =
      constants.get('kubelet.tokenLifeNs') * constants.get('kubelet.tokenRefreshRatio');
    for (let i = 0; i < this.#holders.length; i++) this.#planFirst(i);
  }

  /** Tokens are of any age. */
  #planFirst(index: number): void {
    const leftNs = this.#next(index) * this.#renewedNs;
    this.#ctx.sim.schedule(Math.floor(leftNs), this.#type, index);
  }

  #renew(index: number): void {
    const issuers = this.#ports.filter((port) => port.isHealthy && port.endpoint.isListening);
    const delayNs = this.#renewedNs - this.#next(index) * JITTER_NS;
    this.#ctx.sim.schedule(Math.floor(delayNs), this.#type, index);
    if (issuers.length === 0) return;
    const { endpoint } = issuers[Math.floor(this.#next(index) * issuers.length)];
    const notBeforeNs = this.#credentials!.wallNs(endpoint.networkHost);
    const key = credentialOf(this.#holders[index]);
    this.#credentials!.limit(key, { notBeforeNs, notAfterNs: Infinity });
  }

  #next(index: number): number {
    return this.#draw(keyOf(`${this.#holders[index].name}/token`), this.#renewals[index]++);
  }
}
