/**
 * What controllers have made of the workloads of a cluster that has been running: ReplicaSets, pods
 * that run, EndpointSlices, statuses, such that no controller finds anything to do.
 *
 * Left out: PersistentVolumeClaims of StatefulSets, Jobs that are over, old ReplicaSets.
 */
import type { Simulation } from '../../src/core/index.ts';
import {
  type DaemonSet,
  type Deployment,
  type EndpointSlice,
  type KubeObject,
  matches,
  metaOf,
  ownedBy,
  type Pod,
  type PodSpec,
  pathOf,
  type ReplicaSet,
  type Service,
  type StatefulSet,
  type Uids,
  withPodStatus,
} from '../objects/index.ts';
import { daemonPod } from './daemonset.ts';
import { endpointOf, sliceOf } from './endpointslice.ts';
import { podOf } from './pod-control.ts';
import { fenceposts } from './rolling-update.ts';
import { HASH_LABEL, hashedSelector } from './rollout.ts';
import { statefulPod } from './statefulset.ts';

export interface SettleOptions {
  /** At its start. */
  readonly sim: Simulation;
  readonly uids: Uids;
  /** Name of a node that takes the pod; '' = none has room: the pod stays Pending. */
  place(spec: PodSpec): string;
  /** Names of the nodes on which a DaemonSet's pod runs. */
  eligible(spec: PodSpec): readonly string[];
  readonly maxEndpointsPerSlice: number;
}

/** The objects, settled, with everything that follows from them; in an order fit for storing. */
export function settledObjects(given: readonly KubeObject[], o: SettleOptions): KubeObject[] {
  const settler = new Settler(o);
  for (const object of given) settler.add(object);
  settler.addSlices();
  return settler.objects;
}

class Settler {
  readonly objects: KubeObject[] = [];
  readonly #o: SettleOptions;
  readonly #services: Service[] = [];
  readonly #podsIn = new Map<string, Pod[]>();

  constructor(o: SettleOptions) {
    this.#o = o;
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
      case 'services':
        this.#services.push(object as Service);
        this.objects.push(object);
        return;
      default:
        this.objects.push(object);
    }
  }

  /** Pods of a service are in its slices, full ones first. */
  addSlices(): void {
    for (const service of this.#services) {
      const { selector } = service.spec;
      if (selector === null) continue;
      const pods = this.#podsIn.get(service.meta.namespace) ?? [];
      const endpoints = pods
        .filter((pod) => matches(selector, pod.meta.labels))
        .flatMap((pod) => endpointOf(pod) ?? []);
      const step = this.#o.maxEndpointsPerSlice;
      const slices: EndpointSlice[] = [];
      for (let i = 0; i < Math.max(1, endpoints.length); i += step) {
        slices.push(sliceOf(this.#o.uids, 0, service, endpoints.slice(i, i + step)));
      }
      this.objects.push(...slices);
    }
  }

  #deployment(given: Deployment): void {
    const { spec, meta } = given;
    const labels = { ...spec.template.labels, [HASH_LABEL]: spec.template.hash };
    const maxReplicas = spec.replicas + fenceposts(spec).maxSurge;
    const status = {
      observedGeneration: meta.generation,
      replicas: spec.replicas,
      updatedReplicas: spec.replicas,
      readyReplicas: spec.replicas,
      availableReplicas: spec.replicas,
    };
    this.objects.push({ ...given, status } as Deployment);
    this.#replicaSet({
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
  }

  #replicaSet(given: ReplicaSet): void {
    const { replicas, template } = given.spec;
    let ready = 0;
    for (let i = 0; i < replicas; i++) {
      const pod = podOf(this.#o.uids, 0, given, template);
      if (this.#run(pod, this.#o.place(pod.spec))) ready++;
    }
    const status = {
      observedGeneration: given.meta.generation,
      replicas,
      readyReplicas: ready,
      availableReplicas: ready,
    };
    this.objects.push({ ...given, status } as ReplicaSet);
  }

  #statefulSet(given: StatefulSet): void {
    const { replicas, template } = given.spec;
    let ready = 0;
    for (let i = 0; i < replicas; i++) {
      const pod = statefulPod(this.#o, given, i);
      if (this.#run(pod, this.#o.place(pod.spec))) ready++;
    }
    const status = {
      observedGeneration: given.meta.generation,
      replicas,
      readyReplicas: ready,
      currentHash: template.hash,
      updateHash: template.hash,
    };
    this.objects.push({ ...given, status } as StatefulSet);
  }

  #daemonSet(given: DaemonSet): void {
    const { template } = given.spec;
    const nodes = this.#o.eligible(template.spec);
    for (const node of nodes) {
      this.#run(daemonPod(this.#o, given, node), node);
    }
    const count = nodes.length;
    const status = {
      observedGeneration: given.meta.generation,
      desired: count,
      current: count,
      ready: count,
    };
    this.objects.push({ ...given, status } as DaemonSet);
  }

  /** True where it runs. */
  #run(pod: Pod, nodeName: string): boolean {
    const { namespace, name } = pod.meta;
    const path = pathOf(namespace, name);
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
      meta: { ...pod.meta, path },
      nodeName,
    };
    this.objects.push(running);
    const known = this.#podsIn.get(namespace);
    if (known === undefined) this.#podsIn.set(namespace, [running]);
    else known.push(running);
    return true;
  }
}
