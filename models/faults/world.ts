/**
 * What faults act on: all parts of a run, as they were built. Parts that a scenario does not have
 * are null.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import type { KubernetesScenario } from '../../src/scenario/types.ts';
import type { ApiServers } from '../apiserver/index.ts';
import type { ClientLibrary, ComponentProcess } from '../client-go/index.ts';
import type { Cloud } from '../cloud/index.ts';
import type { EtcdCluster, StoreSnapshot } from '../etcd/index.ts';
import type { Credentials, Host } from '../machine/index.ts';
import type { Network, PartitionId } from '../network/index.ts';
import type { Nodes } from '../node/index.ts';
import type { Holds } from './holds.ts';
import type { OutageTracker } from './outages.ts';

/** A replica of the scheduler, the controller manager or the cloud controller manager. */
export interface FaultComponent {
  /** 'kube-scheduler/0'. */
  readonly name: string;
  readonly process: ComponentProcess;
  readonly isLeader: boolean;
  /** Gives its lease back where it leads and was told to. */
  release(done: () => void): void;
}

export interface KubernetesWorld {
  readonly scenario: KubernetesScenario;
  readonly servers: ApiServers;
  readonly library: ClientLibrary;
  /** How nodes and people reach the API. */
  readonly frontDoor: readonly string[];
  readonly nodes: Nodes;
  readonly components: readonly FaultComponent[];
  /** null on bare metal. */
  readonly cloud: Cloud | null;
}

/** What `src/run` hands over. */
export interface WorldParts {
  readonly ctx: ModelContext;
  readonly etcd: EtcdCluster;
  /** null: events are in `etcd`. */
  readonly eventsEtcd: EtcdCluster | null;
  readonly network: Network;
  readonly credentials: Credentials;
  readonly hosts: ReadonlyMap<string, Host>;
  /** Names of the network's hosts that are on a machine, by its name. */
  readonly networkHostsOf: ReadonlyMap<string, readonly string[]>;
  /** Machines that clients of etcd run on. */
  readonly clientHosts: readonly string[];
  readonly outages: OutageTracker;
  readonly kubernetes: KubernetesWorld | null;
}

export interface FaultWorld extends WorldParts {
  /** Who keeps what down: overlapping faults of one thing end with the last of them. */
  readonly holds: Holds;
  /** Partitions that keep machines cut off while they are down, by machine. */
  readonly cuts: Map<string, readonly PartitionId[]>;
  /** Snapshots that were taken for a restore to come, by what it asks for, in order. */
  readonly snapshots: Map<string, StoreSnapshot[]>;
  /** Neighbours so far, for names of their own. */
  readonly neighbours: string[];
  /** Acts once, later. */
  after(delayNs: number, act: () => void): void;
  /** Uniform in [0, 1), from the stream of faults. */
  draw(): number;
  /** A row of events.csv. */
  event(kind: string, subject: string, detail: string): void;
}
