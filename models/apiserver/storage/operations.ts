/**
 * The verbs on one object (kubernetes/apiserver pkg/storage/etcd3/store.go), each an object that
 * lives as long as its call.
 *
 * One idea: a write starts from the version that the watch cache has, and is a txn on that
 * version's revision; losing a race hands back the current version, from which it is tried again
 * without another read. Only what would end the attempt (a precondition, a refusal, nothing to
 * change) is first looked at again with a read, where the version came from the cache.
 */
import { Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { KubeObject } from '../../objects/index.ts';
import type { EtcdCall, EtcdClient } from './etcd-client.ts';
import type { StoredResource } from './object-store.ts';
import { failure, objectResult, storeResult } from './results.ts';
import type {
  DeleteValidation,
  Preconditions,
  StoreCode,
  StoreDone,
  UpdateFunction,
} from './types.ts';

/** What operations need of the resource that they act on. */
export interface OperationTarget {
  readonly stored: StoredResource;
  readonly client: EtcdClient;
  /** An operation of this name took so long in etcd. */
  recordEtcd(operation: EtcdOperation, durationNs: number): void;
}

/** Labels of `etcd_request_duration_seconds{operation}`. */
export const etcdOperations = ['get', 'create', 'update', 'delete', 'list'] as const;
export type EtcdOperation = (typeof etcdOperations)[number];

abstract class Operation implements EtcdCall {
  readonly deadlineNs: number;
  readonly decoders = 1;
  startNs = 0;
  protected readonly target: OperationTarget;
  protected readonly path: string;
  protected readonly members: number;
  protected readonly done: StoreDone;
  protected etcdNs = 0;
  protected conflicts = 0;

  constructor(
    target: OperationTarget,
    path: string,
    deadlineNs: number,
    members: number,
    done: StoreDone,
  ) {
    this.target = target;
    this.path = path;
    this.deadlineNs = deadlineNs;
    this.members = members;
    this.done = done;
  }

  get json(): boolean {
    return this.target.stored.json;
  }

  abstract onAnswer(outcome: OutcomeCode, slot: number): void;

  protected get keyBytes(): number {
    return this.target.stored.prefixBytes + this.path.length;
  }

  protected get nowNs(): number {
    return this.target.stored.cluster.shared.sim.nowNs;
  }

  protected key(): number {
    const { cluster, group } = this.target.stored;
    return cluster.shared.contents.find(group, this.path);
  }

  protected read(): void {
    this.target.client.read(this, this.key(), this.keyBytes, this.members);
  }

  /** A call to etcd ended. */
  protected took(operation: EtcdOperation): void {
    const ns = this.nowNs - this.startNs;
    this.etcdNs += ns;
    this.target.recordEtcd(operation, ns);
  }

  protected succeed(object: KubeObject, revision: number, unchanged: boolean): void {
    const { conflicts, etcdNs } = this;
    this.done(objectResult(object, revision, conflicts, etcdNs, false, unchanged));
  }

  protected fail(code: StoreCode, reason = ''): void {
    const { conflicts, etcdNs } = this;
    this.done(storeResult(code, { reason, conflicts, etcdNs }));
  }

  protected failEtcd(outcome: OutcomeCode): void {
    this.done(failure(outcome, this.conflicts, this.etcdNs));
  }
}

export class CreateOperation extends Operation {
  readonly #object: KubeObject;

  constructor(
    target: OperationTarget,
    object: KubeObject,
    deadlineNs: number,
    members: number,
    done: StoreDone,
  ) {
    super(target, object.meta.path, deadlineNs, members, done);
    this.#object = object;
  }

  start(lease: number): void {
    const { cluster, group } = this.target.stored;
    const key = cluster.shared.contents.acquire(group, this.path, this.nowNs);
    this.target.client.txn(this, key, this.keyBytes, this.#object, 0, lease, this.members);
  }

  onAnswer(outcome: OutcomeCode, slot: number): void {
    this.took('create');
    const { requests } = this.target.client;
    if (outcome !== Outcome.ok) this.failEtcd(outcome);
    else if (requests.matched[slot] === 0) this.fail('keyExists');
    else this.succeed(objectAt(this.target, slot) as KubeObject, requests.revision[slot], false);
  }
}

export class GetOperation extends Operation {
  start(): void {
    this.read();
  }

  onAnswer(outcome: OutcomeCode, slot: number): void {
    this.took('get');
    if (outcome !== Outcome.ok) {
      this.failEtcd(outcome);
      return;
    }
    const object = objectAt(this.target, slot);
    if (object === null) this.fail('notFound');
    else this.succeed(object, object.resourceVersion, false);
  }
}

/** A write that depends on what is there: `GuaranteedUpdate` and `conditionalDelete`. */
abstract class ConditionalOperation extends Operation {
  readonly #preconditions: Preconditions;
  protected current: KubeObject | null = null;
  /** It was read from etcd, not from the cache. */
  protected isFresh = false;
  #isReading = false;
  #lease = 0;

  constructor(
    target: OperationTarget,
    path: string,
    preconditions: Preconditions,
    deadlineNs: number,
    members: number,
    done: StoreDone,
  ) {
    super(target, path, deadlineNs, members, done);
    this.#preconditions = preconditions;
  }

  /** From the cached version, where there is one; what is put is tied to the lease. */
  start(cached: KubeObject | undefined, lease: number): void {
    this.#lease = lease;
    if (cached === undefined) {
      this.#readFresh();
      return;
    }
    this.current = cached;
    this.attempt();
  }

  /** Tries once from the version at hand. */
  protected abstract attempt(): void;
  protected abstract readonly operation: EtcdOperation;
  protected abstract onWritten(slot: number): void;

  protected holds(current: KubeObject): boolean {
    const { uid, resourceVersion } = this.#preconditions;
    if (uid !== 0 && uid !== current.meta.uid) return false;
    return resourceVersion === 0 || resourceVersion === current.resourceVersion;
  }

  /** The attempt would end like this; sure only of a version that was read. */
  protected endUnlessStale(end: () => void): void {
    if (this.isFresh) end();
    else this.#readFresh();
  }

  protected write(value: KubeObject | null, current: KubeObject): void {
    const expected = current.resourceVersion;
    const key = this.key();
    if (key < 0) this.#readFresh();
    else {
      this.target.client.txn(this, key, this.keyBytes, value, expected, this.#lease, this.members);
    }
  }

  onAnswer(outcome: OutcomeCode, slot: number): void {
    this.took(this.#isReading ? 'get' : this.operation);
    const { requests } = this.target.client;
    const wasRead = this.#isReading;
    this.#isReading = false;
    if (outcome !== Outcome.ok) {
      this.failEtcd(outcome);
      return;
    }
    if (!wasRead && requests.matched[slot] === 1) {
      this.onWritten(slot);
      return;
    }
    if (!wasRead) this.conflicts++;
    this.isFresh = true;
    this.current = objectAt(this.target, slot);
    if (this.current === null) this.fail('notFound');
    else this.attempt();
  }

  #readFresh(): void {
    this.#isReading = true;
    this.read();
  }
}

export class UpdateOperation extends ConditionalOperation {
  protected readonly operation = 'update';
  readonly #update: UpdateFunction;

  constructor(
    target: OperationTarget,
    path: string,
    preconditions: Preconditions,
    update: UpdateFunction,
    deadlineNs: number,
    members: number,
    done: StoreDone,
  ) {
    super(target, path, preconditions, deadlineNs, members, done);
    this.#update = update;
  }

  protected attempt(): void {
    const current = this.current as KubeObject;
    if (!this.holds(current)) {
      this.endUnlessStale(() => this.fail('conflict'));
      return;
    }
    const next = this.#update(current);
    if (typeof next === 'string') this.endUnlessStale(() => this.fail('refused', next));
    else if (next === null || next === current) {
      this.endUnlessStale(() => this.succeed(current, current.resourceVersion, true));
    } else this.write(next, current);
  }

  protected onWritten(slot: number): void {
    const { revision } = this.target.client.requests;
    this.succeed(objectAt(this.target, slot) as KubeObject, revision[slot], false);
  }
}

export class DeleteOperation extends ConditionalOperation {
  protected readonly operation = 'delete';
  readonly #validate: DeleteValidation | null;

  constructor(
    target: OperationTarget,
    path: string,
    preconditions: Preconditions,
    validate: DeleteValidation | null,
    deadlineNs: number,
    members: number,
    done: StoreDone,
  ) {
    super(target, path, preconditions, deadlineNs, members, done);
    this.#validate = validate;
  }

  protected attempt(): void {
    const current = this.current as KubeObject;
    if (!this.holds(current)) {
      this.endUnlessStale(() => this.fail('conflict'));
      return;
    }
    const refusal = this.#validate === null ? null : this.#validate(current);
    if (refusal !== null) this.endUnlessStale(() => this.fail('refused', refusal));
    else this.write(null, current);
  }

  protected onWritten(slot: number): void {
    const { revision } = this.target.client.requests;
    this.succeed(
      objectAt(this.target, slot) ?? (this.current as KubeObject),
      revision[slot],
      false,
    );
  }
}

/** The contents of a resource's keys are objects of that resource. */
function objectAt(target: OperationTarget, slot: number): KubeObject | null {
  return target.client.requests.value[slot] as KubeObject | null;
}
