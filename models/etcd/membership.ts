/**
 * Changes of membership, as an operator asks for them: add, promote, remove.
 *
 * One idea: with `--strict-reconfig-check` the leader's server refuses a change that could cost the
 * quorum before it is proposed (etcd server.go `mayAddMember`, `mayRemoveMember`; a learner is
 * promoted only with 90 % of the log, `isLearnerReady`). A member that was removed loses its data:
 * etcd's process ends and asks for that, and its peers do not let it in again.
 * Left out: the second between the removal and the end of the process; members that were added
 * and never started.
 */

import type { EtcdMember } from './member.ts';
import { type ConfChangeKind, decodeConfChange, isConfChange } from './raft/index.ts';
import type { EtcdShared } from './shared.ts';

/** server.go `HealthInterval`. */
const HEALTHY_AFTER_NS = 5e9;
/** server.go `readyPercentThreshold`. */
const LEARNER_READY = 0.9;
const CONF_CHANGE_BYTES = 96;

export interface MembershipLinks {
  leader(): EtcdMember;
  /** Starts the process, resets connections; ends the process and those. */
  boot(index: number): void;
  kill(index: number): void;
  event(kind: string, subject: string, detail: string): void;
}

export class Membership {
  readonly #shared: EtcdShared;
  readonly #members: readonly EtcdMember[];
  readonly #links: MembershipLinks;
  /** By member: since when it listens, as far as it started during the run. */
  readonly #listeningSinceNs: number[];

  constructor(shared: EtcdShared, members: readonly EtcdMember[], links: MembershipLinks) {
    this.#shared = shared;
    this.#members = members;
    this.#links = links;
    this.#listeningSinceNs = members.map(() => -HEALTHY_AFTER_NS);
  }

  onBooted(index: number): void {
    this.#listeningSinceNs[index] = this.#shared.sim.nowNs;
  }

  /** `etcdctl member add`, `promote` (of a learner) or `remove`, asked of the leader. */
  change(index: number, kind: ConfChangeKind): void {
    const leader = this.#links.leader();
    const member = this.#members[index];
    const refusal = leader.isLeader ? this.#refusal(leader, index, kind) : 'no leader';
    if (refusal !== null) {
      this.#links.event('member change', member.name, `${kind}: refused, ${refusal}`);
      return;
    }
    if (kind !== 'removeNode' && !member.inCluster) {
      member.inCluster = true;
      this.#links.boot(index);
    }
    const result = leader.raft.proposeConfChange(kind, index + 1, CONF_CHANGE_BYTES);
    this.#links.event('member change', member.name, `${kind}: ${result}`);
    leader.kick();
  }

  /** A member applied this entry of its log. */
  onApplied(from: number, entry: number): void {
    if (!isConfChange(entry)) return;
    const change = decodeConfChange(entry);
    const member = this.#members[from];
    member.raft.applyConfChange(change.kind, change.node);
    if (change.kind === 'removeNode') {
      const removed = this.#members[change.node - 1];
      // Whoever applies it first stops talking to it, and it hears of that.
      if (removed.inCluster && !this.#isKept(change.node)) {
        this.#links.kill(removed.index);
        removed.leave();
      }
    }
    if (member.inCluster) member.kick();
  }

  /** A replayed removal of a member that was added again since. */
  #isKept(node: number): boolean {
    const { raft } = this.#links.leader();
    return raft.voterIds().includes(node) || raft.learnerIds().includes(node);
  }

  #refusal(leader: EtcdMember, index: number, kind: ConfChangeKind): string | null {
    const { scenario } = this.#shared;
    const { raft } = leader;
    const id = index + 1;
    const voters = raft.voterIds();
    const isVoter = voters.includes(id);
    const isLearner = raft.learnerIds().includes(id);
    if (kind === 'removeNode' ? !isVoter && !isLearner : isVoter) {
      return kind === 'removeNode' ? 'it is no member' : 'it is a member';
    }
    if (kind === 'addNode' && isLearner) {
      const match = raft.progressOf(id)?.match ?? 0;
      return match >= LEARNER_READY * raft.log.lastIndex ? null : 'the learner is not in sync';
    }
    if (!scenario.strictReconfigCheck || kind === 'addLearner' || isLearner) return null;
    const healthy = voters.filter((voter) => this.#isHealthy(voter - 1)).length;
    if (kind === 'addNode') return healthy === voters.length ? null : 'unhealthy cluster';
    if (voters.length === 1) return 'it is the last member';
    if (!this.#members[index].isListening && index !== leader.index) return null;
    const quorumOfRest = 1 + Math.floor((voters.length - 1) / 2);
    return healthy - 1 >= quorumOfRest ? null : 'unhealthy cluster';
  }

  /** Connected for as long as the server wants it to be. */
  #isHealthy(index: number): boolean {
    const sinceNs = this.#shared.sim.nowNs - this.#listeningSinceNs[index];
    return this.#members[index].isListening && sinceNs >= HEALTHY_AFTER_NS;
  }
}
