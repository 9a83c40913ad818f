/**
 * Downloads of image layers share bandwidth: a stream has a limit, a node has one, and so has the
 * registry that all nodes share. Shares are max-min fair. The one idea: nodes with equal limits and
 * equally many streams advance alike, so a class of them has one virtual time (bytes each of its
 * streams has got), a stream is a tag in it, and a change costs as many steps as there are classes.
 *
 * *Left out:* TCP's ramp, losses, and bandwidth that other traffic of the node takes.
 * A test holds it against a fluid simulator that recomputes every stream at every change.
 */
import { assert, type EventId, NO_EVENT, type Simulation } from '../../src/core/index.ts';
import type { ResourceProbe } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';

export interface DownloadLimits {
  /** Bytes a second; Infinity = no limit. */
  readonly streamBytesPerSecond: number;
  readonly nodeBytesPerSecond: number;
}

interface Stream {
  /** Virtual bytes of its class at which it is complete. */
  tag: number;
  readonly sinceNs: number;
  readonly doneType: number;
  readonly a: number;
  readonly b: number;
}

interface ActiveNode {
  readonly node: number;
  readonly limits: number;
  readonly streams: Stream[];
  /** Smallest tag of its streams. */
  firstTag: number;
  /** Place in the heap of its class. */
  place: number;
}

interface NodeClass {
  readonly limits: number;
  /** Streams on each of its nodes. */
  readonly streams: number;
  /** Bytes that each stream got since the class was last empty. */
  virtualBytes: number;
  /** Bytes a ns for each stream. */
  rate: number;
  /** Binary heap by firstTag. */
  readonly heap: ActiveNode[];
}

const NS_PER_S = 1e9;
/** Less than this is left of a stream by rounding alone. */
const SLACK_BYTES = 1e-3;

export class DownloadShares {
  readonly #sim: Simulation;
  readonly #limits: readonly DownloadLimits[];
  #registryRate: number;
  /** Of the registry, where its bandwidth has a limit: a server, and the streams that share it. */
  readonly #probe: ResourceProbe | null;
  readonly #active = new Map<number, ActiveNode>();
  /** By `limits` and number of streams; few. Emptied ones stay. */
  readonly #classes: NodeClass[] = [];
  readonly #type: number;
  #settledNs = 0;
  #event: EventId = NO_EVENT;
  /** Streams under way. */
  streams = 0;

  constructor(
    { sim, metrics }: ModelContext,
    name: string,
    limits: readonly DownloadLimits[],
    registryBytesPerSecond: number,
  ) {
    this.#sim = sim;
    this.#limits = limits;
    this.#registryRate = registryBytesPerSecond / NS_PER_S;
    const isLimited = registryBytesPerSecond < Number.POSITIVE_INFINITY;
    this.#probe = isLimited ? metrics.resource(name, 'processor-sharing', 1) : null;
    this.#type = sim.eventType(`${name}/done`, () => this.#complete());
  }

  /** Fetches `bytes` to a node, then schedules (doneType, a, b). */
  fetch(node: number, limits: number, bytes: number, doneType: number, a: number, b: number): void {
    assert(bytes > 0, 'a download has bytes');
    this.#settle();
    let active = this.#active.get(node);
    if (active === undefined) {
      active = { node, limits, streams: [], firstTag: 0, place: -1 };
      this.#active.set(node, active);
    } else {
      this.#leave(active);
    }
    active.streams.push({ tag: bytes, sinceNs: this.#sim.nowNs, doneType, a, b });
    this.streams++;
    this.#probe?.arrive();
    this.#join(active);
    this.#plan();
  }

  /** What the registry gives to all streams together changes. */
  setBandwidth(registryBytesPerSecond: number): void {
    this.#settle();
    this.#registryRate = registryBytesPerSecond / NS_PER_S;
    this.#plan();
  }

  /** The node died: its downloads end and nobody is told. */
  clear(node: number): void {
    const active = this.#active.get(node);
    if (active === undefined) return;
    this.#settle();
    this.#leave(active);
    this.#active.delete(node);
    this.streams -= active.streams.length;
    this.#plan();
  }

  #settle(): void {
    const elapsedNs = this.#sim.nowNs - this.#settledNs;
    this.#settledNs = this.#sim.nowNs;
    if (elapsedNs === 0) return;
    for (const c of this.#classes) {
      if (c.heap.length > 0) c.virtualBytes += c.rate * elapsedNs;
    }
  }

  /** Out of its class; tags become bytes that are left. */
  #leave(active: ActiveNode): void {
    const c = this.#classOf(active.limits, active.streams.length);
    removeAt(c.heap, active.place);
    for (const stream of active.streams) stream.tag -= c.virtualBytes;
    if (c.heap.length === 0) c.virtualBytes = 0;
  }

  /** Into the class of as many streams as it has; bytes that are left become tags. */
  #join(active: ActiveNode): void {
    const c = this.#classOf(active.limits, active.streams.length);
    let first = Number.POSITIVE_INFINITY;
    for (const stream of active.streams) {
      stream.tag += c.virtualBytes;
      if (stream.tag < first) first = stream.tag;
    }
    active.firstTag = first;
    insert(c.heap, active);
  }

  #classOf(limits: number, streams: number): NodeClass {
    for (const c of this.#classes) {
      if (c.limits === limits && c.streams === streams) return c;
    }
    const made: NodeClass = { limits, streams, virtualBytes: 0, rate: 0, heap: [] };
    this.#classes.push(made);
    // Ascending by what one stream may have at most: the order of water filling.
    this.#classes.sort((x, y) => this.#cap(x) - this.#cap(y));
    return made;
  }

  /** Bytes a ns that a stream of the class may have at most. */
  #cap(c: NodeClass): number {
    const { streamBytesPerSecond, nodeBytesPerSecond } = this.#limits[c.limits];
    return Math.min(streamBytesPerSecond, nodeBytesPerSecond / c.streams) / NS_PER_S;
  }

  /** Rates by water filling, and the event of the next completion. */
  #plan(): void {
    let rest = this.#registryRate;
    let restStreams = this.streams;
    let soonestNs = Number.POSITIVE_INFINITY;
    for (const c of this.#classes) {
      if (c.heap.length === 0) continue;
      const streams = c.heap.length * c.streams;
      c.rate = Math.max(0, Math.min(this.#cap(c), rest / restStreams));
      rest -= c.rate * streams;
      restStreams -= streams;
      const left = Math.max(0, c.heap[0].firstTag - c.virtualBytes);
      soonestNs = Math.min(soonestNs, c.rate === Number.POSITIVE_INFINITY ? 0 : left / c.rate);
    }
    if (this.#probe !== null) {
      const used = Number.isFinite(rest) ? (this.#registryRate - rest) / this.#registryRate : 0;
      this.#probe.busy(this.#sim.nowNs, used);
      this.#probe.queue(this.#sim.nowNs, Math.max(0, this.streams - 1));
    }
    this.#sim.cancel(this.#event);
    this.#event = NO_EVENT;
    if (soonestNs < Number.POSITIVE_INFINITY) {
      this.#event = this.#sim.schedule(Math.ceil(soonestNs), this.#type);
    }
  }

  #complete(): void {
    this.#event = NO_EVENT;
    this.#settle();
    // Found first, changed afterwards: a node that loses a stream changes its class.
    const done: ActiveNode[] = [];
    for (const c of this.#classes) {
      while (c.heap.length > 0 && this.#isDone(c, c.heap[0].firstTag)) {
        const active = c.heap[0];
        done.push(active);
        removeAt(c.heap, 0);
        active.place = -1;
        this.#finish(c, active);
      }
      if (c.heap.length === 0) c.virtualBytes = 0;
    }
    for (const active of done) {
      if (active.streams.length > 0) this.#join(active);
      else this.#active.delete(active.node);
    }
    this.#plan();
  }

  /** Ends the streams of a node that are complete; of the others, what is left. */
  #finish(c: NodeClass, active: ActiveNode): void {
    let kept = 0;
    for (const stream of active.streams) {
      if (this.#isDone(c, stream.tag)) {
        this.streams--;
        this.#probe?.service(this.#sim.nowNs - stream.sinceNs);
        this.#sim.schedule(0, stream.doneType, stream.a, stream.b);
      } else {
        stream.tag -= c.virtualBytes;
        active.streams[kept++] = stream;
      }
    }
    active.streams.length = kept;
  }

  #isDone(c: NodeClass, tag: number): boolean {
    return c.rate === Number.POSITIVE_INFINITY || tag - c.virtualBytes <= SLACK_BYTES;
  }
}

function insert(heap: ActiveNode[], active: ActiveNode): void {
  heap.push(active);
  rise(heap, heap.length - 1, active);
}

function removeAt(heap: ActiveNode[], place: number): void {
  const last = heap.pop();
  if (last === undefined || place === heap.length) return;
  rise(heap, place, last);
  sink(heap, last.place, last);
}

function rise(heap: ActiveNode[], from: number, active: ActiveNode): void {
  let place = from;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if (heap[parent].firstTag <= active.firstTag) break;
    heap[place] = heap[parent];
    heap[place].place = place;
    place = parent;
  }
  heap[place] = active;
  active.place = place;
}

function sink(heap: ActiveNode[], from: number, active: ActiveNode): void {
  let place = from;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1].firstTag < heap[child].firstTag) child++;
    if (heap[child].firstTag >= active.firstTag) break;
    heap[place] = heap[child];
    heap[place].place = place;
    place = child;
  }
  heap[place] = active;
  active.place = place;
}
