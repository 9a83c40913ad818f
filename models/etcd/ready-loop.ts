/**
 * The raft loop of one member: one Ready after the other, strictly in sequence.
 *
 * One idea: while the loop waits for the WAL's sync, proposals and messages gather; all of them go
 * out together in the next Ready. That is etcd's group commit, and the reason why latency is
 * counted in cycles of this loop (etcd server/etcdserver/raft.go `start`; raft thesis 10.2.1).
 * A leader sends before it syncs, a follower only after. Ticks share the loop's select: the
 * ticker's channel holds one, so a member that is stuck in a sync loses ticks.
 */

import type { Counter, Tally } from '../../src/metrics/index.ts';
import type { Disk } from '../machine/index.ts';
import type { Applier } from './applier.ts';
import { bucketsMilliseconds } from './metrics.ts';
import { WAL_STATE_BYTES } from './pages.ts';
import type { EtcdProcess } from './process.ts';
import type { ProposalTable } from './proposals.ts';
import { type Message, type Raft, Ready } from './raft/index.ts';
import type { EtcdShared } from './shared.ts';

export interface ReadyLoopLinks {
  send(message: Message): void;
  onReadState(readId: number, index: number): void;
  /** Leader or role changed, as this member sees it. */
  onSoftState(lead: number): void;
  /** A received snapshot must be installed; call back when the store holds it. */
  installSnapshot(index: number): void;
  /** The WAL could not be written: the process exits. */
  onWalFailure(): void;
}

export class ReadyLoop {
  readonly #shared: EtcdShared;
  readonly #process: EtcdProcess;
  #raft: Raft;
  readonly #disk: Disk;
  readonly #applier: Applier;
  readonly #links: ReadyLoopLinks;
  readonly #ready = new Ready();
  #busy = false;
  #tickWaiting = false;
  /** When a tick last got through to raft (raft.go `latestTickTs`). */
  lastTickNs = 0;
  /** Ticks of a wall clock that came while the loop was busy; none of them is lost. */
  #wallTicksWaiting = 0;
  #handAfterSync = false;
  #syncStartNs = 0;
  /** Entries up to here carry a commit time. */
  #committedSeen = 0;
  /** Start of the cycle and time of the last heartbeat to each member, for etcd's own warning. */
  readonly #heartbeatAtNs = new Float64Array(32).fill(-1);
  readonly #turnType: number;
  readonly #syncType: number;
  readonly #endType: number;
  readonly #loopNs: number;
  readonly #loopEntryNs: number;
  readonly #entryByteNs: number;
  readonly #fsync: Tally;
  readonly #batch: Tally;
  readonly #slowHeartbeats: Counter;
  readonly #lostTicks: Counter;

  constructor(
    shared: EtcdShared,
    process: EtcdProcess,
    raft: Raft,
    disk: Disk,
    applier: Applier,
    links: ReadyLoopLinks,
  ) {
    this.#shared = shared;
    this.#process = process;
    this.#raft = raft;
    this.#disk = disk;
    this.#applier = applier;
    this.#links = links;
    const { sim, metrics, constants } = shared;
    const name = process.name;
    const labels = { member: name };
    this.#turnType = sim.eventType(`${name}/raft/turn`, () => this.#onTurn());
    this.#syncType = sim.eventType(`${name}/raft/syncEnd`, (_, incarnation) =>
      this.#onSyncEnd(incarnation),
    );
    this.#endType = sim.eventType(`${name}/raft/turnEnd`, () => this.#onEnd());
    this.#loopNs = constants.get('etcd.loopNs');
    this.#loopEntryNs = constants.get('etcd.loopEntryNs');
    this.#entryByteNs = constants.get('etcd.entryByteNs');
    this.#fsync = metrics.tally('etcd_disk_wal_fsync_duration_seconds', labels, {
      unit: 'ns',
      buckets: bucketsMilliseconds,
      help: 'Latency of fsync called by the WAL.',
    });
    this.#batch = metrics.tally('wavetank_etcd_wal_batch_entries', labels, {
      unit: '1',
      help: 'Entries written to the WAL with one sync.',
    });
    this.#slowHeartbeats = metrics.counter('etcd_server_heartbeat_send_failures_total', labels, {
      help: 'Heartbeats that left more than two intervals after the one before.',
    });
    this.#lostTicks = metrics.counter('wavetank_etcd_lost_ticks_total', labels, {
      help: 'Ticks that found the ticker channel full: raft time ran slow.',
    });
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** The ticker fired. */
  tick(): void {
    if (this.#busy || this.#process.state === 'paused') {
      if (this.#tickWaiting) this.#lostTicks.add();
      this.#tickWaiting = true;
      return;
    }
    this.#tickRaft();
    this.kick();
  }

  #tickRaft(): void {
    this.lastTickNs = this.#shared.sim.nowNs;
    this.#raft.tick();
  }

  /**
   * The wall clock has gone so many intervals further (`timers: wall`), at once where it stepped.
   */
  wallTicks(count: number): void {
    this.#wallTicksWaiting += count;
    if (this.#busy || this.#process.state === 'paused') return;
    this.#takeWallTicks();
    this.kick();
  }

  /** Starts a turn when raft has something to do. Call after every step, proposal or tick. */
  kick(): void {
    if (this.#busy) return;
    this.stampCommitted();
    if (!this.#raft.hasReady()) return;
    this.#busy = true;
    const ready = this.#ready;
    this.#raft.ready(ready);
    if (ready.entryCount > 0) {
      this.#batch.record(ready.entryCount);
      if (ready.state === 'leader') {
        this.#stamp(this.#shared.requests.batched, ready.entriesFrom, ready.entriesTo);
      }
    }
    const work =
      this.#loopNs + ready.entryCount * this.#loopEntryNs + ready.entriesBytes * this.#entryByteNs;
    this.#process.execute(work, this.#turnType, 0, 0);
  }

  /** A new life of the process: nothing is under way. */
  restart(raft: Raft): void {
    this.#raft = raft;
    this.#busy = false;
    this.lastTickNs = this.#shared.sim.nowNs;
    this.#tickWaiting = false;
    this.#wallTicksWaiting = 0;
    this.#handAfterSync = false;
    this.#committedSeen = this.#raft.committed;
    this.#heartbeatAtNs.fill(-1);
  }

  /** Writes down when the entries of requests became committed, as the leader sees it. */
  stampCommitted(): void {
    const committed = this.#raft.committed;
    if (committed <= this.#committedSeen) return;
    if (this.#raft.state === 'leader') {
      this.#stamp(this.#shared.requests.committed, this.#committedSeen + 1, committed);
    }
    this.#committedSeen = committed;
  }

  #onTurn(): void {
    const ready = this.#ready;
    if (ready.softStateChanged) this.#links.onSoftState(ready.lead);
    for (let i = 0; i < ready.readCount; i++) {
      this.#links.onReadState(ready.readIds[i], ready.readIndexes[i]);
    }
    // Entries that are committed in the same Ready that writes them wait for the sync
    // (single member, <= 3.5: etcd#14370, raft.go `shouldWaitWALSync`).
    this.#handAfterSync = ready.entryCount > 0 && ready.committedTo >= ready.entriesFrom;
    if (!this.#handAfterSync) this.#hand();
    if (ready.state === 'leader') this.#sendAll();
    if (ready.snapshotIndex > 0) this.#links.installSnapshot(ready.snapshotIndex);
    if (!ready.mustSync) {
      this.#finish();
      return;
    }
    this.#syncStartNs = this.#shared.sim.nowNs;
    const bytes = ready.entriesBytes + WAL_STATE_BYTES;
    const accepted = this.#disk.fsync(bytes, this.#syncType, 0, this.#process.incarnation);
    if (!accepted) this.#links.onWalFailure();
  }

  #onSyncEnd(incarnation: number): void {
    if (!this.#process.isCurrent(incarnation)) return;
    if (this.#process.deferWhilePaused(this.#syncType, 0)) return;
    this.#fsync.record(this.#shared.sim.nowNs - this.#syncStartNs);
    this.#process.execute(this.#loopNs / 3, this.#endType, 0, 0);
  }

  #onEnd(): void {
    const ready = this.#ready;
    this.#raft.persist(ready);
    if (ready.entryCount > 0 && ready.state === 'leader') {
      this.#stamp(this.#shared.requests.synced, ready.entriesFrom, ready.entriesTo);
    }
    this.#finish();
  }

  #finish(): void {
    const ready = this.#ready;
    if (this.#handAfterSync) this.#hand();
    if (ready.state !== 'leader') this.#sendAll();
    this.#raft.advance(ready);
    this.#busy = false;
    if (this.#tickWaiting) {
      this.#tickWaiting = false;
      this.#tickRaft();
    }
    this.#takeWallTicks();
    this.kick();
  }

  /**
   * However many are due, a follower's timer fires once and a leader asks once for its quorum: they
   * would compare times, not count ticks.
   */
  #takeWallTicks(): void {
    const raft = this.#raft;
    const { term, state } = raft;
    const most = raft.options.electionTicks * (state === 'leader' ? 1 : 2);
    const count = Math.min(this.#wallTicksWaiting, most);
    this.#wallTicksWaiting = 0;
    for (let i = 0; i < count && raft.term === term && raft.state === state; i++) raft.tick();
  }

  #hand(): void {
    this.stampCommitted();
    if (this.#ready.committedTo >= this.#ready.committedFrom)
      this.#applier.hand(this.#ready.committedTo);
  }

  #sendAll(): void {
    const { items, count } = this.#ready.messages;
    for (let i = 0; i < count; i++) {
      const message = items[i];
      if (message.type === 'heartbeat' && message.context === 0) this.#observeHeartbeat(message.to);
      this.#links.send(message);
    }
    this.#ready.messages.clear();
  }

  /** pkg/contention: a gap of more than two intervals between heartbeats to one member. */
  #observeHeartbeat(to: number): void {
    const now = this.#shared.sim.nowNs;
    const last = this.#heartbeatAtNs[to];
    this.#heartbeatAtNs[to] = now;
    if (last >= 0 && now - last > 2 * this.#shared.scenario.heartbeatIntervalNs)
      this.#slowHeartbeats.add();
  }

  /** Writes now into a column of the requests that entries from..to belong to. */
  #stamp(column: Float64Array, from: number, to: number): void {
    const { proposals, requests, sim } = this.#shared;
    const log = this.#raft.log;
    const first = Math.max(from, log.firstIndex);
    // A new leader may have replaced the tail meanwhile.
    const last = Math.min(to, log.lastIndex);
    for (let index = first; index <= last; index++) {
      const id = log.proposal(index);
      if (id <= 0) continue;
      stampOne(proposals, requests, id, column, sim.nowNs);
    }
  }
}

function stampOne(
  proposals: ProposalTable,
  requests: EtcdShared['requests'],
  id: number,
  column: Float64Array,
  now: number,
): void {
  const row = proposals.row(id);
  const slot = proposals.request[row];
  if (requests.isCurrent(slot, proposals.generation[row])) column[slot] = now;
}
