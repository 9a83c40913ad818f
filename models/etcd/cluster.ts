/**
 * An etcd cluster: its members, the wires between them, and who watches over their safety.
 *
 * The cluster starts with its first member elected: a campaign at time zero stands for the hours
 * before the run. Checked in every run: at most one leader a term, and committed entries only grow.
 */

import { assert, InvariantViolation } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Scenario } from '../../src/scenario/types.ts';
import type { Credentials, Host } from '../machine/index.ts';
import type { Network } from '../network/index.ts';
import { ClientPort, type ClientPortOptions, clientNodeName } from './client-port.ts';
import { KeyContents, type StoredValue } from './contents.ts';
import { LeaseTable } from './lease-table.ts';
import { EtcdMember, type MemberLinks } from './member.ts';
import { Membership } from './membership.ts';
import { KeySpace } from './mvcc.ts';
import { Operations } from './operations.ts';
import { Peers } from './peers.ts';
import { Kind, ProposalTable } from './proposals.ts';
import { type ConfChangeKind, MessagePool } from './raft/index.ts';
import { Recovery } from './recovery.ts';
import { RequestTable } from './requests.ts';
import type { EtcdShared } from './shared.ts';
import { etcdFeatures } from './versions.ts';
import { WatchChunks } from './watch-chunks.ts';
import { type KeyRange, WatchHistories } from './watch-history.ts';

/** Entries on their way beyond those that logs keep. */
const PROPOSALS_IN_FLIGHT = 1 << 16;
/** Between a stop and the next start of a process: exec and supervisor. */
const RESTART_NS = 100e6;
/**
 * A stopping leader waits for the transfer; one election timeout at most, as a rule a round trip.
 */
const GRACEFUL_STOP_NS = 50e6;

/** --max-request-bytes: no value is larger. */
const VALUE_BYTES_MAX = 1.5e6;

/** api/v3rpc/watch.go `progressReportInterval`. */
const PROGRESS_NS = 600e9;

export interface EtcdClusterOptions {
  /** Of its events and of the ports of its clients; several clusters of a run differ in it. */
  readonly name?: string;
  /** --watch-progress-notify-interval; 10 min where absent. */
  readonly progressNotifyNs?: number;
  /** Absent: all certificates are good for ever. */
  readonly credentials?: Credentials;
}

export class EtcdCluster {
  readonly name: string;
  readonly shared: EtcdShared;
  readonly members: EtcdMember[];
  readonly ports = new Map<string, ClientPort>();
  readonly #peers: Peers;
  readonly #membership: Membership;
  /** Snapshots of the store, and the way back to one. */
  readonly recovery: Recovery;
  /** Procedures of operators. */
  readonly operations: Operations;
  readonly #bootType: number;
  readonly #stopType: number;
  readonly #portOfWorkload: ClientPort[] = [];
  /** Member that leads, or led last. */
  leaderIndex = 0;
  #clients: number;
  #preloaded = false;
  leaderTerm = 0;
  /** Elections won since the start, the first one not counted. */
  elections = 0;
  readonly #leaderOfTerm = new Map<number, number>();
  readonly #onLeader: ((member: number) => void)[] = [];
  readonly #onCampaign: (() => void)[] = [];
  /** Campaigns begun since the start, the first one not counted. */
  campaigns = 0;
  readonly #campaignTerm: number[] = [];

  constructor(
    ctx: ModelContext,
    scenario: Scenario,
    hosts: ReadonlyMap<string, Host>,
    network: Network,
    options: EtcdClusterOptions = {},
  ) {
    const { etcd } = scenario;
    this.name = options.name ?? 'etcd';
    this.#clients = scenario.workload.length;
    const keys = new KeySpace();
    const window = 2 * (etcd.snapshotCount + etcd.snapshotCatchUpEntries) + PROPOSALS_IN_FLIGHT;
    const shared: EtcdShared = {
      ...ctx,
      scenario: etcd,
      features: etcdFeatures(etcd.version),
      hosts,
      network,
      credentials: options.credentials ?? null,
      keys,
      contents: new KeyContents(keys),
      leases: new LeaseTable(etcd),
      histories: new WatchHistories(),
      chunks: new WatchChunks(),
      proposals: new ProposalTable(window),
      requests: new RequestTable(),
      requestTimeoutNs: 5e9 + 2 * etcd.electionTimeoutNs,
      progressNotifyNs: options.progressNotifyNs ?? PROGRESS_NS,
    };
    this.shared = shared;
    this.#bootType = ctx.sim.eventType(`${this.name}/boot`, (index) => this.boot(index));
    this.#stopType = ctx.sim.eventType(`${this.name}/stop`, (index) => {
      this.kill(index, false);
      this.bootAfter(index, RESTART_NS);
    });
    if (etcd.preloadKeys > 0) {
      const first = shared.keys.reserve(etcd.preloadKeys);
      shared.keys.preload(first, etcd.preloadKeys, etcd.preloadKeyBytes, etcd.preloadValueBytes);
    }
    const pool = new MessagePool();
    const voters = etcd.members.flatMap((m, i) => (m.learner ? [] : [i + 1]));
    const learners = etcd.members.flatMap((m, i) => (m.learner ? [i + 1] : []));
    const links = this.#memberLinks();
    this.members = [...etcd.members, ...etcd.joining].map(
      (m, i) => new EtcdMember(shared, links, pool, i, voters, learners, m),
    );
    shared.requests.onGivenUp = (slot) =>
      this.members[shared.requests.member[slot]].admission.forget(slot);
    this.#peers = new Peers(shared, this.members, pool);
    this.#membership = new Membership(shared, this.members, {
      leader: () => this.members[this.leaderIndex],
      boot: (index) => this.boot(index),
      kill: (index) => this.kill(index, false),
      event: (kind, subject, detail) => this.event(kind, subject, detail),
    });
    this.recovery = new Recovery(shared, this.name, {
      members: this.members,
      kill: (index) => this.kill(index, true),
      boot: (index) => this.boot(index),
      event: (kind, subject, detail) => this.event(kind, subject, detail),
      term: () => this.leaderTerm,
    });
    this.operations = this.#createOperations();
    // Those that join later are known by name and stay away until an operator adds them.
    for (const member of this.members.slice(etcd.members.length)) {
      member.stayOut();
      this.#peers.onDown(member.index);
    }
  }

  #createOperations(): Operations {
    return new Operations(this.shared, this.name, {
      members: this.members,
      leader: () => this.members[this.leaderIndex],
      changeMember: (index, kind) => this.changeMember(index, kind),
      moveLeader: (to) => this.moveLeader(to),
      kill: (index) => this.kill(index, false),
      boot: (index) => this.boot(index),
      event: (kind, subject, detail) => this.event(kind, subject, detail),
    });
  }

  #memberLinks(): MemberLinks {
    return {
      sendPeer: (from, message) => this.#peers.send(from, message),
      sendSnapshot: (from, message, bytes) => this.#peers.sendSnapshot(from, message, bytes),
      sendResponse: (from, slot, generation) => this.#respond(from, slot, generation),
      onLeaderSeen: (from, lead) => this.#onLeaderSeen(from, lead),
      onExit: (from) => this.kill(from, false),
      onConfChange: (from, entry) => this.#membership.onApplied(from, entry),
      activePeers: (from) =>
        this.members.filter((m) => m.index !== from && m.inCluster && m.isListening).length,
      onBooted: (from) => this.#onBooted(from),
      member: (index) => this.members[index],
      http: (from, to, bytes, type, a, b) => this.#peers.http(from, to, bytes, type, a, b),
    };
  }

  /** The port of the clients on a host; made at first use. */
  port(hostName: string): ClientPort {
    let port = this.ports.get(hostName);
    if (port === undefined) {
      port = new ClientPort(this.shared, this.members, {
        name: this.name === 'etcd' ? `clients/${hostName}` : `${this.name}/clients/${hostName}`,
        networkHost: clientNodeName(hostName),
        hostName,
        cpu: null,
        idleTimeoutNs: Infinity,
      });
      this.ports.set(hostName, port);
    }
    return port;
  }

  /** A port that is part of another process; `name` is its own. */
  openPort(options: ClientPortOptions): ClientPort {
    assert(!this.ports.has(options.name), `a second port ${options.name}`);
    const port = new ClientPort(this.shared, this.members, options);
    this.ports.set(options.name, port);
    return port;
  }

  /** A number for clients that no workload of the scenario describes (`registerWorkload`). */
  nextClient(): number {
    return this.#clients++;
  }

  /** A group of named keys, with a history that may be watched. Call before `start`. */
  addGroup(name: string): { readonly group: number; readonly history: number } {
    const { contents, histories } = this.shared;
    const group = contents.addGroup(name);
    const history = histories.add([], this.members.length, group);
    this.#readBy(history);
    return { group, history };
  }

  /** A named key that was written before the run; its revision becomes the value's. */
  preload(group: number, name: string, keyBytes: number, value: StoredValue, copies = 1): void {
    const { keys, contents } = this.shared;
    const key = contents.acquire(group, name, 0);
    keys.preloadCopies(key, copies, keyBytes, value.bytes);
    contents.store(key, value, keys.revision, copies);
    this.#preloaded = true;
  }

  /** Keeps what watchers of these keys are told; its number. Call before `start`. */
  addHistory(ranges: readonly KeyRange[]): number {
    const number = this.shared.histories.add(ranges, this.members.length);
    this.#readBy(number);
    return number;
  }

  #readBy(number: number): void {
    this.shared.histories.list[number].addReader(() => {
      let row = Infinity;
      for (const m of this.members) if (m.isUp) row = Math.min(row, m.watches.firstNeeded(number));
      return row;
    });
  }

  registerWorkload(workload: number, port: ClientPort): void {
    this.#portOfWorkload[workload] = port;
  }

  onLeader(listener: (member: number) => void): void {
    this.#onLeader.push(listener);
  }

  onCampaign(listener: () => void): void {
    this.#onCampaign.push(listener);
  }

  /** Tickers at phases of their own; the first voter campaigns. */
  start(): void {
    const { sim, scenario, keys } = this.shared;
    if (this.#preloaded) {
      for (const { backend } of this.members) backend.replaceFile(keys.revisionBytes);
    }
    for (const member of this.members) {
      if (!member.inCluster) continue;
      const phase = Math.floor(
        sim.stream(`${member.name}/tickPhase`).uniform() * scenario.heartbeatIntervalNs,
      );
      member.start(phase);
    }
    const first = this.members.find((m) => !m.raft.isLearner);
    assert(first !== undefined, 'an etcd cluster needs a voter');
    first.raft.campaign();
    first.kick();
  }

  indexOf(name: string): number {
    const index = this.members.findIndex((m) => m.name === name);
    assert(index >= 0, `no etcd member ${name}`);
    return index;
  }

  /** Members that a target of the scenario means: a name, etcd/leader, etcd/followers, etcd/all. */
  resolve(target: string): number[] {
    const all = this.members.filter((m) => m.inCluster).map((m) => m.index);
    switch (target) {
      case 'etcd/all':
        return all;
      case 'etcd/leader':
        return [this.leaderIndex];
      case 'etcd/followers':
        return all.filter((i) => i !== this.leaderIndex);
      default:
        return [this.indexOf(target)];
    }
  }

  // --- Operations of faults and operators
  // ------------------------------------------------------------

  kill(index: number, loseData: boolean): void {
    const member = this.members[index];
    if (!member.isUp) return;
    member.kill(loseData);
    this.recovery.onKilled(index, loseData);
    this.#peers.onDown(index);
    for (const port of this.ports.values()) port.onMemberDown(index);
    this.event('killed', member.name, loseData ? 'data lost' : '');
  }

  /** Starts a member's process; one that was removed ends at once. */
  boot(index: number): void {
    const member = this.members[index];
    if (member.isUp || !member.inCluster || this.recovery.isRestoring) return;
    this.recovery.onBoot(index);
    this.event('started', member.name, '');
    member.boot();
  }

  bootAfter(index: number, delayNs: number): void {
    this.shared.sim.schedule(delayNs, this.#bootType, index, 0);
  }

  /** A stop and a start: gracefully the leadership is handed over first (server.go `Stop`). */
  restart(index: number, graceful: boolean): void {
    const member = this.members[index];
    if (graceful && member.isLeader) {
      const to = this.members.find(
        (m) => m.index !== index && m.isUp && m.inCluster && !m.raft.isLearner,
      );
      if (to !== undefined) {
        this.moveLeader(to.index);
        this.shared.sim.schedule(GRACEFUL_STOP_NS, this.#stopType, index, 0);
        return;
      }
    }
    this.kill(index, false);
    this.bootAfter(index, RESTART_NS);
  }

  saveSnapshot(index: number): void {
    const member = this.members[index];
    if (!member.isUp) return;
    const startNs = this.shared.sim.nowNs;
    const snapshot = this.recovery.capture();
    member.maintenance.save(() => {
      this.recovery.last = snapshot;
      const ms = (this.shared.sim.nowNs - startNs) / 1e6;
      this.event(
        'snapshot saved',
        member.name,
        `${ms} ms, ${Math.round(member.backend.fileBytes)} bytes`,
      );
    });
  }

  /**
   * Every member's file grows to this fraction of the quota at once: somebody stored something
   * large. `superseded`: it was overwritten since, so that a compaction frees it.
   */
  fillQuota(fraction: number, superseded = false): void {
    const bytes = fraction * this.shared.scenario.quotaBackendBytes;
    let most = 0;
    for (const { backend } of this.members) {
      const more = bytes - backend.fileBytes;
      if (more <= 0) continue;
      backend.grow(more);
      most = Math.max(most, more);
    }
    if (!superseded || most === 0) return;
    this.shared.keys.addSuperseded(Math.ceil(most / VALUE_BYTES_MAX), most);
  }

  changeMember(index: number, kind: ConfChangeKind): void {
    this.#membership.change(index, kind);
  }

  moveLeader(to: number): void {
    const leader = this.members[this.leaderIndex];
    if (!leader.isLeader || to === this.leaderIndex) return;
    leader.raft.transferLeader(to + 1);
    leader.kick();
  }

  /** `etcdctl compact`: proposed by the leader. */
  compact(keepRevisions: number): void {
    this.#proposeAdmin(Kind.compact, Math.max(0, this.shared.keys.revision - keepRevisions));
  }

  disarm(): void {
    for (const member of this.members) member.admission.onDisarmed();
    this.#proposeAdmin(Kind.alarm, 0);
  }

  event(kind: string, subject: string, detail: string): void {
    this.shared.metrics.event(this.shared.sim.nowNs, kind, subject, detail);
  }

  #proposeAdmin(kind: number, count: number): void {
    const leader = this.members[this.leaderIndex];
    if (!leader.isLeader) return;
    const { proposals } = this.shared;
    const id = proposals.create(kind as 5, leader.index);
    proposals.count[proposals.row(id)] = count;
    leader.raft.propose(id, 64);
    leader.kick();
  }

  // --- What members tell
  // ---------------------------------------------------------------------------

  #onBooted(member: number): void {
    this.#peers.onUp(member);
    this.#membership.onBooted(member);
  }

  #respond(member: number, slot: number, generation: number): void {
    this.#portOfWorkload[this.shared.requests.workload[slot]].answer(member, slot, generation);
  }

  #onLeaderSeen(from: number, lead: number): void {
    const member = this.members[from];
    this.#observeCampaign(from);
    if (lead !== from + 1 || member.raft.state !== 'leader') return;
    const { term } = member.raft;
    const known = this.#leaderOfTerm.get(term);
    if (known !== undefined && known !== from) {
      throw new InvariantViolation(`two leaders in term ${term}: ${known} and ${from}`);
    }
    if (known === from) return;
    this.#leaderOfTerm.set(term, from);
    if (term <= this.leaderTerm) return;
    if (this.leaderTerm > 0) {
      this.elections++;
      this.event('elected', member.name, `term ${term}`);
    }
    this.leaderTerm = term;
    this.leaderIndex = from;
    for (const listener of this.#onLeader) listener(from);
  }

  #observeCampaign(from: number): void {
    const { state, term } = this.members[from].raft;
    if (state !== 'candidate' && state !== 'preCandidate') return;
    if (this.#campaignTerm[from] === term && state === 'candidate') return;
    this.#campaignTerm[from] = term;
    if (this.leaderTerm === 0) return;
    this.campaigns++;
    this.event('campaign', this.members[from].name, `${state} at term ${term}`);
    for (const listener of this.#onCampaign) listener();
  }
}
