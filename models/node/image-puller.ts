/**
 * Images of nodes: which layers are there, and pulls of those that are not. A pull asks the
 * registry for the manifest, fetches up to three layers at once (containerd
 * max_concurrent_downloads) over shared bandwidth, and unpacks them in order, each as soon as it
 * and the one before are there, on one core. The one idea: layers are known by their id, so images
 * share them, and a layer that another pull of the node fetches is waited for.
 *
 * The kubelet pulls one image at a time (`serializeImagePulls`), or a number of them; its registry
 * bucket refuses what is beyond registryPullQPS, which counts as a failed pull
 * (pkg/kubelet/images: puller.go, helpers.go).
 *
 * *Left out:* garbage collection of images, disks that fill up or are slow, lazy snapshotters.
 */
import type { Stream } from '../../src/core/index.ts';
import { createSampler, type Sampler } from '../../src/dist/index.ts';
import type { ResourceProbe, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { KubeletScenario, RuntimeScenario } from '../../src/scenario/types.ts';
import type { ContainerImage } from '../objects/index.ts';
import type { DownloadShares } from './download-shares.ts';

/** containerd: max_concurrent_downloads. */
const LAYERS_AT_ONCE = 3;
/** Pulls at once by which utilization is reckoned where there is no limit. */
const UNLIMITED_PULLS = 10;
const NS_PER_S = 1e9;

export type PullOutcome = 'pulled' | 'failed';
/** `a` and `b` as given to `pull`. */
export type PullDone = (a: number, b: number, outcome: PullOutcome) => void;

export interface ImagePullerOptions {
  readonly name: string;
  readonly nodes: number;
  /** Index of the group's limits in `downloads`. */
  readonly limits: number;
  readonly kubelet: KubeletScenario;
  readonly runtime: RuntimeScenario;
  /** Images that every node of the group has. */
  readonly present: readonly ContainerImage[];
  readonly done: PullDone;
}

interface Pull {
  readonly node: number;
  readonly image: ContainerImage;
  readonly a: number;
  readonly b: number;
  readonly sinceNs: number;
  /** It left the queue. */
  beganNs: number;
  /** Layers that were missing when it began, in order. */
  layers: ContainerImage['layers'];
  /** Next layer to fetch, and to unpack. */
  fetch: number;
  unpack: number;
  /** By layer: fetched. */
  fetched: boolean[];
  unpacking: boolean;
}

/** What a node has beyond what all have; made when it first pulls. */
interface NodeImages {
  readonly layers: Set<string>;
  /** Layers being fetched, and who waits: pulls and the index of the layer in each. */
  readonly fetching: Map<string, { readonly pull: Pull; readonly layer: number }[]>;
  readonly queue: Pull[];
  pulling: number;
  /** Registry bucket: tokens at an instant. */
  tokens: number;
  tokensNs: number;
}

export class ImagePuller {
  /** Off: every pull fails as if the registry answered with an error. */
  registryAvailable = true;
  readonly #o: ImagePullerOptions;
  readonly #sim: ModelContext['sim'];
  readonly #downloads: DownloadShares;
  readonly #present = new Set<string>();
  readonly #nodes = new Map<number, NodeImages>();
  readonly #pulls: (Pull | null)[] = [];
  readonly #free: number[] = [];
  readonly #latency: Sampler;
  readonly #stepType: number;
  readonly #fetchedType: number;
  readonly #parallel: number;
  readonly #duration: Tally;
  readonly #probe: ResourceProbe;
  #waiting = 0;
  #pulling = 0;

  constructor(
    ctx: ModelContext,
    downloads: DownloadShares,
    stream: Stream,
    options: ImagePullerOptions,
  ) {
    this.#o = options;
    this.#sim = ctx.sim;
    this.#downloads = downloads;
    this.#latency = createSampler(options.runtime.registryLatency, stream);
    for (const image of options.present) {
      for (const layer of image.layers) this.#present.add(layer.id);
    }
    const { serializeImagePulls, maxParallelImagePulls } = options.kubelet;
    this.#parallel = serializeImagePulls ? 1 : maxParallelImagePulls || Number.POSITIVE_INFINITY;
    const servers = Math.max(1, options.nodes) * Math.min(this.#parallel, UNLIMITED_PULLS);
    this.#probe = ctx.metrics.resource(options.name, 'server-pool', servers);
    this.#duration = ctx.metrics.tally('kubelet_image_pull_duration_seconds');
    const { name } = options;
    this.#stepType = ctx.sim.eventType(`${name}/step`, (slot, layer) => this.#step(slot, layer));
    this.#fetchedType = ctx.sim.eventType(`${name}/fetched`, (slot, layer) =>
      this.#fetched(slot, layer),
    );
  }

  isPresent(node: number, image: ContainerImage): boolean {
    const own = this.#nodes.get(node)?.layers;
    for (const { id } of image.layers) {
      if (!this.#present.has(id) && own?.has(id) !== true) return false;
    }
    return true;
  }

  /** Pulls that run or wait on a node. */
  pullsOn(node: number): number {
    const images = this.#nodes.get(node);
    return images === undefined ? 0 : images.pulling + images.queue.length;
  }

  /** Pulls an image to a node; `done(a, b, outcome)` is called once, unless the node dies. */
  pull(node: number, image: ContainerImage, a: number, b: number): void {
    const images = this.#imagesOf(node);
    images.queue.push({
      node,
      image,
      a,
      b,
      sinceNs: this.#sim.nowNs,
      beganNs: this.#sim.nowNs,
      layers: image.layers,
      fetch: 0,
      unpack: 0,
      fetched: [],
      unpacking: false,
    });
    this.#waiting++;
    this.#probe.arrive();
    this.#dispatch(images);
  }

  /** The node died: pulls end and nobody is told; its layers stay. */
  clear(node: number): void {
    const images = this.#nodes.get(node);
    if (images === undefined) return;
    // Their slots are not used again: events of theirs may be on the way.
    for (let slot = 0; slot < this.#pulls.length; slot++) {
      if (this.#pulls[slot]?.node === node) this.#pulls[slot] = null;
    }
    this.#waiting -= images.queue.length;
    this.#pulling -= images.pulling;
    images.queue.length = 0;
    images.fetching.clear();
    images.pulling = 0;
    this.#measure();
    this.#downloads.clear(node);
  }

  #imagesOf(node: number): NodeImages {
    let images = this.#nodes.get(node);
    if (images === undefined) {
      images = {
        layers: new Set(),
        fetching: new Map(),
        queue: [],
        pulling: 0,
        tokens: this.#o.kubelet.registryBurst,
        tokensNs: this.#sim.nowNs,
      };
      this.#nodes.set(node, images);
    }
    return images;
  }

  #dispatch(images: NodeImages): void {
    while (images.pulling < this.#parallel && images.queue.length > 0) {
      const [pull] = images.queue.splice(0, 1);
      images.pulling++;
      this.#waiting--;
      this.#pulling++;
      pull.beganNs = this.#sim.nowNs;
      this.#probe.wait(pull.beganNs - pull.sinceNs);
      const slot = this.#free.pop() ?? this.#pulls.length;
      this.#pulls[slot] = pull;
      // Manifest and configuration; refused at once by the kubelet's own bucket.
      const refused = !this.#takeToken(images);
      const delayNs = refused ? 0 : this.#latency.next(this.#sim.nowNs);
      this.#sim.schedule(delayNs, this.#stepType, slot, refused ? -2 : -1);
    }
    this.#measure();
  }

  #measure(): void {
    this.#probe.queue(this.#sim.nowNs, this.#waiting);
    this.#probe.busy(this.#sim.nowNs, this.#pulling);
  }

  #takeToken(images: NodeImages): boolean {
    const { registryQps, registryBurst } = this.#o.kubelet;
    if (registryQps <= 0) return true;
    const elapsedNs = this.#sim.nowNs - images.tokensNs;
    images.tokensNs = this.#sim.nowNs;
    images.tokens = Math.min(registryBurst, images.tokens + (elapsedNs * registryQps) / NS_PER_S);
    if (images.tokens < 1) return false;
    images.tokens -= 1;
    return true;
  }

  /** -2: refused; -1: the manifest is there; else: begin of fetching, or end of unpacking. */
  #step(slot: number, layer: number): void {
    const pull = this.#pulls[slot];
    if (pull === null) return;
    if (layer === -2 || (layer === -1 && !this.registryAvailable)) this.#finish(slot, 'failed');
    else if (layer === -1) this.#begin(slot, pull);
    else if (layer >= pull.layers.length) this.#unpacked(slot, pull);
    else this.#fetch(slot, pull, layer);
  }

  #begin(slot: number, pull: Pull): void {
    const own = this.#imagesOf(pull.node).layers;
    pull.layers = pull.layers.filter(({ id }) => !this.#present.has(id) && !own.has(id));
    pull.fetched = pull.layers.map(() => false);
    if (pull.layers.length === 0) this.#finish(slot, 'pulled');
    for (let i = 0; i < LAYERS_AT_ONCE; i++) this.#request(slot, pull);
  }

  /** Asks the registry for the next layer. */
  #request(slot: number, pull: Pull): void {
    if (pull.fetch >= pull.layers.length) return;
    this.#sim.schedule(this.#latency.next(this.#sim.nowNs), this.#stepType, slot, pull.fetch++);
  }

  #fetch(slot: number, pull: Pull, layer: number): void {
    const { id, bytes } = pull.layers[layer];
    const images = this.#imagesOf(pull.node);
    const waiting = images.fetching.get(id);
    if (waiting !== undefined) {
      waiting.push({ pull, layer });
    } else if (images.layers.has(id)) {
      this.#fetched(slot, layer);
    } else {
      images.fetching.set(id, []);
      const { limits } = this.#o;
      this.#downloads.fetch(pull.node, limits, Math.max(1, bytes), this.#fetchedType, slot, layer);
    }
  }

  #fetched(slot: number, layer: number): void {
    const pull = this.#pulls[slot];
    if (pull === null) return;
    pull.fetched[layer] = true;
    const { fetching } = this.#imagesOf(pull.node);
    const waiting = fetching.get(pull.layers[layer].id) ?? [];
    fetching.delete(pull.layers[layer].id);
    this.#request(slot, pull);
    this.#unpackNext(slot, pull);
    for (const other of waiting) {
      const otherSlot = this.#pulls.indexOf(other.pull);
      if (otherSlot >= 0) this.#fetched(otherSlot, other.layer);
    }
  }

  #unpackNext(slot: number, pull: Pull): void {
    if (pull.unpacking || !pull.fetched[pull.unpack]) return;
    pull.unpacking = true;
    const { bytes } = pull.layers[pull.unpack];
    const unpackNs = Math.round((bytes / this.#o.runtime.unpackBytesPerSecond) * NS_PER_S);
    this.#sim.schedule(unpackNs, this.#stepType, slot, pull.layers.length + pull.unpack);
  }

  #unpacked(slot: number, pull: Pull): void {
    this.#imagesOf(pull.node).layers.add(pull.layers[pull.unpack].id);
    pull.unpacking = false;
    pull.unpack++;
    if (pull.unpack === pull.layers.length) this.#finish(slot, 'pulled');
    else this.#unpackNext(slot, pull);
  }

  #finish(slot: number, outcome: PullOutcome): void {
    const pull = this.#pulls[slot];
    if (pull === null) return;
    this.#release(slot);
    const images = this.#imagesOf(pull.node);
    images.pulling--;
    this.#pulling--;
    this.#probe.service(this.#sim.nowNs - pull.beganNs);
    if (outcome === 'pulled') this.#duration.record(this.#sim.nowNs - pull.sinceNs);
    this.#dispatch(images);
    this.#o.done(pull.a, pull.b, outcome);
  }

  #release(slot: number): void {
    this.#pulls[slot] = null;
    this.#free.push(slot);
  }
}
