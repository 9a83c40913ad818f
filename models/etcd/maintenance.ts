/**
 * What takes the backend away from requests: compaction, defragmentation, snapshots.
 *
 * Compaction removes superseded revisions in batches of 1000, each inside the lock and followed by
 * a forced commit, with 10 ms between (etcd mvcc/kvstore_compaction.go, 3.4+). Defragmentation
 * copies what is in use while it holds every lock (backend.go `defrag`). A snapshot commits, then
 * reads in a transaction of its own that pins pages (maintenance.go, snapshot_merge.go).
 */

import type { Tally } from '../../src/metrics/index.ts';
import type { EtcdMember } from './member.ts';
import { bucketsSnapshot } from './metrics.ts';
import type { CompactionPlan } from './mvcc.ts';
import type { Message } from './raft/index.ts';
import type { EtcdShared } from './shared.ts';

const COMPACT_BATCH = 1000;
const COMPACT_SLEEP_NS = 10e6;
/** Keys in one commit of a defragmentation (backend.go `defragLimit`). */
const DEFRAG_BATCH_KEYS = 10_000;
/**
 * The raft log is not compacted for this long after a snapshot was sent (server.go
 * `releaseDelayAfterSnapshot`).
 */
const RELEASE_AFTER_SNAPSHOT_NS = 30e9;

export interface MaintenanceLinks {
  /** Puts the file on the wire; the receiver's member gets `receiveSnapshot`. */
  sendSnapshot(message: Message, bytes: number): void;
}

interface Compaction {
  readonly revision: number;
  revisionsLeft: number;
  readonly bytesPerRevision: number;
}

export class Maintenance {
  readonly #shared: EtcdShared;
  readonly #member: EtcdMember;
  readonly #links: MaintenanceLinks;
  sendingSnapshots = 0;
  #compactions: Compaction[] = [];
  #compactionSleeping = false;
  #defrag: (() => void) | null = null;
  #installing = -1;
  /** Messages whose snapshot waits for the commit that precedes its reading. */
  readonly #compactType: number;
  readonly #saveType: number;
  readonly #installType: number;
  readonly #receiveType: number;
  readonly #releaseType: number;
  readonly #saveDone: { startNs: number; then: () => void }[] = [];
  readonly #sendTally: Tally;

  constructor(shared: EtcdShared, member: EtcdMember, links: MaintenanceLinks) {
    this.#shared = shared;
    this.#member = member;
    this.#links = links;
    const { sim, metrics } = shared;
    const { name } = member;
    this.#compactType = sim.eventType(`${name}/compact/wake`, (_, i) => this.#onCompactWake(i));
    this.#saveType = sim.eventType(`${name}/snapshot/saved`, () => this.#onSaved());
    this.#installType = sim.eventType(`${name}/snapshot/installed`, (index) =>
      this.#onInstalled(index),
    );
    this.#receiveType = sim.eventType(`${name}/snapshot/received`, (slot, i) =>
      this.#onReceived(slot, i),
    );
    this.#releaseType = sim.eventType(`${name}/snapshot/release`, (_, i) => {
      if (member.process.isCurrent(i)) this.sendingSnapshots--;
    });
    this.#sendTally = metrics.tally(
      'etcd_network_snapshot_send_total_duration_seconds',
      { member: name },
      {
        unit: 'ns',
        buckets: bucketsSnapshot,
        help: 'Latency of sending a snapshot to a peer.',
      },
    );
  }

  reset(): void {
    this.sendingSnapshots = 0;
    this.#compactions = [];
    this.#compactionSleeping = false;
    this.#defrag = null;
    this.#installing = -1;
    this.#saveDone.length = 0;
  }

  /** The lock is free: whoever waited for it tries again. */
  onStoreUnlocked(): void {
    if (this.#defrag !== null) this.#tryDefrag();
    else this.#tryCompact();
  }

  onEntryApplied(): void {
    if (this.#defrag !== null) this.#tryDefrag();
    else if (this.#compactions.length > 0) this.#tryCompact();
  }

  // --- Compaction -------------------------------------------------------------------------------

  compact(revision: number): void {
    const { keys, contents, sim } = this.#shared;
    const plan: CompactionPlan = keys.compactOnce(revision);
    contents.onCompacted(keys.compactRevision, sim.nowNs);
    if (plan.revisions <= 0) return;
    this.#compactions.push({
      revision,
      revisionsLeft: plan.revisions,
      bytesPerRevision: plan.fileBytes / plan.revisions,
    });
    this.#tryCompact();
  }

  #tryCompact(): void {
    const job = this.#compactions[0];
    if (job === undefined || this.#compactionSleeping) return;
    const { constants, sim } = this.#shared;
    const { backend, process } = this.#member;
    const batch = Math.min(COMPACT_BATCH, job.revisionsLeft);
    const work = batch * constants.get('etcd.compactRevisionNs');
    backend.hold('compaction', work, 0, () => {
      job.revisionsLeft -= batch;
      backend.write(batch, 0);
      if (job.revisionsLeft <= 0) this.#compactions.shift();
      this.#compactionSleeping = true;
      backend.commitNow(() => {
        backend.free(batch * job.bytesPerRevision);
        sim.schedule(
          process.localDelay(COMPACT_SLEEP_NS),
          this.#compactType,
          0,
          process.incarnation,
        );
      });
    });
  }

  #onCompactWake(incarnation: number): void {
    if (!this.#member.process.isCurrent(incarnation)) return;
    if (this.#member.process.deferWhilePaused(this.#compactType, 0)) return;
    this.#compactionSleeping = false;
    this.#tryCompact();
  }

  // --- Defragmentation --------------------------------------------------------------------------

  /** Operator's `etcdctl defrag` of this member. */
  defrag(): void {
    if (!this.#member.isUp || this.#defrag !== null) return;
    const { constants, metrics, sim, keys } = this.#shared;
    const { backend, name } = this.#member;
    this.#defrag = () => {
      const before = backend.fileBytes;
      const work =
        constants.get('etcd.defragNs') +
        (backend.inUseBytes * 1e9) / constants.get('etcd.defragBytesPerSecond');
      const syncs = 2 * Math.ceil(keys.revisions / DEFRAG_BATCH_KEYS);
      const copiedBytes = backend.inUseBytes;
      const then = (): void => {
        backend.replaceFile(backend.inUseBytes);
        const sizes = `${Math.round(before)} -> ${Math.round(backend.fileBytes)} bytes`;
        metrics.event(sim.nowNs, 'defrag', name, sizes);
      };
      const taken = backend.hold('defrag', work, syncs, then, copiedBytes);
      if (taken) this.#defrag = null;
    };
    this.#tryDefrag();
  }

  #tryDefrag(): void {
    this.#defrag?.();
  }

  // --- Snapshots --------------------------------------------------------------------------------

  /** Operator's `etcdctl snapshot save`: commit, then stream the file and hash it. */
  save(then: () => void): void {
    this.#read(then);
  }

  /** server.go `snapshot`: commit the backend, write a small .snap file and a WAL record. */
  diskSnapshot(): void {
    this.#member.backend.commitNow();
  }

  /** A follower needs entries that are compacted: the whole file goes to it. */
  send(message: Message): void {
    const startNs = this.#shared.sim.nowNs;
    const bytes = this.#member.backend.fileBytes;
    this.sendingSnapshots++;
    this.#read(() => {
      this.#sendTally.record(this.#shared.sim.nowNs - startNs);
      this.#links.sendSnapshot(message, bytes);
      const { sim } = this.#shared;
      sim.schedule(
        RELEASE_AFTER_SNAPSHOT_NS,
        this.#releaseType,
        0,
        this.#member.process.incarnation,
      );
    });
  }

  /** The file of a peer's snapshot has arrived; it goes to the disk before raft hears of it. */
  receive(slot: number, bytes: number): void {
    this.#member.walDisk.fsync(bytes, this.#receiveType, slot, this.#member.process.incarnation);
  }

  /** Raft accepted a snapshot: the store is opened anew; nothing is applied meanwhile. */
  installSnapshot(index: number): void {
    const { constants } = this.#shared;
    const bytes = this.#shared.keys.revisionBytes;
    this.#installing = index;
    const work = (bytes * 1e9) / constants.get('etcd.bootReadBytesPerSecond');
    this.#member.applier.suspend(index);
    this.#member.process.execute(work, this.#installType, index, 0);
  }

  #read(then: () => void): void {
    const { backend, process } = this.#member;
    const { constants, sim } = this.#shared;
    const startNs = sim.nowNs;
    backend.commitNow(() => {
      backend.pin();
      this.#saveDone.push({ startNs, then });
      const work = (backend.fileBytes * 1e9) / constants.get('etcd.snapshotBytesPerSecond');
      process.execute(work, this.#saveType, 0, 0);
    });
  }

  #onSaved(): void {
    this.#member.backend.unpin();
    this.#saveDone.shift()?.then();
  }

  #onReceived(slot: number, incarnation: number): void {
    if (!this.#member.process.isCurrent(incarnation)) return;
    if (this.#member.process.deferWhilePaused(this.#receiveType, slot)) return;
    this.#member.stepReceived(slot);
  }

  #onInstalled(index: number): void {
    if (this.#installing !== index) return;
    this.#installing = -1;
    const { applier, backend } = this.#member;
    this.#member.watches.restore(index);
    backend.replaceFile(this.#shared.keys.revisionBytes);
    applier.resume(index);
  }
}
