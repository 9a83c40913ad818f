/**
 * Tokens of running pods are renewed at 80 % of their life (3607 s), less a jitter: about every
 * 48 minutes (pkg/kubelet/token). The one idea: renewals of many pods in a steady state are a
 * Poisson process, so a pool draws when the next one comes and which pod it is of.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import { type ApiCall, pathOf } from '../objects/index.ts';
import type { OpTable } from './op-table.ts';
import { tokenCall, usesToken } from './pod-volumes.ts';
import type { PodWorkers } from './pod-workers.ts';

export interface TokenRefreshOptions {
  readonly pods: PodWorkers;
  readonly ops: OpTable;
  readonly send: (member: number, call: ApiCall, op: number) => void;
}

/** How long the next renewal is waited for where there are no pods. */
const IDLE_NS = 10e9;

export class TokenRefresh {
  readonly #sim: ModelContext['sim'];
  readonly #o: TokenRefreshOptions;
  readonly #stream: Stream;
  readonly #type: number;
  /** Between two renewals of one pod. */
  readonly #everyNs: number;

  constructor(ctx: ModelContext, name: string, stream: Stream, o: TokenRefreshOptions) {
    this.#sim = ctx.sim;
    this.#o = o;
    this.#stream = stream;
    const ratio = ctx.constants.get('kubelet.tokenRefreshRatio');
    this.#everyNs = ctx.constants.get('kubelet.tokenLifeNs') * ratio;
    this.#type = ctx.sim.eventType(`${name}/token`, (due) => this.#renew(due));
  }

  start(): void {
    this.#plan();
  }

  #plan(): void {
    const count = this.#o.pods.slots;
    const gapNs =
      count === 0 ? Infinity : this.#stream.exponentialInverse() * (this.#everyNs / count);
    // The number of pods changes: a long gap is drawn anew on the way, which has no memory.
    if (gapNs > IDLE_NS) this.#sim.schedule(IDLE_NS, this.#type, 0);
    else this.#sim.schedule(Math.round(gapNs), this.#type, 1);
  }

  #renew(due: number): void {
    this.#plan();
    if (due === 0) return;
    const { pods, ops } = this.#o;
    const worker = pods.atRandom(mixUniform(this.#stream.u32(), 0, 0));
    if (worker === null || worker.state !== 'running' || !usesToken(worker.pod.spec)) return;
    const { member, slot, serial, pod } = worker;
    const path = pathOf(pod.meta.namespace, pod.spec.serviceAccount || 'default');
    const op = ops.begin('tokenRefresh', member, slot, serial, 0);
    this.#o.send(member, tokenCall(path, pod.meta.uid), op);
  }
}
