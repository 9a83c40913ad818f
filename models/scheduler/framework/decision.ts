/** What one scheduling cycle found, and how much it looked at: reused from cycle to cycle. */
import { FILTERS, pluginOf } from './verdict.ts';

export class Decision {
  /** Chosen node; -1 = none. */
  row = -1;
  /** Nodes of the cluster. */
  total = 0;
  examined = 0;
  feasible = 0;
  /** Highest total score; NaN where nothing was scored. */
  score = Number.NaN;
  /** Why no node was even looked at: a PreFilter plugin and its reason. */
  refusedBy = 0;
  refusal = '';
  /** Nodes by verdict, feasible ones not included. */
  readonly removed = new Map<number, number>();
  /** Nodes by the filter that removed them. */
  readonly removedBy = new Int32Array(FILTERS);
  #lastVerdict = 0;
  #lastCount = 0;

  reset(total: number): void {
    this.row = -1;
    this.total = total;
    this.examined = 0;
    this.feasible = 0;
    this.score = Number.NaN;
    this.refusedBy = 0;
    this.refusal = '';
    this.removed.clear();
    this.removedBy.fill(0);
    this.#lastVerdict = 0;
    this.#lastCount = 0;
  }

  /** One more node is out. */
  remove(verdict: number): void {
    this.removedBy[pluginOf(verdict)]++;
    if (verdict === this.#lastVerdict) {
      this.#lastCount++;
      return;
    }
    this.#flush();
    this.#lastVerdict = verdict;
    this.#lastCount = 1;
  }

  close(): void {
    this.#flush();
    this.#lastVerdict = 0;
    this.#lastCount = 0;
  }

  /** Bit by filter plugin that removed a node, or refused all. */
  get rejectors(): number {
    let bits = this.refusedBy === 0 ? 0 : 1 << this.refusedBy;
    for (let plugin = 1; plugin < FILTERS; plugin++) {
      if (this.removedBy[plugin] > 0) bits |= 1 << plugin;
    }
    return bits;
  }

  /** Equal where the message of the failure would be; never 0. */
  get messageHash(): number {
    let hash = hashOf(this.refusal, this.total);
    for (const [verdict, nodes] of this.removed) {
      // A sum: the order in which verdicts were met says nothing.
      hash = (hash + mix32(Math.imul(verdict, 0x9e3779b1) ^ nodes)) | 0;
    }
    return hash === 0 ? 1 : hash;
  }

  #flush(): void {
    if (this.#lastCount === 0) return;
    this.removed.set(
      this.#lastVerdict,
      (this.removed.get(this.#lastVerdict) ?? 0) + this.#lastCount,
    );
  }
}

function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = mix32(hash ^ text.charCodeAt(i));
  return hash;
}

/** MurmurHash3's finalizer. */
function mix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
