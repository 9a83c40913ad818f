/** Faults that a scenario times, and what clients saw of them. */
export { FaultDriver } from './driver.ts';
export { OutageTracker } from './outages.ts';
export { drawFaults, faultsOfRun } from './schedule.ts';
export type { FaultComponent, FaultWorld, KubernetesWorld, WorldParts } from './world.ts';
