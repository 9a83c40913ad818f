/** Work on a replica's CPU that ends in a call; all is forgotten when the process dies. */
import type { Simulation } from '../../../src/core/index.ts';
import type { ReplicaCpu } from './types.ts';

export class CpuTasks {
  readonly #sim: Simulation;
  readonly #cpu: ReplicaCpu;
  readonly #type: number;
  readonly #delayType: number;
  #tasks: ((() => void) | null)[] = [];
  #free: number[] = [];
  #life = 0;

  constructor(sim: Simulation, cpu: ReplicaCpu, name: string) {
    this.#sim = sim;
    this.#cpu = cpu;
    this.#type = sim.eventType(`${name}/task`, (slot, life) => this.#run(slot, life));
    this.#delayType = sim.eventType(`${name}/delay`, (slot, life) => this.#run(slot, life));
  }

  /** CPU of one core, then the call. */
  run(workNs: number, task: () => void): void {
    this.#cpu.execute(workNs, this.#type, this.#take(task), this.#life);
  }

  /** Time, then the call. */
  after(delayNs: number, task: () => void): void {
    this.#sim.schedule(Math.round(delayNs), this.#delayType, this.#take(task), this.#life);
  }

  /** The process died. */
  reset(): void {
    this.#life++;
    this.#tasks = [];
    this.#free = [];
  }

  #take(task: () => void): number {
    const slot = this.#free.pop() ?? this.#tasks.length;
    this.#tasks[slot] = task;
    return slot;
  }

  #run(slot: number, life: number): void {
    if (life !== this.#life) return;
    const task = this.#tasks[slot];
    this.#tasks[slot] = null;
    this.#free.push(slot);
    if (task !== null) task();
  }
}
