/**
 * What operators do to an etcd cluster in several steps: replace a member, upgrade all of them.
 *
 * One idea: they do what they may at once, look every second whether it has taken effect, and then
 * do the next step, as a careful person or script does; where a step is refused they ask again.
 * An upgrade stops one member after the other, the leader last and after it has handed over, and
 * goes on when the member serves and has applied what was committed; meanwhile each member has the
 * behaviour of its own version (docs op-guide/runtime-configuration.md, upgrades/upgrade_3_6.md).
 * Left out: what waits for the version of the whole cluster; a downgrade.
 */

import type { EtcdMember } from './member.ts';
import type { ConfChangeKind } from './raft/index.ts';
import type { EtcdShared } from './shared.ts';
import { etcdFeatures } from './versions.ts';

const LOOK_NS = 1e9;
/** A procedure that gets nowhere for so long is given up. */
const LOOKS_MAX = 600;
/** Entries that a healthy member may be behind: what is on its way. */
const LAG_MAX = 1000;

export interface OperationsLinks {
  readonly members: readonly EtcdMember[];
  leader(): EtcdMember;
  changeMember(index: number, kind: ConfChangeKind): void;
  moveLeader(to: number): void;
  kill(index: number): void;
  boot(index: number): void;
  event(kind: string, subject: string, detail: string): void;
}

/** Looks, and acts; true where it is over. */
type Step = () => boolean;

interface Procedure {
  readonly subject: string;
  readonly kind: string;
  readonly step: Step;
  looks: number;
}

export class Operations {
  readonly #shared: EtcdShared;
  readonly #links: OperationsLinks;
  readonly #procedures: Procedure[] = [];
  readonly #lookType: number;
  readonly #bootType: number;

  constructor(shared: EtcdShared, name: string, links: OperationsLinks) {
    this.#shared = shared;
    this.#links = links;
    this.#lookType = shared.sim.eventType(`${name}/operation`, (i) => this.#look(i));
    this.#bootType = shared.sim.eventType(`${name}/operation/boot`, (index) => links.boot(index));
  }

  /** Removes the member, whose data goes with it, and adds one of its name that begins empty. */
  replaceMember(index: number, learner: boolean): void {
    const { changeMember, members } = this.#links;
    const member = members[index];
    let state: 'remove' | 'add' | 'catchUp' = 'remove';
    this.#begin('replaced', member.name, () => {
      const { raft } = this.#links.leader();
      const id = index + 1;
      switch (state) {
        case 'remove':
          if (member.inCluster) changeMember(index, 'removeNode');
          else state = 'add';
          return false;
        case 'add':
          if (raft.voterIds().includes(id) || raft.learnerIds().includes(id)) state = 'catchUp';
          else changeMember(index, learner ? 'addLearner' : 'addNode');
          return false;
        default:
          if (!this.#isHealthy(member)) return false;
          if (raft.voterIds().includes(id)) return true;
          changeMember(index, 'addNode');
          return false;
      }
    });
  }

  /** Stops every member for `downNs`, one after the other, and starts it with this version. */
  upgrade(version: string, downNs: number): void {
    const features = etcdFeatures(version);
    const left = this.#links.members.filter((m) => m.inCluster).map((m) => m.index);
    let current: EtcdMember | null = null;
    this.#begin('upgraded', version, () => {
      if (current !== null && !this.#isHealthy(current)) return false;
      if (current !== null) this.#links.event('upgraded', current.name, version);
      current = null;
      if (left.length === 0) return true;
      const leader = this.#links.leader();
      if (!leader.isLeader) return false;
      const next = left.find((i) => i !== leader.index) ?? leader.index;
      if (next === leader.index && this.#handOver(next)) return false;
      left.splice(left.indexOf(next), 1);
      current = this.#links.members[next];
      current.upgrade(features);
      this.#links.kill(next);
      this.#shared.sim.schedule(downNs, this.#bootType, next, 0);
      return false;
    });
  }

  /** False where nobody else can lead. */
  #handOver(from: number): boolean {
    const to = this.#links.members.find(
      (m) => m.index !== from && m.inCluster && !m.raft.isLearner && this.#isHealthy(m),
    );
    if (to === undefined) return false;
    this.#links.moveLeader(to.index);
    return true;
  }

  /** It serves, knows a leader, and has what was committed. */
  #isHealthy(member: EtcdMember): boolean {
    const leader = this.#links.leader();
    if (!member.isListening || member.raft.lead === 0 || !leader.isLeader) return false;
    return member.applier.appliedIndex + LAG_MAX >= leader.raft.committed;
  }

  #begin(kind: string, subject: string, step: Step): void {
    this.#procedures.push({ kind, subject, step, looks: 0 });
    this.#look(this.#procedures.length - 1);
  }

  #look(index: number): void {
    const procedure = this.#procedures[index];
    const { kind, subject } = procedure;
    if (procedure.step()) this.#links.event(kind, subject, `after ${procedure.looks} s`);
    else if (++procedure.looks >= LOOKS_MAX) this.#links.event(kind, subject, 'given up');
    else this.#shared.sim.schedule(LOOK_NS, this.#lookType, index, 0);
  }
}
