/**
 * The replicated state machine: what an entry does to keys, leases and watched history. It is
 * deterministic, so it runs once, at the first member that applies the entry, and leaves its result
 * in the proposal for the others (etcd server/etcdserver/apply, lease/lessor.go `Revoke`).
 */

import { KeyEvent, type StoredValue } from './contents.ts';
import { Kind } from './proposals.ts';
import type { EtcdShared } from './shared.ts';

/** Result of the replicated state machine, in ProposalTable.result. */
export const Result = { pending: 0, done: 1, compareFailed: 2, notFound: 3, noSpace: 4 } as const;

/** The entry of `row`, at `index` of the log. */
export function evaluate(shared: EtcdShared, row: number, index: number): void {
  const { proposals, keys } = shared;
  let result: number = Result.done;
  switch (proposals.kind[row]) {
    case Kind.put:
      result = put(shared, row, index);
      break;
    case Kind.txn:
      // A txn's count is negative where its compare fails: the failure branch only reads.
      result =
        proposals.count[row] < 0 && !keys.alarmNoSpace
          ? Result.compareFailed
          : put(shared, row, index);
      break;
    case Kind.delete:
      result = remove(shared, row, index);
      break;
    case Kind.compareAndPut:
      result = holds(shared, row) ? putValue(shared, row, index) : Result.compareFailed;
      break;
    case Kind.compareAndDelete:
      result = holds(shared, row) ? removeValue(shared, row, index) : Result.compareFailed;
      break;
    case Kind.leaseGrant:
      result = grant(shared, row, index);
      break;
    case Kind.leaseRevoke:
      result = revoke(shared, row, index);
      break;
    case Kind.alarm:
      keys.alarmNoSpace = proposals.count[row] > 0;
      break;
    default:
      break;
  }
  proposals.result[row] = result;
  proposals.revision[row] = keys.revision;
}

function put(shared: EtcdShared, row: number, index: number): number {
  const { proposals, keys, leases } = shared;
  if (keys.alarmNoSpace) return Result.noSpace;
  const key = proposals.key[row];
  const keyBytes = proposals.keyBytes[row];
  const valueBytes = proposals.valueBytes[row];
  const lease = proposals.lease[row];
  if (lease !== 0 && !leases.isLive(lease)) return Result.notFound;
  keys.put(key, keyBytes, valueBytes, lease);
  leases.attach(key, lease, keyBytes);
  record(shared, row, index, Math.max(1, proposals.count[row]), keyBytes + valueBytes);
  return Result.done;
}

/** `mod_revision(key) = expected`; else the txn's other branch reads what is there. */
function holds({ proposals, contents }: EtcdShared, row: number): boolean {
  const key = proposals.key[row];
  if (contents.modRevision(key) === proposals.expected[row]) return true;
  proposals.value[row] = contents.values[key];
  return false;
}

function putValue(shared: EtcdShared, row: number, index: number): number {
  const { proposals, keys, leases, contents } = shared;
  if (keys.alarmNoSpace) return Result.noSpace;
  const key = proposals.key[row];
  const keyBytes = proposals.keyBytes[row];
  const valueBytes = proposals.valueBytes[row];
  const lease = proposals.lease[row];
  const copies = proposals.count[row];
  if (lease !== 0 && !leases.isLive(lease)) return Result.notFound;
  keys.put(key, keyBytes, valueBytes, lease, copies);
  leases.attach(key, lease, keyBytes);
  const value = unstored(proposals.value[row] as StoredValue);
  proposals.value[row] = value;
  const previous = contents.store(key, value, keys.revision, copies);
  recordEvent(shared, row, index, new KeyEvent(keys.revision, value, previous, copies));
  return Result.done;
}

/** A value that a client sent once more after it was stored becomes another version. */
function unstored(value: StoredValue): StoredValue {
  return value.resourceVersion === 0 ? value : { ...value, resourceVersion: 0 };
}

function removeValue(shared: EtcdShared, row: number, index: number): number {
  const { proposals, keys, leases, contents, sim } = shared;
  const key = proposals.key[row];
  if (keys.delete(key, proposals.keyBytes[row]) === 0) return Result.notFound;
  leases.detach(key);
  const copies = keys.copiesOf(key);
  const previous = contents.remove(key, keys.revision, copies, sim.nowNs);
  proposals.value[row] = previous;
  recordEvent(shared, row, index, new KeyEvent(keys.revision, null, previous, copies));
  return Result.done;
}

function recordEvent(shared: EtcdShared, row: number, index: number, event: KeyEvent): void {
  const { proposals, requests, histories } = shared;
  const history = histories.ofGroup(proposals.group[row]);
  if (history === null) return;
  const slot = proposals.request[row];
  const waits = requests.isCurrent(slot, proposals.generation[row]);
  const plannedNs = waits ? requests.planned[slot] : Number.NaN;
  const copies = event.copies;
  const bytes = (proposals.keyBytes[row] + (event.value?.bytes ?? 0)) * copies;
  history.record(index, event.revision, copies, bytes, plannedNs, event);
}

function remove(shared: EtcdShared, row: number, index: number): number {
  const { proposals, keys, leases } = shared;
  const key = proposals.key[row];
  if (keys.delete(key, proposals.keyBytes[row]) === 0) return Result.notFound;
  leases.detach(key);
  record(shared, row, index, 1, proposals.keyBytes[row]);
  return Result.done;
}

function grant(shared: EtcdShared, row: number, index: number): number {
  const { proposals, keys, leases, sim } = shared;
  if (keys.alarmNoSpace) return Result.noSpace;
  proposals.lease[row] = leases.grant(proposals.count[row], index, sim.nowNs);
  return Result.done;
}

/** One revision deletes all keys of the lease; the proposal's count becomes their number. */
function revoke(shared: EtcdShared, row: number, index: number): number {
  const { proposals, keys, leases, histories, contents } = shared;
  const lease = proposals.lease[row];
  proposals.count[row] = 0;
  if (!leases.isLive(lease)) return Result.notFound;
  const revision = keys.revision + 1;
  let bytes = 0;
  for (let key = leases.takeKey(lease); key >= 0; key = leases.takeKey(lease)) {
    // All deletes of one transaction share a main revision.
    keys.revision = revision - 1;
    const keyBytes = leases.keyBytesOf(key);
    keys.delete(key, keyBytes);
    bytes += keyBytes;
    proposals.count[row]++;
    const group = contents.groupOf(key);
    if (group === 0) histories.record(key, index, revision, 1, keyBytes, Number.NaN);
    else removeLeased(shared, key, index, revision, keyBytes);
  }
  if (proposals.count[row] > 0) proposals.keyBytes[row] = Math.round(bytes / proposals.count[row]);
  leases.revoke(lease, index);
  return Result.done;
}

/** The delete of a named key whose lease ended. */
function removeLeased(
  shared: EtcdShared,
  key: number,
  index: number,
  revision: number,
  keyBytes: number,
): void {
  const { contents, keys, histories, sim } = shared;
  const copies = keys.copiesOf(key);
  const previous = contents.remove(key, revision, copies, sim.nowNs);
  const event = new KeyEvent(revision, null, previous, copies);
  const history = histories.ofGroup(contents.groupOf(key));
  history?.record(index, revision, copies, keyBytes * copies, Number.NaN, event);
}

/** Watchers of the key will hear of it; when the request was planned is known while it waits. */
function record(
  shared: EtcdShared,
  row: number,
  index: number,
  events: number,
  bytes: number,
): void {
  const { proposals, requests, histories, keys } = shared;
  if (histories.count === 0) return;
  const slot = proposals.request[row];
  const waits = requests.isCurrent(slot, proposals.generation[row]);
  const plannedNs = waits ? requests.planned[slot] : Number.NaN;
  histories.record(proposals.key[row], index, keys.revision, events, bytes, plannedNs);
}
