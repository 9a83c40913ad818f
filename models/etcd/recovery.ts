/**
 * Snapshots of the store, and the way back to one: what `etcdctl snapshot save` keeps, and what
 * `etcdutl snapshot restore` makes of it, on every member at once, as a new logical cluster.
 *
 * One idea: the state machine is computed once for all members, so a snapshot is a copy of it, and
 * a restore puts it back: contents, revisions and leases are those of then, the log begins anew.
 * Whoever remembers later revisions is ahead of the store (clients see `required revision is a
 * future revision`, watches are told nothing until the store has passed what they have seen),
 * unless the revision is bumped beyond all that was given out and what came before is marked as
 * compacted (`--bump-revision`, `--mark-compacted`): then every watch begins anew.
 * Left out: history in the snapshot (watches from before it are told that it is compacted);
 * learners, which become voters; leases that ended since get another number; identity of the new
 * cluster (members of the old one cannot come back, for they are all restored).
 * Sources: etcd etcdutl/snapshot/v3_snapshot.go, docs op-guide/recovery.md, etcd#15381 (bump).
 */

import { assert } from '../../src/core/index.ts';
import type { KeyChange, StoredKey } from './contents.ts';
import type { StoredLease } from './lease-table.ts';
import type { EtcdMember } from './member.ts';
import { KeySpace, type KeySpaceState } from './mvcc.ts';
import type { EtcdShared } from './shared.ts';

/** One file of a snapshot. */
export interface StoreSnapshot {
  readonly takenNs: number;
  readonly bytes: number;
  readonly keySpace: KeySpaceState;
  readonly keys: readonly StoredKey[];
  readonly leases: readonly StoredLease[];
}

export interface RestoreOptions {
  /** Bytes a second at which a member's files are made from the snapshot. */
  readonly bytesPerSecond: number;
  /** Added to the revision of the snapshot, and all before marked as compacted; 0 = neither. */
  readonly bumpRevision: number;
}

/** What a restore changed. */
export interface RestoreReport {
  readonly takenNs: number;
  /** Revisions of the store before and after. */
  readonly revisionBefore: number;
  readonly revision: number;
  /** Keys that were there before and are not any more. */
  readonly keysLost: number;
  /** Of named keys. */
  readonly changes: readonly KeyChange[];
}

export interface RecoveryLinks {
  readonly members: readonly EtcdMember[];
  kill(index: number): void;
  boot(index: number): void;
  event(kind: string, subject: string, detail: string): void;
  /** Term of the last leader. */
  term(): number;
}

/** etcdutl opens, checks and closes the file even if it is small. */
const RESTORE_NS_MIN = 1e9;

export class Recovery {
  /** The last one that an operator saved. */
  last: StoreSnapshot | null = null;
  readonly #shared: EtcdShared;
  readonly #links: RecoveryLinks;
  readonly #listeners: ((report: RestoreReport) => void)[] = [];
  readonly #restoredType: number;
  /** Members whose data is gone. */
  readonly #lost = new Set<number>();
  #restoring: { readonly snapshot: StoreSnapshot; readonly bump: number } | null = null;

  constructor(shared: EtcdShared, name: string, links: RecoveryLinks) {
    this.#shared = shared;
    this.#links = links;
    this.#restoredType = shared.sim.eventType(`${name}/restored`, () => this.#restored());
  }

  get isRestoring(): boolean {
    return this.#restoring !== null;
  }

  /** Called when the store has gone back, before any member serves again. */
  onRestored(listener: (report: RestoreReport) => void): void {
    this.#listeners.push(listener);
  }

  // --- A store that is gone ---------------------------------------------------------------------

  /** A member died; its data may be gone with it. */
  onKilled(index: number, loseData: boolean): void {
    if (loseData) this.#lost.add(index);
  }

  /**
   * A member is about to start. Where nobody has data any more, it and its peers are the first
   * members of a new and empty cluster.
   */
  onBoot(index: number): void {
    const isGone = this.#members.every((m) => this.#lost.has(m.index));
    if (isGone && !this.isRestoring) {
      const nothing = new KeySpace();
      const snapshot = { takenNs: 0, bytes: 0, keySpace: nothing.capture(), keys: [], leases: [] };
      this.#begin(snapshot, 0);
    }
    this.#lost.delete(index);
  }

  get #members(): readonly EtcdMember[] {
    return this.#links.members.filter(({ inCluster }) => inCluster);
  }

  // --- Snapshots --------------------------------------------------------------------------------

  /** The store as it is now, as of the member that is furthest. */
  capture(): StoreSnapshot {
    const { sim, keys, contents, leases } = this.#shared;
    return {
      takenNs: sim.nowNs,
      bytes: keys.revisionBytes,
      keySpace: keys.capture(),
      keys: contents.capture(),
      leases: leases.capture(),
    };
  }

  /** Stops all members, makes their files from the snapshot, starts them as a new cluster. */
  restore(snapshot: StoreSnapshot, o: RestoreOptions): void {
    assert(o.bytesPerSecond > 0, 'a restore needs a speed');
    if (this.#restoring !== null) return;
    this.#restoring = { snapshot, bump: o.bumpRevision };
    for (const { index } of this.#members) this.#links.kill(index);
    const ageS = (this.#shared.sim.nowNs - snapshot.takenNs) / 1e9;
    this.#links.event('restore', 'etcd', `${Math.round(snapshot.bytes)} bytes, ${ageS} s old`);
    const copyNs = Math.round((snapshot.bytes * 1e9) / o.bytesPerSecond);
    this.#shared.sim.schedule(Math.max(RESTORE_NS_MIN, copyNs), this.#restoredType, 0, 0);
  }

  #restored(): void {
    const restoring = this.#restoring;
    assert(restoring !== null, 'a restore ended that had not begun');
    this.#restoring = null;
    this.#begin(restoring.snapshot, restoring.bump);
    for (const { index } of this.#members) this.#links.boot(index);
  }

  /** All files are those of a new cluster with this in its store. */
  #begin(snapshot: StoreSnapshot, bump: number): void {
    const report = this.#goBack(snapshot, bump);
    const voters = this.#members.map(({ index }) => index + 1);
    const term = this.#links.term();
    for (const member of this.#members) member.restore(voters, term);
    this.#lost.clear();
    this.#links.event(
      'restored',
      'etcd',
      `revision ${report.revisionBefore} -> ${report.revision}${describe(report.changes)}`,
    );
    for (const listener of this.#listeners) listener(report);
  }

  #goBack(snapshot: StoreSnapshot, bump: number): RestoreReport {
    const { sim, keys, contents, leases, histories } = this.#shared;
    const { keySpace } = snapshot;
    const revisionBefore = keys.revision;
    const copies = new Map<number, number>();
    keySpace.keys.forEach((key, i) => {
      copies.set(key, keySpace.copies[i]);
    });
    const revision = keySpace.revision + bump;
    const { changes, numbers } = contents.restore(snapshot.keys, copies, revision, sim.nowNs);
    const keyOf = (key: number): number => numbers.get(key) ?? key;
    const leaseNumbers = leases.restore(snapshot.leases, keyOf, sim.nowNs);
    const leaseOf = (lease: number): number => leaseNumbers.get(lease) ?? 0;
    const keysLost = keys.restore(keySpace, bump, keyOf, leaseOf);
    for (const history of histories.list) history.forget();
    return { takenNs: snapshot.takenNs, revisionBefore, revision, keysLost, changes };
  }
}

/** Names of the three ways in which a restore changes a key. */
type ChangeName = 'lost' | 'returned' | 'reverted';

/** Was there and is not; was not there any more and is again; is as it was before. */
function nameOfChange({ before, after }: KeyChange): ChangeName {
  return after === null ? 'lost' : before === null ? 'returned' : 'reverted';
}

/** Keys by group and by what became of them, in the order of groups. */
export function countChanges(
  changes: readonly KeyChange[],
): Map<string, Record<ChangeName, number>> {
  const counts = new Map<string, Record<ChangeName, number>>();
  for (const change of changes) {
    const known = counts.get(change.group) ?? { lost: 0, returned: 0, reverted: 0 };
    known[nameOfChange(change)] += change.copies;
    counts.set(change.group, known);
  }
  return counts;
}

function describe(changes: readonly KeyChange[]): string {
  let text = '';
  for (const [group, { lost, returned, reverted }] of countChanges(changes)) {
    text += `; ${group} ${lost} lost, ${returned} returned, ${reverted} reverted`;
  }
  return text;
}
