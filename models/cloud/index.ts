/** The cloud, cloud-controller-manager, and the cluster autoscaler. */
export { type AutoscalerOptions, ClusterAutoscaler } from './autoscaler.ts';
export { Cloud, type CloudCall, type CloudError, cloudCalls } from './cloud.ts';
export { CloudControllerManager, type CloudOptions } from './controller-manager.ts';
export { attachedByDriver, VolumeDriver } from './volume-driver.ts';
