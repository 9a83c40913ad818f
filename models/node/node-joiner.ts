/**
 * Nodes that join: the kubelet starts and asks for a certificate, registers, renews its lease,
 * reports NotReady until its network is there, then Ready; pods of DaemonSets come by the API.
 *
 * *Left out:* whoever approves and signs is not waited for: the kubelet goes on when it next looks
 * for its certificate (kubernetes#112170); drivers that register (CSINode).
 */
import type { Stream } from '../../src/core/index.ts';
import type { Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiCall, ApiResult } from '../objects/index.ts';
import { imagesOf, makeCertificateRequest, makeNode } from './node-objects.ts';
import type { NodePool, NodePoolOptions, NodeState } from './node-pool.ts';
import type { Op, OpTable } from './op-table.ts';

const BEGIN = 0;
const REQUEST = 1;
const REGISTER = 2;
const NETWORK = 3;
const UNHEALTHY = 4;
const HEALTHY = 5;

/** Registration is tried again after 100 ms, doubling to 7 s (kubelet_node_status.go). */
const RETRY_FIRST_NS = 100e6;
const RETRY_MAX_NS = 7e9;
/** How often the kubelet asks the runtime for its status (kubelet.go updateRuntimeUp). */
const STATUS_PERIOD_NS = 5e9;

export interface JoinLinks {
  readonly pool: NodePool;
  readonly options: NodePoolOptions;
  readonly ops: OpTable;
  readonly send: (member: number, call: ApiCall, op: number) => void;
  readonly setState: (member: number, state: NodeState) => void;
  /** The node exists in the API: the kubelet's loops begin. */
  readonly registered: (member: number) => void;
}

export class NodeJoiner {
  readonly #sim: ModelContext['sim'];
  readonly #links: JoinLinks;
  readonly #stream: Stream;
  readonly #type: number;
  readonly #bootstrapNs: number;
  readonly #pollNs: number;
  readonly #networkNs: number;
  readonly #plegHealthNs: number;
  readonly #runtimeHealthNs: number;
  readonly #tries = new Map<number, number>();
  readonly #beganNs = new Map<number, number>();
  readonly #startup: Tally;
  /** Until when the runtime of a node answers nothing, where it is known by now. */
  readonly #hungUntilNs = new Map<number, number>();
  /** Nodes whose network plugin is down, or was never up: NetworkReady=false. */
  readonly #withoutNetwork = new Set<number>();
  /** Joined, and their network is not set up yet. */
  readonly #joining = new Set<number>();

  constructor(ctx: ModelContext, name: string, stream: Stream, links: JoinLinks) {
    this.#sim = ctx.sim;
    this.#links = links;
    this.#stream = stream;
    this.#bootstrapNs = ctx.constants.get('kubelet.bootstrapNs');
    this.#pollNs = ctx.constants.get('kubelet.csrPollNs');
    this.#plegHealthNs = ctx.constants.get('kubelet.plegHealthNs');
    this.#runtimeHealthNs = ctx.constants.get('kubelet.runtimeHealthNs');
    this.#networkNs = ctx.constants.get('kubelet.networkReadyNs');
    this.#startup = ctx.metrics.tally('kubelet_node_startup_duration_seconds');
    this.#type = ctx.sim.eventType(`${name}/join`, (member, step) => this.#step(member, step));
  }

  begin(member: number, delayNs: number): void {
    this.#sim.schedule(delayNs, this.#type, member, BEGIN);
  }

  /**
   * NotReady until the runtime answers again, once PLEG has had no relist for its threshold, or the
   * runtime no status (runtimeState.runtimeErrors); that was last asked for up to a period ago.
   */
  hang(member: number, isGone: boolean, untilNs: number): void {
    const sinceNs = isGone ? this.#stream.uniform() * STATUS_PERIOD_NS : 0;
    const afterNs = isGone ? Math.round(this.#runtimeHealthNs - sinceNs) : this.#plegHealthNs;
    if (this.#sim.nowNs + afterNs >= untilNs) return;
    this.#sim.schedule(afterNs, this.#type, member, UNHEALTHY);
    this.#hungUntilNs.set(member, untilNs);
    if (untilNs < Number.POSITIVE_INFINITY) {
      this.#sim.scheduleAt(untilNs, this.#type, member, HEALTHY);
    }
  }

  /** The network plugin goes, or comes back: the runtime says so, and the kubelet NotReady. */
  setNetwork(member: number, isUp: boolean): void {
    if (isUp) this.#withoutNetwork.delete(member);
    else this.#withoutNetwork.add(member);
    if (this.#links.pool.stateOf(member) === 'up') this.#update(member);
  }

  hasNetwork(member: number): boolean {
    return !this.#withoutNetwork.has(member);
  }

  /** The machine died, and with it what hung. */
  clear(member: number): void {
    this.#hungUntilNs.delete(member);
  }

  onResult({ member, detail }: Op, { code }: ApiResult): void {
    // What exists already is this node's own.
    const ok = (code >= 200 && code < 300) || code === 409;
    if (!ok) {
      const failed = this.#tries.get(member) ?? 0;
      this.#tries.set(member, failed + 1);
      const delayNs = Math.min(RETRY_FIRST_NS * (1 << Math.min(failed, 7)), RETRY_MAX_NS);
      this.#sim.schedule(delayNs, this.#type, member, detail);
      return;
    }
    this.#tries.delete(member);
    if (detail === REQUEST) {
      const { pool, options } = this.#links;
      // Those that are there at the start have had a certificate since before it.
      if (member >= options.present) options.sign?.(pool.nameOf(member));
      const delayNs = Math.floor(this.#stream.uniform() * this.#pollNs);
      this.#sim.schedule(delayNs, this.#type, member, REGISTER);
      return;
    }
    this.#links.setState(member, 'up');
    const found = this.#links.pool.status.findings(member);
    found.ready = 'False';
    this.#joining.add(member);
    this.#links.registered(member);
    const delayNs = Math.round(this.#networkNs * (0.5 + this.#stream.uniform()));
    this.#sim.schedule(delayNs, this.#type, member, NETWORK);
  }

  #step(member: number, step: number): void {
    const { pool } = this.#links;
    const isUp = pool.stateOf(member) === 'up';
    switch (step) {
      case BEGIN: {
        this.#links.setState(member, 'joining');
        this.#beganNs.set(member, this.#sim.nowNs);
        const delayNs = Math.round(this.#bootstrapNs * (0.5 + this.#stream.uniform()));
        this.#sim.schedule(delayNs, this.#type, member, REQUEST);
        return;
      }
      case REQUEST:
      case REGISTER:
        if (pool.stateOf(member) === 'joining') this.#create(member, step);
        return;
      case UNHEALTHY:
        if (isUp && this.#hungUntilNs.has(member)) this.#ready(member, 'False');
        return;
      case HEALTHY:
        // Another hang may have begun, which lasts longer.
        if ((this.#hungUntilNs.get(member) ?? 0) > this.#sim.nowNs) return;
        this.#hungUntilNs.delete(member);
        if (isUp) this.#update(member);
        return;
      default:
        this.#joining.delete(member);
        if (isUp) this.#update(member);
    }
  }

  /** Ready where nothing speaks against it. */
  #update(member: number): void {
    if (!this.hasNetwork(member)) this.#ready(member, 'False');
    if (!this.hasNetwork(member) || this.#joining.has(member)) return;
    if (this.#hungUntilNs.has(member)) return;
    this.#ready(member, 'True');
    this.#measure(member);
  }

  #create(member: number, step: number): void {
    const { ops, pool, options } = this.#links;
    const { uids, group, zone, cloud } = options;
    const { nowNs } = this.#sim;
    const name = pool.nameOf(member);
    const object =
      step === REQUEST
        ? makeCertificateRequest(uids, nowNs, name)
        : makeNode(uids, nowNs, group, { name, zone, images: imagesOf(group) }, { cloud });
    const op = ops.begin('register', member, -1, -1, step);
    this.#links.send(member, { verb: 'create', resource: object.resource, object }, op);
  }

  #ready(member: number, ready: 'True' | 'False'): void {
    const { status } = this.#links.pool;
    const found = status.findings(member);
    if (found.ready === ready) return;
    found.ready = ready;
    // A kubelet that starts reports its first Ready at once (fastStatusUpdateOnce).
    status.changed(member, this.#beganNs.has(member));
  }

  #measure(member: number): void {
    const beganNs = this.#beganNs.get(member);
    if (beganNs === undefined) return;
    this.#beganNs.delete(member);
    this.#links.options.onJoined();
    this.#startup.record(this.#sim.nowNs - beganNs);
  }
}
