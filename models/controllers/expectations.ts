/**
 * ControllerExpectations of kubernetes/pkg/controller/controller_utils.go: what a controller has
 * asked for and not yet seen in its cache. While something is expected the key is not acted upon,
 * so a stale watch stalls a controller instead of making it create twice.
 */

/** ExpectationsTimeout. */
export const EXPECTATIONS_TIMEOUT_NS = 300e9;

interface Expected {
  adds: number;
  /** Uids (UIDTrackingControllerExpectations) of objects whose deletion is awaited. */
  readonly deletions: Set<number>;
  sinceNs: number;
}

export class Expectations {
  readonly #byKey = new Map<string, Expected>();

  /** SatisfiedExpectations: nothing is outstanding, it is long ago, or nothing was ever asked. */
  satisfied(key: string, nowNs: number): boolean {
    const expected = this.#byKey.get(key);
    if (expected === undefined) return true;
    if (expected.adds <= 0 && expected.deletions.size === 0) return true;
    return nowNs - expected.sinceNs > EXPECTATIONS_TIMEOUT_NS;
  }

  expectCreations(key: string, count: number, nowNs: number): void {
    this.#byKey.set(key, { adds: count, deletions: new Set(), sinceNs: nowNs });
  }

  expectDeletions(key: string, uids: Iterable<number>, nowNs: number): void {
    this.#byKey.set(key, { adds: 0, deletions: new Set(uids), sinceNs: nowNs });
  }

  /** Both at once (daemon set, job). */
  expect(key: string, creations: number, uids: Iterable<number>, nowNs: number): void {
    this.#byKey.set(key, { adds: creations, deletions: new Set(uids), sinceNs: nowNs });
  }

  creationObserved(key: string): void {
    const expected = this.#byKey.get(key);
    if (expected !== undefined) expected.adds--;
  }

  deletionObserved(key: string, uid: number): void {
    this.#byKey.get(key)?.deletions.delete(uid);
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
