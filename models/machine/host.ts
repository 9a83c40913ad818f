/** A machine: cores, memory, disks, clocks and a zone, and whether it is up. */
import { assert } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { HostScenario } from '../../src/scenario/types.ts';
import { Clock } from './clock.ts';
import { Cpu } from './cpu.ts';
import { Disk } from './disk.ts';
import { Memory } from './memory.ts';

export type HostState = 'up' | 'down' | 'paused';

export class Host {
  readonly name: string;
  readonly zone: string;
  readonly cpu: Cpu;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly disks: readonly Disk[];
  private readonly listeners: ((state: HostState) => void)[] = [];
  private current: HostState = 'up';

  constructor(ctx: ModelContext, name: string, o: HostScenario) {
    this.name = name;
    this.zone = o.zone;
    this.cpu = new Cpu(ctx, `${name}/cpu`, { cores: o.cores });
    this.memory = new Memory(ctx, `${name}/memory`, o.memoryBytes);
    this.clock = new Clock(ctx, `${name}/clock`, o.clock);
    this.disks = o.disks.map((disk) => new Disk(ctx, `${name}/disk/${disk.name}`, disk));
  }

  disk(name: string): Disk {
    const found = this.disks.find((disk) => disk.options.name === name);
    if (found === undefined) assert(false, `host ${this.name} has no disk ${name}`);
    return found;
  }

  get state(): HostState {
    return this.current;
  }

  /** Called after every change of state. The network and the processes of the host follow it. */
  onState(listener: (state: HostState) => void): void {
    this.listeners.push(listener);
  }

  /** Every process of the host stands still (VM pause, live migration); its clocks go on. */
  pause(): void {
    if (this.current !== 'up') return;
    this.cpu.freeze();
    this.enter('paused');
  }

  resume(): void {
    if (this.current !== 'paused') return;
    this.cpu.thaw();
    this.enter('up');
  }

  /** Power failure: its owners must drop their processes. */
  crash(): void {
    if (this.current === 'down') return;
    if (this.current === 'paused') this.cpu.thaw();
    this.enter('down');
  }

  boot(): void {
    if (this.current === 'down') this.enter('up');
  }

  private enter(state: HostState): void {
    this.current = state;
    for (const listener of this.listeners) listener(state);
  }
}
