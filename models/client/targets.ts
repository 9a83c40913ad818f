/** Which member a client asks next, as the workload's `target` says. */

import type { Stream } from '../../src/core/index.ts';
import type { EtcdCluster } from '../etcd/index.ts';

export class Targets {
  readonly #cluster: EtcdCluster;
  readonly #target: string;
  readonly #choice: Stream;
  #roundRobin = 0;

  constructor(cluster: EtcdCluster, workload: { name: string; target: string }) {
    this.#cluster = cluster;
    this.#target = workload.target;
    this.#choice = cluster.shared.sim.stream(`workload/${workload.name}/target`);
  }

  /** True where the workload names one member and no other will do. */
  get isFixed(): boolean {
    return !['leader', 'all', 'random', 'follower'].includes(this.#target);
  }

  next(): number {
    const { members } = this.#cluster;
    switch (this.#target) {
      case 'leader':
        return this.#cluster.leaderIndex;
      case 'all':
        return this.#roundRobin++ % members.length;
      case 'random':
        return this.#choice.below(members.length);
      case 'follower': {
        if (members.length === 1) return 0;
        const k = this.#roundRobin++ % (members.length - 1);
        return k < this.#cluster.leaderIndex ? k : k + 1;
      }
      default:
        return this.#cluster.indexOf(this.#target);
    }
  }
}
