/**
 * The lessor of one member: only the leader's knows deadlines, looks for expired leases and
 * proposes to revoke them (etcd lease/lessor.go, server.go `revokeExpiredLeases`).
 *
 * One idea: a deadline is a reading of the leader's own clock. Every 500 ms the leader takes at
 * most 500 leases from a queue ordered by deadline; each scan's list is revoked with 16 proposals
 * under way. A lease that was taken is looked at again after ReqTimeout, so a revoke that failed is
 * not repeated before. Deadlines are monotonic, but up to 3.4 the queue holds wall-clock times
 * (`UnixNano`): a step back of the leader's wall clock delays the revoke by its length; a step
 * forward makes the queue hand out a lease that has not expired, which is then put back for a whole
 * ReqTimeout. Since 3.5 the queue compares monotonic times. Neither revokes early.
 * A new leader gives every lease its full TTL and an election timeout more, and spreads 1000 leases
 * or more so that about 750 expire in a second (`Promote`).
 * Left out: lease checkpoints (off by default), the time that `Promote` takes itself.
 */

import type { Counter, Tally } from '../../src/metrics/index.ts';
import type { Host } from '../machine/index.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { EtcdProcess } from './process.ts';
import type { EtcdShared } from './shared.ts';
import { TimeoutRing } from './timeout-ring.ts';

/** lessor.go `runLoop`, `leaseRevokeRate` / 2; server.go `maxPendingRevokes`. */
const SCAN_NS = 500e6;
const REVOKE_RATE = 1000;
const SCAN_LEASES_MAX = REVOKE_RATE / 2;
const PENDING_REVOKES_MAX = 16;
/** `Promote`: fewer expiries a second than can be revoked. */
const EXPIRES_PER_SECOND = (3 * REVOKE_RATE) / 4;
/** server.go `isActive`: a tick within so many intervals. */
const ACTIVE_TICKS = 3;

/** What a lessor needs of its member. */
export interface LessorMember {
  readonly process: EtcdProcess;
  readonly host: Host;
  readonly isLeader: boolean;
  readonly applier: { readonly appliedIndex: number };
  /** When the raft loop last handled a tick. */
  readonly loop: { readonly lastTickNs: number };
  /** Proposes to revoke a lease: false where it was refused, null where there is no leader. */
  readonly admission: { proposeRevoke(lease: number): boolean | null };
}

/** What one scan found; its leases are revoked in order. */
interface RevokeList {
  readonly leases: readonly number[];
  readonly foundNs: number;
  next: number;
  inFlight: number;
}

interface Revoke {
  readonly list: RevokeList;
  readonly attempt: number;
  readonly deadlineNs: number;
}

export type RenewResult = 'ok' | 'notFound' | 'notPrimary' | 'expired';

export class Lessor {
  readonly #shared: EtcdShared;
  readonly #process: EtcdProcess;
  readonly #host: Host;
  readonly #member: LessorMember;
  /** Manages deadlines: true from the first applied entry of its term to the loss of leadership. */
  primary = false;
  /** By row, on this host's monotonic clock. */
  #deadlineNs = new Float64Array(64);
  readonly #queue = new ExpiryQueue();
  readonly #revokes = new Map<number, Revoke>();
  #attempts = 0;
  readonly #leaderless: number[] = [];
  /** Lists found while the raft loop was stuck (`ensureLeadership`). */
  #suspects: RevokeList[] = [];
  #scanning = false;
  readonly #phaseNs: number;
  #startNs = 0;
  readonly #scanType: number;
  readonly #timeouts: TimeoutRing;
  readonly #granted: Counter;
  readonly #revoked: Counter;
  readonly #renewed: Counter;
  readonly #expired: Counter;
  readonly #overdue: Tally;

  constructor(shared: EtcdShared, member: LessorMember) {
    this.#shared = shared;
    this.#member = member;
    this.#process = member.process;
    this.#host = member.host;
    const { sim, metrics } = shared;
    const { name } = member.process;
    const labels = { member: name };
    this.#phaseNs = Math.floor(sim.stream(`${name}/lessor/phase`).uniform() * SCAN_NS);
    this.#scanType = sim.eventType(`${name}/lessor/scan`, (_, incarnation) =>
      this.#onScan(incarnation),
    );
    this.#timeouts = new TimeoutRing(
      sim,
      `${name}/lessor/timeout`,
      (lease, attempt) => this.#revokes.get(lease)?.attempt === attempt,
      (lease) => this.#finish(lease, false),
    );
    this.#granted = metrics.counter('etcd_debugging_lease_granted_total', labels, {
      help: 'Leases granted.',
    });
    this.#revoked = metrics.counter('etcd_debugging_lease_revoked_total', labels, {
      help: 'Leases revoked.',
    });
    this.#renewed = metrics.counter('etcd_debugging_lease_renewed_total', labels, {
      help: 'Renewals handled by the leader.',
    });
    this.#expired = metrics.counter('etcd_debugging_server_lease_expired_total', labels, {
      help: 'Expired leases.',
    });
    this.#overdue = metrics.tally('wavetank_etcd_lease_overdue_seconds', labels, {
      unit: 'ns',
      help: 'Time from the deadline of a lease to its removal by the leader.',
    });
  }

  get pendingRevokes(): number {
    return this.#revokes.size;
  }

  /** Deadline of a lease on this host's monotonic clock; Infinity where this lessor keeps none. */
  deadlineNs(lease: number): number {
    const { leases } = this.#shared;
    if (!this.primary || !leases.isPresent(lease, this.#member.applier.appliedIndex))
      return Infinity;
    return this.#deadlineNs[leases.row(lease)];
  }

  // --- What the log says
  // ---------------------------------------------------------------------------

  onGrant(lease: number): void {
    this.#granted.add();
    if (this.primary) this.#refresh(lease, 0);
  }

  /** The keys are gone and so is the lease. */
  onRevoke(lease: number, done: boolean): void {
    if (done) {
      this.#revoked.add();
      this.#report(lease);
    }
    this.#finish(lease, done);
  }

  /** The leader applied the empty entry of its term. */
  promote(): void {
    const { leases, scenario } = this.#shared;
    this.primary = true;
    this.#queue.clear();
    const extendNs = scenario.electionTimeoutNs;
    const present: number[] = [];
    for (let row = 1; row < leases.rows; row++) {
      const lease = leases.leaseIn(row);
      if (!leases.isPresent(lease, this.#member.applier.appliedIndex)) continue;
      present.push(lease);
      this.#refresh(lease, extendNs);
    }
    if (present.length >= REVOKE_RATE) this.#spread(present, extendNs);
    this.#arm();
  }

  demote(): void {
    if (!this.primary) return;
    this.primary = false;
    this.#queue.clear();
  }

  /** A leader is known: revokes that waited for one are proposed. */
  onLeader(): void {
    if (this.#leaderless.length === 0) return;
    for (const lease of this.#leaderless.splice(0)) {
      if (this.#revokes.has(lease) && !this.#propose(lease)) this.#finish(lease, false);
    }
  }

  renew(lease: number): RenewResult {
    const { leases, sim } = this.#shared;
    if (!this.primary) return 'notPrimary';
    if (!leases.isPresent(lease, this.#member.applier.appliedIndex)) return 'notFound';
    const row = leases.row(lease);
    if (this.#deadlineNs[row] <= this.#host.clock.monotonicNs()) return 'expired';
    leases.renewedNs[row] = sim.nowNs;
    this.#refresh(lease, 0);
    this.#renewed.add();
    return 'ok';
  }

  /** The process starts: the scan's timer has a phase of its own. */
  start(): void {
    this.#startNs = this.#shared.sim.nowNs;
  }

  /** The process is gone. */
  reset(): void {
    this.demote();
    this.#revokes.clear();
    this.#leaderless.length = 0;
    this.#suspects = [];
    this.#scanning = false;
  }

  // --- Deadlines --------------------------------------------------------------------------------

  #refresh(lease: number, extendNs: number): void {
    const { leases } = this.#shared;
    const row = leases.row(lease);
    if (row >= this.#deadlineNs.length) this.#grow(row);
    const lengthNs = leases.ttlMs[row] * 1e6 + extendNs;
    this.#deadlineNs[row] = this.#host.clock.monotonicNs() + lengthNs;
    this.#queue.set(row, this.#queueNowNs() + lengthNs);
    this.#arm();
  }

  /** The clock by which the queue is ordered. */
  #queueNowNs(): number {
    const { clock } = this.#host;
    return this.#shared.features.leaseQueueWallClock ? clock.wallNs() : clock.monotonicNs();
  }

  /** lessor.go `Promote`: moves expiries apart where more than 750 would fall into one second. */
  #spread(present: number[], extendNs: number): void {
    const { leases } = this.#shared;
    const nowNs = this.#host.clock.monotonicNs();
    const remaining = (lease: number) => this.#deadlineNs[leases.row(lease)] - nowNs;
    present.sort((a, b) => remaining(a) - remaining(b) || leases.row(a) - leases.row(b));
    let baseNs = remaining(present[0]);
    let nextNs = baseNs + 1e9;
    let expires = 0;
    for (const lease of present) {
      const leftNs = remaining(lease);
      if (leftNs > nextNs) {
        baseNs = leftNs;
        nextNs = baseNs + 1e9;
        expires = 1;
        continue;
      }
      expires++;
      if (expires <= EXPIRES_PER_SECOND) continue;
      const delayNs = Math.floor((1e9 * expires) / EXPIRES_PER_SECOND - (leftNs - baseNs));
      nextNs = baseNs + delayNs;
      this.#refresh(lease, delayNs + extendNs);
    }
  }

  // --- Expiry -----------------------------------------------------------------------------------

  /** The next scan, at a whole number of intervals after the start of the process and its phase. */
  #arm(): void {
    if (this.#scanning || !this.primary || this.#queue.size === 0) return;
    this.#scanning = true;
    const sinceNs = this.#shared.sim.nowNs - this.#startNs - this.#phaseNs;
    const intervalNs = this.#process.localDelay(SCAN_NS);
    const scans = Math.floor(sinceNs / intervalNs) + 1;
    this.#schedule(scans * intervalNs - sinceNs);
  }

  #schedule(delayNs: number): void {
    this.#shared.sim.schedule(delayNs, this.#scanType, 0, this.#process.incarnation);
  }

  #onScan(incarnation: number): void {
    if (!this.#process.isCurrent(incarnation)) return;
    if (this.#process.deferWhilePaused(this.#scanType, 0)) return;
    this.#resolveSuspects();
    if (!this.primary || this.#queue.size === 0) {
      this.#scanning = this.#suspects.length > 0;
      if (this.#scanning) this.#schedule(this.#process.localDelay(SCAN_NS));
      return;
    }
    const found = this.#findExpired();
    if (found.length > 0) this.#begin(found);
    this.#schedule(this.#process.localDelay(SCAN_NS));
  }

  #findExpired(): number[] {
    const { leases, requestTimeoutNs } = this.#shared;
    const queue = this.#queue;
    const found: number[] = [];
    const queueNowNs = this.#queueNowNs();
    const nowNs = this.#host.clock.monotonicNs();
    while (queue.size > 0 && found.length < SCAN_LEASES_MAX) {
      const row = queue.first;
      const lease = leases.leaseIn(row);
      if (!leases.isPresent(lease, this.#member.applier.appliedIndex)) {
        queue.remove(row);
        continue;
      }
      if (queueNowNs < queue.timeOf(row)) break;
      queue.set(row, queueNowNs + requestTimeoutNs);
      if (this.#deadlineNs[row] <= nowNs) found.push(lease);
    }
    return found;
  }

  #begin(leases: readonly number[]): void {
    const list = { leases, foundNs: this.#shared.sim.nowNs, next: 0, inFlight: 0 };
    if (this.#shared.features.leaseLivenessCheck && !this.isActive) this.#suspects.push(list);
    else this.#revokeMore(list);
  }

  /** server.go `isActive`: the raft loop turned lately. */
  get isActive(): boolean {
    const { scenario, sim } = this.#shared;
    const allowedNs = this.#process.localDelay(ACTIVE_TICKS * scenario.heartbeatIntervalNs);
    return sim.nowNs - this.#member.loop.lastTickNs < allowedNs;
  }

  /**
   * `ensureLeadership` of a member that was stuck is a linearizable read: it ends when the loop
   * turns again, and only who still leads then goes on. Here it is looked at with the next scan.
   */
  #resolveSuspects(): void {
    if (this.#suspects.length === 0 || !this.isActive) return;
    const suspects = this.#suspects;
    this.#suspects = [];
    const { sim, requestTimeoutNs } = this.#shared;
    for (const list of suspects) {
      const inTime = sim.nowNs - list.foundNs <= requestTimeoutNs;
      if (this.#member.isLeader && inTime) this.#revokeMore(list);
    }
  }

  #revokeMore(list: RevokeList): void {
    const { sim, requestTimeoutNs } = this.#shared;
    while (list.inFlight < PENDING_REVOKES_MAX && list.next < list.leases.length) {
      const lease = list.leases[list.next++];
      if (this.#revokes.has(lease)) continue;
      const attempt = ++this.#attempts;
      const deadlineNs = this.#deadlineNs[this.#shared.leases.row(lease)];
      if (!this.#propose(lease)) continue;
      list.inFlight++;
      this.#revokes.set(lease, { list, attempt, deadlineNs });
      this.#timeouts.push(lease, attempt, sim.nowNs + requestTimeoutNs);
    }
  }

  /** False where the server refuses; without a leader the proposal waits for one. */
  #propose(lease: number): boolean {
    const proposed = this.#member.admission.proposeRevoke(lease);
    if (proposed === null) this.#leaderless.push(lease);
    return proposed !== false;
  }

  /** The revoke of this lease was applied here, or failed. */
  #finish(lease: number, done: boolean): void {
    const revoke = this.#revokes.get(lease);
    if (revoke === undefined) return;
    this.#revokes.delete(lease);
    revoke.list.inFlight--;
    if (done) this.#expired.add();
    this.#revokeMore(revoke.list);
  }

  /** The end of a lease that this lessor found expired, even if it had given up on the answer. */
  #report(lease: number): void {
    const { leases, metrics, sim } = this.#shared;
    const row = leases.row(lease);
    const nowNs = this.#host.clock.monotonicNs();
    const revoke = this.#revokes.get(lease);
    const ownDeadlineNs = this.primary ? this.#deadlineNs[row] : Infinity;
    const deadlineNs = revoke === undefined ? ownDeadlineNs : revoke.deadlineNs;
    if (deadlineNs > nowNs) return;
    this.#overdue.record(nowNs - deadlineNs);
    const seconds = (sim.nowNs - leases.renewedNs[row]) / 1e9;
    const ttl = leases.ttlMs[row] / 1000;
    const since = leases.renewedNs[row] > leases.grantedNs[row] ? 'its last renewal' : 'its grant';
    const detail = `${seconds} s after ${since}, TTL ${ttl} s`;
    metrics.event(sim.nowNs, 'lease expired', `lease ${lease}`, detail);
  }

  #grow(row: number): void {
    let size = this.#deadlineNs.length;
    while (size <= row) size *= 2;
    const deadlineNs = new Float64Array(size);
    deadlineNs.set(this.#deadlineNs);
    this.#deadlineNs = deadlineNs;
  }
}
