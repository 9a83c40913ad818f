/** Storage of the API servers: objects in etcd, the replicas' clients and watch caches. */
export { type EtcdStorageOptions, etcdStorage } from './create-storage.ts';
export { ObjectStore, type StoredResource } from './object-store.ts';
export { EtcdReplicaStorage, type EtcdReplicaStorageOptions } from './replica-storage.ts';
export type { ReplicaStorage, ResourceStorage, StoreResult } from './types.ts';
