/** What happens to a cluster: objects, churn, requests, agents; and where pods' time went. */
export { Load, type LoadWorld } from './loads.ts';
export { copyName, copyNamespace, copyPath, objectsOf } from './objects.ts';
export { type MessageReport, type PodReport, Timeline, type TimelineReport } from './timeline.ts';
