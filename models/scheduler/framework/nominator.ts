/**
 * Pods that were promised room on a node (kubernetes/pkg/scheduler/backend/queue/nominator.go).
 */
import type { Pod } from '../../objects/index.ts';
import type { Nominations } from './algorithm.ts';

const NONE: readonly Pod[] = Object.freeze([]);

export class Nominator implements Nominations {
  readonly #byRow = new Map<number, Map<number, Pod>>();
  readonly #rowOf = new Map<number, number>();

  get count(): number {
    return this.#rowOf.size;
  }

  on(row: number, priority: number, exceptUid: number): readonly Pod[] {
    const pods = this.#byRow.get(row);
    if (pods === undefined) return NONE;
    return [...pods.values()].filter(
      (pod) => pod.spec.priority >= priority && pod.meta.uid !== exceptUid,
    );
  }

  below(row: number, priority: number): readonly Pod[] {
    const pods = this.#byRow.get(row);
    if (pods === undefined) return NONE;
    return [...pods.values()].filter((pod) => pod.spec.priority < priority);
  }

  set(pod: Pod, row: number): void {
    this.delete(pod.meta.uid);
    let pods = this.#byRow.get(row);
    if (pods === undefined) {
      pods = new Map();
      this.#byRow.set(row, pods);
    }
    pods.set(pod.meta.uid, pod);
    this.#rowOf.set(pod.meta.uid, row);
  }

  delete(uid: number): void {
    const row = this.#rowOf.get(uid);
    if (row === undefined) return;
    this.#rowOf.delete(uid);
    const pods = this.#byRow.get(row);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byRow.delete(row);
  }

  rowOf(uid: number): number {
    return this.#rowOf.get(uid) ?? -1;
  }
}
