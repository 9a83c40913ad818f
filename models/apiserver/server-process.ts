/** The process of one kube-apiserver: its share of the cores, its memory, whether it lives. */
import type { ComponentScenario } from '../../src/scenario/types.ts';
import type { Host, MemoryId } from '../machine/index.ts';
import type { ReplicaCpu } from './storage/types.ts';

export class ServerProcess implements ReplicaCpu {
  readonly name: string;
  readonly host: Host;
  readonly #cpu: number;
  readonly #memory: MemoryId;
  alive = false;
  paused = false;
  /** Grows with every start and every end; events of an older life are ignored. */
  life = 0;
  /** Memory that was never given back. */
  #leakedBytes = 0;
  #accountedBytes = 0;
  #isDoomed = false;
  #onOom: () => void = () => {};

  constructor(host: Host, o: ComponentScenario) {
    this.name = o.name;
    this.host = host;
    const { cpuWeight: weight, cpuQuotaCores: quotaCores } = o;
    this.#cpu = host.cpu.process(o.name, { weight, quotaCores, inOrder: true });
    this.#memory = host.memory.process(o.name, {
      limitBytes: o.memoryLimitBytes,
      onOomKill: () => {
        this.#isDoomed = true;
        this.#onOom();
      },
    });
  }

  /** The kernel has chosen it; it is killed after what it is in the midst of. */
  onOomKill(listener: () => void): void {
    this.#onOom = listener;
  }

  execute(workNs: number, doneType: number, a: number, b: number): void {
    this.host.cpu.execute(this.#cpu, workNs, doneType, a, b);
  }

  /** A core is free, so that work begins at once and disturbs nobody. */
  get hasFreeCore(): boolean {
    return this.host.cpu.runnable() < this.host.cpu.cores;
  }

  setMemory(bytes: number): void {
    this.#accountedBytes = bytes;
    if (this.#isDoomed) return;
    this.host.memory.set(this.#memory, bytes + this.#leakedBytes);
  }

  /** So much more is held until the process ends. */
  leak(bytes: number): void {
    if (!this.alive) return;
    this.#leakedBytes += bytes;
    this.setMemory(this.#accountedBytes);
  }

  get memoryBytes(): number {
    return this.host.memory.residentBytes(this.#memory);
  }

  start(): void {
    this.alive = true;
    this.paused = false;
    this.life++;
  }

  pause(): void {
    if (!this.alive || this.paused) return;
    this.paused = true;
    this.host.cpu.pause(this.#cpu);
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.host.cpu.resume(this.#cpu);
  }

  kill(): void {
    if (!this.alive) return;
    this.resume();
    this.alive = false;
    this.life++;
    this.host.cpu.drop(this.#cpu);
    this.#leakedBytes = 0;
    this.#isDoomed = false;
    this.setMemory(0);
  }
}
