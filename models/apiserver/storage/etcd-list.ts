/**
 * A LIST that etcd answers (pkg/storage/etcd3/store.go `GetList`): page by page where it has a
 * limit and a selector leaves objects out, with pages that double up to 10,000.
 */
import { GroupRead, Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { KubeObject } from '../../objects/index.ts';
import { inScope, isEverything } from '../cacher/scope.ts';
import type { EtcdCall } from './etcd-client.ts';
import type { ListSession } from './list-session.ts';
import type { ObjectStore } from './object-store.ts';
import type { OperationTarget } from './operations.ts';
import { failure, storeResult } from './results.ts';
import type { ListOptions, StoreDone } from './types.ts';

/** store.go `maxLimit`. */
const PAGE_MAX = 10_000;

export class ListOperation implements EtcdCall {
  readonly deadlineNs: number;
  readonly json: boolean;
  readonly decoders = 1;
  startNs = 0;
  readonly #target: OperationTarget;
  readonly #store: ObjectStore;
  readonly #options: ListOptions;
  readonly #done: StoreDone;
  readonly #read: GroupRead;
  readonly #items: KubeObject[] = [];
  #count = 0;
  #bytes = 0;
  #examined = 0;
  #etcdNs = 0;

  constructor(
    target: OperationTarget,
    store: ObjectStore,
    options: ListOptions,
    session: ListSession | null,
    done: StoreDone,
  ) {
    this.#target = target;
    this.#store = store;
    this.#options = options;
    this.#done = done;
    this.deadlineNs = options.deadlineNs;
    this.json = target.stored.json;
    const { namespace, limit } = options;
    const accepts =
      namespace === ''
        ? null
        : (value: unknown) => (value as KubeObject).meta.namespace === namespace;
    this.#read = session?.read ?? new GroupRead(target.stored.group, limit, accepts);
    this.#read.limit = limit;
  }

  start(): void {
    const { client, stored } = this.#target;
    client.readGroup(this, this.#read, stored.prefixBytes + this.#options.namespace.length);
  }

  onAnswer(outcome: OutcomeCode, _slot: number): void {
    const { nowNs } = this.#target.stored.cluster.shared.sim;
    const read = this.#read;
    this.#target.recordEtcd('list', nowNs - this.startNs);
    this.#etcdNs += nowNs - this.startNs;
    if (outcome !== Outcome.ok) {
      this.#done(failure(outcome, 0, this.#etcdNs));
      return;
    }
    if (read.compacted) {
      this.#done(storeResult('expired', { etcdNs: this.#etcdNs }));
      return;
    }
    const { limit } = this.#options;
    this.#take(limit);
    if (read.isComplete || (limit > 0 && this.#count >= limit)) {
      this.#finish();
      return;
    }
    read.limit = Math.min(PAGE_MAX, read.limit * 2);
    this.start();
  }

  /** Takes what matches out of the page, no more than the limit. */
  #take(limit: number): void {
    const read = this.#read;
    const values = read.values as readonly KubeObject[];
    const { wantItems } = this.#options;
    const everything = isEverything(this.#options);
    let i = read.from;
    for (; i < read.to && (limit === 0 || this.#count < limit); i++) {
      const object = values[i];
      if (!everything && !inScope(this.#options, object)) continue;
      this.#count++;
      this.#bytes += object.bytes;
      if (wantItems) this.#items.push(object);
    }
    this.#examined += read.to - read.from;
    read.advance(i);
    read.to = i;
  }

  #finish(): void {
    const read = this.#read;
    const { revision } = read;
    let continueAt = 0;
    if (!read.isComplete) {
      continueAt = this.#store.addSession({ revision, read, items: null, at: 0 });
    }
    this.#done(
      storeResult('ok', {
        items: this.#options.wantItems ? this.#items : null,
        count: this.#count,
        bytes: this.#bytes,
        examined: this.#examined,
        continueAt,
        resourceVersion: revision,
        etcdNs: this.#etcdNs,
      }),
    );
  }
}
