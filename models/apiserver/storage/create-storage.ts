/** Wiring: the storage of each replica over the etcd clusters that they share. */
import type { ReplicaStorageOptions } from '../types.ts';
import type { ObjectStore } from './object-store.ts';
import { EtcdReplicaStorage } from './replica-storage.ts';
import type { ReplicaStorage } from './types.ts';

export interface EtcdStorageOptions {
  readonly store: ObjectStore;
  /** Node of the network of a replica, by its name ('kube-apiserver/0') and host. */
  networkHostOf(name: string, hostName: string): string;
}

/** `createStorage` of ApiServersOptions. */
export function etcdStorage(o: EtcdStorageOptions): (r: ReplicaStorageOptions) => ReplicaStorage {
  return ({ ctx, name, replica, host, cpu, scenario, version, transformer }) => {
    const { main, events } = o.store;
    const configured = scenario.replicas[replica].etcdMembers;
    const all = main.members.filter((m) => m.inCluster).map((m) => m.name);
    return new EtcdReplicaStorage(ctx, {
      name,
      replica,
      networkHost: o.networkHostOf(name, host.name),
      hostName: host.name,
      cores: host.cpu.cores,
      cpu,
      store: o.store,
      members: configured.length > 0 ? configured : all,
      eventMembers: events === null ? [] : events.members.map((m) => m.name),
      version,
      scenario,
      transformer,
    });
  };
}
