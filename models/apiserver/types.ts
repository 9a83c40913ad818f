/** What a set of API servers is made of. */
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiServerScenario } from '../../src/scenario/types.ts';
import type { Credentials, Host } from '../machine/index.ts';
import type { ClusterObserver, Uids } from '../objects/index.ts';
import type { ReplicaCpu, ReplicaStorage, Transformer } from './storage/types.ts';

/** What the storage of one replica is made with. */
export interface ReplicaStorageOptions {
  readonly ctx: ModelContext;
  /** 'kube-apiserver/0'. */
  readonly name: string;
  readonly replica: number;
  readonly host: Host;
  readonly cpu: ReplicaCpu;
  readonly scenario: ApiServerScenario;
  readonly version: string;
  readonly transformer: Transformer | null;
}

export interface ApiServersOptions {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  /** Absent: whatever anybody shows is good for ever. */
  readonly credentials?: Credentials;
  /** Minor version, '1.34'. */
  readonly version: string;
  /** Makes the storage of one replica, on the etcd that they share. */
  readonly createStorage: (o: ReplicaStorageOptions) => ReplicaStorage;
}

/** What all replicas share. */
export interface ApiServerShared extends ModelContext {
  readonly scenario: ApiServerScenario;
  readonly options: ApiServersOptions;
}
