/** Clients of etcd: workloads, their latency and its stages. */
export { type ClientObserver, EtcdClients } from './etcd-client.ts';
export { stageNames } from './stages.ts';
