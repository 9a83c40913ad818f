/** The cloud, cloud-controller-manager, and the cluster autoscaler. */
export { type AutoscalerOptions, ClusterAutoscaler } from './autoscaler.ts';
export { Cloud, type CloudCall, cloudCalls } from './cloud.ts';
export { CloudControllerManager, type CloudOptions } from './controller-manager.ts';
