/** Sequential stopping: replications are added until an interval is narrow enough. */
import { estimate, figureValues } from '../../analyze/index.ts';
import { planRuns, type RunResult } from '../../run/index.ts';
import { type ExecuteOptions, execute } from '../execute.ts';
import type { Io } from '../io.ts';
import type { Loaded } from '../load.ts';
import { type Figure, figuresOf } from './sweep-analysis.ts';

/** `p99 ±5%`, `METRIC{labels} p99 ±5%`; `+-` is as good as `±`. */
export interface Until {
  readonly text: string;
  /** '' = that of the first threshold. */
  readonly metric: string;
  readonly word: string;
  /** Half width of the 95 % interval over the mean. */
  readonly relative: number;
}

/** Replications are multiplied by this, so that looking again and again costs little coverage. */
const GROWTH = 1.5;
const FIRST = 5;

interface Context extends ExecuteOptions {
  readonly io: Io;
  readonly signal: AbortSignal;
}

export interface Decided {
  readonly points: Loaded['points'];
  readonly interrupted: boolean;
  readonly text: string;
}

function isNarrow(figure: Figure, runs: readonly RunResult[], relative: number): boolean {
  const e = estimate(figureValues(figure.metric, figure.word, runs).values);
  if (e === null || e.low === null || e.high === null) return false;
  return (e.high - e.low) / 2 <= relative * Math.abs(e.mean);
}

/**
 * The points with as many replications as each of them needed. Every look is at all replications so
 * far; at least five before the first, and half as many again each time.
 */
export async function untilDecided(
  loaded: Loaded,
  until: Until,
  context: Context,
  seedsMax: number,
): Promise<Decided> {
  const [first] = figuresOf(loaded.points.map((point) => point.scenario));
  const figure = { metric: until.metric === '' ? first.metric : until.metric, word: until.word };
  const points = [...loaded.points];
  let open = points.map((_, i) => i);
  let most = 0;
  for (;;) {
    const plans = planRuns(points.map((point) => point.scenario)).filter((plan) =>
      open.includes(plan.point),
    );
    const byPoint = new Map<number, RunResult[]>();
    const onResult = (result: RunResult): void => {
      byPoint.set(result.point, [...(byPoint.get(result.point) ?? []), result]);
    };
    const ran = await execute(plans, { ...context, onResult }, context.signal, context.io);
    if (ran.interrupted) return { points, interrupted: true, text: '' };
    const wide = open.filter((i) => !isNarrow(figure, byPoint.get(i) ?? [], until.relative));
    open = wide.filter((i) => points[i].scenario.replications < seedsMax);
    if (open.length === 0) {
      for (const { scenario } of points) most = Math.max(most, scenario.replications);
      const narrow = points.length - wide.length;
      const text =
        `wavetank: ${figure.word} ±${until.relative * 100} % holds at ${narrow} of ` +
        `${points.length} points, with up to ${most} seeds\n`;
      return { points, interrupted: false, text };
    }
    for (const i of open) {
      const { scenario } = points[i];
      const next = Math.max(FIRST, Math.ceil(scenario.replications * GROWTH));
      const replications = Math.min(seedsMax, next);
      points[i] = { ...points[i], scenario: { ...scenario, replications } };
    }
  }
}
