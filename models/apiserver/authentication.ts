/**
 * Who asks, and what finding that out costs (kubernetes/apiserver pkg/authentication): the chain of
 * a client certificate is verified with each request (kubernetes#90533), tokens are looked up in a
 * cache of what was verified before. Either is refused (401) where it is not valid by the wall
 * clock of the server's machine: a certificate with each request, as its chain is verified anew; a
 * token with a leeway of a minute (pkg/serviceaccount/claims.go, go-jose `DefaultLeeway`).
 *
 * Left out: anonymous requests, impersonation, signatures that are wrong: everybody is who they
 * say; that a token which has just been verified is taken for 10 s more.
 */
import { NS_PER_S, type Simulation } from '../../src/core/index.ts';
import type { Clock, Credentials } from '../machine/index.ts';
import type { ServerRequest, User } from '../objects/index.ts';
import type { Costs } from './costs.ts';

/** pkg/authentication/token/cache: 10 s; a TokenReview webhook's: 2 min (kube-apiserver flag). */
const TOKEN_TTL_NS = 10 * NS_PER_S;
const WEBHOOK_TTL_NS = 120 * NS_PER_S;
/** gopkg.in/go-jose jwt `DefaultLeeway`. */
const TOKEN_LEEWAY_NS = 60 * NS_PER_S;

export class Authentication {
  readonly #sim: Simulation;
  readonly #credentials: Credentials | null;
  readonly #clock: Clock;
  readonly #x509Ns: number;
  readonly #tokenNs: number;
  readonly #cachedNs: number;
  readonly #reviewWaitNs: number;
  /** Until when a user's token is in the cache. */
  readonly #cached = new Map<string, number>();
  /** Of the request asked about last: CPU, and time that passes elsewhere. */
  workNs = 0;
  waitNs = 0;

  constructor(sim: Simulation, costs: Costs, credentials: Credentials | null, clock: Clock) {
    this.#sim = sim;
    this.#credentials = credentials;
    this.#clock = clock;
    this.#x509Ns = costs.get('authnX509Ns');
    this.#tokenNs = costs.get('authnTokenNs');
    this.#cachedNs = costs.get('authnCachedNs');
    this.#reviewWaitNs = costs.get('tokenReviewWaitNs');
  }

  /** Sets `workNs` and `waitNs`. */
  ask(user: User): void {
    this.waitNs = 0;
    const { authentication } = user;
    if (authentication === 'x509') {
      this.workNs = this.#x509Ns;
      return;
    }
    const nowNs = this.#sim.nowNs;
    const until = this.#cached.get(user.name);
    if (until !== undefined && nowNs < until) {
      this.workNs = this.#cachedNs;
      return;
    }
    const webhook = authentication === 'webhook';
    this.#cached.set(user.name, nowNs + (webhook ? WEBHOOK_TTL_NS : TOKEN_TTL_NS));
    this.workNs = webhook ? this.#cachedNs : this.#tokenNs;
    if (webhook) this.waitNs = Math.round(this.#reviewWaitNs);
  }

  /** Whether what the client shows is not valid by this machine's clock. */
  refuses({ user, credential = '' }: ServerRequest): boolean {
    if (credential === '' || this.#credentials === null) return false;
    const leewayNs = user.authentication === 'serviceAccountToken' ? TOKEN_LEEWAY_NS : 0;
    return !this.#credentials.isGood(credential, this.#clock.wallNs(), leewayNs);
  }

  reset(): void {
    this.#cached.clear();
  }
}
