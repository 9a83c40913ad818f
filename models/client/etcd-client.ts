/**
 * The clients of one workload entry: they plan requests, send them to a member, wait, retry.
 *
 * One idea: open loop plans by a stream of arrivals and counts latency from the plan, so that a
 * stall is felt by every request that should have been sent meanwhile; closed loop sends the next
 * request when the last was answered.
 * The timer of an idle Go process fires up to a millisecond late (golang/go#44343: netpoll waits in
 * whole milliseconds) unless something else wakes the process first.
 */

import type { EventId, Stream } from '../../src/core/index.ts';
import { createSampler, type Sampler } from '../../src/dist/index.ts';
import type { Counter, Level, Tally } from '../../src/metrics/index.ts';
import type { WorkloadScenario } from '../../src/scenario/types.ts';
import {
  type ClientPort,
  type EtcdCluster,
  isAmbiguous,
  Op,
  Outcome,
  type OutcomeCode,
  opNames,
  outcomeNames,
  type RequestTable,
  TimeoutRing,
} from '../etcd/index.ts';
import { LeaseHolders } from './lease-holders.ts';
import { StageRecorder } from './stages.ts';
import { Targets } from './targets.ts';

/** Who wants to know of every answer (outages). */
export interface ClientObserver {
  onAnswer(workload: number, outcome: OutcomeCode, ambiguous: boolean, sentNs: number): void;
}

export class EtcdClients {
  readonly index: number;
  readonly workload: WorkloadScenario;
  readonly #cluster: EtcdCluster;
  readonly #requests: RequestTable;
  readonly #port: ClientPort;
  readonly #observer: ClientObserver;
  readonly #op: number;
  readonly #firstKey: number;
  readonly #arrivals: Stream;
  /** How late the timer of an idle client is: drawn only then, so apart from the arrivals. */
  readonly #lateness: Stream;
  readonly #keys: Stream;
  readonly #targets: Targets;
  readonly #leases: LeaseHolders;
  readonly #sizes: Sampler;
  readonly #think: Sampler;
  readonly #arrivalType: number;
  readonly #startType: number;
  readonly #issueType: number;
  readonly #sendType: number;
  readonly #receivedType: number;
  readonly #retryType: number;
  readonly #timeouts: TimeoutRing;
  readonly #sendNs: number;
  readonly #receiveNs: number;
  readonly #granularityNs: number;
  readonly #latency: Tally;
  readonly #outcomes: Counter[];
  readonly #inFlightLevel: Level;
  readonly #stages: StageRecorder;
  /** Requests whose planned time has come and whose timer has not fired yet. */
  #due: { slot: number; generation: number; event: EventId }[] = [];
  #lastAckNs = -1;
  longestGapNs = 0;
  inFlight = 0;

  constructor(
    cluster: EtcdCluster,
    port: ClientPort,
    workload: WorkloadScenario,
    index: number,
    firstKey: number,
    observer: ClientObserver,
    leases = new LeaseHolders(),
  ) {
    this.#cluster = cluster;
    this.#port = port;
    this.workload = workload;
    this.index = index;
    this.#observer = observer;
    this.#firstKey = firstKey;
    const { sim, metrics, constants, requests } = cluster.shared;
    this.#requests = requests;
    const name = `workload/${workload.name}`;
    this.#op = opOf(workload.op);
    this.#arrivals = sim.stream(`${name}/arrival`);
    this.#lateness = sim.stream(`${name}/lateness`);
    this.#keys = sim.stream(`${name}/key`);
    this.#targets = new Targets(cluster, workload);
    this.#leases = leases;
    this.#sizes = createSampler(workload.valueSize, sim.stream(`${name}/size`), {
      inversion: true,
    });
    this.#think = createSampler(workload.thinkTime, sim.stream(`${name}/think`), {
      inversion: true,
    });
    this.#arrivalType = sim.eventType(`${name}/arrival`, () => this.#onArrival());
    this.#startType = sim.eventType(`${name}/timer`, (slot, g) => this.#onTimer(slot, g));
    this.#issueType = sim.eventType(`${name}/issue`, (client) => this.#issue(client));
    this.#sendType = sim.eventType(`${name}/sent`, (slot, g) => this.#onSent(slot, g));
    this.#receivedType = sim.eventType(`${name}/received`, (slot, g) => this.#onReceived(slot, g));
    this.#retryType = sim.eventType(`${name}/retry`, (slot, g) => this.#start(slot, g));
    this.#timeouts = new TimeoutRing(
      sim,
      `${name}/deadline`,
      (slot, request) => requests.requestGeneration[slot] === request,
      (slot) => this.#finish(slot, requests.generation[slot], Outcome.timeout),
    );
    this.#sendNs = constants.get('client.sendNs');
    this.#receiveNs = constants.get('client.receiveNs');
    this.#granularityNs = constants.get('client.timerGranularityNs');
    const labels = { op: opNames[this.#op], workload: workload.name };
    this.#latency = metrics.tally('wavetank_client_request_duration_seconds', labels, {
      unit: 'ns',
      help: 'Latency of answered requests as the client sees it, from the planned time.',
    });
    this.#outcomes = outcomeNames.map((outcome) =>
      metrics.counter(
        'wavetank_client_requests',
        { ...labels, outcome },
        { help: 'Requests by what the client saw.' },
      ),
    );
    this.#inFlightLevel = metrics.level('wavetank_client_requests_in_flight', labels, {
      help: 'Requests planned and not yet answered.',
    });
    this.#stages = new StageRecorder(metrics, requests, this.#op);
  }

  /** Plans the first arrivals. */
  start(): void {
    this.#cluster.registerWorkload(this.index, this.#port);
    this.#port.register(this.index, this, () => this.#wake());
    const { sim } = this.#cluster.shared;
    const w = this.workload;
    if (w.ratePerSecond > 0) {
      sim.scheduleAt(w.startNs + this.#gapNs(), this.#arrivalType);
    } else {
      for (let client = 0; client < w.clients; client++)
        sim.scheduleAt(w.startNs, this.#issueType, client);
    }
  }

  #gapNs(): number {
    const mean = 1e9 / this.workload.ratePerSecond;
    if (this.workload.arrivals === 'constant') return Math.round(mean);
    return Math.max(1, Math.round(mean * this.#arrivals.exponentialInverse()));
  }

  #onArrival(): void {
    const { sim } = this.#cluster.shared;
    const w = this.workload;
    if (sim.nowNs >= w.stopNs) return;
    sim.schedule(this.#gapNs(), this.#arrivalType);
    if (this.inFlight >= w.maxInFlight) {
      this.#outcomes[Outcome.dropped].add();
      this.#observer.onAnswer(this.index, Outcome.dropped, false, sim.nowNs);
      return;
    }
    const slot = this.#plan(-1);
    const generation = this.#requests.generation[slot];
    const late = this.#port.process.isIdle
      ? Math.floor(this.#lateness.uniform() * this.#granularityNs)
      : 0;
    if (late === 0) {
      this.#start(slot, generation);
      return;
    }
    const event = sim.schedule(late, this.#startType, slot, generation);
    this.#due.push({ slot, generation, event });
  }

  /** The process runs for another reason: timers that are due fire now. */
  #wake(): void {
    const due = this.#due;
    if (due.length === 0) return;
    this.#due = [];
    for (const { slot, generation, event } of due) {
      this.#cluster.shared.sim.cancel(event);
      this.#start(slot, generation);
    }
  }

  #onTimer(slot: number, generation: number): void {
    this.#due = this.#due.filter((d) => d.slot !== slot || d.generation !== generation);
    this.#start(slot, generation);
  }

  #issue(client: number): void {
    const { sim } = this.#cluster.shared;
    if (sim.nowNs >= this.workload.stopNs) return;
    const slot = this.#plan(client);
    this.#start(slot, this.#requests.generation[slot]);
  }

  /** A new request, planned for now. */
  #plan(client: number): number {
    const { sim } = this.#cluster.shared;
    const r = this.#requests;
    const w = this.workload;
    const slot = r.acquire();
    this.#inFlightLevel.set(sim.nowNs, ++this.inFlight);
    r.workload[slot] = this.index;
    r.client[slot] = client;
    r.serializable[slot] = w.consistency === 'serializable' ? 1 : 0;
    r.key[slot] = this.#firstKey + this.#keys.below(w.keySpace);
    r.keyBytes[slot] = w.keyBytes;
    r.valueBytes[slot] = this.#sizes.next(sim.nowNs);
    r.count[slot] = w.keysPerRequest;
    r.planned[slot] = sim.nowNs;
    if (w.compareFailure > 0 && this.#keys.uniform() < w.compareFailure) r.compareFails[slot] = 1;
    r.op[slot] = this.#leases.opFor(w, this.#op, this.#holder(slot));
    if (r.op[slot] === Op.leaseGrant) r.count[slot] = Math.round(w.leaseTtlNs / 1e6);
    if (w.deadlineNs < Infinity)
      this.#timeouts.push(slot, r.requestGeneration[slot], sim.nowNs + w.deadlineNs);
    return slot;
  }

  /** The client's goroutine runs: marshal, write. */
  #start(slot: number, generation: number): void {
    if (!this.#requests.isCurrent(slot, generation)) return;
    this.#port.process.execute(this.#sendNs, this.#sendType, slot, generation);
  }

  #onSent(slot: number, generation: number): void {
    const r = this.#requests;
    if (!r.isCurrent(slot, generation)) return;
    r.sent[slot] = this.#cluster.shared.sim.nowNs;
    const member = this.#targets.next();
    r.member[slot] = member;
    r.lease[slot] = this.#leases.leaseFor(this.workload, r.op[slot], this.#holder(slot));
    if (!this.#port.send(member, slot, generation))
      this.#retryOrFinish(slot, generation, Outcome.refused);
  }

  /** The connection on which this request waits is gone. */
  onConnectionLost(slot: number, generation: number): void {
    if (this.#requests.isCurrent(slot, generation))
      this.#retryOrFinish(slot, generation, Outcome.reset);
  }

  #onReceived(slot: number, generation: number): void {
    const r = this.#requests;
    if (!r.isCurrent(slot, generation)) return;
    const outcome = r.outcome[slot] as OutcomeCode;
    if (outcome === Outcome.ok || outcome === Outcome.notFound)
      this.#finish(slot, generation, outcome);
    else this.#retryOrFinish(slot, generation, outcome);
  }

  #retryOrFinish(slot: number, generation: number, outcome: OutcomeCode): void {
    const r = this.#requests;
    if (r.attempts[slot] >= this.workload.retries) {
      this.#finish(slot, generation, outcome);
      return;
    }
    r.retry(slot);
    const { sim } = this.#cluster.shared;
    sim.schedule(this.workload.retryBackoffNs, this.#retryType, slot, r.generation[slot]);
  }

  #finish(slot: number, generation: number, outcome: OutcomeCode): void {
    const r = this.#requests;
    if (!r.isCurrent(slot, generation)) return;
    if (r.op[slot] !== this.#op) {
      this.#onGranted(slot, generation, outcome);
      return;
    }
    const now = this.#cluster.shared.sim.nowNs;
    this.#outcomes[outcome].add();
    if (outcome === Outcome.ok || outcome === Outcome.notFound) {
      this.#latency.record(now - r.planned[slot]);
      this.#stages.record(slot, now);
      if (this.#lastAckNs >= 0)
        this.longestGapNs = Math.max(this.longestGapNs, now - this.#lastAckNs);
      this.#lastAckNs = now;
    }
    this.#leases.onDone(this.workload, this.#op, this.#holder(slot), outcome, r.lease[slot]);
    const client = r.client[slot];
    this.#inFlightLevel.set(now, --this.inFlight);
    const sentNs = r.sent[slot];
    r.release(slot);
    this.#observer.onAnswer(this.index, outcome, isAmbiguous(outcome), sentNs);
    if (client < 0) return;
    const think = this.#think.next(now);
    if (think > 0 || outcome === Outcome.refused) {
      // A refused client does not spin: gRPC waits at least a millisecond before it dials again.
      this.#cluster.shared.sim.schedule(
        Math.max(think, outcome === Outcome.refused ? 1e6 : 0),
        this.#issueType,
        client,
      );
    } else this.#issue(client);
  }

  /** The event by which answers of this workload are handed to the client's CPU. */
  receive(slot: number, generation: number): void {
    if (!this.#requests.isCurrent(slot, generation)) return;
    this.#port.process.execute(this.#receiveNs, this.#receivedType, slot, generation);
  }

  /** Who holds the lease of a request: its client; in an open loop one of `keySpace` holders. */
  #holder(slot: number): number {
    const r = this.#requests;
    return r.client[slot] >= 0 ? r.client[slot] : r.key[slot] - this.#firstKey;
  }

  /**
   * The lease that had to be granted first is there, so the request itself begins now; or it is
   * not.
   */
  #onGranted(slot: number, generation: number, outcome: OutcomeCode): void {
    const r = this.#requests;
    const { sim } = this.#cluster.shared;
    if (outcome === Outcome.ok) {
      this.#leases.granted(this.workload, this.#holder(slot), r.lease[slot]);
      r.op[slot] = this.#op;
      r.planned[slot] = sim.nowNs;
      r.clearTimes(slot);
      this.#start(slot, generation);
      return;
    }
    const client = r.client[slot];
    this.#inFlightLevel.set(sim.nowNs, --this.inFlight);
    r.release(slot);
    if (client < 0) return;
    sim.schedule(Math.max(1e6, this.workload.retryBackoffNs), this.#issueType, client);
  }
}

function opOf(op: WorkloadScenario['op']): number {
  const code = opNames.indexOf(op);
  return code < 0 ? Op.put : code;
}
