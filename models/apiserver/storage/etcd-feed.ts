/**
 * One etcd watch of a replica: all changes of a group of keys, in order, each once
 * (pkg/storage/etcd3/watcher.go over clientv3 watch.go).
 *
 * One idea: what etcd sends are rows of the group's history; the feed knows the next row that it
 * needs, and asks for it anew, at whatever member is connected, when its stream breaks (after
 * 1.25 ms, 1.56 ms .. 100 ms). Answers are read and decoded one after the other, so a feed that
 * cannot keep up falls behind; from 1.37 on up to ten events of an answer are decoded at once.
 * A member without a leader for three election timeouts ends it (RequireLeader).
 * Left out: fragments of large answers; the answer to the create before the first event.
 */
import type { ModelContext } from '../../../src/resource/index.ts';
import {
  type KeyEvent,
  ResponseKind,
  SerialWork,
  type WatchChunk,
  type WatchHistory,
  type WatchStream,
  type WatchSubscriber,
} from '../../etcd/index.ts';
import type { EtcdClient } from './etcd-client.ts';
import type { StoredResource } from './object-store.ts';
import type { StorageCosts } from './storage-costs.ts';
import type { ReplicaCpu, Transformer } from './types.ts';

const BACKOFF_FIRST_NS = 1.25e6;
const BACKOFF_FACTOR = 1.25;
const BACKOFF_MAX_NS = 100e6;
const CREATE_BYTES = 96;
const PROGRESS_BYTES = 32;
const WINDOW_UPDATE_BYTES = 13;

/** pkg/storage/cacher: internal errors of a watch are retried for so long. */
const ERRORS_NS_MAX = 30e9;

/** Who is told. */
export interface FeedReader {
  /** Events of one revision or several, decoded. */
  onEvents(events: readonly KeyEvent[]): void;
  /** Nothing further happened up to this revision. */
  onProgress(revision: number): void;
  /** What it wants is compacted, or there was no leader for long: it must be listed again. */
  onEnd(): void;
}

/** All feeds of one replica at one etcd: they share event types, connection and life. */
export class EtcdFeeds {
  readonly ctx: ModelContext;
  readonly client: EtcdClient;
  readonly cpu: ReplicaCpu;
  readonly costs: StorageCosts;
  readonly name: string;
  /** Events of one answer that are decoded at once. */
  readonly decoders: number;
  readonly transformer: Transformer | null;
  readonly list: EtcdFeed[] = [];
  readonly openType: number;
  readonly createType: number;
  readonly createdType: number;
  readonly progressType: number;
  readonly progressDoneType: number;
  readonly windowType: number;
  readonly arriveType: number;
  readonly decodedType: number;
  readonly decryptedType: number;
  readonly #leaderType: number;
  #life = 0;

  constructor(
    ctx: ModelContext,
    client: EtcdClient,
    cpu: ReplicaCpu,
    costs: StorageCosts,
    name: string,
    decoders: number,
    transformer: Transformer | null,
  ) {
    this.ctx = ctx;
    this.client = client;
    this.cpu = cpu;
    this.costs = costs;
    this.name = name;
    this.decoders = decoders;
    this.transformer = transformer;
    const { sim } = ctx;
    const on = (what: string, handler: (feed: EtcdFeed) => void): number =>
      sim.eventType(`${name}/${what}`, (id, life) => {
        const feed = this.list[id];
        if (feed.life === life) handler(feed);
      });
    this.openType = on('open', (feed) => feed.open());
    this.createType = on('create', (feed) => feed.onCreate());
    this.createdType = on('created', (feed) => feed.onCreated());
    this.progressType = on('progress', (feed) => feed.onProgressAsked());
    this.progressDoneType = on('progressDone', (feed) => feed.onProgressRead());
    this.windowType = on('window', (feed) => feed.server?.resume());
    this.decodedType = on('decoded', (feed) => feed.onPartDecoded());
    this.arriveType = sim.eventType(`${name}/arrive`, (slot, g) => this.#onArrive(slot, g));
    this.decryptedType = sim.eventType(`${name}/decrypted`, (slot, g) =>
      this.#onDecrypted(slot, g),
    );
    this.#leaderType = sim.eventType(`${name}/leader`, (_, life) => this.#onLeaderCheck(life));
    client.port.onLost((member) => this.#onLost(member));
  }

  start(): void {
    this.#life++;
    this.#checkLater();
  }

  stop(): void {
    this.#life++;
    for (const feed of this.list) feed.stop();
  }

  #checkLater(): void {
    const { electionTimeoutNs } = this.client.cluster.shared.scenario;
    this.ctx.sim.schedule(electionTimeoutNs, this.#leaderType, 0, this.#life);
  }

  /** api/v3rpc/interceptor.go `monitorLeader`: three looks without a leader. */
  #onLeaderCheck(life: number): void {
    if (life !== this.#life) return;
    for (const feed of this.list) feed.lookForLeader();
    this.#checkLater();
  }

  #onLost(member: number): void {
    for (const feed of this.list) if (feed.isAt(member)) feed.break();
  }

  #onArrive(slot: number, generation: number): void {
    this.#withFeed(slot, generation, (feed, chunk) => feed.onArrive(chunk));
  }

  #onDecrypted(slot: number, generation: number): void {
    this.#withFeed(slot, generation, (feed, chunk) => feed.decode(chunk));
  }

  /** The feed whose stream still is the chunk's; else the chunk is given back. */
  #withFeed(
    slot: number,
    generation: number,
    then: (feed: EtcdFeed, chunk: WatchChunk) => void,
  ): void {
    const { chunks } = this.client.cluster.shared;
    const chunk = chunks.find(slot, generation);
    if (chunk === null || chunk.stream === null) return;
    const feed = this.list[chunk.stream.id];
    if (feed.server === chunk.stream) then(feed, chunk);
    else chunks.release(chunk);
  }
}

const LEADERLESS_MAX = 3;

export class EtcdFeed implements WatchSubscriber {
  readonly #feeds: EtcdFeeds;
  readonly #id: number;
  readonly #stored: StoredResource;
  readonly #history: WatchHistory;
  readonly #reader: FeedReader;
  readonly #serial: SerialWork;
  /** Grows whenever the stream breaks or is given up. */
  life = 0;
  server: WatchStream | null = null;
  #member = -1;
  #running = false;
  #creating = false;
  /** First row that has not come yet; Infinity = nothing is needed. */
  #row = Infinity;
  #minRevision = 0;
  #backoffNs = BACKOFF_FIRST_NS;
  #leaderless = 0;
  /** Events of the chunk at hand; empty between chunks. */
  readonly #decoded: KeyEvent[] = [];
  /** When the chunks so far are decrypted by an external KMS. */
  #decryptedNs = 0;
  /** Since when every attempt has met a member without a leader; -1 not so. */
  #erringSinceNs = -1;

  constructor(feeds: EtcdFeeds, stored: StoredResource, reader: FeedReader) {
    this.#feeds = feeds;
    this.#stored = stored;
    this.#reader = reader;
    this.#id = feeds.list.length;
    feeds.list.push(this);
    const { histories } = stored.cluster.shared;
    this.#history = histories.list[stored.history];
    this.#history.addReader(() => this.#row);
    this.#serial = new SerialWork(feeds.ctx.sim, feeds.cpu, `${feeds.name}/${stored.name}/decode`);
  }

  /** Rows from now on are kept for it, although it does not watch yet. */
  pin(): void {
    this.stop();
    this.#row = this.#history.next;
  }

  /** Watches from the revision after this one; nothing that was pinned before it is lost. */
  start(revision: number): void {
    this.life++;
    this.#running = true;
    this.#row = this.#history.firstAfterRevision(revision);
    this.#minRevision = revision + 1;
    this.#backoffNs = BACKOFF_FIRST_NS;
    this.#erringSinceNs = -1;
    this.open();
  }

  stop(): void {
    this.#closeServer();
    this.life++;
    this.#running = false;
    this.#creating = false;
    this.#row = Infinity;
    this.#serial.reset();
  }

  /** Asks etcd how far it is; the answer comes as progress. */
  requestProgress(): void {
    if (this.server === null || this.#creating) return;
    const { port } = this.#feeds.client;
    port.request(this.#member, PROGRESS_BYTES, this.#feeds.progressType, this.#id, this.life);
  }

  // --- Opening ----------------------------------------------------------------------------------

  open(): void {
    const { client, createType } = this.#feeds;
    const member = client.nextMember();
    if (member < 0) {
      this.#openLater();
      return;
    }
    this.#member = member;
    this.#creating = true;
    this.#leaderless = 0;
    if (!client.port.request(member, CREATE_BYTES, createType, this.#id, this.life)) this.break();
  }

  #openLater(): void {
    const { ctx, openType } = this.#feeds;
    ctx.sim.schedule(Math.round(this.#backoffNs), openType, this.#id, this.life);
    this.#backoffNs = Math.min(BACKOFF_MAX_NS, this.#backoffNs * BACKOFF_FACTOR);
  }

  /** At the member: the request is read. */
  onCreate(): void {
    const { cluster } = this.#stored;
    const member = cluster.members[this.#member];
    if (!member.isListening) return;
    const workNs = cluster.shared.constants.get('etcd.grpcRequestNs');
    member.process.execute(workNs, this.#feeds.createdType, this.#id, this.life);
  }

  /** At the member: it is told everything from its row on. */
  onCreated(): void {
    const { watches } = this.#stored.cluster.members[this.#member];
    this.#creating = false;
    if (this.#stored.cluster.members[this.#member].raft.lead === 0) {
      this.#failLeaderless();
      return;
    }
    this.#erringSinceNs = -1;
    this.#backoffNs = BACKOFF_FIRST_NS;
    this.server = watches.openStream(this.#stored.history, this, this.#id);
    const row = Math.max(this.#row, this.#history.base);
    watches.create(this.server, { count: 1, row, minRevision: this.#minRevision });
  }

  isAt(member: number): boolean {
    return this.#running && this.#member === member && (this.server !== null || this.#creating);
  }

  /** The stream is gone: it is opened again. */
  break(): void {
    if (!this.#running) return;
    this.#closeServer();
    this.life++;
    this.#creating = false;
    this.#serial.reset();
    this.#openLater();
  }

  onClosed(stream: WatchStream): void {
    if (this.server === stream) this.break();
  }

  #closeServer(): void {
    if (this.server !== null) this.server.store.close(this.server);
    this.server = null;
  }

  lookForLeader(): void {
    if (this.server === null) return;
    const { raft } = this.#stored.cluster.members[this.#member];
    this.#leaderless = raft.lead === 0 ? this.#leaderless + 1 : 0;
    if (this.#leaderless >= LEADERLESS_MAX) this.#failLeaderless();
  }

  /** ErrNoLeader: tried again, but not for ever. */
  #failLeaderless(): void {
    const { nowNs } = this.#feeds.ctx.sim;
    if (this.#erringSinceNs < 0) this.#erringSinceNs = nowNs;
    if (nowNs - this.#erringSinceNs <= ERRORS_NS_MAX) {
      this.break();
      return;
    }
    this.stop();
    this.#reader.onEnd();
  }

  // --- Events -----------------------------------------------------------------------------------

  deliver(member: number, bytes: number, chunk: WatchChunk): boolean {
    const { client, arriveType } = this.#feeds;
    return client.port.deliver(member, bytes, arriveType, chunk.slot, chunk.generation);
  }

  onArrive(chunk: WatchChunk): void {
    const waitNs = this.#feeds.transformer?.readWaitNs(chunk.events) ?? 0;
    if (waitNs === 0) {
      this.decode(chunk);
      return;
    }
    const { ctx, decryptedType } = this.#feeds;
    this.#decryptedNs = Math.max(this.#decryptedNs, ctx.sim.nowNs) + Math.round(waitNs);
    ctx.sim.scheduleAt(this.#decryptedNs, decryptedType, chunk.slot, chunk.generation);
  }

  /** Its contents are readable. */
  decode(chunk: WatchChunk): void {
    const { costs } = this.#feeds;
    const further = Math.max(0, chunk.events - chunk.responses);
    const readNs = chunk.responses * costs.watchReadNs + further * costs.watchBatchReadNs;
    const decodeNs = this.#decodeNs(chunk);
    const parts = Math.min(this.#feeds.decoders, chunk.events);
    if (parts <= 1) {
      this.#serial.run(readNs + decodeNs, this.#onDecoded, chunk.slot, chunk.generation);
      return;
    }
    // The last part is in order with the chunks before and after; the others run beside it.
    this.#serial.run(readNs + decodeNs / parts, this.#onDecoded, chunk.slot, chunk.generation);
    const rest = decodeNs - decodeNs / parts;
    this.#feeds.cpu.execute(rest, this.#feeds.decodedType, this.#id, this.life);
  }

  /** Decoded beside the chunk's own piece: charged, and nothing waits for it. */
  onPartDecoded(): void {}

  /** Value and previous value of every event (watcher.go `transform`). */
  #decodeNs(chunk: WatchChunk): number {
    let ns = 0;
    for (let run = 0; run < chunk.runs; run++) {
      if (chunk.kinds[run] !== ResponseKind.events) continue;
      for (let row = chunk.froms[run]; row <= chunk.tos[run]; row++) {
        const detail = this.#history.detail(row);
        if (Array.isArray(detail)) for (const event of detail) ns += this.#decodeEventNs(event);
        else ns += this.#decodeEventNs(detail as KeyEvent);
      }
    }
    return ns;
  }

  #decodeEventNs({ value, previous, copies }: KeyEvent): number {
    let ns = 0;
    if (value !== null) ns += this.#decodeValueNs(value.bytes);
    if (previous !== null) ns += this.#decodeValueNs(previous.bytes);
    return ns * copies;
  }

  #decodeValueNs(bytes: number): number {
    const { costs, transformer } = this.#feeds;
    const readNs = transformer === null ? 0 : transformer.readNs(bytes);
    return costs.decode(bytes, this.#stored.json) + readNs;
  }

  readonly #onDecoded = (slot: number, generation: number): void => {
    const { chunks } = this.#stored.cluster.shared;
    const chunk = chunks.find(slot, generation);
    if (chunk === null) return;
    const server = chunk.stream;
    if (server === null || server !== this.server) {
      if (server !== null) chunks.release(chunk);
      return;
    }
    const { bytes } = chunk;
    const events = this.#decoded;
    let progress = 0;
    let compacted = false;
    for (let run = 0; run < chunk.runs; run++) {
      if (chunk.kinds[run] === ResponseKind.compacted) compacted = true;
      else if (chunk.kinds[run] === ResponseKind.progress) progress = chunk.revisions[run];
      else this.#collect(chunk, run, events);
    }
    chunks.release(chunk);
    const { client, windowType } = this.#feeds;
    if (server.onRead(bytes)) {
      const { port } = client;
      port.request(this.#member, WINDOW_UPDATE_BYTES, windowType, this.#id, this.life);
    }
    if (events.length > 0) this.#reader.onEvents(events);
    while (events.length > 0) events.pop();
    if (compacted) {
      this.stop();
      this.#reader.onEnd();
    } else if (progress > 0) {
      this.#minRevision = Math.max(this.#minRevision, progress + 1);
      this.#reader.onProgress(progress);
    }
  };

  #collect(chunk: WatchChunk, run: number, events: KeyEvent[]): void {
    const history = this.#history;
    for (let row = chunk.froms[run]; row <= chunk.tos[run]; row++) {
      const detail = history.detail(row);
      if (Array.isArray(detail)) for (const event of detail) events.push(event);
      else events.push(detail as KeyEvent);
    }
    const last = chunk.tos[run];
    this.#minRevision = history.revision[history.at(last)] + 1;
    this.#row = last + 1;
  }

  onProgressAsked(): void {
    const { cluster } = this.#stored;
    const member = cluster.members[this.#member];
    if (!member.isListening) return;
    const workNs = cluster.shared.constants.get('etcd.grpcRequestNs');
    member.process.execute(workNs, this.#feeds.progressDoneType, this.#id, this.life);
  }

  onProgressRead(): void {
    if (this.server !== null) this.server.store.requestProgress(this.server);
  }
}
