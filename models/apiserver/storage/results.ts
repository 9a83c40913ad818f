/** Making results of storage; what an outcome of etcd means there (pkg/storage/etcd3/errors). */
import { Outcome, type OutcomeCode, outcomeNames } from '../../etcd/index.ts';
import type { KubeObject } from '../../objects/index.ts';
import type { StoreCode, StoreResult } from './types.ts';

export function storeResult(code: StoreCode, fields: Partial<StoreResult> = {}): StoreResult {
  return {
    code,
    reason: fields.reason ?? '',
    object: fields.object ?? null,
    items: fields.items ?? null,
    count: fields.count ?? 0,
    examined: fields.examined ?? 0,
    bytes: fields.bytes ?? 0,
    continueAt: fields.continueAt ?? 0,
    resourceVersion: fields.resourceVersion ?? 0,
    fromCache: fields.fromCache ?? false,
    unchanged: fields.unchanged ?? false,
    conflicts: fields.conflicts ?? 0,
    retryAfterS: fields.retryAfterS ?? 0,
    etcdNs: fields.etcdNs ?? 0,
  };
}

/** One object was written, read or deleted. */
export function objectResult(
  object: KubeObject,
  resourceVersion: number,
  conflicts: number,
  etcdNs: number,
  fromCache: boolean,
  unchanged: boolean,
): StoreResult {
  return {
    code: 'ok',
    reason: '',
    object,
    items: null,
    count: 1,
    examined: 1,
    bytes: object.bytes,
    continueAt: 0,
    resourceVersion,
    fromCache,
    unchanged,
    conflicts,
    retryAfterS: 0,
    etcdNs,
  };
}

/** What the server makes of an answer of etcd that is not ok. */
export function codeOf(outcome: OutcomeCode): StoreCode {
  switch (outcome) {
    case Outcome.timeout:
      return 'timeout';
    case Outcome.tooLarge:
      return 'tooLarge';
    default:
      return 'internal';
  }
}

export function failure(outcome: OutcomeCode, conflicts: number, etcdNs: number): StoreResult {
  return storeResult(codeOf(outcome), { reason: outcomeNames[outcome], conflicts, etcdNs });
}
