/**
 * The binding cycle: for each pod that was given a node, beside the scheduling cycle: volumes, then
 * POST binding; what failed is forgotten.
 *
 * Left out: Permit plugins and waiting pods.
 * Sources: kubernetes/pkg/scheduler/schedule_one.go `bindingCycle`, plugins/volumebinding (its
 * `checkBindings` polls once a second, at most `bindTimeoutSeconds` 600).
 */
import type { ModelContext } from '../../src/resource/index.ts';
import { type ApiClient, type ComponentProcess, isSuccess } from '../client-go/index.ts';
import {
  type ApiResult,
  isBeingDeleted,
  type KubeObject,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
} from '../objects/index.ts';
import type { VolumeDecision } from './plugins/volumes.ts';
import type { QueuedPod } from './queue/scheduling-queue.ts';

const VOLUME_POLL_NS = 1e9;
const VOLUME_TIMEOUT_NS = 600e9;
/** A Binding object on the wire. */
const BINDING_BYTES = 300;

export interface Binding {
  readonly queued: QueuedPod;
  readonly nodeName: string;
  readonly volumes: readonly VolumeDecision[];
  /** When its scheduling cycle began. */
  readonly startNs: number;
}

export interface BinderOwner {
  claimNow(path: string): PersistentVolumeClaim | undefined;
  /** `result` null: its volumes were not bound in time. */
  onBound(binding: Binding, result: ApiResult | null): void;
}

export class Binder {
  readonly #sim: ModelContext['sim'];
  readonly #process: ComponentProcess;
  readonly #client: ApiClient;
  readonly #owner: BinderOwner;
  readonly #bindNs: number;
  readonly #bindType: number;
  readonly #pollType: number;
  readonly #bindings: (Binding | null)[] = [];
  readonly #deadlines: number[] = [];
  readonly #free: number[] = [];

  constructor(ctx: ModelContext, process: ComponentProcess, client: ApiClient, owner: BinderOwner) {
    this.#sim = ctx.sim;
    this.#process = process;
    this.#client = client;
    this.#owner = owner;
    this.#bindNs = ctx.constants.get('scheduler.bindNs');
    this.#bindType = ctx.sim.eventType(`${process.name}/bind`, (slot, life) => {
      if (life === process.life) this.#prepare(slot);
    });
    this.#pollType = ctx.sim.eventType(`${process.name}/bind/poll`, (slot, life) => {
      if (life === process.life) this.#poll(slot);
    });
    process.onStop(() => {
      this.#bindings.length = 0;
      this.#free.length = 0;
    });
  }

  bind(binding: Binding): void {
    const slot = this.#free.pop() ?? this.#bindings.length;
    this.#bindings[slot] = binding;
    this.#process.execute(this.#bindNs, this.#bindType, slot, this.#process.life);
  }

  #prepare(slot: number): void {
    const binding = this.#at(slot);
    if (binding.volumes.length === 0) {
      this.#post(slot);
      return;
    }
    let left = binding.volumes.length;
    let failed: ApiResult | null = null;
    const { life } = this.#process;
    for (const decision of binding.volumes) {
      this.#writeDecision(decision, binding.nodeName, (result) => {
        if (life !== this.#process.life) return;
        if (!isSuccess(result)) failed = result;
        if (--left > 0) return;
        if (failed !== null) this.#end(slot, failed);
        else {
          this.#deadlines[slot] = this.#sim.nowNs + VOLUME_TIMEOUT_NS;
          this.#sim.schedule(VOLUME_POLL_NS, this.#pollType, slot, life);
        }
      });
    }
  }

  /** A volume that exists is claimed; where there is none the claim names the node. */
  #writeDecision(
    { claim, volume }: VolumeDecision,
    nodeName: string,
    done: (result: ApiResult) => void,
  ): void {
    if (volume === null) {
      const mutate = (current: KubeObject): KubeObject => {
        const before = current as PersistentVolumeClaim; // The patch is of a claim.
        const after: PersistentVolumeClaim = {
          ...before,
          resourceVersion: 0,
          selectedNode: nodeName,
        };
        return after;
      };
      const { path } = claim.meta;
      const call = { verb: 'patch', resource: 'persistentvolumeclaims', path, mutate } as const;
      this.#client.call(call, done);
      return;
    }
    const mutate = (current: KubeObject): KubeObject | string => {
      const before = current as PersistentVolume; // The patch is of a volume.
      const { path } = claim.meta;
      if (before.spec.claim !== '' && before.spec.claim !== path) return 'volume is taken';
      const after: PersistentVolume = {
        ...before,
        resourceVersion: 0,
        spec: { ...before.spec, claim: path },
      };
      return after;
    };
    const { path } = volume.meta;
    this.#client.call({ verb: 'patch', resource: 'persistentvolumes', path, mutate }, done);
  }

  #poll(slot: number): void {
    const { volumes } = this.#at(slot);
    const bound = volumes.every(({ claim }) => {
      const now = this.#owner.claimNow(claim.meta.path);
      return now !== undefined && now.spec.volumeName !== '' && now.phase === 'Bound';
    });
    if (bound) this.#post(slot);
    else if (this.#sim.nowNs >= this.#deadlines[slot]) this.#end(slot, null);
    else this.#sim.schedule(VOLUME_POLL_NS, this.#pollType, slot, this.#process.life);
  }

  #post(slot: number): void {
    const { nodeName, queued } = this.#at(slot);
    const { path, uid } = queued.pod.meta;
    const mutate = (current: KubeObject): KubeObject | string => {
      const before = current as Pod; // The binding is of a pod.
      if (before.nodeName !== '') return `pod is already assigned to node "${before.nodeName}"`;
      if (isBeingDeleted(before)) return 'pod is being deleted, cannot be assigned to a host';
      const status = { ...before.status, scheduled: 'True' as const };
      const after: Pod = { ...before, resourceVersion: 0, nodeName, status };
      return after;
    };
    this.#client.call(
      {
        verb: 'create',
        resource: 'pods',
        subresource: 'binding',
        path,
        uid,
        mutate,
        bodyBytes: BINDING_BYTES,
        aboutUid: uid,
      },
      (result) => this.#end(slot, result),
    );
  }

  #end(slot: number, result: ApiResult | null): void {
    const binding = this.#at(slot);
    this.#bindings[slot] = null;
    this.#free.push(slot);
    this.#owner.onBound(binding, result);
  }

  #at(slot: number): Binding {
    const binding = this.#bindings[slot];
    if (binding === null || binding === undefined) throw new Error(`no binding at ${slot}`);
    return binding;
  }
}
