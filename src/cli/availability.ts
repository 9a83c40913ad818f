/** Runs what asks for availability over a period: window by window, through the executor. */
import {
  type AvailabilityEstimate,
  type ExitStatus,
  estimateAvailability,
  evaluateAvailabilityThreshold,
  exitStatusOf,
  type StudiedPeriod,
  summarize,
} from '../analyze/index.ts';
import { writeFilesAtomically } from '../host/index.ts';
import { type AvailabilityReport, availabilityCsv, renderAvailability } from '../output/index.ts';
import { MODEL_REVISION, type RunPlan, type RunResult, VERSION } from '../run/index.ts';
import { AvailabilityStudy } from './availability-study.ts';
import { type ExecuteOptions, execute } from './execute.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Loaded } from './load.ts';
import { chosenFiles, manifestFile, verdictLine } from './results.ts';

export interface AvailabilityJob {
  readonly loaded: Loaded;
  readonly folder: string;
  readonly command: string;
  /** CSV files to write, without their ending; all where it is not there. */
  readonly files?: readonly string[];
}

export function asksForAvailability(loaded: Loaded): boolean {
  return loaded.points.some(({ scenario }) => scenario.availability !== undefined);
}

/** The exit code; what is finished is written, whole periods alone. */
export async function runAvailability(
  job: AvailabilityJob,
  options: Omit<ExecuteOptions, 'label'>,
  signal: AbortSignal,
  io: Io,
): Promise<number> {
  const { loaded, folder } = job;
  const startMs = io.nowMs();
  const study = new AvailabilityStudy(loaded.points);
  const interrupted = await simulateAll(study, loaded.name, options, signal, io);
  const periods = study.results();
  if (periods.length === 0) {
    io.err('wavetank: interrupted before a period was whole; nothing was written\n');
    return EXIT.interrupted;
  }
  const estimates = estimateAvailability(loaded.points, periods);
  const points = judgedPoints(loaded, estimates, periods);
  const report: AvailabilityReport = {
    periods,
    estimates,
    points,
    periodNs: loaded.points.map(({ scenario }) => scenario.availability?.periodNs ?? 0),
  };
  const verdicts = points.flatMap(({ thresholds }) => thresholds.map(({ verdict }) => verdict));
  const exitStatus = exitStatusOf(verdicts);
  writeFilesAtomically(folder, filesOf(report, job, interrupted, exitStatus, io.nowMs() - startMs));
  io.out(renderAvailability(report, io.outColors));
  io.out(`\nFiles, and the command that repeats it\n  ${folder}\n  ${job.command}\n`);
  if (!interrupted) {
    io.out(verdictLine({ interrupted, exitStatus }, loaded));
    return exitStatus;
  }
  const count = `${periods.length} of ${study.periodCount} periods`;
  io.err(`wavetank: interrupted after ${count}; what there is was written to ${folder}\n`);
  return EXIT.interrupted;
}

/** Thresholds of every point that has a whole period as it is. */
function judgedPoints(
  { points }: Loaded,
  estimates: readonly AvailabilityEstimate[],
  periods: readonly StudiedPeriod[],
): AvailabilityReport['points'] {
  return points.flatMap(({ scenario, axes }, point) => {
    const own = periods
      .filter((period) => period.point === point && period.variant === '')
      .sort((a, b) => a.replication - b.replication)
      .map(({ services }) => services);
    if (own.length === 0) return [];
    const of = estimates.filter((e) => e.point === point);
    const thresholds = scenario.thresholds.map((t) => evaluateAvailabilityThreshold(t, of, own));
    return [{ point, axes: axes ?? {}, thresholds }];
  });
}

/** True where it was interrupted. */
async function simulateAll(
  study: AvailabilityStudy,
  name: string,
  options: Omit<ExecuteOptions, 'label'>,
  signal: AbortSignal,
  io: Io,
): Promise<boolean> {
  for (let round = 1; ; round++) {
    const open = study.next();
    if (open.length === 0) return false;
    // Numbered by their place: results come back by it.
    const plans: RunPlan[] = open.map(({ plan }, i) => ({ ...plan, point: 0, replication: i }));
    const label = round === 1 ? name : `${name}, windows that went on`;
    const onResult = (result: RunResult): void => {
      if (!result.interrupted) open[result.replication].take(result);
    };
    const executed = await execute(plans, { ...options, label, onResult }, signal, io);
    if (executed.interrupted) return true;
  }
}

function filesOf(
  report: AvailabilityReport,
  job: AvailabilityJob,
  interrupted: boolean,
  exitStatus: ExitStatus,
  wallMs: number,
) {
  const { loaded, command } = job;
  const files = chosenFiles(availabilityCsv(report), job.files);
  const { name, description, profiles } = loaded;
  const about = { version: VERSION, modelRevision: MODEL_REVISION, command, name };
  const whole = summarize([], loaded.points, { ...about, description, profiles });
  const summary = { ...whole, interrupted, exitStatus };
  return [...files, manifestFile(summary, loaded, files, { wallSeconds: wallMs / 1000 })];
}
