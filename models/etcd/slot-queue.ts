/** FIFO of (slot, generation) pairs without allocation: `shift` leaves the pair in two fields. */
export class SlotQueue {
  size = 0;
  slot = -1;
  generation = 0;
  #slots = new Int32Array(64);
  #generations = new Int32Array(64);
  #head = 0;

  push(slot: number, generation: number): void {
    if (this.size === this.#slots.length) this.#grow();
    const at = (this.#head + this.size++) & (this.#slots.length - 1);
    this.#slots[at] = slot;
    this.#generations[at] = generation;
  }

  shift(): void {
    this.slot = this.#slots[this.#head];
    this.generation = this.#generations[this.#head];
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.size--;
  }

  clear(): void {
    this.size = 0;
    this.#head = 0;
  }

  #grow(): void {
    const size = this.#slots.length;
    const slots = new Int32Array(size * 2);
    const generations = new Int32Array(size * 2);
    for (let i = 0; i < size; i++) {
      slots[i] = this.#slots[(this.#head + i) & (size - 1)];
      generations[i] = this.#generations[(this.#head + i) & (size - 1)];
    }
    this.#slots = slots;
    this.#generations = generations;
    this.#head = 0;
  }
}
