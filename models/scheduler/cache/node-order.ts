/**
 * The order in which nodes are looked at: one of each zone in turn
 * (kubernetes/pkg/scheduler/backend/cache/node_tree.go `list`).
 */

export class NodeOrder {
  readonly #zones = new Map<string, number[]>();
  #rows = new Int32Array(0);
  #stale = false;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  /** Rows in that order. */
  get rows(): Int32Array {
    if (this.#stale) this.#interleave();
    return this.#rows;
  }

  add(row: number, zone: string): void {
    let rows = this.#zones.get(zone);
    if (rows === undefined) {
      rows = [];
      this.#zones.set(zone, rows);
    }
    rows.push(row);
    this.#count++;
    this.#stale = true;
  }

  remove(row: number, zone: string): void {
    const rows = this.#zones.get(zone);
    if (rows === undefined) return;
    rows.splice(rows.indexOf(row), 1);
    if (rows.length === 0) this.#zones.delete(zone);
    this.#count--;
    this.#stale = true;
  }

  #interleave(): void {
    this.#stale = false;
    const zones = [...this.#zones.values()];
    const rows = new Int32Array(this.#count);
    let n = 0;
    for (let i = 0; n < rows.length; i++) {
      for (const zone of zones) if (i < zone.length) rows[n++] = zone[i];
    }
    this.#rows = rows;
  }
}
