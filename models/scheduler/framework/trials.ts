/**
 * Trials of preemption on one node: pods are lifted and put back, and the filters asked between.
 *
 * On the cache itself where the preemptor's filters look at other pods; where nothing but resources
 * matters, on five numbers.
 */
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { NodeTable } from '../cache/node-table.ts';
import type { PodEntry, PodRequest } from '../cache/pod-entry.ts';
import type { Algorithm } from './algorithm.ts';
import { FEASIBLE } from './verdict.ts';

export interface Trial {
  lift(entry: PodEntry): void;
  putBack(entry: PodEntry): void;
  /** The preemptor fits as it is now. */
  fits(): boolean;
  /** As if it had never been; `tried` may be lifted or back. */
  end(tried: readonly PodEntry[]): void;
}

export class CacheTrial implements Trial {
  readonly #cache: ClusterCache;
  readonly #row: number;
  readonly #algorithm: Algorithm;
  readonly #generation: number;

  constructor(cache: ClusterCache, row: number, algorithm: Algorithm) {
    this.#cache = cache;
    this.#row = row;
    this.#algorithm = algorithm;
    this.#generation = cache.table.generation[row];
  }

  lift(entry: PodEntry): void {
    this.#cache.lift(entry);
  }

  putBack(entry: PodEntry): void {
    this.#cache.putBack(entry);
  }

  fits(): boolean {
    return this.#algorithm.check(this.#row) === FEASIBLE;
  }

  end(tried: readonly PodEntry[]): void {
    for (const entry of tried) {
      if (this.#cache.podOf(entry.pod.meta.uid) === undefined) this.#cache.putBack(entry);
    }
    // What is remembered of the node is right again.
    this.#cache.table.generation[this.#row] = this.#generation;
  }
}

/** plugins/noderesources/fit.go on what would be free. */
export class ResourceTrial implements Trial {
  readonly #request: PodRequest;
  readonly #extended: Float64Array;
  #cpu: number;
  #memory: number;
  #ephemeral: number;
  #pods: number;

  constructor(table: NodeTable, row: number, request: PodRequest) {
    this.#request = request;
    this.#cpu = table.allocCpu[row] - table.usedCpu[row];
    this.#memory = table.allocMemory[row] - table.usedMemory[row];
    this.#ephemeral = table.allocEphemeral[row] - table.usedEphemeral[row];
    this.#pods = table.allocPods[row] - table.podCount[row];
    this.#extended = new Float64Array(table.extended.length);
    for (const [i, column] of table.extended.entries()) {
      this.#extended[i] = column.allocatable[row] - column.used[row];
    }
  }

  lift({ request }: PodEntry): void {
    this.#move(request, 1);
  }

  putBack({ request }: PodEntry): void {
    this.#move(request, -1);
  }

  fits(): boolean {
    const { cpu, ephemeral, extended, memory } = this.#request;
    if (this.#pods < 1) return false;
    if (cpu > 0 && cpu > this.#cpu) return false;
    if (memory > 0 && memory > this.#memory) return false;
    if (ephemeral > 0 && ephemeral > this.#ephemeral) return false;
    for (const { index, amount } of extended) if (amount > this.#extended[index]) return false;
    return true;
  }

  end(): void {}

  #move(request: PodRequest, sign: 1 | -1): void {
    this.#cpu += sign * request.cpu;
    this.#memory += sign * request.memory;
    this.#ephemeral += sign * request.ephemeral;
    this.#pods += sign;
    for (const { amount, index } of request.extended) this.#extended[index] += sign * amount;
  }
}
