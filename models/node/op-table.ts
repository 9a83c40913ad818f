/**
 * Calls under way of a pool's kubelets: what an answer is for. The population hands back a number;
 * here stands which pod it was about, and whether that pod is still the same.
 */
import { assert } from '../../src/core/index.ts';

export type OpKind =
  | 'token'
  | 'config'
  | 'claim'
  | 'statusGet'
  | 'statusPatch'
  | 'podDelete'
  | 'tokenRefresh'
  | 'event'
  | 'register';

export interface Op {
  kind: OpKind;
  member: number;
  slot: number;
  /** Serial of the pod's worker; one that differs is another pod. */
  serial: number;
  /** Of the kind: version of the status that is sent. */
  detail: number;
  open: boolean;
}

export class OpTable {
  readonly #ops: Op[] = [];
  readonly #free: number[] = [];

  /** Number of a new operation. */
  begin(kind: OpKind, member: number, slot: number, serial: number, detail: number): number {
    const id = this.#free.pop();
    if (id === undefined)
      return this.#ops.push({ kind, member, slot, serial, detail, open: true }) - 1;
    const op = this.#ops[id];
    op.kind = kind;
    op.member = member;
    op.slot = slot;
    op.serial = serial;
    op.detail = detail;
    op.open = true;
    return id;
  }

  /** The operation is over; its record is good until the next `begin`. */
  end(id: number): Op {
    const op = this.#ops[id];
    assert(op?.open === true, 'an answer to no call');
    op.open = false;
    this.#free.push(id);
    return op;
  }

  /** The kubelet of a member ended: its calls are never answered. */
  drop(member: number): void {
    for (let id = 0; id < this.#ops.length; id++) {
      const op = this.#ops[id];
      if (op.member !== member || !op.open) continue;
      op.open = false;
      this.#free.push(id);
    }
  }
}
