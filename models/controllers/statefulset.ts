/**
 * The StatefulSet controller: pods with names and volumes that stay, one after the other, each only
 * when the one before is ready; or all at once (Parallel).
 *
 * Follows kubernetes/pkg/controller/statefulset/{stateful_set.go,stateful_set_control.go,
 * stateful_pod_control.go}.
 * Left out: ControllerRevisions (one write per template), retention policy of claims, start
 * ordinals, maxUnavailable, OnDelete.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  controllerOf,
  isBeingDeleted,
  metaOf,
  type PersistentVolumeClaim,
  type Pod,
  type StatefulSet,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import { REVISION_LABEL } from './daemonset.ts';
import {
  type Controller,
  type ControllerEnvironment,
  createCall,
  deleteCall,
  errorOf,
  getCall,
  INDEX_OWNER,
  perform,
  type Sync,
  send,
  siblingPath,
  statusCall,
  withStatus,
} from './environment.ts';
import { podOf } from './pod-control.ts';
import { isAvailable } from './pod-ranking.ts';

const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index';
const CLAIM_BYTES = 1500;

export class StatefulSetController implements Controller {
  readonly name = 'statefulset';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #sets: Informer<'statefulsets'>;
  readonly #claims: Informer<'persistentvolumeclaims'>;
  readonly #queue: WorkQueue;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#recorder = env.recorder(this.#client);
    this.#sets = env.informer('statefulsets');
    this.#claims = env.informer('persistentvolumeclaims');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const enqueue = (set: StatefulSet) => this.#queue.add(set.meta.path);
    this.#sets.addHandlers({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    const ofPod = (pod: Pod) => {
      const owner = controllerOf(pod);
      if (owner === null || owner.resource !== 'statefulsets') return;
      this.#queue.add(owner.path);
      const minReadyNs = this.#sets.get(owner.path)?.spec.minReadyNs ?? 0;
      if (minReadyNs > 0 && pod.status.ready) this.#queue.addAfter(owner.path, minReadyNs + 1e9);
    };
    env.pods.addHandlers({ onAdd: ofPod, onUpdate: ofPod, onDelete: ofPod });
  }

  *#sync(key: string): Sync {
    const set = this.#sets.get(key);
    if (set === undefined || isBeingDeleted(set)) return '';
    const { replicas } = set.spec;
    const pods: (Pod | undefined)[] = new Array(replicas).fill(undefined);
    const condemned: Pod[] = [];
    let count = 0;
    let readyReplicas = 0;
    for (const pod of this.#env.pods.byIndex(INDEX_OWNER, String(set.meta.uid))) {
      const ordinal = ordinalOf(pod);
      count++;
      if (pod.status.ready && !isBeingDeleted(pod)) readyReplicas++;
      if (ordinal < replicas) pods[ordinal] = pod;
      else condemned.push(pod);
    }
    condemned.sort((a, b) => ordinalOf(b) - ordinalOf(a));
    const error = yield* this.#act(set, pods, condemned);
    if (error !== '') return error;
    return yield* this.#writeStatus(set, pods, count, readyReplicas);
  }

  /** updateStatefulSet: what is done in one sync ends at the first pod to be waited for. */
  *#act(set: StatefulSet, pods: readonly (Pod | undefined)[], condemned: readonly Pod[]): Sync {
    const monotonic = set.spec.podManagementPolicy === 'OrderedReady';
    for (let ordinal = 0; ordinal < pods.length; ordinal++) {
      const pod = pods[ordinal];
      if (pod === undefined) {
        const error = yield* this.#create(set, ordinal);
        if (error !== '') return error;
        if (monotonic) return '';
        continue;
      }
      if (pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded') {
        if (!isBeingDeleted(pod)) {
          const error = yield* this.#remove(set, pod);
          if (error !== '') return error;
        }
        if (monotonic) return '';
        continue;
      }
      if (monotonic && !this.#isHealthy(set, pod)) return '';
    }
    const down = yield* this.#scaleDown(set, pods, condemned, monotonic);
    if (down !== 'done') return down;
    return yield* this.#rollOver(set, pods);
  }

  /** processCondemned: highest first, each when the one above it is gone. 'done': none is left. */
  *#scaleDown(
    set: StatefulSet,
    pods: readonly (Pod | undefined)[],
    condemned: readonly Pod[],
    monotonic: boolean,
  ): Sync {
    if (condemned.length === 0) return 'done';
    const firstUnhealthy = pods.find((pod) => pod !== undefined && !this.#isHealthy(set, pod));
    for (const pod of condemned) {
      if (isBeingDeleted(pod)) {
        if (monotonic) return '';
        continue;
      }
      if (monotonic && firstUnhealthy !== undefined) return '';
      const error = yield* this.#remove(set, pod);
      if (error !== '' || monotonic) return error;
    }
    return '';
  }

  /** Rolling update: from the highest ordinal down to the partition, one at a time. */
  *#rollOver(set: StatefulSet, pods: readonly (Pod | undefined)[]): Sync {
    for (let ordinal = pods.length - 1; ordinal >= set.spec.partition; ordinal--) {
      const pod = pods[ordinal];
      if (pod === undefined) return '';
      const outdated = pod.meta.labels[REVISION_LABEL] !== set.spec.template.hash;
      if (outdated && !isBeingDeleted(pod)) return yield* this.#remove(set, pod);
      if (!this.#isHealthy(set, pod)) return '';
    }
    return '';
  }

  #isHealthy(set: StatefulSet, pod: Pod): boolean {
    if (isBeingDeleted(pod) || pod.status.phase !== 'Running') return false;
    return isAvailable(pod, set.spec.minReadyNs, this.#env.sim.nowNs);
  }

  /** CreateStatefulPod: its claims first, where they are not there. */
  *#create(set: StatefulSet, ordinal: number): Sync {
    const { sim } = this.#env;
    for (const claim of claimsOf(this.#env, set, ordinal)) {
      if (this.#claims.get(claim.meta.path) !== undefined) continue;
      const error = yield* perform(this.#client, createCall(claim));
      if (error === 'NamespaceTerminating') return '';
      if (error !== '' && error !== 'AlreadyExists') return error;
      if (error === '') this.#recorder.record(set, 'SuccessfulCreate', claim.meta.name);
    }
    const pod = statefulPod(this.#env, set, ordinal);
    this.#env.observer.podStage(pod.meta.uid, 'requested', sim.nowNs);
    const error = yield* perform(this.#client, createCall(pod));
    if (error === '') this.#recorder.record(set, 'SuccessfulCreate', pod.meta.name);
    // AlreadyExists: our cache is behind, or the old pod of that name is still there.
    if (error === 'AlreadyExists' || error === 'NamespaceTerminating') return '';
    return error;
  }

  *#remove(set: StatefulSet, pod: Pod): Sync {
    const error = yield* perform(this.#client, { ...deleteCall(pod), uid: pod.meta.uid });
    if (error === '') this.#recorder.record(set, 'SuccessfulDelete', pod.meta.name);
    return error === 'NotFound' ? '' : error;
  }

  *#writeStatus(
    set: StatefulSet,
    pods: readonly (Pod | undefined)[],
    replicas: number,
    readyReplicas: number,
  ): Sync {
    const { hash } = set.spec.template;
    const all = pods.every((pod) => pod?.meta.labels[REVISION_LABEL] === hash);
    const old = set.status;
    const status: StatefulSet['status'] = {
      observedGeneration: set.meta.generation,
      replicas,
      readyReplicas,
      currentHash: all || old.currentHash === '' ? hash : old.currentHash,
      updateHash: hash,
    };
    const same =
      old.observedGeneration === status.observedGeneration &&
      old.replicas === replicas &&
      old.readyReplicas === readyReplicas &&
      old.currentHash === status.currentHash &&
      old.updateHash === hash;
    if (same) return '';
    const first = yield* perform(this.#client, statusCall(withStatus(set, status), set));
    if (first !== 'Conflict') return first;
    const latest = yield* send(this.#client, getCall('statefulsets', set.meta.path));
    if (errorOf(latest) !== '') return errorOf(latest);
    const current = latest.object as StatefulSet; // What was asked for.
    return yield* perform(this.#client, statusCall(withStatus(current, status), current));
  }
}

export function ordinalOf(pod: Pod): number {
  return Number(pod.meta.labels[POD_INDEX_LABEL] ?? -1);
}

/** newVersionedStatefulSetPod. */
export function statefulPod(
  env: Pick<ControllerEnvironment, 'uids' | 'sim'>,
  set: StatefulSet,
  ordinal: number,
): Pod {
  const { template, volumeClaimTemplates } = set.spec;
  const name = `${set.meta.name}-${ordinal}`;
  const labels = {
    ...template.labels,
    [POD_NAME_LABEL]: name,
    [POD_INDEX_LABEL]: `${ordinal}`,
    [REVISION_LABEL]: template.hash,
  };
  const claimed = volumeClaimTemplates.map(
    (claim) =>
      ({
        kind: 'persistentVolumeClaim',
        claimName: `${claim.name}-${name}`,
        readOnly: false,
      }) as const,
  );
  const spec =
    claimed.length === 0
      ? template.spec
      : { ...template.spec, volumes: [...template.spec.volumes, ...claimed] };
  return podOf(env.uids, env.sim.nowNs, set, template, { name, labels, spec });
}

export function claimsOf(
  env: Pick<ControllerEnvironment, 'uids' | 'sim'>,
  set: StatefulSet,
  ordinal: number,
): PersistentVolumeClaim[] {
  return set.spec.volumeClaimTemplates.map((template) => {
    const name = `${template.name}-${set.meta.name}-${ordinal}`;
    const { namespace } = set.meta;
    const meta = metaOf(env.uids, env.sim.nowNs, { name, namespace, labels: set.meta.labels });
    return {
      resource: 'persistentvolumeclaims',
      meta: { ...meta, path: siblingPath(set, name) },
      bytes: CLAIM_BYTES,
      resourceVersion: 0,
      spec: {
        storageClass: template.storageClass,
        bytes: template.bytes,
        volumeName: '',
        accessMode: 'ReadWriteOnce',
      },
      selectedNode: '',
      phase: 'Pending',
    };
  });
}
