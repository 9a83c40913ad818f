/** kube-controller-manager: its controllers as reconcile loops. */
export { controllerConstants } from './constants.ts';
export { ControllerManager, type ControllerManagerOptions } from './controller-manager.ts';
export { controllerNames } from './controllers.ts';
