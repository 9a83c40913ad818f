/**
 * Keep-alives at one member: the leader renews by itself, without raft; any other member asks the
 * leader over HTTP (etcd v3_server.go `LeaseRenew`, lease/leasehttp).
 *
 * The leader first waits, up to a second, until it has applied what it had committed (3.4.20, 3.5.3
 * to 3.6). A lease past its deadline is not renewed: the answer waits until it is revoked. Without
 * a leader a member looks again after an election timeout; everything ends after ReqTimeout.
 */

import type { EtcdMember, MemberLinks } from './member.ts';
import { Op, Outcome, type OutcomeCode } from './requests.ts';
import type { EtcdShared } from './shared.ts';
import { SlotQueue } from './slot-queue.ts';
import { TimeoutRing } from './timeout-ring.ts';

/** leasehttp `applyTimeout`, the same as v3_server.go's. */
const APPLY_WAIT_NS = 1e9;
/**
 * v3_server.go: pause before the leader is asked again; before 3.6 there was none but the attempt.
 */
const RETRY_NS = 50e6;
const RETRY_NS_BEFORE_3_6 = 1e6;
/** An HTTP request or answer with its headers. */
const HTTP_BYTES = 256;

export class Renewals {
  readonly #shared: EtcdShared;
  readonly #member: EtcdMember;
  readonly #links: MemberLinks;
  /** Event types for peers: a keep-alive from a member, an answer from the leader. */
  readonly askType: number;
  readonly answerType: number;
  readonly #askedType: number;
  readonly #sendType: number;
  readonly #renewType: number;
  readonly #answeredType: number;
  readonly #retryType: number;
  readonly #stuckType: number;
  readonly #waiting = new SlotQueue();
  readonly #expired = new SlotQueue();
  readonly #timeouts: TimeoutRing;
  readonly #applyTimeouts: TimeoutRing;
  readonly #messageNs: number;
  readonly #renewNs: number;

  constructor(shared: EtcdShared, member: EtcdMember, links: MemberLinks) {
    this.#shared = shared;
    this.#member = member;
    this.#links = links;
    const { sim, constants } = shared;
    const name = `${member.name}/lease`;
    const on = (what: string, handler: (slot: number, g: number) => void): number =>
      sim.eventType(`${name}/${what}`, (slot, g) => {
        if (this.#isOpen(slot, g)) handler(slot, g);
      });
    this.askType = on('ask', (slot, g) => this.#execute(this.#messageNs, this.#askedType, slot, g));
    this.#askedType = on('asked', (slot, g) => this.#renewHere(slot, g));
    this.#sendType = on('send', (slot, g) => this.#send(slot, g));
    this.#renewType = on('renew', (slot, g) => this.#renew(slot, g));
    this.answerType = on('answer', (slot, g) =>
      this.#execute(this.#messageNs, this.#answeredType, slot, g),
    );
    this.#answeredType = on('answered', (slot, g) => this.#onAnswer(slot, g));
    this.#retryType = on('retry', (slot, g) => this.#begin(slot, g));
    this.#stuckType = on('stuck', (slot, g) => this.#onStuck(slot, g));
    this.#timeouts = this.#ring(`${name}/timeout`, (slot, g) => this.#isOwn(slot, g));
    this.#applyTimeouts = this.#ring(
      `${name}/applyTimeout`,
      (slot, g) => this.#isOpen(slot, g) && Number.isNaN(shared.requests.applying[slot]),
    );
    this.#messageNs = constants.get('etcd.messageNs');
    this.#renewNs = constants.get('etcd.leaseRenewNs');
  }

  #ring(name: string, isAlive: (slot: number, g: number) => boolean): TimeoutRing {
    return new TimeoutRing(this.#shared.sim, name, isAlive, (slot, g) =>
      this.#answer(slot, g, Outcome.serverTimeout),
    );
  }

  /** A client's keep-alive was read. */
  add(slot: number, generation: number): void {
    const { requests, sim, requestTimeoutNs } = this.#shared;
    requests.proposed[slot] = sim.nowNs;
    this.#timeouts.push(slot, generation, sim.nowNs + requestTimeoutNs);
    this.#begin(slot, generation);
  }

  /** The member applied further. */
  onApplied(): void {
    if (this.#waiting.size === 0 || this.#member.applyGap > 0) return;
    this.#drain(this.#waiting, (slot, g) => this.#execute(this.#renewNs, this.#renewType, slot, g));
  }

  /** A lease is gone: those that waited for its end hear so. */
  onRevoked(): void {
    if (this.#expired.size > 0) this.#drain(this.#expired, (slot, g) => this.#renew(slot, g));
  }

  /** Another leader, or this member no longer is one. */
  onLeader(): void {
    this.#drain(this.#expired, (slot, g) => this.#renew(slot, g));
    const { requests } = this.#shared;
    for (let slot = 0; slot < requests.capacity; slot++) {
      const generation = requests.generation[slot];
      if (requests.inUse[slot] === 0 || !this.#isForwarded(slot, generation)) continue;
      requests.committed[slot] = Number.NaN;
      this.#begin(slot, generation);
    }
  }

  /** It was sent to a leader that has not answered; `committed` holds when. */
  #isForwarded(slot: number, generation: number): boolean {
    const { requests } = this.#shared;
    if (requests.op[slot] !== Op.leaseKeepAlive || !this.#isOwn(slot, generation)) return false;
    return !Number.isNaN(requests.committed[slot]);
  }

  get #retryNs(): number {
    return this.#shared.features.minor >= 6 ? RETRY_NS : RETRY_NS_BEFORE_3_6;
  }

  reset(): void {
    this.#waiting.clear();
    this.#expired.clear();
  }

  /** The client still waits for an answer, here or at the member that asked this one. */
  #isOpen(slot: number, generation: number): boolean {
    const { requests } = this.#shared;
    if (!this.#member.isListening || !requests.isCurrent(slot, generation)) return false;
    return Number.isNaN(requests.responded[slot]);
  }

  #isOwn(slot: number, generation: number): boolean {
    const { requests } = this.#shared;
    return this.#isOpen(slot, generation) && requests.member[slot] === this.#member.index;
  }

  #drain(queue: SlotQueue, handler: (slot: number, generation: number) => void): void {
    let left = queue.size;
    while (left-- > 0) {
      queue.shift();
      const { slot, generation } = queue;
      if (this.#isOpen(slot, generation)) handler(slot, generation);
    }
  }

  #execute(workNs: number, type: number, slot: number, generation: number): void {
    this.#member.process.execute(workNs, type, slot, generation);
  }

  #begin(slot: number, generation: number): void {
    if (this.#member.lessor.primary) this.#renewHere(slot, generation);
    else this.#forward(slot, generation);
  }

  /** At the leader, for a client of its own or for another member. */
  #renewHere(slot: number, generation: number): void {
    const { features, scenario, sim } = this.#shared;
    const { process, lessor } = this.#member;
    if (features.leaseLivenessCheck && lessor.primary && !lessor.isActive) {
      const delayNs = process.localDelay(scenario.heartbeatIntervalNs);
      sim.schedule(delayNs, this.#stuckType, slot, generation);
      return;
    }
    if (features.renewWaitsForApply && this.#member.applyGap > 0) {
      this.#waiting.push(slot, generation);
      this.#applyTimeouts.push(slot, generation, sim.nowNs + APPLY_WAIT_NS);
    } else this.#execute(this.#renewNs, this.#renewType, slot, generation);
  }

  /** `ensureLeadership` of a member whose raft loop was stuck: who leads no more, refuses. */
  #onStuck(slot: number, generation: number): void {
    const { lessor, isLeader } = this.#member;
    if (!lessor.isActive || isLeader) this.#renewHere(slot, generation);
    else this.#answer(slot, generation, Outcome.leaderChanged);
  }

  #renew(slot: number, generation: number): void {
    const { requests, sim } = this.#shared;
    if (Number.isNaN(requests.applying[slot])) requests.applying[slot] = sim.nowNs;
    switch (this.#member.lessor.renew(requests.lease[slot])) {
      case 'ok':
        this.#answer(slot, generation, Outcome.ok);
        return;
      case 'notFound':
        this.#answer(slot, generation, Outcome.notFound);
        return;
      case 'expired':
        this.#expired.push(slot, generation);
        return;
      default:
        if (this.#isOwn(slot, generation)) this.#forward(slot, generation);
        else this.#answer(slot, generation, Outcome.noLeader);
    }
  }

  #forward(slot: number, generation: number): void {
    const { lead } = this.#member.raft;
    if (lead === 0) this.#retry(slot, generation, this.#shared.scenario.electionTimeoutNs);
    else if (lead === this.#member.index + 1) this.#retry(slot, generation, this.#retryNs);
    else this.#execute(this.#messageNs, this.#sendType, slot, generation);
  }

  #send(slot: number, generation: number): void {
    const to = this.#member.raft.lead - 1;
    const type = to < 0 ? -1 : this.#links.member(to).renewals.askType;
    if (to < 0 || !this.#http(to, type, slot, generation)) {
      this.#retry(slot, generation, this.#retryNs);
    } else this.#shared.requests.committed[slot] = this.#shared.sim.nowNs;
  }

  #http(to: number, type: number, slot: number, generation: number): boolean {
    return this.#links.http(this.#member.index, to, HTTP_BYTES, type, slot, generation);
  }

  #retry(slot: number, generation: number, delayNs: number): void {
    const { sim } = this.#shared;
    sim.schedule(this.#member.process.localDelay(delayNs), this.#retryType, slot, generation);
  }

  /** To the client, or to the member that asked; its own client knows of it only then. */
  #answer(slot: number, generation: number, outcome: OutcomeCode): void {
    const { requests, sim } = this.#shared;
    if (this.#isOwn(slot, generation)) {
      requests.applied[slot] = sim.nowNs;
      this.#member.admission.respond(slot, generation, outcome);
      return;
    }
    requests.outcome[slot] = outcome;
    const to = requests.member[slot];
    const { answerType } = this.#links.member(to).renewals;
    this.#http(to, answerType, slot, generation);
  }

  /** Anything but a renewal or a lease that is not there makes the member ask again. */
  #onAnswer(slot: number, generation: number): void {
    const outcome = this.#shared.requests.outcome[slot] as OutcomeCode;
    if (outcome === Outcome.ok || outcome === Outcome.notFound) {
      this.#answer(slot, generation, outcome);
    } else this.#retry(slot, generation, this.#retryNs);
  }
}
