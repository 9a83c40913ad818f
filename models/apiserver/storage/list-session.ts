/**
 * A list that goes on: what its token stands for. The token of the real thing carries revision and
 * key; here it names the snapshot from which the next page is cut.
 */
import type { GroupRead } from '../../etcd/index.ts';
import type { KubeObject } from '../../objects/index.ts';

export interface ListSession {
  readonly revision: number;
  /** Read from etcd page by page; null where `items` is. */
  readonly read: GroupRead | null;
  /** From a cache's snapshot: what matches, and how many were given out. */
  readonly items: readonly KubeObject[] | null;
  at: number;
}
