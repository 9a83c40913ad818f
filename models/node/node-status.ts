/**
 * Node status of a pool of kubelets (pkg/kubelet/kubelet_node_status.go): computed every 10 s, sent
 * when it differs from what the kubelet's own watch shows, and every 5 minutes anyway. The one
 * idea: while nothing changes, only the reports are events; a change waits for the next tick.
 *
 * A report is a PATCH of what the kubelet believes; it is tried five times a round, and a try after
 * the first reads the node from etcd. After a change the next full report comes up to half a period
 * sooner or later, once.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiCall, ApiResult, ConditionStatus, KubeObject, Node } from '../objects/index.ts';

export const STATUS_PATCH = 3;
export const STATUS_GET = 4;

const TRIES_MAX = 5;
/** Bytes of a patch of conditions' heartbeat times. */
const PATCH_BYTES = 1500;
/** Images that a node lists at most (nodeStatusMaxImages). */
const IMAGES_MAX = 50;

export interface NodeStatusOptions {
  readonly name: string;
  readonly count: number;
  readonly updateNs: number;
  readonly reportNs: number;
  readonly send: (member: number, call: ApiCall, tag: number) => void;
  readonly nameOf: (member: number) => string;
}

/** What a kubelet says of its node where it differs from a healthy one. */
export interface NodeFindings {
  ready: ConditionStatus;
  memoryPressure: ConditionStatus;
  diskPressure: ConditionStatus;
  pidPressure: ConditionStatus;
  /** Images pulled since the start: name and bytes. */
  readonly images: Map<string, number>;
}

/** Ready, without pressure. */
const WELL = {
  ready: 'True',
  memoryPressure: 'False',
  diskPressure: 'False',
  pidPressure: 'False',
} as const;

/** Nothing to say but that it lives. */
function heartbeat(node: KubeObject): KubeObject {
  return { ...node, resourceVersion: 0 };
}

export class NodeStatusKeeper {
  readonly #o: NodeStatusOptions;
  readonly #sim: ModelContext['sim'];
  readonly #stream: number;
  readonly #tickType: number;
  /** What differs from Ready without pressure; members that never had anything have no entry. */
  readonly #findings = new Map<number, NodeFindings>();
  readonly #draws: Int32Array;
  readonly #tries: Uint8Array;
  /** Raised by each new plan: timers of before are void. */
  readonly #plan: Int32Array;
  /** 1 where a change has not been reported. */
  readonly #changed: Uint8Array;
  readonly #busy: Uint8Array;

  constructor(ctx: ModelContext, stream: Stream, options: NodeStatusOptions) {
    const { count, name } = options;
    this.#o = options;
    this.#sim = ctx.sim;
    this.#stream = stream.u32();
    this.#draws = new Int32Array(count);
    this.#tries = new Uint8Array(count);
    this.#plan = new Int32Array(count);
    this.#changed = new Uint8Array(count);
    this.#busy = new Uint8Array(count);
    this.#tickType = ctx.sim.eventType(`${name}/status`, (member, plan) => {
      if (plan === this.#plan[member]) this.#report(member);
    });
  }

  /** A member that has been running: its last report was some time ago. */
  resume(member: number): void {
    this.#schedule(member, this.#uniform(member) * this.#o.reportNs);
  }

  /** A kubelet starts: its first status goes out at once. */
  begin(member: number): void {
    this.#busy[member] = 0;
    this.#changed[member] = 1;
    this.#schedule(member, 0);
  }

  end(member: number): void {
    this.#plan[member]++;
  }

  findings(member: number): NodeFindings {
    let found = this.#findings.get(member);
    if (found === undefined) {
      found = { ...WELL, images: new Map() };
      this.#findings.set(member, found);
    }
    return found;
  }

  isReady(member: number): boolean {
    return (this.#findings.get(member)?.ready ?? 'True') === 'True';
  }

  /** The findings of a member differ from what was reported; `soon`: without waiting for a tick. */
  changed(member: number, soon = false): void {
    if (this.#changed[member] === 1 && !soon) return;
    this.#changed[member] = 1;
    if (this.#busy[member] === 1) return;
    // The phase of the 10 s ticks is drawn when it first matters.
    this.#schedule(member, soon ? 0 : this.#uniform(member) * this.#o.updateNs);
  }

  /** The kubelet's own watch shows its node. */
  onNode(member: number, node: Node): void {
    const mine = this.#findings.get(member) ?? WELL;
    if (!sameConditions(node.status.conditions, mine)) this.changed(member);
  }

  onResult(member: number, tag: number, result: ApiResult): void {
    const ok = result.code >= 200 && result.code < 300;
    if (ok && tag === STATUS_GET) this.#patch(member);
    else if (ok) this.#reported(member);
    else if (++this.#tries[member] < TRIES_MAX) this.#get(member);
    else this.#giveUp(member);
  }

  #uniform(member: number): number {
    return mixUniform(this.#stream, member, this.#draws[member]++);
  }

  #schedule(member: number, delayNs: number): void {
    this.#sim.schedule(Math.floor(delayNs), this.#tickType, member, ++this.#plan[member]);
  }

  #report(member: number): void {
    this.#tries[member] = 0;
    this.#busy[member] = 1;
    this.#patch(member);
  }

  #get(member: number): void {
    const path = this.#o.nameOf(member);
    this.#o.send(member, { verb: 'get', resource: 'nodes', path }, STATUS_GET);
  }

  #patch(member: number): void {
    const found = this.#findings.get(member);
    const call: ApiCall = {
      verb: 'patch',
      resource: 'nodes',
      subresource: 'status',
      path: this.#o.nameOf(member),
      mutate: found === undefined ? healthy : statusOf(found),
      bodyBytes: PATCH_BYTES,
    };
    this.#changed[member] += this.#changed[member] === 1 ? 1 : 0;
    this.#o.send(member, call, STATUS_PATCH);
  }

  #reported(member: number): void {
    this.#busy[member] = 0;
    // 2: a change was in this report; 1: one came after it was made.
    const wasChange = this.#changed[member] === 2;
    const again = this.#changed[member] === 1;
    if (!again) this.#changed[member] = 0;
    const { reportNs, updateNs } = this.#o;
    if (again) this.#schedule(member, updateNs);
    else if (wasChange) this.#schedule(member, reportNs * (0.5 + this.#uniform(member)));
    else this.#schedule(member, reportNs + updateNs * this.#uniform(member));
  }

  #giveUp(member: number): void {
    this.#busy[member] = 0;
    if (this.#changed[member] === 2) this.#changed[member] = 1;
    this.#schedule(member, this.#o.updateNs);
  }
}

function healthy(object: KubeObject): KubeObject {
  // Patches of nodes meet nodes.
  const node = object as Node;
  if (sameConditions(node.status.conditions, WELL)) return heartbeat(node);
  return withConditions(node, WELL);
}

function statusOf(found: NodeFindings): (object: KubeObject) => KubeObject {
  const { ready, memoryPressure, diskPressure, pidPressure } = found;
  const conditions = { ready, memoryPressure, diskPressure, pidPressure };
  const images = [...found.images].sort((a, b) => b[1] - a[1]).slice(0, IMAGES_MAX);
  return (object) => {
    const node = withConditions(object as Node, conditions);
    if (images.length === 0) return node;
    const listed = { ...node.status.images, ...Object.fromEntries(images) };
    return { ...node, status: { ...node.status, images: listed } } as Node;
  };
}

type Conditions = Omit<NodeFindings, 'images'>;

function sameConditions(a: Conditions, b: Conditions): boolean {
  return (
    a.ready === b.ready &&
    a.memoryPressure === b.memoryPressure &&
    a.diskPressure === b.diskPressure &&
    a.pidPressure === b.pidPressure
  );
}

function withConditions(node: Node, found: Conditions): Node {
  const conditions = { ...node.status.conditions, ...found };
  return { ...node, resourceVersion: 0, status: { ...node.status, conditions } };
}
