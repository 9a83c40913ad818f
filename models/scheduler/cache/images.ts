/**
 * Which node has which image: ImageLocality's state, as a bitmap by image
 * (kubernetes/pkg/scheduler/backend/cache/cache.go `addNodeImageStates`).
 */
import type { Node } from '../../objects/index.ts';

export interface ImageState {
  readonly sizeBytes: number;
  nodes: number;
  /** By row. */
  has: Uint8Array;
}

export class ImageTable {
  readonly #states = new Map<string, ImageState>();
  readonly #imagesOf: (Node['status']['images'] | null)[] = [];

  get(name: string): ImageState | undefined {
    return this.#states.get(name);
  }

  /** The images of a node are now these; null = it is gone. */
  set(row: number, images: Node['status']['images'] | null): void {
    const before = this.#imagesOf[row] ?? null;
    if (before === images) return;
    if (before !== null) {
      for (const name of Object.keys(before)) {
        if (images === null || images[name] === undefined) this.#remove(row, name);
      }
    }
    if (images !== null) {
      for (const name of Object.keys(images)) {
        if (before === null || before[name] === undefined) this.#add(row, name, images[name]);
      }
    }
    this.#imagesOf[row] = images;
  }

  #add(row: number, name: string, sizeBytes: number): void {
    let state = this.#states.get(name);
    if (state === undefined) {
      state = { sizeBytes, nodes: 0, has: new Uint8Array(row + 64) };
      this.#states.set(name, state);
    }
    if (row >= state.has.length) {
      const grown = new Uint8Array(Math.max(row + 1, state.has.length * 2));
      grown.set(state.has);
      state.has = grown;
    }
    if (state.has[row] === 0) state.nodes++;
    state.has[row] = 1;
  }

  #remove(row: number, name: string): void {
    const state = this.#states.get(name);
    if (state === undefined || state.has[row] !== 1) return;
    state.has[row] = 0;
    if (--state.nodes === 0) this.#states.delete(name);
  }
}
