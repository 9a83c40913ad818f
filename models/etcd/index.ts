/** etcd: members, their log and store, the requests of clients. */
export {
  ClientPort,
  type ClientPortOptions,
  clientNodeName,
  type PortClients,
} from './client-port.ts';
export { EtcdCluster, type EtcdClusterOptions } from './cluster.ts';
export { etcdConstants } from './constants.ts';
export {
  type ContentsListener,
  GroupRead,
  type KeyChange,
  KeyEvent,
  type StoredValue,
} from './contents.ts';
export type { EtcdMember } from './member.ts';
export { revisionFileBytes, walEntryBytes } from './pages.ts';
export { EtcdProcess } from './process.ts';
export {
  countChanges,
  type Recovery,
  type RestoreOptions,
  type RestoreReport,
  type StoreSnapshot,
} from './recovery.ts';
export {
  isAmbiguous,
  Op,
  type OpCode,
  Outcome,
  type OutcomeCode,
  opNames,
  outcomeNames,
  RequestTable,
} from './requests.ts';
export { SerialWork, type WorkProcess } from './serial-work.ts';
export type { EtcdShared } from './shared.ts';
export { TimeoutRing } from './timeout-ring.ts';
export { ResponseKind, type WatchChunk } from './watch-chunks.ts';
export type { KeyRange, WatchHistory } from './watch-history.ts';
export { addCohort, type Cohort, type WatchStream, type WatchSubscriber } from './watch-stream.ts';
