/**
 * Faults of the scenario: at their time they act on processes, disks, network, clocks, and undo
 * themselves when their span is over. Targets such as etcd/leader are resolved when the fault
 * begins.
 */

import { assert } from '../../src/core/index.ts';
import type { FaultAction, FaultScenario } from '../../src/scenario/types.ts';
import { clientNodeName, type EtcdCluster } from '../etcd/index.ts';
import type { Network } from '../network/index.ts';
import type { OutageTracker } from './outages.ts';

/** More than this many occurrences of one fault is a scenario that cannot be meant. */
const OCCURRENCES_MAX = 100_000;

export class FaultDriver {
  readonly #cluster: EtcdCluster;
  readonly #network: Network;
  readonly #outages: OutageTracker;
  readonly #clientHosts: readonly string[];
  readonly #faults: readonly FaultScenario[];
  readonly #beginType: number;
  readonly #endType: number;
  readonly #undo: (() => void)[] = [];

  constructor(
    cluster: EtcdCluster,
    network: Network,
    outages: OutageTracker,
    clientHosts: readonly string[],
    faults: readonly FaultScenario[],
  ) {
    this.#cluster = cluster;
    this.#network = network;
    this.#outages = outages;
    this.#clientHosts = clientHosts;
    this.#faults = faults;
    const { sim } = cluster.shared;
    this.#beginType = sim.eventType('faults/begin', (fault, occurrence) =>
      this.#begin(fault, occurrence),
    );
    this.#endType = sim.eventType('faults/end', (fault, undo) => this.#end(fault, undo));
  }

  start(): void {
    const { sim } = this.#cluster.shared;
    this.#faults.forEach((fault, i) => {
      if (fault.atNs < sim.horizonNs) sim.scheduleAt(fault.atNs, this.#beginType, i, 1);
    });
  }

  #begin(index: number, occurrence: number): void {
    const fault = this.#faults[index];
    const { sim } = this.#cluster.shared;
    this.#cluster.event('fault', fault.name, fault.action.kind);
    this.#outages.begin(fault.name);
    const undo = this.#act(fault.action, fault.forNs);
    if (undo !== null && fault.forNs < Infinity) {
      this.#undo.push(undo);
      sim.schedule(fault.forNs, this.#endType, index, this.#undo.length - 1);
    }
    const more = fault.everyNs > 0 && occurrence < Math.min(fault.times, OCCURRENCES_MAX);
    if (more) sim.schedule(fault.everyNs, this.#beginType, index, occurrence + 1);
  }

  #end(index: number, undo: number): void {
    this.#cluster.event('fault over', this.#faults[index].name, this.#faults[index].action.kind);
    this.#undo[undo]();
  }

  /** Acts, and returns how to undo it; null where there is nothing to undo. */
  #act(action: FaultAction, forNs: number): (() => void) | null {
    switch (action.kind) {
      case 'kill':
      case 'restart':
      case 'pause':
        return this.#process(action);
      case 'stallDisk':
      case 'slowDisk':
      case 'fullDisk':
        return this.#disk(action, forNs);
      case 'partition':
      case 'delay':
      case 'loss':
        return this.#net(action);
      case 'clockStep':
      case 'clockDrift':
        return this.#clock(action);
      default:
        return this.#operate(action);
    }
  }

  #process(
    action: Extract<FaultAction, { kind: 'kill' | 'restart' | 'pause' }>,
  ): (() => void) | null {
    const cluster = this.#cluster;
    const targets = cluster.resolve(action.target);
    const each = (visit: (index: number) => void) => (): void => {
      for (const index of targets) visit(index);
    };
    if (action.kind === 'pause') {
      each((i) => cluster.members[i].pause())();
      return each((i) => cluster.members[i].resume());
    }
    if (action.kind === 'restart') {
      each((i) => cluster.restart(i, action.graceful))();
      return null;
    }
    each((i) => cluster.kill(i, action.loseData))();
    if (action.restartAfterNs >= 0) {
      each((i) => cluster.bootAfter(i, action.restartAfterNs))();
      return null;
    }
    return each((i) => cluster.boot(i));
  }

  #disk(
    action: Extract<FaultAction, { kind: 'stallDisk' | 'slowDisk' | 'fullDisk' }>,
    forNs: number,
  ): (() => void) | null {
    const { sim } = this.#cluster.shared;
    const members = this.#cluster.resolve(action.target).map((i) => this.#cluster.members[i]);
    const disks = [...new Set(members.flatMap((m) => [m.walDisk, m.backendDisk]))];
    switch (action.kind) {
      case 'stallDisk':
        for (const disk of disks) disk.stall(Math.min(sim.nowNs + forNs, 2 ** 53));
        return () => {};
      case 'slowDisk': {
        const before = disks.map((disk) => disk.options.fsync);
        for (const disk of disks) {
          if (action.fsync !== null) disk.setFsync(action.fsync);
          else disk.slow(action.factor);
        }
        return () => {
          disks.forEach((disk, i) => {
            if (action.fsync !== null) disk.setFsync(before[i]);
            else disk.slow(1);
          });
        };
      }
      default:
        for (const disk of disks) disk.full(true);
        return () => {
          for (const disk of disks) disk.full(false);
        };
    }
  }

  #net(action: Extract<FaultAction, { kind: 'partition' | 'delay' | 'loss' }>): () => void {
    const network = this.#network;
    const ids: number[] = [];
    if (action.kind === 'partition') {
      const groups = action.groups.map((names) => this.#nodes(names));
      for (let i = 0; i < groups.length; i++) {
        for (let j = i + 1; j < groups.length; j++) {
          ids.push(
            network.partition(groups[i], groups[j], { oneWay: action.oneWay, mode: action.mode }),
          );
        }
      }
    } else {
      const a = this.#nodes([action.between[0]]);
      const b = this.#nodes([action.between[1]]);
      if (action.kind === 'delay') ids.push(network.addDelay(a, b, action.addNs));
      else ids.push(network.setLoss(a, b, action.probability));
    }
    return () => {
      for (const id of ids) network.heal(id);
    };
  }

  #nodes(names: readonly string[]): number[] {
    return names.flatMap((name) => {
      if (name === 'client' || name === 'clients') {
        return this.#clientHosts.map((host) => this.#network.host(clientNodeName(host)));
      }
      if (!name.startsWith('etcd/')) return [this.#network.host(name)];
      return this.#cluster
        .resolve(name)
        .map((i) => this.#network.host(this.#cluster.members[i].name));
    });
  }

  #clock(action: Extract<FaultAction, { kind: 'clockStep' | 'clockDrift' }>): (() => void) | null {
    const clocks = this.#cluster
      .resolve(action.target)
      .map((i) => this.#cluster.members[i].host.clock);
    if (action.kind === 'clockStep') {
      for (const clock of clocks) clock.step(action.byNs);
      return () => {
        for (const clock of clocks) clock.step(-action.byNs);
      };
    }
    const before = clocks.map((clock) => clock.options.driftPpm);
    for (const clock of clocks) clock.drift(action.ppm);
    return () => {
      clocks.forEach((clock, i) => {
        clock.drift(before[i]);
      });
    };
  }

  #operate(action: FaultAction): null {
    const cluster = this.#cluster;
    const first = (target: string) => cluster.resolve(target)[0];
    switch (action.kind) {
      case 'fillQuota':
        cluster.fillQuota(action.toFraction);
        return null;
      case 'compact':
        cluster.compact(action.keepRevisions);
        return null;
      case 'defrag':
        for (const i of cluster.resolve(action.target)) cluster.members[i].maintenance.defrag();
        return null;
      case 'disarm':
        cluster.disarm();
        return null;
      case 'snapshotSave':
        for (const i of cluster.resolve(action.target)) cluster.saveSnapshot(i);
        return null;
      case 'moveLeader':
        cluster.moveLeader(first(action.target));
        return null;
      case 'addMember':
        cluster.changeMember(first(action.target), action.learner ? 'addLearner' : 'addNode');
        return null;
      case 'promoteMember':
        cluster.changeMember(first(action.target), 'addNode');
        return null;
      case 'removeMember':
        cluster.changeMember(first(action.target), 'removeNode');
        return null;
      default:
        assert(false, `fault ${action.kind} has no operation`);
        return null;
    }
  }
}
