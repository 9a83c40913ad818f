/** From an entry of the plan to a run. */
import { createRun, type Run } from './create-run.ts';
import type { RunPlan } from './plan.ts';
import { verifyRun } from './verify.ts';

export function startRun(plan: RunPlan): Run {
  const { seed, queue, point, replication } = plan;
  const options = { seed, queue, point, replication };
  return plan.verify ? verifyRun(plan.scenario, options) : createRun(plan.scenario, options);
}
