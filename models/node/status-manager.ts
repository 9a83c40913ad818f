/**
 * Status managers of a pool of kubelets (pkg/kubelet/status): one pod at a time, GET, PATCH of what
 * the kubelet believes now, and the final DELETE where the pod has ended. Changes that come while
 * one is sent are sent as one, later. What failed is tried again with the batch, every 10 s, and
 * what others have written over (the node controller: not ready) is set right (needsReconcile).
 */
import type { Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import { type ApiCall, type ApiResult, isBeingDeleted, type Pod } from '../objects/index.ts';
import type { Op, OpTable } from './op-table.ts';
import type { PodWorker } from './pod-worker.ts';

/** Bytes of a patch of a pod's status. */
const PATCH_BYTES = 1200;
/** Between the batches of one kubelet and the next. */
const PHASE_NS = 1_377_000_000;

/** Of a running pod everything was sent, and the API says otherwise of its readiness. */
export function isOverwritten({ pod, state, status, version, sentVersion }: PodWorker): boolean {
  if (state !== 'running' || sentVersion !== version || isBeingDeleted(pod)) return false;
  return pod.status.phase === 'Running' && pod.status.ready !== status.ready;
}

export interface StatusManagerOptions {
  readonly name: string;
  readonly ops: OpTable;
  readonly send: (member: number, call: ApiCall, op: number) => void;
  readonly workerOf: (slot: number) => PodWorker | null;
  /** A version was stored; `pod` as stored. */
  readonly reported: (worker: PodWorker, version: number) => void;
  /** The API has forgotten the pod, or another bears its name. */
  readonly gone: (worker: PodWorker) => void;
}

interface Sender {
  readonly queue: number[];
  busy: boolean;
  /** A batch is planned for what failed. */
  batch: boolean;
}

export class StatusManager {
  readonly #o: StatusManagerOptions;
  readonly #sim: ModelContext['sim'];
  readonly #senders = new Map<number, Sender>();
  readonly #batchType: number;
  readonly #batchNs: number;
  readonly #failed = new Map<number, number[]>();
  /** Slots of pods that somebody else has written over, by member. */
  readonly #disputed = new Map<number, Set<number>>();
  readonly #disputeType: number;
  readonly #syncDuration: Tally;

  constructor(ctx: ModelContext, options: StatusManagerOptions) {
    this.#o = options;
    this.#sim = ctx.sim;
    this.#batchNs = ctx.constants.get('kubelet.statusBatchNs');
    this.#batchType = ctx.sim.eventType(`${options.name}/statusBatch`, (member) =>
      this.#batch(member),
    );
    this.#disputeType = ctx.sim.eventType(`${options.name}/statusDispute`, (member) =>
      this.#settle(member),
    );
    this.#syncDuration = ctx.metrics.tally(
      'kubelet_pod_status_sync_duration_seconds',
      {},
      { buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60] },
    );
  }

  /** The status of a pod differs from what was sent, or the pod may be deleted. */
  update(worker: PodWorker): void {
    if (worker.queued || worker.removed) return;
    worker.queued = true;
    if (Number.isNaN(worker.dirtySinceNs)) worker.dirtySinceNs = this.#sim.nowNs;
    let sender = this.#senders.get(worker.member);
    if (sender === undefined) {
      sender = { queue: [], busy: false, batch: false };
      this.#senders.set(worker.member, sender);
    }
    sender.queue.push(worker.slot);
    if (!sender.busy) this.#next(worker.member, sender);
  }

  /** The API says otherwise of a running pod's readiness: the next batch looks again. */
  disagrees(worker: PodWorker): void {
    const { member, slot } = worker;
    const disputed = this.#disputed.get(member);
    if (disputed !== undefined) {
      disputed.add(slot);
      return;
    }
    this.#disputed.set(member, new Set([slot]));
    // Batches of kubelets come at times of their own.
    const phaseNs = (this.#sim.nowNs + member * PHASE_NS) % this.#batchNs;
    this.#sim.schedule(this.#batchNs - phaseNs, this.#disputeType, member);
  }

  #settle(member: number): void {
    const disputed = this.#disputed.get(member);
    if (disputed === undefined) return;
    this.#disputed.delete(member);
    for (const slot of disputed) {
      const worker = this.#o.workerOf(slot);
      if (worker === null || worker.member !== member || !isOverwritten(worker)) continue;
      worker.version++;
      this.update(worker);
    }
  }

  /** The kubelet of a member ended. */
  clear(member: number): void {
    this.#senders.delete(member);
    this.#failed.delete(member);
    this.#disputed.delete(member);
  }

  #next(member: number, sender: Sender): void {
    sender.busy = false;
    while (sender.queue.length > 0) {
      const slot = sender.queue.shift() ?? -1;
      const worker = this.#o.workerOf(slot);
      if (worker === null || !worker.queued || worker.member !== member) continue;
      worker.queued = false;
      sender.busy = true;
      const op = this.#o.ops.begin('statusGet', member, slot, worker.serial, worker.version);
      this.#o.send(member, { verb: 'get', resource: 'pods', path: worker.pod.meta.path }, op);
      return;
    }
    // Nothing of an idle node is kept.
    if (!sender.batch) this.#senders.delete(member);
  }

  onResult(op: Op, result: ApiResult): void {
    const { member, kind, slot, serial } = op;
    const sender = this.#senders.get(member);
    const found = this.#o.workerOf(slot);
    const worker = found !== null && found.serial === serial ? found : null;
    if (worker === null) {
      if (sender !== undefined) this.#next(member, sender);
      return;
    }
    const sentVersion = op.detail;
    if (result.code === 404 || (result.code === 409 && kind !== 'statusGet')) {
      this.#o.gone(worker);
    } else if (result.code < 200 || result.code >= 300) {
      this.#retry(worker, sender);
    } else if (kind === 'statusGet') {
      if (this.#got(worker, result)) return;
    } else if (kind === 'statusPatch') {
      this.#patched(worker, sentVersion);
      if (this.#mayDelete(worker)) {
        this.#delete(worker);
        return;
      }
    } else {
      this.#o.gone(worker);
    }
    if (sender !== undefined) this.#next(member, sender);
  }

  /** True: another call of this pod is on its way. */
  #got(worker: PodWorker, result: ApiResult): boolean {
    // A GET of a pod answers a pod.
    const pod = result.object as Pod;
    if (pod.meta.uid !== worker.pod.meta.uid) {
      this.#o.gone(worker);
      return false;
    }
    if (worker.sentVersion === worker.version) {
      if (this.#mayDelete(worker)) {
        this.#delete(worker);
        return true;
      }
      return false;
    }
    this.#patch(worker);
    return true;
  }

  #patch(worker: PodWorker): void {
    const { status, member, slot, serial, version, pod } = worker;
    const op = this.#o.ops.begin('statusPatch', member, slot, serial, version);
    this.#o.send(
      member,
      {
        verb: 'patch',
        resource: 'pods',
        subresource: 'status',
        path: pod.meta.path,
        uid: pod.meta.uid,
        bodyBytes: PATCH_BYTES,
        aboutUid: pod.meta.uid,
        mutate: (current) => {
          // What others write (conditions of the scheduler) stays.
          const { scheduled, nominatedNodeName } = (current as Pod).status;
          const merged = { ...status, scheduled, nominatedNodeName };
          return { ...current, resourceVersion: 0, status: merged };
        },
      },
      op,
    );
  }

  #patched(worker: PodWorker, version: number): void {
    if (!Number.isNaN(worker.dirtySinceNs)) {
      this.#syncDuration.record(this.#sim.nowNs - worker.dirtySinceNs);
    }
    worker.sentVersion = version;
    worker.dirtySinceNs = Number.NaN;
    this.#o.reported(worker, version);
  }

  /** canBeDeleted: asked for, all containers ended, volumes and cgroups gone. */
  #mayDelete(worker: PodWorker): boolean {
    return worker.torn && isBeingDeleted(worker.pod);
  }

  #delete(worker: PodWorker): void {
    const { member, slot, serial, pod } = worker;
    const op = this.#o.ops.begin('podDelete', member, slot, serial, 0);
    const { path, uid } = pod.meta;
    this.#o.send(
      member,
      { verb: 'delete', resource: 'pods', path, uid, graceNs: 0, aboutUid: uid },
      op,
    );
  }

  #retry(worker: PodWorker, sender: Sender | undefined): void {
    const failed = this.#failed.get(worker.member);
    if (failed === undefined) this.#failed.set(worker.member, [worker.slot]);
    else failed.push(worker.slot);
    if (sender === undefined || sender.batch) return;
    sender.batch = true;
    this.#sim.schedule(this.#batchNs, this.#batchType, worker.member);
  }

  #batch(member: number): void {
    const slots = this.#failed.get(member) ?? [];
    this.#failed.delete(member);
    const sender = this.#senders.get(member);
    if (sender !== undefined) sender.batch = false;
    for (const slot of slots) {
      const worker = this.#o.workerOf(slot);
      if (worker !== null && worker.member === member) this.update(worker);
    }
  }
}
