/**
 * The last part of a request's way: conversion, encoding, audit, the answer, and what is measured
 * of it.
 */
import type { Simulation } from '../../src/core/index.ts';
import type { Level } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Request, RequestPool } from './request.ts';
import type { PathLinks } from './request-path.ts';
import type { StoreResult } from './storage/types.ts';

const STAGE = {
  authn: 0,
  apf: 1,
  authz: 2,
  webhook: 3,
  admission: 4,
  etcd: 5,
  cache: 6,
  encode: 7,
};

export class Answers {
  readonly #sim: Simulation;
  readonly #links: () => PathLinks;
  readonly #encodeType: number;
  readonly #convertedType: number;
  readonly #auditType: number;
  readonly #readOnly: Level;
  readonly #mutating: Level;
  /** Requests with a client that are not answered, watches and such apart. */
  inFlight = 0;
  #pool: RequestPool | null = null;
  #life = 0;

  constructor(ctx: ModelContext, instance: string, links: () => PathLinks) {
    const { sim, metrics } = ctx;
    this.#sim = sim;
    this.#links = links;
    const type = (name: string, handle: (request: Request) => void) =>
      sim.eventType(`${instance}/${name}`, (slot, life) => {
        if (life === links().process.life) handle(this.#pool!.at(slot));
      });
    this.#encodeType = type('encode', (request) => this.#encoded(request));
    this.#convertedType = type('converted', (request) => this.#encode(request));
    this.#auditType = type('audit', (request) => this.#answer(request));
    const level = (kind: string) =>
      metrics.level('apiserver_current_inflight_requests', { instance, request_kind: kind });
    this.#readOnly = level('readOnly');
    this.#mutating = level('mutating');
  }

  /** A new process. */
  reset(life: number, pool: RequestPool): void {
    this.#life = life;
    this.#pool = pool;
    this.inFlight = 0;
    this.#readOnly.set(this.#sim.nowNs, 0);
    this.#mutating.set(this.#sim.nowNs, 0);
  }

  /** The end of a request is known; `result`: what it is answered with. */
  respond(request: Request, code: number, reason: string, result: StoreResult | null): void {
    const { webhooks } = this.#links();
    request.code = code;
    request.reason = reason;
    request.answer = result;
    request.phase = 'encoding';
    request.stepNs = this.#sim.nowNs;
    const conversion = result === null || code >= 300 ? null : webhooks.conversionOf(request.kind);
    if (conversion !== null) {
      const took = conversion.call(this.#sim.nowNs);
      const waitNs = took < 0 ? -took - 1 : took;
      request.converted = true;
      if (took < 0) {
        request.code = 500;
        request.reason = 'InternalError';
      }
      this.#sim.schedule(waitNs, this.#convertedType, request.slot, this.#life);
      return;
    }
    this.#encode(request);
  }

  #encode(request: Request): void {
    const { costs, process } = this.#links();
    const result = request.answer;
    const workNs = request.members * costs.responseNs(request, result);
    if (request.kind.verb === 'list' && result !== null) {
      const bytes = request.members * result.bytes;
      request.heldKilobytes = this.#links().memory.hold(bytes, result.fromCache);
    }
    process.execute(workNs, this.#encodeType, request.slot, this.#life);
  }

  #encoded(request: Request): void {
    request.encodeNs = this.#sim.nowNs - request.stepNs;
    if (request.heldKilobytes > 0) {
      const bytes = request.members * (request.answer?.bytes ?? 0);
      this.#links().memory.send(bytes, request.heldKilobytes);
    }
    const waitNs = this.#links().audit.log(request.members);
    if (waitNs > 0) this.#sim.schedule(waitNs, this.#auditType, request.slot, this.#life);
    else this.#answer(request);
  }

  #answer(request: Request): void {
    const { kind, answer } = request;
    const source = request.source!;
    this.#record(request);
    if (!kind.longRunning) this.count(request, -1);
    this.#links().gate.leave(request);
    const ok = request.code < 300 && answer !== null;
    source.respond({
      code: request.code,
      reason: request.reason,
      object: ok ? answer.object : null,
      items: ok ? answer.items : null,
      count: answer?.count ?? 0,
      continueAt: ok ? answer.continueAt : 0,
      resourceVersion: ok ? answer.resourceVersion : 0,
      retryAfterS: request.retryAfterS,
      bytes: request.responseBytes,
    });
    this.#pool!.give(request);
    this.#links().streamEnded(source.connection);
    if (this.inFlight === 0) this.#links().onIdle();
  }

  #record(request: Request): void {
    const { kind, members } = request;
    const totalNs = this.#sim.nowNs - request.arrivalNs;
    kind.count(request.code, members);
    if (kind.duration !== null && kind.sliDuration !== null) {
      const sliNs = Math.max(0, totalNs - request.webhookNs - request.apfNs);
      if (members === 1) {
        kind.duration.record(totalNs);
        kind.sliDuration.record(sliNs);
      } else {
        kind.duration.recordMany(totalNs, members);
        kind.sliDuration.recordMany(sliNs, members);
      }
    }
    if (kind.sizes !== null && request.code === 200) kind.sizes.record(request.responseBytes);
    if (kind.longRunning) return;
    if (request.authnNs > 0) kind.stage(STAGE.authn, request.authnNs, members);
    if (request.apfNs > 0) kind.stage(STAGE.apf, request.apfNs, members);
    if (request.authzNs > 0) kind.stage(STAGE.authz, request.authzNs, members);
    if (request.webhookNs > 0) kind.stage(STAGE.webhook, request.webhookNs, members);
    if (request.admissionNs > 0) kind.stage(STAGE.admission, request.admissionNs, members);
    if (request.etcdNs > 0) kind.stage(STAGE.etcd, request.etcdNs, members);
    if (request.cacheNs > 0) kind.stage(STAGE.cache, request.cacheNs, members);
    if (request.encodeNs > 0) kind.stage(STAGE.encode, request.encodeNs, members);
  }

  /** A request comes into flight, or leaves it. */
  count(request: Request, sign: 1 | -1): void {
    const delta = sign * request.members;
    this.inFlight += delta;
    const level = request.kind.mutating ? this.#mutating : this.#readOnly;
    level.add(this.#sim.nowNs, delta);
  }
}
