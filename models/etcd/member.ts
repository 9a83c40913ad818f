/**
 * One etcd member: the stations that a request passes and the life of the process around them.
 *
 * One idea: request -> gRPC (cores) -> raft loop -> WAL sync -> quorum -> apply worker -> gRPC;
 * each is a station of its own, in its own file, and this class only wires them (etcd
 * server/etcdserver/server.go, v3_server.go).
 */

import { assert } from '../../src/core/index.ts';
import type { EtcdMemberScenario } from '../../src/scenario/types.ts';
import type { Disk, Host } from '../machine/index.ts';
import { Admission } from './admission.ts';
import { Applier } from './applier.ts';
import { Backend } from './backend.ts';
import { Inbox } from './inbox.ts';
import { LeaderView } from './leader-view.ts';
import { Lessor } from './lessor.ts';
import { LogKeeper } from './log-keeper.ts';
import { Maintenance } from './maintenance.ts';
import { EtcdProcess } from './process.ts';
import {
  EMPTY_ENTRY,
  type Message,
  type MessagePool,
  Raft,
  type RaftPersisted,
} from './raft/index.ts';
import { ReadIndexLoop } from './read-index.ts';
import { ReadyLoop } from './ready-loop.ts';
import { Renewals } from './renewals.ts';
import { Outcome, type OutcomeCode } from './requests.ts';
import type { EtcdShared } from './shared.ts';
import { StartTicks } from './start-ticks.ts';
import type { EtcdFeatures } from './versions.ts';
import { WallTicks } from './wall-ticks.ts';
import { WatchableStore } from './watchable-store.ts';

/** raft.go `maxInflightMsgs`, `maxSizePerMsg` as etcd sets them. */
const MAX_INFLIGHT = 512;
const MAX_MESSAGE_BYTES = 1024 * 1024;

export interface MemberLinks {
  sendPeer(from: number, message: Message): void;
  /** The answer leaves for the client's host. */
  sendResponse(member: number, slot: number, generation: number): void;
  /** This member has a new view of who leads (0 none). */
  onLeaderSeen(member: number, lead: number): void;
  /** The process ended by itself (WAL failure). */
  onExit(member: number): void;
  /** A configuration change was applied here. */
  onConfChange(member: number, entry: number): void;
  /** The member with this index. */
  member(index: number): EtcdMember;
  /** HTTP to a peer; false where it cannot be reached. */
  http(from: number, to: number, bytes: number, type: number, a: number, b: number): boolean;
  sendSnapshot(from: number, message: Message, bytes: number): void;
  /** Other members whose process listens. */
  activePeers(member: number): number;
  /** It serves again after a start. */
  onBooted(member: number): void;
}

type OwnShared = Omit<EtcdShared, 'features'> & { features: EtcdFeatures };

export class EtcdMember {
  /** Index in the cluster's list; raft's id is one more. */
  readonly index: number;
  readonly name: string;
  readonly host: Host;
  readonly process: EtcdProcess;
  readonly walDisk: Disk;
  readonly backendDisk: Disk;
  readonly backend: Backend;
  readonly applier: Applier;
  readonly readIndex: ReadIndexLoop;
  readonly admission: Admission;
  readonly maintenance: Maintenance;
  readonly lessor: Lessor;
  readonly renewals: Renewals;
  readonly watches: WatchableStore;
  raft: Raft;
  readonly loop: ReadyLoop;
  /** Removed from the configuration, or not yet added: it takes no part. */
  inCluster = true;
  /** Members may run different versions. */
  readonly #shared: OwnShared;
  #nextFeatures: EtcdFeatures | null = null;
  readonly #links: MemberLinks;
  readonly #pool: MessagePool;
  readonly #tickType: number;
  /** Only with `timers: wall`. */
  readonly #wallTicks: WallTicks | null;
  readonly #bootType: number;
  readonly #requestType: number;
  readonly #snapshotType: number;
  readonly #logKeeper: LogKeeper;
  /** The group's original configuration, which a member without data starts from. */
  #voters: readonly number[];
  #learners: readonly number[];
  /** Index up to which the backend's file was complete when the process died. */
  #inFile = 0;
  readonly #inbox: Inbox;
  /** Its data was lost: the leader may count on entries that are gone. */
  #lostData = false;
  #booting = false;
  readonly #view: LeaderView;
  readonly #startTicks: StartTicks;

  constructor(
    cluster: EtcdShared,
    links: MemberLinks,
    pool: MessagePool,
    index: number,
    voters: readonly number[],
    learners: readonly number[],
    o: EtcdMemberScenario,
  ) {
    const shared: OwnShared = { ...cluster };
    this.#shared = shared;
    this.#links = links;
    this.#pool = pool;
    this.index = index;
    this.name = o.name;
    const host = shared.hosts.get(o.host);
    if (host === undefined) throw new Error(`no host ${o.host}`);
    this.host = host;
    this.process = new EtcdProcess(shared, o.name, host, {
      cpuFactor: shared.features.cpuFactor,
      weight: o.cpuWeight,
      quotaCores: o.cpuQuotaCores,
    });
    this.walDisk = host.disk(o.walDisk);
    this.backendDisk = host.disk(o.backendDisk);
    const { sim } = shared;
    const select = sim.stream(`${o.name}/select`);
    this.#voters = voters;
    this.#learners = learners;
    this.raft = this.#createRaft(null);
    this.backend = this.#createBackend();
    this.applier = this.#createApplier();
    this.loop = this.#createLoop();
    this.readIndex = this.#createReadIndex();
    this.admission = new Admission(shared, this, (slot, generation) =>
      links.sendResponse(index, slot, generation),
    );
    this.maintenance = new Maintenance(shared, this, {
      sendSnapshot: (message, bytes) => links.sendSnapshot(index, message, bytes),
    });
    this.#logKeeper = new LogKeeper(shared, this);
    this.lessor = new Lessor(shared, this);
    this.renewals = new Renewals(shared, this, links);
    this.watches = new WatchableStore(shared, this);
    this.#tickType = sim.eventType(`${o.name}/tick`, (_, incarnation) => this.#onTick(incarnation));
    this.#wallTicks = this.#createWallTicks();
    this.#inbox = new Inbox(shared, this, pool, select, () => this.#onLostLog());
    this.#bootType = sim.eventType(`${o.name}/boot`, (_, incarnation) =>
      this.#onBooted(incarnation),
    );
    this.#requestType = sim.eventType(`${o.name}/grpc/arrive`, (slot, g) => {
      if (this.isListening) this.admission.arrive(slot, g);
    });
    this.#snapshotType = sim.eventType(`${o.name}/snapshot/arrive`, (slot) => {
      if (this.isListening) this.maintenance.receive(slot, shared.keys.revisionBytes);
      else this.#pool.release(this.#pool.get(slot));
    });
    this.#view = new LeaderView(shared, o.name, index + 1);
    this.#startTicks = new StartTicks(shared, this, () => links.activePeers(index));
  }

  /** Event type by which messages of peers arrive; payload a = slot of the message in the pool. */
  get peerArriveType(): number {
    return this.#inbox.arriveType;
  }

  /** Event type by which requests arrive; payload: slot and generation. */
  get requestArriveType(): number {
    return this.#requestType;
  }

  /** Event type by which the file of a snapshot arrives; payload a = slot of its message. */
  get snapshotArriveType(): number {
    return this.#snapshotType;
  }

  /** Up, and past its start. */
  get isListening(): boolean {
    return this.isUp && !this.#booting;
  }

  get isUp(): boolean {
    return this.process.state !== 'down';
  }

  /** Entries that are committed and not applied here yet. */
  get applyGap(): number {
    return this.raft.committed - this.applier.appliedIndex;
  }

  get isLeader(): boolean {
    return this.isUp && this.raft.state === 'leader';
  }

  /** Starts the ticker (at a phase of its own) and the backend's timer. */
  start(phaseNs: number): void {
    this.process.start();
    this.backend.start();
    this.lessor.start();
    this.watches.start();
    if (this.#wallTicks !== null) this.#wallTicks.start(phaseNs);
    else this.#shared.sim.schedule(phaseNs, this.#tickType, 0, this.process.incarnation);
  }

  /** Something happened to raft outside of a message: look whether the loop has work. */
  kick(): void {
    this.loop.kick();
  }

  // --- Life of the process ----------------------------------------------------------------------

  /** SIGKILL: everything in memory is gone, the disk keeps what was synced. */
  kill(loseData: boolean): void {
    if (!this.isUp) return;
    this.process.kill();
    this.#takeVersion();
    this.#wallTicks?.stop();
    const { readIndex, admission, maintenance, lessor, renewals, watches } = this;
    for (const station of [readIndex, admission, maintenance, lessor, renewals, watches])
      station.reset();
    this.applier.applying = false;
    const persisted = this.raft.crash();
    // The file holds what was applied up to the last backend commit (etcd `consistentIndex`).
    const inFile = loseData ? 0 : Math.max(persisted.log.offset, this.backend.committedIndex);
    const applied = Math.min(inFile, persisted.commit);
    this.raft = this.#createRaft(loseData ? null : { ...persisted, applied });
    this.#inFile = inFile;
    if (loseData) {
      this.backend.replaceFile(0);
      this.#logKeeper.forget();
      this.#lostData = true;
    }
    this.#inbox.reset();
    this.#view.record(0);
  }

  /** Removed for good: its data goes with it, and the next member of this name begins empty. */
  leave(): void {
    this.inCluster = false;
    this.kill(true);
    this.raft = this.#createRaft(null);
    this.#inFile = 0;
    this.backend.replaceFile(0);
    this.#logKeeper.forget();
    this.#lostData = false;
  }

  /**
   * Its files are made anew from a snapshot, as those of the first members of a cluster of `voters`
   * (`etcdutl snapshot restore`). Terms go on counting, where etcd begins again at 1.
   */
  restore(voters: readonly number[], term: number): void {
    this.kill(true);
    this.#voters = voters;
    this.#learners = [];
    this.raft = this.#createRaft(null);
    this.raft.term = term;
    this.#inFile = 0;
    this.#lostData = false;
    this.#logKeeper.forget();
    this.backend.restore(this.#shared.keys.revisionBytes);
    this.watches.beginAnew(this.#shared.keys.revision);
  }

  /** Not a member yet: no process runs until the cluster adds it. */
  stayOut(): void {
    this.inCluster = false;
    this.process.kill();
  }

  /** Starts the process again: it reads its files, replays the WAL, then takes part. */
  boot(): void {
    if (this.isUp) return;
    this.process.start();
    this.#booting = true;
    const { constants, sim } = this.#shared;
    const bytes = this.backend.fileBytes;
    const delay =
      constants.get('etcd.bootNs') + (bytes * 1e9) / constants.get('etcd.bootReadBytesPerSecond');
    sim.schedule(Math.round(delay), this.#bootType, 0, this.process.incarnation);
  }

  /** After its next stop another release is started. */
  upgrade(features: EtcdFeatures): void {
    this.#nextFeatures = features;
  }

  #takeVersion(): void {
    if (this.#nextFeatures === null) return;
    this.#shared.features = this.#nextFeatures;
    this.#nextFeatures = null;
    this.process.cpuFactor = this.#shared.features.cpuFactor;
  }

  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
    if (this.process.state === 'up') this.loop.kick();
  }

  #onBooted(incarnation: number): void {
    if (!this.process.isCurrent(incarnation)) return;
    this.#booting = false;
    this.#links.onBooted(this.index);
    this.applier.restart(this.raft, this.#inFile);
    this.watches.restart(this.#inFile);
    this.loop.restart(this.raft);
    this.#startTicks.start(this.#logKeeper.snapshotAt > 0);
    this.start(0);
    this.loop.kick();
  }

  #createRaft(persisted: RaftPersisted | null): Raft {
    const { scenario, features, sim } = this.#shared;
    const stream = this.#timeoutStream ?? sim.stream(`${this.name}/electionTimeout`);
    this.#timeoutStream = stream;
    return new Raft(
      {
        id: this.index + 1,
        voters: this.#voters,
        learners: this.#learners,
        electionTicks: Math.max(
          2,
          Math.floor(scenario.electionTimeoutNs / scenario.heartbeatIntervalNs),
        ),
        heartbeatTicks: 1,
        preVote: scenario.preVote,
        checkQuorum: true,
        selfAck: features.selfAck,
        maxInflight: MAX_INFLIGHT,
        maxMessageBytes: MAX_MESSAGE_BYTES,
        random: (n) => stream.below(n),
        pool: this.#pool,
      },
      persisted,
    );
  }
  #timeoutStream: ReturnType<EtcdShared['sim']['stream']> | null = null;

  #createBackend(): Backend {
    return new Backend(
      this.#shared,
      this.process,
      this.backendDisk,
      this.#shared.keys.revisionBytes,
      {
        onUnlock: () => this.#onUnlock(),
        isApplying: () => this.applier.applying,
        appliedIndex: () => this.applier.appliedIndex,
        onFailure: () => this.#links.onExit(this.index),
      },
    );
  }

  #createApplier(): Applier {
    return new Applier(this.#shared, this.index, this.process, this.raft, this.backend, {
      respond: (slot, generation, outcome) => this.admission.respond(slot, generation, outcome),
      notifyNs: (key, group) => this.watches.notifyNs(key, group),
      onRevision: (at, revision, group) => this.watches.onRevision(at, revision, group),
      onGrant: (lease) => this.lessor.onGrant(lease),
      onRevoke: (lease, done) => this.#onRevoke(lease, done),
      onCompact: (revision) => this.maintenance.compact(revision),
      onConfChange: (entry) => this.#onRaftEntry(entry),
      onApplied: (applied) => this.#onApplied(applied),
    });
  }

  #createReadIndex(): ReadIndexLoop {
    return new ReadIndexLoop(this.#shared, this.process, {
      ask: (readId) => {
        this.raft.readIndex(readId);
        this.loop.kick();
      },
      appliedIndex: () => this.applier.appliedIndex,
      serve: (slot, generation) => this.admission.serveRead(slot, generation),
      fail: (slot, generation, outcome) => this.admission.respond(slot, generation, outcome),
    });
  }

  #createLoop(): ReadyLoop {
    return new ReadyLoop(this.#shared, this.process, this.raft, this.walDisk, this.applier, {
      send: (message) => this.#links.sendPeer(this.index, message),
      onReadState: (readId, index) => this.readIndex.onReadState(readId, index),
      onSoftState: (lead) => this.#onSoftState(lead),
      installSnapshot: (index) => this.maintenance.installSnapshot(index),
      onWalFailure: () => this.#links.onExit(this.index),
    });
  }

  // --- Ticks and peers --------------------------------------------------------------------------

  #onTick(incarnation: number): void {
    if (!this.process.isCurrent(incarnation)) return;
    this.loop.tick();
    const delay = this.process.localDelay(this.#shared.scenario.heartbeatIntervalNs);
    this.#shared.sim.schedule(delay, this.#tickType, 0, incarnation);
  }

  #createWallTicks(): WallTicks | null {
    const { scenario, sim } = this.#shared;
    if (scenario.timers !== 'wall') return null;
    const intervalNs = scenario.heartbeatIntervalNs;
    const onTicks = (count: number) => this.loop.wallTicks(count);
    return new WallTicks(sim, this.host.clock, this.name, intervalNs, onTicks);
  }

  /** A message of a peer, once it was read or, a snapshot's, is on disk. */
  stepReceived(slot: number): void {
    this.#inbox.step(slot);
  }

  /** raft panics; what started the process may start it again, to the same end. */
  #onLostLog(): void {
    assert(this.#lostData, `${this.name}: the leader counts on entries that were never here`);
    this.#shared.metrics.event(
      this.#shared.sim.nowNs,
      'panicked',
      this.name,
      'the leader counts on entries that were lost with the data: remove the member, add it anew',
    );
    this.#links.onExit(this.index);
  }

  #onSoftState(lead: number): void {
    const before = this.#view.see(lead);
    if (lead !== before && before !== 0) this.readIndex.onLeaderChange();
    if (lead !== 0 && lead !== before) this.admission.onLeader();
    if (lead !== this.index + 1) this.lessor.demote();
    if (lead !== before) this.renewals.onLeader();
    if (lead !== 0 && lead !== before) this.lessor.onLeader();
    this.#links.onLeaderSeen(this.index, lead);
  }
  // --- Stations tell each other -----------------------------------------------------------------

  #onUnlock(): void {
    this.applier.kick();
    this.admission.onStoreUnlocked();
    this.maintenance.onStoreUnlocked();
    this.watches.onStoreFree();
  }

  #onApplied(index: number): void {
    this.readIndex.onApplied();
    this.renewals.onApplied();
    this.#logKeeper.onApplied(index);
    this.maintenance.onEntryApplied();
    this.watches.onStoreFree();
  }

  /**
   * A configuration change, or the first entry of a term: its leader may now count on its leases.
   */
  #onRaftEntry(entry: number): void {
    if (entry === EMPTY_ENTRY && this.isLeader) this.lessor.promote();
    this.#links.onConfChange(this.index, entry);
  }

  #onRevoke(lease: number, done: boolean): void {
    this.lessor.onRevoke(lease, done);
    this.renewals.onRevoked();
  }

  /** Answers of this member: used by stations that end a request. */
  fail(slot: number, generation: number, outcome: OutcomeCode = Outcome.serverTimeout): void {
    this.admission.respond(slot, generation, outcome);
  }
}
