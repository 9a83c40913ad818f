/** What happens to a cluster: objects, churn, requests, agents; and where pods' time went. */
export { Agent } from './agents.ts';
export { Fates } from './fates.ts';
export { InitialState, type Settle } from './initial.ts';
export { Load, type LoadWorld } from './loads.ts';
export { copyName, copyNamespace, copyPath, objectsOf } from './objects.ts';
export { loadHost, PodWatcher } from './pod-watcher.ts';
export {
  type MessageReport,
  type PodCounts,
  type PodReport,
  Timeline,
  type TimelineReport,
} from './timeline.ts';
