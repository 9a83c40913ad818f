/**
 * What controllers have made of the workloads of a cluster that has been running: ReplicaSets, pods
 * that run, bound volumes, statuses, such that no controller finds anything to do.
 *
 * What selects pods (services, budgets) and what counts them comes last: settled-policies.ts.
 * Left out: Jobs, which begin with the run, and old ReplicaSets.
 */
import type { Simulation } from '../../src/core/index.ts';
import {
  type DaemonSet,
  type Deployment,
  type KubeObject,
  metaOf,
  ownedBy,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type PodSpec,
  type ReplicaSet,
  type StatefulSet,
  type StorageClass,
  type Uids,
  type VolumeAttachment,
  withPodStatus,
} from '../objects/index.ts';
import { attachmentOf } from './attach-detach.ts';
import { daemonPod } from './daemonset.ts';
import { volumeOf } from './persistent-volume.ts';
import { podOf } from './pod-control.ts';
import { fenceposts } from './rolling-update.ts';
import { HASH_LABEL, hashedSelector } from './rollout.ts';
import { settledPolicies } from './settled-policies.ts';
import { claimsOf, statefulPod } from './statefulset.ts';

export interface SettleOptions {
  /** At its start. */
  readonly sim: Simulation;
  readonly uids: Uids;
  /** Name of a node that takes the pod; '' = none has room: the pod stays Pending. */
  place(spec: PodSpec): string;
  /** Names of the nodes on which a DaemonSet's pod runs. */
  eligible(spec: PodSpec): readonly string[];
  readonly maxEndpointsPerSlice: number;
  /** Legacy Endpoints beside the slices. Default true, as their controller is on. */
  readonly endpoints?: boolean;
  /** All namespaces; those of the system and of the objects where absent. */
  readonly namespaces?: readonly string[];
}

/** The objects, settled, with everything that follows from them; in an order fit for storing. */
export function settledObjects(given: readonly KubeObject[], o: SettleOptions): KubeObject[] {
  const settler = new Settler(o, given);
  for (const object of given) settler.add(object);
  for (const object of settledPolicies(given, settler.podsIn, o)) settler.objects.push(object);
  return settler.objects;
}

class Settler {
  readonly objects: KubeObject[] = [];
  /** Running pods by namespace. */
  readonly podsIn = new Map<string, Pod[]>();
  readonly #o: SettleOptions;
  /** CSI driver by storage class. */
  readonly #drivers = new Map<string, string>();

  constructor(o: SettleOptions, given: readonly KubeObject[]) {
    this.#o = o;
    for (const object of given) {
      if (object.resource !== 'storageclasses') continue;
      this.#drivers.set(object.meta.name, (object as StorageClass).provisioner ?? '');
    }
  }

  add(object: KubeObject): void {
    // Each object is of the type that its resource names: see ObjectTypes.
    switch (object.resource) {
      case 'deployments':
        this.#deployment(object as Deployment);
        return;
      case 'replicasets':
      case 'replicationcontrollers':
        this.#replicaSet(object as ReplicaSet);
        return;
      case 'statefulsets':
        this.#statefulSet(object as StatefulSet);
        return;
      case 'daemonsets':
        this.#daemonSet(object as DaemonSet);
        return;
      case 'pods':
        this.#run(object as Pod, this.#o.place((object as Pod).spec));
        return;
      case 'persistentvolumeclaims':
        this.#bind(object as PersistentVolumeClaim, '');
        return;
      case 'services':
      case 'poddisruptionbudgets':
      case 'resourcequotas':
      case 'horizontalpodautoscalers':
        return;
      default:
        this.objects.push(object);
    }
  }

  #deployment(given: Deployment): void {
    const { spec, meta } = given;
    const labels = { ...spec.template.labels, [HASH_LABEL]: spec.template.hash };
    const maxReplicas = spec.replicas + fenceposts(spec).maxSurge;
    const ready = this.#replicaSet({
      resource: 'replicasets',
      meta: metaOf(this.#o.uids, 0, {
        name: `${meta.name}-${spec.template.hash}`,
        namespace: meta.namespace,
        labels,
        owner: ownedBy(given),
      }),
      bytes: given.bytes,
      resourceVersion: 0,
      spec: {
        replicas: spec.replicas,
        selector: hashedSelector(given),
        template: { ...spec.template, labels },
        minReadyNs: spec.minReadyNs,
      },
      status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0 },
      rollout: { revision: 1, desiredReplicas: spec.replicas, maxReplicas },
    });
    const settled: Deployment = {
      ...given,
      status: {
        observedGeneration: meta.generation,
        replicas: spec.replicas,
        updatedReplicas: spec.replicas,
        readyReplicas: ready,
        availableReplicas: ready,
      },
    };
    this.objects.push(settled);
  }

  /** How many of its pods run. */
  #replicaSet(given: ReplicaSet): number {
    const { replicas, template } = given.spec;
    let ready = 0;
    for (let i = 0; i < replicas; i++) {
      const pod = podOf(this.#o.uids, 0, given, template);
      if (this.#run(pod, this.#o.place(pod.spec))) ready++;
    }
    const settled: ReplicaSet = {
      ...given,
      status: {
        observedGeneration: given.meta.generation,
        replicas,
        readyReplicas: ready,
        availableReplicas: ready,
      },
    };
    this.objects.push(settled);
    return ready;
  }

  #statefulSet(given: StatefulSet): void {
    const { replicas, template } = given.spec;
    let ready = 0;
    for (let i = 0; i < replicas; i++) {
      const pod = statefulPod(this.#o, given, i);
      const nodeName = this.#o.place(pod.spec);
      for (const claim of claimsOf(this.#o, given, i)) this.#bind(claim, nodeName);
      if (this.#run(pod, nodeName)) ready++;
    }
    const settled: StatefulSet = {
      ...given,
      status: {
        observedGeneration: given.meta.generation,
        replicas,
        readyReplicas: ready,
        currentHash: template.hash,
        updateHash: template.hash,
      },
    };
    this.objects.push(settled);
  }

  #daemonSet(given: DaemonSet): void {
    const nodes = this.#o.eligible(given.spec.template.spec);
    for (const node of nodes) this.#run(daemonPod(this.#o, given, node), node);
    const count = nodes.length;
    const settled: DaemonSet = {
      ...given,
      status: {
        observedGeneration: given.meta.generation,
        desired: count,
        current: count,
        ready: count,
      },
    };
    this.objects.push(settled);
  }

  /** A volume made for the claim; attached where a node uses it. */
  #bind(claim: PersistentVolumeClaim, nodeName: string): void {
    const driver = this.#drivers.get(claim.spec.storageClass) ?? '';
    const made = volumeOf(this.#o.uids, 0, claim, driver);
    const volume: PersistentVolume = { ...made, phase: 'Bound' };
    const volumeName = volume.meta.name;
    const bound: PersistentVolumeClaim = {
      ...claim,
      spec: { ...claim.spec, volumeName },
      selectedNode: nodeName,
      phase: 'Bound',
    };
    this.objects.push(volume, bound);
    if (driver === '' || nodeName === '') return;
    const attachment = attachmentOf(this.#o.uids, 0, volumeName, nodeName);
    const attached: VolumeAttachment = { ...attachment, attached: true };
    this.objects.push(attached);
  }

  /** True where it runs. */
  #run(pod: Pod, nodeName: string): boolean {
    if (nodeName === '') {
      this.objects.push(pod);
      return false;
    }
    const running: Pod = {
      ...withPodStatus(pod, {
        phase: 'Running',
        scheduled: 'True',
        ready: true,
        readySinceNs: 0,
        hasIP: true,
        startNs: 0,
      }),
      nodeName,
    };
    this.objects.push(running);
    const { namespace } = pod.meta;
    const known = this.podsIn.get(namespace);
    if (known === undefined) this.podsIn.set(namespace, [running]);
    else known.push(running);
    return true;
  }
}
