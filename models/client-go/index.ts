/** client-go: clients of the API, informers, work queues, elections, processes of components. */
export { clientGoConstants } from './constants.ts';
export { KUBECTL_USER, type KubectlOutcome, kubectl, kubectlClient } from './kubectl.ts';
export { kubectlProblem } from './kubectl-arguments.ts';
export {
  electorTimeoutNs,
  LeaderElector,
  type LeaderElectorOptions,
} from './leader-elector.ts';
export type { Ledger } from './ledger.ts';
export { ClientLibrary, type LibraryOptions } from './library.ts';
export type { LoadBalancerOptions } from './load-balancer.ts';
export { ComponentProcess } from './process.ts';
export { isSuccess, noAnswer } from './results.ts';
export { SerialLoop } from './serial-loop.ts';
export type * from './types.ts';
export { ItemQueue, type ItemQueueOptions } from './work-queue.ts';
export { type Sync, Workers, type WorkersOptions } from './workers.ts';
