/**
 * A member that starts skips most of its first election timeout (etcd server.go `adjustTicks`).
 *
 * Alone it skips all ticks but one, if it knows that it is alone: up to 3.5 the membership comes
 * from the last disk snapshot, and without one it waits the whole timeout. With peers it skips all
 * but two, once two peers are connected; it looks every 50 ms for 5 s.
 */

import type { EtcdMember } from './member.ts';
import type { EtcdShared } from './shared.ts';

const LOOK_EVERY_NS = 50e6;
const LOOKS_MAX = 100;

export class StartTicks {
  readonly #shared: EtcdShared;
  readonly #member: EtcdMember;
  readonly #activePeers: () => number;
  readonly #lookType: number;

  constructor(shared: EtcdShared, member: EtcdMember, activePeers: () => number) {
    this.#shared = shared;
    this.#member = member;
    this.#activePeers = activePeers;
    this.#lookType = shared.sim.eventType(`${member.name}/adjustTicks`, (look, incarnation) => {
      if (member.process.isCurrent(incarnation)) this.#look(look);
    });
  }

  /** `hasSnapshot`: a disk snapshot of an earlier life is there. */
  start(hasSnapshot: boolean): void {
    const { raft } = this.#member;
    if (!raft.singleton) this.#look(0);
    else if (this.#shared.features.minor >= 6 || hasSnapshot) this.#skip(1);
  }

  #look(look: number): void {
    if (look > 0 && this.#activePeers() > 1) {
      this.#skip(2);
      this.#member.loop.kick();
    } else if (look < LOOKS_MAX) {
      const { process } = this.#member;
      const delay = process.localDelay(LOOK_EVERY_NS);
      this.#shared.sim.schedule(delay, this.#lookType, look + 1, process.incarnation);
    }
  }

  /** All ticks of the election timeout but `left`. */
  #skip(left: number): void {
    const { raft } = this.#member;
    for (let i = raft.options.electionTicks - left; i > 0; i--) raft.tick();
  }
}
