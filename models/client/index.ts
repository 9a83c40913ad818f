/** Clients of etcd: workloads, their latency and its stages, watchers. */
export { type ClientObserver, EtcdClients } from './etcd-client.ts';
export { LeaseHolders } from './lease-holders.ts';
export { stageNames } from './stages.ts';
export { EtcdWatchers } from './watchers.ts';
