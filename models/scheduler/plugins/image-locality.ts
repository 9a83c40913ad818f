/**
 * ImageLocality: nodes that have the pod's images already, popular images weighing more.
 * Source: kubernetes/pkg/scheduler/framework/plugins/imagelocality/image_locality.go.
 */
import type { PodSpec } from '../../objects/index.ts';
import type { ImageState, ImageTable } from '../cache/images.ts';
import { MAX_NODE_SCORE } from './resource-scores.ts';

const MB = 1024 * 1024;
const MIN_THRESHOLD = 23 * MB;
const MAX_CONTAINER_THRESHOLD = 1000 * MB;

export class ImageScore {
  readonly #images: ImageTable;
  readonly #states: ImageState[] = [];
  readonly #scaled: number[] = [];
  #containers = 0;

  constructor(images: ImageTable) {
    this.#images = images;
  }

  /** False where no node has an image of the pod: every score is 0. */
  prepare(spec: PodSpec, nodes: number): boolean {
    this.#states.length = 0;
    this.#scaled.length = 0;
    this.#containers = spec.containers.length + spec.initContainers.length;
    for (const { image } of spec.initContainers) this.#add(image.name, nodes);
    for (const { image } of spec.containers) this.#add(image.name, nodes);
    return this.#states.length > 0;
  }

  score(rows: Int32Array, count: number, total: Float64Array, weight: number): void {
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let k = 0; k < this.#states.length; k++) {
        if (this.#states[k].has[rows[i]] === 1) sum += this.#scaled[k];
      }
      total[i] += weight * priorityOf(sum, this.#containers);
    }
  }

  #add(name: string, nodes: number): void {
    const state = this.#images.get(name);
    if (state === undefined) return;
    this.#states.push(state);
    this.#scaled.push(Math.trunc(state.sizeBytes * (state.nodes / nodes)));
  }
}

export function priorityOf(sumBytes: number, containers: number): number {
  const most = MAX_CONTAINER_THRESHOLD * containers;
  const sum = Math.min(Math.max(sumBytes, MIN_THRESHOLD), most);
  return Math.floor((MAX_NODE_SCORE * (sum - MIN_THRESHOLD)) / (most - MIN_THRESHOLD));
}
