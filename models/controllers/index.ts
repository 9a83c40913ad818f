/** kube-controller-manager: its controllers as reconcile loops. */
export { controllerConstants } from './constants.ts';
export { ControllerManager, type ControllerManagerOptions } from './controller-manager.ts';
export { type ControllerHooks, controllerNames } from './controllers.ts';
export type { CpuUsage } from './hpa.ts';
export { type VolumeProvisioner, volumeOf } from './persistent-volume.ts';
export { type SettleOptions, settledObjects } from './settled.ts';
