/**
 * Watchers of one workload entry: clients that watch a prefix, over gRPC streams of their process.
 *
 * One idea: watchers of a stream that have seen the same rows are counted, not kept; a response for
 * n of them moves n from the row where they stand to the next, and finding fewer than n there is a
 * violated invariant: no event is lost, repeated or out of order.
 * A stream creates its watchers one after the other, a round trip each; one that breaks is opened
 * again after 1.25 ms, 1.56 ms .. 100 ms, against another member where the target allows it, each
 * watcher from the revision after its last (clientv3 watch.go `run`, `nextResume`,
 * `backoffIfUnavailable`). One that wants compacted revisions starts anew from the present one; the
 * list that a real watcher would ask for first is left out.
 */

import { assert } from '../../src/core/index.ts';
import type { Counter, Tally } from '../../src/metrics/index.ts';
import type { WorkloadScenario } from '../../src/scenario/types.ts';
import {
  addCohort,
  type ClientPort,
  type Cohort,
  type EtcdCluster,
  ResponseKind,
  type WatchChunk,
  type WatchHistory,
  type WatchStream,
  type WatchSubscriber,
} from '../etcd/index.ts';
import { Targets } from './targets.ts';

const BACKOFF_FIRST_NS = 1.25e6;
const BACKOFF_FACTOR = 1.25;
const BACKOFF_MAX_NS = 100e6;
/** Watchers that one create message stands for; the time is that of as many messages in turn. */
const CREATE_MAX = 64;
const CREATE_BYTES = 64;
const WINDOW_UPDATE_BYTES = 13;

/** One gRPC stream as the client sees it. */
interface ClientStream {
  readonly id: number;
  member: number;
  /** Grows whenever the stream breaks: what belongs to an earlier life is ignored. */
  life: number;
  server: WatchStream | null;
  /** Watchers that were created, those still to be, and those that are being created. */
  readonly attached: Cohort[];
  readonly detached: Cohort[];
  creating: Cohort | null;
  /** From the first create message of a row of them to the last answer. */
  isCreating: boolean;
  createMax: number;
  backoffNs: number;
}

export class EtcdWatchers implements WatchSubscriber {
  readonly index: number;
  readonly workload: WorkloadScenario;
  readonly streams: ClientStream[];
  readonly #cluster: EtcdCluster;
  readonly #port: ClientPort;
  readonly #historyNumber: number;
  readonly #history: WatchHistory;
  readonly #targets: Targets;
  /** Column of the history: watchers that have each row's events. */
  readonly #arrived: number;
  readonly #openType: number;
  readonly #createType: number;
  readonly #createdType: number;
  readonly #attachType: number;
  readonly #nextType: number;
  readonly #sendType: number;
  readonly #stopType: number;
  readonly #arriveType: number;
  readonly #windowType: number;
  readonly #requestNs: number;
  readonly #eventNs: number;
  readonly #batchEventNs: number;
  readonly #event: Tally;
  readonly #lag: Tally;
  readonly #last: Tally;
  readonly #events: Counter;
  readonly #reopened: Counter;
  readonly #compacted: Counter;

  constructor(
    cluster: EtcdCluster,
    port: ClientPort,
    workload: WorkloadScenario,
    index: number,
    historyNumber: number,
  ) {
    this.#cluster = cluster;
    this.#port = port;
    this.workload = workload;
    this.index = index;
    this.#historyNumber = historyNumber;
    const { sim, metrics, constants, histories } = cluster.shared;
    this.#history = histories.list[historyNumber];
    this.#arrived = this.#history.addCounts();
    this.#history.addReader(() => this.#firstNeeded());
    this.#targets = new Targets(cluster, workload);
    this.streams = makeStreams(workload);
    const name = `workload/${workload.name}/watch`;
    const on = (what: string, handler: (stream: ClientStream) => void): number =>
      sim.eventType(`${name}/${what}`, (id, life) => {
        const stream = this.streams[id];
        if (stream.life === life) handler(stream);
      });
    this.#openType = on('open', (stream) => this.#open(stream));
    this.#createType = on('create', (stream) => this.#onCreate(stream));
    this.#createdType = on('created', (stream) => this.#onCreated(stream));
    this.#attachType = on('attach', (stream) => this.#onAttach(stream));
    this.#nextType = on('next', (stream) => this.#createNext(stream));
    this.#sendType = on('send', (stream) => this.#sendCreate(stream));
    this.#stopType = sim.eventType(`${name}/stop`, () => this.#stop());
    this.#windowType = on('window', (stream) => stream.server?.resume());
    this.#arriveType = sim.eventType(`${name}/arrive`, (slot, g) => this.#onArrive(slot, g));
    this.#requestNs = constants.get('etcd.grpcRequestNs');
    this.#eventNs = constants.get('client.eventNs');
    this.#batchEventNs = constants.get('client.batchEventNs');
    const labels = { workload: workload.name };
    const seconds = (what: string, help: string): Tally =>
      metrics.tally(`wavetank_watch_${what}_seconds`, labels, { unit: 'ns', help });
    this.#event = seconds('event', 'From the planned time of a write to its event at a watcher.');
    this.#lag = seconds('lag', "From a write's apply at the watched member to its event.");
    this.#last = seconds('last', 'The same for the last of all watchers.');
    const counter = (what: string, help: string): Counter =>
      metrics.counter(`wavetank_watch_${what}_total`, labels, { help });
    this.#events = counter('events', 'Events that watchers received.');
    this.#reopened = counter('reopened', 'Watch streams that broke and were opened again.');
    this.#compacted = counter('compacted', 'Watchers that wanted revisions that were compacted.');
  }

  start(): void {
    const { sim } = this.#cluster.shared;
    this.#port.onLost((member) => this.#onLost(member));
    for (const stream of this.streams) {
      sim.scheduleAt(this.workload.startNs, this.#openType, stream.id, stream.life);
    }
    if (this.workload.stopNs < sim.horizonNs) sim.scheduleAt(this.workload.stopNs, this.#stopType);
  }

  #stop(): void {
    for (const stream of this.streams) {
      if (stream.server !== null) stream.server.store.close(stream.server);
      stream.server = null;
      stream.life++;
    }
  }

  /** Watchers that are attached to a member now. */
  get attached(): number {
    let count = 0;
    for (const { attached } of this.streams) for (const cohort of attached) count += cohort.count;
    return count;
  }

  // --- Opening ----------------------------------------------------------------------------------

  #open(stream: ClientStream): void {
    const member = this.#reachable();
    if (member < 0) {
      this.#openLater(stream);
      return;
    }
    stream.member = member;
    stream.createMax = 1;
    this.#sendCreate(stream);
  }

  /** The member that the target means, or another one where that may be; -1 none. */
  #reachable(): number {
    const first = this.#targets.next();
    if (this.#port.isConnected(first)) return first;
    if (this.#targets.isFixed) return -1;
    const { length } = this.#cluster.members;
    for (let i = 1; i < length; i++) {
      const member = (first + i) % length;
      if (this.#cluster.members[member].inCluster && this.#port.isConnected(member)) return member;
    }
    return -1;
  }

  #openLater(stream: ClientStream): void {
    const { sim } = this.#cluster.shared;
    sim.schedule(Math.round(stream.backoffNs), this.#openType, stream.id, stream.life);
    stream.backoffNs = Math.min(BACKOFF_MAX_NS, stream.backoffNs * BACKOFF_FACTOR);
  }

  /** The next watchers of the stream are asked for. */
  #sendCreate(stream: ClientStream): void {
    const cohort = stream.detached[0];
    stream.isCreating = cohort !== undefined;
    if (cohort === undefined) {
      stream.backoffNs = BACKOFF_FIRST_NS;
      return;
    }
    const count = Math.min(stream.createMax, cohort.count);
    const { row, minRevision } = cohort;
    stream.creating = { count, row, minRevision };
    addCohort(stream.detached, -count, row, minRevision);
    const { id, life, member } = stream;
    const bytes = count * (CREATE_BYTES + this.workload.keyBytes);
    if (!this.#port.request(member, bytes, this.#createType, id, life)) this.#break(stream);
  }

  /** At the member: the request is read. */
  #onCreate(stream: ClientStream): void {
    const member = this.#cluster.members[stream.member];
    // A process that was killed meanwhile knows nothing of the stream; the connection will tell.
    if (!member.isListening || stream.creating === null || stream.server?.isOpen === false) return;
    const workNs = stream.creating.count * this.#requestNs;
    member.process.execute(workNs, this.#createdType, stream.id, stream.life);
  }

  /** At the member: the watchers are there from now on, and the client is told so. */
  #onCreated(stream: ClientStream): void {
    const { id, life, creating } = stream;
    const { watches } = this.#cluster.members[stream.member];
    assert(creating !== null, 'watchers were created that nobody asked for');
    stream.server ??= watches.openStream(this.#historyNumber, this, id);
    stream.creating = watches.create(stream.server, creating);
    const bytes = creating.count * CREATE_BYTES;
    if (!this.#port.deliver(stream.member, bytes, this.#attachType, id, life)) this.#break(stream);
  }

  #onAttach(stream: ClientStream): void {
    const { creating, id, life } = stream;
    assert(creating !== null, 'watchers were attached that nobody created');
    stream.creating = null;
    addCohort(stream.attached, creating.count, creating.row, creating.minRevision);
    this.#port.process.execute(creating.count * this.#eventNs, this.#nextType, id, life);
  }

  /** The next message asks for several watchers, which would have taken a round trip each. */
  #createNext(stream: ClientStream): void {
    stream.createMax = Math.min(CREATE_MAX, stream.createMax * 2);
    const next = Math.min(stream.createMax, stream.detached[0]?.count ?? 0);
    const extraNs = Math.round(Math.max(0, next - 1) * this.#port.rttNs(stream.member));
    this.#cluster.shared.sim.schedule(extraNs, this.#sendType, stream.id, stream.life);
  }

  // --- Losing -----------------------------------------------------------------------------------

  #onLost(member: number): void {
    for (const stream of this.streams) {
      const isOpen = stream.server !== null || stream.isCreating;
      if (isOpen && stream.member === member) this.#break(stream);
    }
  }

  onClosed(server: WatchStream): void {
    const stream = this.streams[server.id];
    if (stream.server === server) this.#break(stream);
  }

  #break(stream: ClientStream): void {
    if (stream.server !== null) stream.server.store.close(stream.server);
    stream.server = null;
    stream.life++;
    for (const cohort of stream.attached.splice(0)) detach(stream, cohort);
    if (stream.creating !== null) detach(stream, stream.creating);
    stream.creating = null;
    stream.isCreating = false;
    this.#reopened.add();
    this.#openLater(stream);
  }

  // --- Events -----------------------------------------------------------------------------------

  deliver(member: number, bytes: number, chunk: WatchChunk): boolean {
    return this.#port.deliver(member, bytes, this.#arriveType, chunk.slot, chunk.generation);
  }

  #onArrive(slot: number, generation: number): void {
    const chunk = this.#current(slot, generation);
    if (chunk === null) return;
    const further = Math.max(0, chunk.events - chunk.responses);
    const workNs = chunk.responses * this.#eventNs + further * this.#batchEventNs;
    const { member } = (chunk.stream as WatchStream).store;
    this.#port.readers[member].run(workNs, this.#onRead, slot, generation);
    this.#port.wake();
  }

  /** The chunk, where the stream that carries it is still the client's. */
  #current(slot: number, generation: number): WatchChunk | null {
    const { chunks } = this.#cluster.shared;
    const chunk = chunks.find(slot, generation);
    if (chunk === null || chunk.stream === null) return null;
    if (this.streams[chunk.stream.id].server === chunk.stream) return chunk;
    chunks.release(chunk);
    return null;
  }

  /** The client's goroutine has taken the chunk: its events are with the watchers. */
  readonly #onRead = (slot: number, generation: number): void => {
    const chunk = this.#current(slot, generation);
    if (chunk === null || chunk.stream === null) return;
    const server = chunk.stream;
    const stream = this.streams[server.id];
    const { bytes } = chunk;
    let after = chunk.responses;
    for (let i = 0; i < chunk.runs; i++) {
      after -= chunk.counts[i];
      this.#receive(stream, chunk, i, after);
    }
    this.#cluster.shared.chunks.release(chunk);
    if (server.onRead(bytes)) {
      const { id, life, member } = stream;
      this.#port.request(member, WINDOW_UPDATE_BYTES, this.#windowType, id, life);
    }
    if (!stream.isCreating && stream.detached.length > 0) this.#sendCreate(stream);
  };

  /** One run of equal responses, `after` of the chunk's responses behind it. */
  #receive(stream: ClientStream, chunk: WatchChunk, run: number, after: number): void {
    const count = chunk.counts[run];
    const from = chunk.froms[run];
    const to = chunk.tos[run];
    take(stream.attached, count, from);
    switch (chunk.kinds[run]) {
      case ResponseKind.compacted:
        this.#compacted.add(count);
        addCohort(stream.detached, count, 0, 0);
        return;
      case ResponseKind.progress:
        addCohort(stream.attached, count, from, chunk.revisions[run] + 1);
        return;
      default: {
        const { history } = stream.server as WatchStream;
        const next = history.revision[history.at(to)] + 1;
        addCohort(stream.attached, count, to + 1, next);
        for (let row = from; row <= to; row++) this.#record(stream.member, row, count, after);
      }
    }
  }

  /** `count` watchers have the events of a row; they took them one after the other until now. */
  #record(member: number, row: number, count: number, after: number): void {
    const history = this.#history;
    const at = history.at(row);
    const nowNs = this.#cluster.shared.sim.nowNs;
    const plannedNs = history.plannedNs[at];
    const appliedNs = history.appliedNs[member][at];
    const events = history.events[at];
    this.#events.add(count * events);
    for (let i = count - 1; i >= 0; i--) {
      const tookNs = nowNs - Math.round((after + i) * this.#eventNs);
      const arrivedNs = appliedNs > tookNs ? appliedNs : tookNs;
      for (let event = 0; event < events; event++) {
        if (plannedNs <= arrivedNs) this.#event.record(arrivedNs - plannedNs);
        if (appliedNs <= arrivedNs) this.#lag.record(arrivedNs - appliedNs);
      }
    }
    const arrived = history.counts(this.#arrived);
    arrived[at] += count;
    const isLast = arrived[at] === this.workload.clients;
    const lastNs = nowNs - Math.round(after * this.#eventNs);
    if (isLast && appliedNs <= lastNs) this.#last.record(lastNs - appliedNs);
  }

  #firstNeeded(): number {
    let row = Infinity;
    for (const { attached, detached, creating } of this.streams) {
      for (const cohort of attached) row = Math.min(row, cohort.row);
      for (const cohort of detached) if (cohort.minRevision > 0) row = Math.min(row, cohort.row);
      if (creating !== null && creating.minRevision > 0) row = Math.min(row, creating.row);
    }
    return row;
  }
}

/** Watchers at a row leave it, whatever the revision from which they count. */
function take(cohorts: Cohort[], count: number, row: number): void {
  let left = count;
  for (let i = 0; i < cohorts.length && left > 0; i++) {
    if (cohorts[i].row !== row) continue;
    const taken = Math.min(left, cohorts[i].count);
    cohorts[i].count -= taken;
    left -= taken;
    if (cohorts[i].count === 0) cohorts.splice(i--, 1);
  }
  assert(left === 0, `${left} watchers were sent events that they have, or before those they lack`);
}

function detach(stream: ClientStream, { count, row, minRevision }: Cohort): void {
  addCohort(stream.detached, count, row, minRevision);
}

/** Watchers are spread over the streams as evenly as can be. */
function makeStreams(workload: WorkloadScenario): ClientStream[] {
  const { clients } = workload;
  const streams = workload.streams > 0 ? Math.min(workload.streams, clients) : clients;
  return Array.from({ length: streams }, (_, id) => {
    const count = Math.floor(clients / streams) + (id < clients % streams ? 1 : 0);
    return {
      id,
      member: -1,
      life: 0,
      server: null,
      attached: [],
      detached: [{ count, row: 0, minRevision: 0 }],
      creating: null,
      isCreating: false,
      createMax: 1,
      backoffNs: BACKOFF_FIRST_NS,
    };
  });
}
