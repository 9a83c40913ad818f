/**
 * Which lease each client holds, so that keep-alives and revokes find theirs and puts can attach to
 * one. A client that needs a lease and has none grants it first; that grant is not counted.
 */

import type { WorkloadScenario } from '../../src/scenario/types.ts';
import { Op, Outcome, type OutcomeCode } from '../etcd/index.ts';

export class LeaseHolders {
  /** By workload: the lease of each client, 0 none, and the clients in the order of their first. */
  readonly #leases = new Map<string, Map<number, number>>();
  readonly #holders = new Map<string, number[]>();

  /** What the client has to ask for next: its own request, or first a grant. */
  opFor(workload: WorkloadScenario, op: number, holder: number): number {
    const needsLease = op === Op.leaseKeepAlive || op === Op.leaseRevoke;
    return needsLease && this.#leaseOf(workload.name, holder) === 0 ? Op.leaseGrant : op;
  }

  /** Lease that a request carries: the client's own, or one that a put attaches to; 0 none. */
  leaseFor(workload: WorkloadScenario, op: number, holder: number): number {
    switch (op) {
      case Op.leaseKeepAlive:
      case Op.leaseRevoke:
        return this.#leaseOf(workload.name, holder);
      case Op.put:
      case Op.txn:
        return this.#borrow(workload.lease ?? '', holder);
      default:
        return 0;
    }
  }

  granted(workload: WorkloadScenario, holder: number, lease: number): void {
    let leases = this.#leases.get(workload.name);
    if (leases === undefined) {
      leases = new Map();
      this.#leases.set(workload.name, leases);
      this.#holders.set(workload.name, []);
    }
    if (!leases.has(holder)) this.#holders.get(workload.name)?.push(holder);
    leases.set(holder, lease);
  }

  /** The client's own request is over. */
  onDone(
    workload: WorkloadScenario,
    op: number,
    holder: number,
    outcome: OutcomeCode,
    lease: number,
  ): void {
    if (op === Op.leaseGrant && outcome === Outcome.ok) this.granted(workload, holder, lease);
    const isGone = op === Op.leaseKeepAlive && outcome === Outcome.notFound;
    if (isGone || op === Op.leaseRevoke) this.#leases.get(workload.name)?.set(holder, 0);
  }

  #leaseOf(workload: string, holder: number): number {
    return this.#leases.get(workload)?.get(holder) ?? 0;
  }

  #borrow(workload: string, client: number): number {
    const holders = this.#holders.get(workload);
    if (holders === undefined || holders.length === 0) return 0;
    return this.#leaseOf(workload, holders[client % holders.length]);
  }
}
