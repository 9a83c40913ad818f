/** One simulated trial of an event row: what every kind of event builds its scenario from. */
import type { FaultScenario, Scenario, WorkloadScenario } from '../scenario/types.ts';
import { numberOf, type Row } from './rows.ts';
import { constantMs, injectedFsync, settingScenario, type ValidationSetup } from './scenario.ts';

export interface Trial {
  readonly row: Row;
  readonly setup: ValidationSetup;
  readonly constants: Readonly<Record<string, number>>;
  readonly seed: string;
  /** Number of the trial, by which phases are spread. */
  readonly index: number;
}

/** Simulated figures by the column that they are compared with. */
export type Figures = Record<string, number>;

export interface EventKind {
  readonly columns: readonly string[];
  readonly trials: number;
  readonly trial: (trial: Trial) => Figures;
}

export interface TrialScenario {
  readonly name: string;
  readonly workload: readonly WorkloadScenario[];
  readonly faults: readonly FaultScenario[];
  readonly horizonNs: number;
  readonly warmupNs: number;
}

/** The cluster of the row: the same sync time on every member, its own timeouts and round trip. */
export function trialScenario({ row, setup, constants, seed }: Trial, o: TrialScenario): Scenario {
  const ms = numberOf(row, 'fsync_ms', 0);
  const sync = injectedFsync(constantMs(ms), ms);
  const members = numberOf(row, 'members');
  return settingScenario({
    ...o,
    setup,
    constants,
    seed,
    disks: Array.from({ length: members }, () => ({
      wal: sync,
      backend: sync,
      queueDepth: Infinity,
    })),
    peerRttMs: numberOf(row, 'rtt_ms', 0.1),
    heartbeatMs: numberOf(row, 'heartbeat_ms', 100),
    electionMs: numberOf(row, 'election_ms', 1000),
  });
}
