/**
 * Tokens of running pods are renewed at 80 % of their life (3607 s), less a jitter: about every
 * 48 minutes (pkg/kubelet/token). The one idea: renewals of many pods in a steady state are a
 * Poisson process, so a pool draws when the next one comes and which pod it is of.
 *
 * A kubelet tells the age of a token by its own clock, and its birth by that of the API server. One
 * whose clock is ahead finds tokens old too early: after a jump those that are due by now are asked
 * for as their pods are synced, within 60 to 90 s, and from 48 minutes ahead on every sync of every
 * pod asks for a token, for good. One whose clock is behind renews later.
 *
 * *Left out:* drift between two renewals; that API servers differ among themselves.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Clock } from '../machine/index.ts';
import { type ApiCall, pathOf } from '../objects/index.ts';
import type { OpTable } from './op-table.ts';
import { tokenCall, usesToken } from './pod-volumes.ts';
import type { PodWorker } from './pod-worker.ts';
import type { PodWorkers } from './pod-workers.ts';

export interface TokenRefreshOptions {
  readonly pods: PodWorkers;
  readonly ops: OpTable;
  readonly send: (member: number, call: ApiCall, op: number) => void;
}

/** How long the next renewal is waited for where there are no pods. */
const IDLE_NS = 10e9;
/** Mean time between two syncs of a pod: --sync-frequency 1 min and half of it as jitter. */
const SYNC_NS = 75e9;

/** A node whose clock is its own. */
interface Followed {
  readonly clock: Clock;
  aheadNs: number;
  /** Until then the tokens that a jump has made old are asked for. */
  burstEndNs: number;
  /** The part of its tokens that this is. */
  burst: number;
}

export class TokenRefresh {
  readonly #sim: ModelContext['sim'];
  readonly #o: TokenRefreshOptions;
  readonly #stream: Stream;
  readonly #type: number;
  readonly #name: string;
  /** Between two renewals of one pod. */
  readonly #everyNs: number;
  readonly #followed = new Map<number, Followed>();
  #followedType = -1;

  constructor(ctx: ModelContext, name: string, stream: Stream, o: TokenRefreshOptions) {
    this.#sim = ctx.sim;
    this.#o = o;
    this.#stream = stream;
    this.#name = name;
    const ratio = ctx.constants.get('kubelet.tokenRefreshRatio');
    this.#everyNs = ctx.constants.get('kubelet.tokenLifeNs') * ratio;
    this.#type = ctx.sim.eventType(`${name}/token`, (due) => this.#renew(due));
  }

  start(): void {
    this.#plan();
  }

  /** The clock of a node may err from now on. */
  follow(member: number, clock: Clock): void {
    if (this.#followed.has(member)) return;
    if (this.#followedType < 0) {
      const name = `${this.#name}/tokenByClock`;
      this.#followedType = this.#sim.eventType(name, (of, due) => this.#byClock(of, due));
    }
    this.#followed.set(member, { clock, aheadNs: 0, burstEndNs: 0, burst: 0 });
    this.#planByClock(member);
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
    const worker = this.#o.pods.atRandom(mixUniform(this.#stream.u32(), 0, 0));
    if (worker === null) return;
    const behindNs = this.#behindNs(worker.member);
    if (behindNs > 0 && this.#stream.uniform() * (this.#everyNs + behindNs) > this.#everyNs) return;
    this.#ask(worker);
  }

  #ask(worker: PodWorker): void {
    if (worker.state !== 'running' || !usesToken(worker.pod.spec)) return;
    const { member, slot, serial, pod } = worker;
    const path = pathOf(pod.meta.namespace, pod.spec.serviceAccount || 'default');
    const op = this.#o.ops.begin('tokenRefresh', member, slot, serial, 0);
    this.#o.send(member, tokenCall(path, pod.meta.uid), op);
  }

  // --- Nodes whose clocks err -------------------------------------------------------------------

  #behindNs(member: number): number {
    const followed = this.#followed.get(member);
    return followed === undefined ? 0 : Math.max(0, this.#sim.nowNs - followed.clock.wallNs());
  }

  /** Renewals beyond those of clocks that are right. */
  #planByClock(member: number): void {
    const followed = this.#followed.get(member)!;
    const { nowNs } = this.#sim;
    const aheadNs = Math.max(0, followed.clock.wallNs() - nowNs);
    const joltNs = aheadNs - followed.aheadNs;
    followed.aheadNs = aheadNs;
    if (joltNs > 1e9) {
      followed.burst = Math.min(1, joltNs / this.#everyNs);
      followed.burstEndNs = nowNs + SYNC_NS;
    }
    const pods = this.#o.pods.ofMember(member).size;
    const gapNs = this.#stream.exponentialInverse() / (pods * this.#perPod(followed));
    if (gapNs > IDLE_NS) this.#sim.schedule(IDLE_NS, this.#followedType, member, 0);
    else this.#sim.schedule(Math.round(gapNs), this.#followedType, member, 1);
  }

  /** Requests of one pod, per ns. */
  #perPod({ aheadNs, burst, burstEndNs }: Followed): number {
    const every = Math.max(SYNC_NS, this.#everyNs - aheadNs);
    const steady = aheadNs === 0 ? 0 : 1 / every - 1 / this.#everyNs;
    const jolt = this.#sim.nowNs < burstEndNs ? burst / SYNC_NS : 0;
    return Math.max(steady, jolt);
  }

  #byClock(member: number, due: number): void {
    this.#planByClock(member);
    if (due === 0) return;
    const pods = this.#o.pods.ofMember(member);
    let at = Math.floor(this.#stream.uniform() * pods.size);
    for (const worker of pods) {
      if (at-- > 0) continue;
      this.#ask(worker);
      return;
    }
  }
}
