/** kube-scheduler: queues, plugins, preemption. */
export { schedulerConstants } from './constants.ts';
export type { SchedulerPlugin } from './framework/own-score.ts';
export { defaultProfile } from './framework/profile.ts';
export { type Prediction, type PredictOptions, predict } from './perf/predict.ts';
export { type PerfRow, perfRows } from './perf/rows.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
