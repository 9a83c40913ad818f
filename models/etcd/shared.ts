/**
 * What all members of one etcd cluster share: the run, the settings, the log's contents, the
 * requests.
 */

import type { ModelContext } from '../../src/resource/index.ts';
import type { EtcdScenario } from '../../src/scenario/types.ts';
import type { Host } from '../machine/index.ts';
import type { Network } from '../network/index.ts';
import type { KeyContents } from './contents.ts';
import type { LeaseTable } from './lease-table.ts';
import type { KeySpace } from './mvcc.ts';
import type { ProposalTable } from './proposals.ts';
import type { RequestTable } from './requests.ts';
import type { EtcdFeatures } from './versions.ts';
import type { WatchChunks } from './watch-chunks.ts';
import type { WatchHistories } from './watch-history.ts';

export interface EtcdShared extends ModelContext {
  readonly scenario: EtcdScenario;
  readonly features: EtcdFeatures;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly network: Network;
  readonly keys: KeySpace;
  readonly contents: KeyContents;
  readonly leases: LeaseTable;
  readonly histories: WatchHistories;
  readonly chunks: WatchChunks;
  readonly proposals: ProposalTable;
  readonly requests: RequestTable;
  /** `5 s + 2 x election timeout` (etcd server/config/config.go `ReqTimeout`). */
  readonly requestTimeoutNs: number;
  /** --watch-progress-notify-interval. */
  readonly progressNotifyNs: number;
}
