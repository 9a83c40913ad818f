/**
 * Configuration changes as entry numbers, and member sets as bit sets.
 *
 * Single-step changes only (raftpb ConfChange, as etcd proposes them; confchange/confchange.go
 * `Simple`). Promoting a learner is `addNode` of its id. Joint consensus is left out: etcd's
 * server never proposes a ConfChangeV2 with several changes.
 */
import { assert } from '../../../src/core/index.ts';
import { CONF_CHANGE_FIRST } from './message.ts';

export type ConfChangeKind = 'addNode' | 'removeNode' | 'addLearner';

export interface ConfChange {
  readonly kind: ConfChangeKind;
  readonly node: number;
  /** Any number of the proposer's below CONF_CHANGE_REQUESTS, e.g. to find who waits. */
  readonly request: number;
}

/** Ids are bits 1..30 of a set. */
export const MEMBER_ID_MAX = 30;
export const CONF_CHANGE_REQUESTS = 1 << 20;
const KINDS: readonly ConfChangeKind[] = ['addNode', 'removeNode', 'addLearner'];

/** A conf change as the number of its entry: always <= CONF_CHANGE_FIRST. */
export function encodeConfChange(kind: ConfChangeKind, node: number, request = 0): number {
  assert(node >= 1 && node <= MEMBER_ID_MAX, 'raft: member id out of range');
  assert(request >= 0 && request < CONF_CHANGE_REQUESTS, 'raft: conf change request out of range');
  return CONF_CHANGE_FIRST - (KINDS.indexOf(kind) + node * 4 + request * 128);
}

export function isConfChange(proposal: number): boolean {
  return proposal <= CONF_CHANGE_FIRST;
}

export function decodeConfChange(proposal: number): ConfChange {
  assert(isConfChange(proposal), 'raft: not a conf change');
  const packed = CONF_CHANGE_FIRST - proposal;
  return { kind: KINDS[packed & 3], node: (packed >> 2) & 31, request: packed >> 7 };
}

/** Bit set of member ids. */
export function setOf(ids: readonly number[]): number {
  let set = 0;
  for (const id of ids) {
    assert(id >= 1 && id <= MEMBER_ID_MAX, 'raft: member id out of range');
    set |= 1 << id;
  }
  return set;
}

export function idsOf(set: number): number[] {
  const ids: number[] = [];
  for (let id = 1; id <= MEMBER_ID_MAX; id++) if ((set & (1 << id)) !== 0) ids.push(id);
  return ids;
}
