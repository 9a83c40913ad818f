/**
 * Registry of fitted and quoted costs: every number that a model did not compute has one entry
 * here, with its source.
 */
import { assert } from './errors.ts';

export interface ConstantEntry {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ns' | 'bytes' | 'count' | 'ratio' | 'bytesPerSecond';
  /** Plausible range; low <= value <= high unless the scenario overrides the value. */
  readonly low: number;
  readonly high: number;
  readonly mark: 'code' | 'docs' | 'blog' | 'issue' | 'estimate' | 'fitted' | 'measured';
  readonly source: string;
}

export class Constants {
  readonly #values = new Map<string, number>();
  readonly #entries: readonly ConstantEntry[];

  /**
   * Overrides are in the constant's own unit; an override of an unknown name is an invariant
   * violation.
   */
  constructor(entries: readonly ConstantEntry[], overrides: Readonly<Record<string, number>> = {}) {
    for (const { name, value, low, high } of entries) {
      assert(!this.#values.has(name), `constant ${name} is registered twice`);
      assert(low <= value && value <= high, `constant ${name} is outside of its own range`);
      this.#values.set(name, value);
    }
    for (const name of Object.keys(overrides)) {
      assert(this.#values.has(name), `constant ${name} is overridden but not registered`);
      assert(Number.isFinite(overrides[name]), `constant ${name} is overridden by no number`);
      this.#values.set(name, overrides[name]);
    }
    this.#entries = entries.map((entry) => ({ ...entry, value: this.get(entry.name) }));
  }

  get(name: string): number {
    const value = this.#values.get(name);
    if (value === undefined) assert(false, `constant ${name} is not registered`);
    return value;
  }

  /** In order of registration, with overrides applied. */
  entries(): readonly ConstantEntry[] {
    return this.#entries;
  }
}
