/**
 * Making and deleting pods for an owner, a batch at a time: RealPodControl of
 * kubernetes/pkg/controller/controller_utils.go and slowStartBatch of
 * kubernetes/pkg/controller/replicaset/replica_set.go.
 */
import type { ApiClient, EventRecorder } from '../client-go/index.ts';
import {
  type ApiCall,
  type KubeObject,
  type Labels,
  metaOf,
  ownedBy,
  type Pod,
  type PodSpec,
  type PodTemplate,
  pendingPod,
  type Uids,
} from '../objects/index.ts';
import {
  createCall,
  deleteCall,
  errorOf,
  generatedName,
  type Steps,
  sendAll,
} from './environment.ts';

/** SlowStartInitialBatchSize. */
export const SLOW_START_INITIAL = 1;

/** Sizes of the batches for `count` calls: 1, 2, 4, 8, ... */
export function slowStartBatches(count: number): number[] {
  const sizes: number[] = [];
  let rest = count;
  for (let size = Math.min(rest, SLOW_START_INITIAL); size > 0; ) {
    sizes.push(size);
    rest -= size;
    size = Math.min(2 * size, rest);
  }
  return sizes;
}

export interface BatchOutcome {
  readonly created: number;
  /** First error; '' none. */
  readonly error: string;
}

/**
 * Calls in batches that double while all goes well; a batch with an error is the last one.
 * `onResult` is told of each call, with its error or ''.
 */
export function* slowStart(
  client: ApiClient,
  count: number,
  callOf: (index: number) => ApiCall,
  onResult: (index: number, error: string) => void,
): Steps<BatchOutcome> {
  let created = 0;
  let begun = 0;
  for (const size of slowStartBatches(count)) {
    const calls: ApiCall[] = [];
    for (let i = 0; i < size; i++) calls.push(callOf(begun + i));
    const results = yield* sendAll(client, calls);
    let error = '';
    for (let i = 0; i < size; i++) {
      const one = errorOf(results[i]);
      if (one === '') created++;
      error ||= one;
      onResult(begun + i, one);
    }
    begun += size;
    if (error !== '') return { created, error };
  }
  return { created, error: '' };
}

export interface PodOptions {
  /** Absent: generated from the owner's. */
  readonly name?: string;
  readonly labels?: Labels;
  readonly spec?: PodSpec;
  readonly finalizers?: readonly string[];
}

/** GetPodFromTemplate. */
export function podOf(
  uids: Uids,
  nowNs: number,
  owner: KubeObject,
  template: PodTemplate,
  o: PodOptions = {},
): Pod {
  const base = metaOf(uids, nowNs, {
    name: o.name ?? owner.meta.name,
    namespace: owner.meta.namespace,
    labels: o.labels ?? template.labels,
    owner: ownedBy(owner),
    finalizers: o.finalizers,
  });
  const name = o.name ?? generatedName(owner.meta.name, base.uid);
  const meta = { ...base, name, path: `${owner.meta.namespace}/${name}` };
  const spec = o.spec ?? template.spec;
  return pendingPod(meta, { spec, bytes: template.bytes });
}

/** Each create is an event of its owner, good or bad. */
export function* createPods(
  client: ApiClient,
  recorder: EventRecorder,
  owner: KubeObject,
  pods: readonly Pod[],
): Steps<BatchOutcome> {
  return yield* slowStart(
    client,
    pods.length,
    (i) => createCall(pods[i]),
    (i, error) => {
      if (error === '') recorder.record(owner, 'SuccessfulCreate', pods[i].meta.name);
      else if (error !== 'NamespaceTerminating') recorder.record(owner, 'FailedCreate', error);
    },
  );
}

/** All at once; `onError` gets what was not deleted (gone already included). Returns an error. */
export function* deletePods(
  client: ApiClient,
  recorder: EventRecorder,
  owner: KubeObject,
  pods: readonly Pod[],
  onError: (pod: Pod) => void,
): Steps<string> {
  const calls = pods.map((pod) => deleteCall(pod));
  const results = yield* sendAll(client, calls);
  let first = '';
  for (let i = 0; i < pods.length; i++) {
    const error = errorOf(results[i]);
    if (error === '') recorder.record(owner, 'SuccessfulDelete', pods[i].meta.name);
    else {
      onError(pods[i]);
      if (error === 'NotFound') continue;
      first ||= error;
      recorder.record(owner, 'FailedDelete', error);
    }
  }
  return first;
}
