/** kube-apiserver: request path, priority and fairness, webhooks, limits, life of its processes. */
export { ApiServer, type ServerState } from './api-server.ts';
export { ApiServers } from './api-servers.ts';
export { apiServerConstants } from './constants.ts';
export { storageConstants } from './constants-storage.ts';
export { type EtcdStorageOptions, etcdStorage, ObjectStore } from './storage/index.ts';
export type { ApiServersOptions, ReplicaStorageOptions } from './types.ts';
export type { WebhookOutage } from './webhooks.ts';
