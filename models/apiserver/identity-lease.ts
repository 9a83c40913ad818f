/**
 * The Lease by which a server says that it lives (kubernetes/apiserver pkg/controlplane,
 * kubernetes/component-helpers apimachinery/lease): one an hour long in kube-system, renewed every
 * 10 s with 4 % of jitter through the server itself; a failed renewal is tried again at once, five
 * times, then with the next one.
 *
 * Left out: collecting the leases of servers that are gone.
 */
import { NS_PER_S, type Simulation, type Stream } from '../../src/core/index.ts';
import {
  type ApiCall,
  type ApiResult,
  type KubeObject,
  type Lease,
  metaOf,
  type ServerRequest,
  type Uids,
  type User,
} from '../objects/index.ts';

const RENEW_NS = 10 * NS_PER_S;
const JITTER = 0.04;
const DURATION_NS = 3600 * NS_PER_S;
const TRIES = 5;
const TIMEOUT_NS = 10 * NS_PER_S;
const LEASE_BYTES = 500;
/** A number that no client's connection has. */
const LOOPBACK_CONNECTION = -3;

const SERVER: User = {
  name: 'system:apiserver',
  groups: ['system:masters'],
  agent: 'kube-apiserver',
  authentication: 'serviceAccountToken',
};

/** The server as its own client. */
export interface Loopback {
  readonly name: string;
  readonly isListening: boolean;
  handle(request: ServerRequest): unknown;
}

export class IdentityLease {
  readonly path: string;
  readonly #sim: Simulation;
  readonly #server: Loopback;
  readonly #uids: Uids;
  readonly #jitter: Stream;
  readonly #type: number;
  #life = 0;
  #known: KubeObject | null = null;
  #tries = 0;

  constructor(sim: Simulation, server: Loopback, uids: Uids) {
    this.#sim = sim;
    this.#server = server;
    this.#uids = uids;
    this.path = `kube-system/apiserver-${server.name.replaceAll('/', '-')}`;
    this.#jitter = sim.stream(`${server.name}/identityLease`);
    this.#type = sim.eventType(`${server.name}/identityLease`, (life) => {
      if (life === this.#life) this.#renew();
    });
  }

  start(): void {
    this.#life++;
    this.#known = null;
    this.#next();
  }

  /** The server shuts down: it says nothing more. */
  stop(): void {
    this.#life++;
  }

  #next(): void {
    const delayNs = Math.round(RENEW_NS * (1 + JITTER * this.#jitter.uniform()));
    this.#sim.schedule(delayNs, this.#type, this.#life, 0);
  }

  #renew(): void {
    this.#next();
    this.#tries = 0;
    if (this.#server.isListening) this.#try();
  }

  #try(): void {
    this.#tries++;
    const known = this.#known;
    if (known === null) {
      this.#send({ verb: 'get', resource: 'leases', path: this.path }, (result) => {
        if (result.code === 404) this.#create();
        else this.#learn(result);
      });
      return;
    }
    const object = { ...known, resourceVersion: 0, renewNs: this.#sim.nowNs };
    const { resourceVersion } = known;
    this.#send(
      { verb: 'update', resource: 'leases', path: this.path, object, resourceVersion },
      (result) => {
        if (result.code !== 200) this.#known = null;
        this.#learn(result);
      },
    );
  }

  #create(): void {
    const name = this.path.slice('kube-system/'.length);
    const { nowNs } = this.#sim;
    const lease: Lease = {
      resource: 'leases',
      meta: metaOf(this.#uids, nowNs, { name, namespace: 'kube-system' }),
      bytes: LEASE_BYTES,
      resourceVersion: 0,
      holder: this.#server.name,
      durationNs: DURATION_NS,
      renewNs: nowNs,
      transitions: 0,
    };
    this.#send({ verb: 'create', resource: 'leases', object: lease }, (result) => {
      this.#learn(result);
    });
  }

  #learn(result: ApiResult): void {
    if (result.object !== null) this.#known = result.object;
    else if (this.#tries < TRIES && result.code !== 429) this.#try();
  }

  #send(call: ApiCall, respond: (result: ApiResult) => void): void {
    const life = this.#life;
    this.#server.handle({
      call,
      user: SERVER,
      deadlineNs: this.#sim.nowNs + TIMEOUT_NS,
      connection: LOOPBACK_CONNECTION,
      sink: null,
      respond: (result) => {
        if (life === this.#life) respond(result);
      },
    });
  }
}
