/**
 * What all members of one etcd cluster share: the run, the settings, the log's contents, the
 * requests.
 */

import type { ModelContext } from '../../src/resource/index.ts';
import type { EtcdScenario } from '../../src/scenario/types.ts';
import type { Credentials, Host } from '../machine/index.ts';
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
  /** null: all certificates are good for ever. */
  readonly credentials: Credentials | null;
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

/**
 * Both sides look at each other's certificate when they shake hands, and never again on that
 * connection (crypto/tls, `--client-cert-auth`, `--peer-client-cert-auth`).
 */
export function shakesHands(
  { credentials }: EtcdShared,
  client: { readonly host: string; readonly certificate: string },
  server: { readonly host: string; readonly certificate: string },
): boolean {
  if (credentials === null || !credentials.isUsed) return true;
  const isTrusted = credentials.isGood(server.certificate, credentials.wallNs(client.host));
  return isTrusted && credentials.isGood(client.certificate, credentials.wallNs(server.host));
}
