/** kube-scheduler: queues, plugins, preemption. */
export { schedulerConstants } from './constants.ts';
export { defaultProfile } from './framework/profile.ts';
export { Scheduler, type SchedulerOptions } from './scheduler.ts';
