/**
 * The way of a request through one server, in the order of its handlers (kubernetes/apiserver
 * pkg/server/config.go `DefaultBuildHandlerChain`): HTTP and authentication, seats, authorization,
 * decoding, admission with its webhooks, storage, encoding, audit, answer.
 *
 * One idea: steps between which nobody can be held up are one piece of CPU work. Authentication is
 * paid before a request may be refused its seat; where a core is free and so are the seats, that
 * makes no difference, and it is one piece with what follows.
 */
import type { Simulation } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiCall, KubeObject, ServerRequest } from '../objects/index.ts';
import { Answers } from './answers.ts';
import type { Audit } from './audit.ts';
import type { Authentication } from './authentication.ts';
import type { ServerConnection } from './connections.ts';
import type { Costs } from './costs.ts';
import type { Gate } from './gate.ts';
import type { RequestKinds } from './kinds.ts';
import type { QuotaAdmission } from './quota.ts';
import type { Registry } from './registry.ts';
import { type Request, type RequestDriver, RequestPool } from './request.ts';
import type { ServerMemory } from './server-memory.ts';
import type { ServerProcess } from './server-process.ts';
import type { StoreResult } from './storage/types.ts';
import type { WebhookTable } from './webhooks.ts';

const WATCH_HEADER_BYTES = 200;

/** What a path is made of; the stations know each other through it. */
export interface PathLinks {
  readonly process: ServerProcess;
  readonly costs: Costs;
  readonly kinds: RequestKinds;
  readonly authentication: Authentication;
  readonly webhooks: WebhookTable;
  readonly audit: Audit;
  readonly requestTimeoutNs: number;
  readonly gate: Gate;
  readonly registry: Registry;
  readonly quota: QuotaAdmission;
  /** A watch has been admitted. */
  serveWatch(request: Request): void;
  /** The answer of a connection's request is complete. */
  streamEnded(connection: number): void;
  /** A probe's answer. */
  health(call: ApiCall): boolean;
  /** No request is under way any more. */
  onIdle(): void;
  /** Of large responses, while they are made and sent. */
  readonly memory: Pick<ServerMemory, 'hold' | 'send'>;
}

export class RequestPath implements RequestDriver {
  readonly #sim: Simulation;
  readonly #links: () => PathLinks;
  #pool: RequestPool;
  readonly #authnType: number;
  readonly #authnWaitType: number;
  readonly #admitType: number;
  readonly #waitType: number;
  readonly #answers: Answers;
  #life = 0;

  /** `links` are asked for when they are needed: stations and path are made of each other. */
  constructor(ctx: ModelContext, instance: string, links: () => PathLinks) {
    const { sim } = ctx;
    this.#sim = sim;
    this.#links = links;
    this.#pool = new RequestPool(this);
    const type = (name: string, handle: (request: Request) => void) =>
      sim.eventType(`${instance}/${name}`, (slot, life) => {
        if (life === links().process.life) handle(this.#pool.at(slot));
      });
    this.#authnType = type('authn', (request) => this.#authenticated(request));
    this.#authnWaitType = type('tokenReview', (request) => this.#reviewed(request));
    this.#admitType = type('admit', (request) => this.#admitted(request));
    this.#waitType = type('webhooks', (request) => this.#webhooksDone(request));
    this.#answers = new Answers(ctx, instance, links);
  }

  /** A new process: what was under way in the old one is forgotten. */
  reset(life: number): void {
    this.#life = life;
    this.#pool = new RequestPool(this);
    this.#answers.reset(life, this.#pool);
  }

  /** Requests with a client that are not answered, watches and such apart. */
  get inFlight(): number {
    return this.#answers.inFlight;
  }

  /** The bytes of a request have arrived; `extraNs`: CPU of its connection. */
  begin(source: ServerRequest, connection: ServerConnection, extraNs: number): Request {
    const links = this.#links();
    const nowNs = this.#sim.nowNs;
    const { call } = source;
    const kind = links.kinds.of(call);
    const request = this.#pool.take();
    const timeoutNs = Math.min(call.timeoutNs ?? Infinity, links.requestTimeoutNs);
    const deadlineNs = kind.longRunning
      ? source.deadlineNs
      : Math.min(source.deadlineNs, nowNs + timeoutNs);
    request.begin(source, kind, nowNs, deadlineNs);
    request.connection = connection;
    if (!kind.longRunning) this.#answers.count(request, 1);
    const { authentication } = links;
    authentication.ask(source.user);
    const authnNs = request.members * (links.costs.httpNs + authentication.workNs) + extraNs;
    if (authentication.waitNs > 0) {
      this.#sim.schedule(authentication.waitNs, this.#authnWaitType, request.slot, this.#life);
      request.authnNs = authnNs;
      return request;
    }
    if (authentication.refuses(source)) {
      request.code = 401;
      links.process.execute(authnNs, this.#authnType, request.slot, this.#life);
      return request;
    }
    if (links.process.hasFreeCore && links.gate.prepare(request)) {
      if (this.#asked(request)) this.#admit(request, authnNs);
      return request;
    }
    links.process.execute(authnNs, this.#authnType, request.slot, this.#life);
    return request;
  }

  /** Answers without doing anything: the server is going down. */
  refuse(source: ServerRequest, code: number, reason: string, retryAfterS: number): void {
    const kind = this.#links().kinds.of(source.call);
    const request = this.#pool.take();
    request.begin(source, kind, this.#sim.nowNs, source.deadlineNs);
    if (!kind.longRunning) this.#answers.count(request, 1);
    request.retryAfterS = retryAfterS;
    this.#respond(request, code, reason, null);
  }

  /** A request that has passed everything before storage: a watch of before the start. */
  adopt(source: ServerRequest): Request {
    const request = this.#pool.take();
    const kind = this.#links().kinds.of(source.call);
    request.begin(source, kind, this.#sim.nowNs, source.deadlineNs);
    request.phase = 'storing';
    return request;
  }

  /** A watch is not to be: the cache is not ready, the version too old. */
  refuseWatch(request: Request, code: number, reason: string, retryAfterS: number): void {
    request.retryAfterS = retryAfterS;
    this.#respond(request, code, reason, null);
  }

  /** A watch runs: its client is told, its seats may be held until it has been told all. */
  acceptWatch(request: Request, resourceVersion: number): void {
    const source = request.source!;
    if (source.preloaded !== true) request.kind.count(200, request.members);
    source.respond({
      code: 200,
      reason: '',
      object: null,
      items: null,
      count: 0,
      continueAt: 0,
      resourceVersion,
      retryAfterS: 0,
      bytes: WATCH_HEADER_BYTES,
    });
  }

  /** A waiting request's client has gone. */
  cancelQueued(request: Request): void {
    this.#links().gate.cancel(request.ticket);
    this.#pool.give(request);
  }

  /** Seats have come free; as well while a process that has ended lets go of its requests. */
  dispatched(slot: number): void {
    if (!this.#links().process.alive) return;
    const request = this.#pool.at(slot);
    request.holdsSeat = true;
    request.apfNs = this.#sim.nowNs - request.stepNs;
    this.#admit(request, 0);
  }

  waitedTooLong(slot: number): void {
    if (!this.#links().process.alive) return;
    const request = this.#pool.at(slot);
    request.apfNs = this.#sim.nowNs - request.stepNs;
    this.#tooMany(request, this.#links().gate.retryAfterS(request));
  }

  onStored(request: Request, result: StoreResult): void {
    const spentNs = this.#sim.nowNs - request.stepNs;
    if (result.fromCache) request.cacheNs += spentNs;
    else request.etcdNs += spentNs;
    request.stepNs = this.#sim.nowNs;
    this.#links().registry.stored(request, result);
  }

  update(request: Request, current: KubeObject): KubeObject | null | string {
    return this.#links().registry.update(request, current);
  }

  /** The verb has come to its end. */
  done(request: Request, code: number, reason: string, result: StoreResult | null): void {
    const { parent } = request;
    if (parent !== null) {
      parent.etcdNs += request.etcdNs;
      parent.stepNs = this.#sim.nowNs;
      this.#pool.give(request);
      this.#links().registry.childDone(parent);
      return;
    }
    this.#respond(request, code, reason, result);
  }

  /** A delete of one object of a collection. */
  child(parent: Request, object: KubeObject): Request {
    const request = this.#pool.take();
    const call: ApiCall = {
      verb: 'delete',
      resource: parent.call.resource,
      path: object.meta.path,
      uid: object.meta.uid,
      ...(parent.call.graceNs === undefined ? {} : { graceNs: parent.call.graceNs }),
      ...(parent.call.propagation === undefined ? {} : { propagation: parent.call.propagation }),
    };
    const kind = this.#links().kinds.of(call);
    const source = { ...parent.source!, call };
    request.begin(source, kind, this.#sim.nowNs, parent.deadlineNs);
    request.parent = parent;
    request.phase = 'storing';
    return request;
  }

  /** A watch is served: its place is free as soon as its seats are. */
  release(request: Request): void {
    this.#links().gate.leave(request);
    this.#pool.give(request);
  }

  /** Quota has decided. */
  quotaDecided(request: Request, admitted: boolean): void {
    request.etcdNs += this.#sim.nowNs - request.stepNs;
    if (admitted) this.#store(request);
    else this.#respond(request, 403, 'Forbidden', null);
  }

  #reviewed(request: Request): void {
    const workNs = request.authnNs;
    this.#links().process.execute(workNs, this.#authnType, request.slot, this.#life);
  }

  #authenticated(request: Request): void {
    request.authnNs = this.#sim.nowNs - request.stepNs;
    request.stepNs = this.#sim.nowNs;
    if (request.code === 401) {
      this.#respond(request, 401, 'Unauthorized', null);
      return;
    }
    this.#links().gate.prepare(request);
    if (this.#asked(request)) this.#admit(request, 0);
  }

  /** Asks for seats; true where it has them. */
  #asked(request: Request): boolean {
    const { gate } = this.#links();
    switch (gate.ask(request)) {
      case 'run':
        return true;
      case 'wait':
        request.phase = 'queued';
        return false;
      case 'reject':
        this.#tooMany(request, request.retryAfterS);
        return false;
    }
  }

  #tooMany(request: Request, retryAfterS: number): void {
    request.retryAfterS = retryAfterS;
    this.#respond(request, 429, 'TooManyRequests', null);
  }

  /** With its seats: authorization, decoding and built-in admission. `beforeNs`: what is folded. */
  #admit(request: Request, beforeNs: number): void {
    const { costs, webhooks, process } = this.#links();
    const { members } = request;
    request.phase = 'admitting';
    request.stepNs = this.#sim.nowNs;
    const authzNs = members * costs.authzNs(request);
    const admissionNs = members * costs.admissionNs(request, webhooks);
    // Kept as work until the end of the step tells how long it really took.
    if (beforeNs > 0) request.authnNs = beforeNs;
    request.authzNs = authzNs;
    request.admissionNs = admissionNs;
    request.step = beforeNs > 0 ? 1 : 0;
    const workNs = beforeNs + authzNs + admissionNs;
    process.execute(workNs, this.#admitType, request.slot, this.#life);
  }

  #admitted(request: Request): void {
    const nowNs = this.#sim.nowNs;
    const folded = request.step === 1;
    const tookNs = nowNs - request.stepNs;
    const { authzNs, admissionNs } = request;
    const workNs = authzNs + admissionNs + (folded ? request.authnNs : 0);
    const scale = workNs > 0 ? tookNs / workNs : 0;
    request.authzNs = Math.round(authzNs * scale);
    request.admissionNs = Math.round(admissionNs * scale);
    if (folded) request.authnNs = tookNs - request.authzNs - request.admissionNs;
    request.stepNs = nowNs;
    const links = this.#links();
    const { kind } = request;
    if (kind.subresource === 'healthz') {
      const healthy = links.health(request.call);
      this.#respond(request, healthy ? 200 : 500, healthy ? '' : 'InternalError', null);
      return;
    }
    if (nowNs > request.deadlineNs) {
      this.#respond(request, 504, 'Timeout', null);
      return;
    }
    if (kind.verb === 'watch') {
      request.phase = 'storing';
      links.serveWatch(request);
      return;
    }
    if (kind.mutating && links.webhooks.callsOf(request) > 0) this.#callWebhooks(request);
    else this.#checkQuota(request);
  }

  #callWebhooks(request: Request): void {
    const { webhooks } = this.#links();
    const nowNs = this.#sim.nowNs;
    const { ns, failed } = webhooks.admit(request.kind, nowNs);
    const leftNs = request.deadlineNs - nowNs;
    request.phase = 'waiting';
    request.reason = failed;
    if (ns > leftNs) request.code = 504;
    this.#sim.schedule(Math.min(ns, leftNs), this.#waitType, request.slot, this.#life);
  }

  #webhooksDone(request: Request): void {
    request.webhookNs = this.#sim.nowNs - request.stepNs;
    request.stepNs = this.#sim.nowNs;
    if (request.code === 504) this.#respond(request, 504, 'Timeout', null);
    else if (request.reason !== '') this.#respond(request, 500, 'InternalError', null);
    else this.#checkQuota(request);
  }

  #checkQuota(request: Request): void {
    request.phase = 'waiting';
    if (!this.#links().quota.check(request)) this.#store(request);
  }

  #store(request: Request): void {
    request.phase = 'storing';
    request.stepNs = this.#sim.nowNs;
    this.#links().registry.start(request);
  }

  #respond(request: Request, code: number, reason: string, result: StoreResult | null): void {
    this.#answers.respond(request, code, reason, result);
  }
}
