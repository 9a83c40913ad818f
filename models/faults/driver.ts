/**
 * Faults of the scenario: at their time they act, and undo themselves when their span is over. What
 * a verb does is in the file of its topic (`handlers.ts`); this is the clock.
 */
import type { Simulation, Stream } from '../../src/core/index.ts';
import type { FaultScenario } from '../../src/scenario/types.ts';
import { planSnapshots, watchRestores } from './disaster.ts';
import type { Undo } from './handler.ts';
import { handlerOf } from './handlers.ts';
import { Holds } from './holds.ts';
import { watchNodes } from './signs.ts';
import type { FaultWorld, WorldParts } from './world.ts';

/** More than this many occurrences of one fault is a scenario that cannot be meant. */
const OCCURRENCES_MAX = 100_000;

export class FaultDriver {
  readonly world: FaultWorld;
  readonly #sim: Simulation;
  readonly #faults: readonly FaultScenario[];
  readonly #beginType: number;
  readonly #endType: number;
  readonly #undo: Undo[] = [];
  readonly #later: (() => void)[] = [];
  /** Made when first needed, so that runs without them are as before. */
  #laterType = -1;
  #stream: Stream | null = null;

  constructor(parts: WorldParts, faults: readonly FaultScenario[]) {
    const { sim } = parts.ctx;
    this.#sim = sim;
    this.#faults = faults;
    this.world = this.#worldOf(parts);
    this.#beginType = sim.eventType('faults/begin', (fault, occurrence) =>
      this.#begin(fault, occurrence),
    );
    this.#endType = sim.eventType('faults/end', (fault, undo) => this.#end(fault, undo));
  }

  start(): void {
    if (this.world.kubernetes !== null && this.#faults.length > 0) watchNodes(this.world);
    planSnapshots(this.#faults, this.world);
    if (this.#faults.length > 0) watchRestores(this.world);
    this.#faults.forEach((fault, i) => {
      if (fault.atNs < this.#sim.horizonNs) {
        this.#sim.scheduleAt(fault.atNs, this.#beginType, i, 1);
      }
    });
  }

  #begin(index: number, occurrence: number): void {
    const fault = this.#faults[index];
    const { world } = this;
    world.event('fault', fault.name, fault.action.kind);
    world.outages.begin(fault.name);
    const undo = handlerOf(fault.action)(fault.action, world, fault.forNs);
    if (undo !== null && fault.forNs < Infinity) {
      this.#undo.push(undo);
      this.#sim.schedule(fault.forNs, this.#endType, index, this.#undo.length - 1);
    }
    const more = fault.everyNs > 0 && occurrence < Math.min(fault.times, OCCURRENCES_MAX);
    if (more) this.#sim.schedule(fault.everyNs, this.#beginType, index, occurrence + 1);
  }

  #end(index: number, undo: number): void {
    const fault = this.#faults[index];
    this.world.event('fault over', fault.name, fault.action.kind);
    this.#undo[undo]();
  }

  #worldOf(parts: WorldParts): FaultWorld {
    const { sim, metrics } = parts.ctx;
    return {
      ...parts,
      holds: new Holds(),
      cuts: new Map(),
      snapshots: new Map(),
      neighbours: [],
      after: (delayNs, act) => this.#after(delayNs, act),
      draw: () => {
        this.#stream ??= sim.stream('faults/targets');
        return this.#stream.uniform();
      },
      event: (kind, subject, detail) => metrics.event(sim.nowNs, kind, subject, detail),
    };
  }

  #after(delayNs: number, act: () => void): void {
    if (this.#laterType < 0) {
      this.#laterType = this.#sim.eventType('faults/later', (i) => this.#later[i]());
    }
    this.#later.push(act);
    this.#sim.schedule(delayNs, this.#laterType, this.#later.length - 1, 0);
  }
}
