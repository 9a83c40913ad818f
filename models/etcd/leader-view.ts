/** Who leads, as one member sees it: the gauges and the counter of the real component. */

import type { Counter, Level } from '../../src/metrics/index.ts';
import type { EtcdShared } from './shared.ts';

export class LeaderView {
  /** Raft id of the leader; 0 none. */
  lead = 0;
  readonly #shared: EtcdShared;
  readonly #id: number;
  readonly #isLeader: Level;
  readonly #hasLeader: Level;
  readonly #changes: Counter;

  constructor(shared: EtcdShared, member: string, id: number) {
    this.#shared = shared;
    this.#id = id;
    const { metrics } = shared;
    const labels = { member };
    this.#isLeader = metrics.level('etcd_server_is_leader', labels, {
      help: '1 while this member leads.',
    });
    this.#hasLeader = metrics.level('etcd_server_has_leader', labels, {
      help: '1 while this member knows a leader.',
    });
    this.#changes = metrics.counter('etcd_server_leader_changes_seen_total', labels, {
      help: 'Leader changes that this member saw.',
    });
  }

  /** Takes another view; returns the one before it. */
  see(lead: number): number {
    const before = this.lead;
    this.lead = lead;
    if (lead !== 0 && lead !== before) this.#changes.add();
    this.record(lead);
    return before;
  }

  /** Only the gauges: a process that died knows nobody. */
  record(lead: number): void {
    const now = this.#shared.sim.nowNs;
    this.#isLeader.set(now, lead === this.#id ? 1 : 0);
    this.#hasLeader.set(now, lead !== 0 ? 1 : 0);
  }
}
