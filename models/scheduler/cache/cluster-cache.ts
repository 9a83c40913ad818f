/**
 * The scheduler's memory of the cluster: nodes, the pods on them (bound, or assumed while their
 * binding is under way), and what plugins look up.
 *
 * Left out: expiry of assumed pods (its default is never).
 * Source: kubernetes/pkg/scheduler/backend/cache/cache.go.
 */
import { assert } from '../../../src/core/index.ts';
import {
  isBeingDeleted,
  type LabelSelector,
  type Labels,
  type Node,
  type OwnerReference,
  type Pod,
  type PodDisruptionBudget,
  type PodSpec,
  type Service,
} from '../../objects/index.ts';
import { ImageTable } from './images.ts';
import { NodeTable } from './node-table.ts';
import { type PodEntry, type PodRequest, requestOf } from './pod-entry.ts';
import { PodGroups } from './pod-groups.ts';
import { VolumeCache } from './volumes.ts';

export class ClusterCache {
  readonly table = new NodeTable();
  readonly groups = new PodGroups();
  readonly images = new ImageTable();
  readonly volumes = new VolumeCache();
  readonly budgets = new Map<string, PodDisruptionBudget>();
  readonly #pods = new Map<number, PodEntry>();
  readonly #requests = new WeakMap<PodSpec, PodRequest>();
  readonly #namespaces = new Map<string, Labels>();
  readonly #services = new Map<string, Map<string, Service>>();
  namespaceVersion = 1;
  /** Changes when a service comes, goes or selects otherwise. */
  serviceVersion = 1;
  /** What a controlling owner selects by; null where it is not known. */
  ownerSelector: (owner: OwnerReference) => LabelSelector | null = () => null;

  get podCount(): number {
    return this.#pods.size;
  }

  podOf(uid: number): PodEntry | undefined {
    return this.#pods.get(uid);
  }

  setNode(node: Node): boolean {
    const changed = this.table.setNode(node);
    const row = this.table.rowFor(node.meta.name);
    this.images.set(row, node.status.images);
    return changed;
  }

  removeNode(name: string): void {
    const row = this.table.rowOf.get(name);
    if (row === undefined) return;
    this.table.removeNode(name);
    this.images.set(row, null);
  }

  /** The pod will be bound to this node: it counts from now on. */
  assume(pod: Pod, row: number): PodEntry {
    assert(!this.#pods.has(pod.meta.uid), 'a pod is assumed once');
    return this.#insert(pod, row, true);
  }

  /** The binding failed: as if it had never been assumed. */
  forget(uid: number): void {
    const entry = this.#pods.get(uid);
    if (entry === undefined || !entry.assumed) return;
    this.#remove(entry);
  }

  /** The API shows the pod on a node. */
  addPod(pod: Pod): void {
    const row = this.table.rowFor(pod.nodeName);
    const known = this.#pods.get(pod.meta.uid);
    if (known !== undefined && known.row === row) {
      known.assumed = false;
      this.#update(known, pod);
      return;
    }
    if (known !== undefined) this.#remove(known);
    this.#insert(pod, row, false);
  }

  removePod(uid: number): boolean {
    const entry = this.#pods.get(uid);
    if (entry === undefined) return false;
    this.#remove(entry);
    return true;
  }

  requestOf(spec: PodSpec): PodRequest {
    let request = this.#requests.get(spec);
    if (request === undefined) {
      request = requestOf(spec, this.table);
      this.#requests.set(spec, request);
    }
    return request;
  }

  /** Takes a pod off its node for a trial; `putBack` restores it. */
  lift(entry: PodEntry): void {
    this.#remove(entry);
  }

  putBack(entry: PodEntry): void {
    this.#place(entry);
  }

  /** Puts a pod on a node for a trial; `lift` removes it. */
  place(pod: Pod, row: number): PodEntry {
    return this.#insert(pod, row, true);
  }

  setNamespace(name: string, labels: Labels | null): void {
    if (this.#namespaces.get(name) === (labels ?? undefined)) return;
    if (labels === null) this.#namespaces.delete(name);
    else this.#namespaces.set(name, labels);
    this.namespaceVersion++;
  }

  namespaceLabels(name: string): Labels | undefined {
    return this.#namespaces.get(name);
  }

  setService(service: Service): void {
    const { namespace, path } = service.meta;
    let services = this.#services.get(namespace);
    if (services === undefined) {
      services = new Map();
      this.#services.set(namespace, services);
    }
    const before = services.get(path);
    services.set(path, service);
    if (before === undefined || before.spec.selector !== service.spec.selector) {
      this.serviceVersion++;
    }
  }

  removeService(service: Service): void {
    this.#services.get(service.meta.namespace)?.delete(service.meta.path);
    this.serviceVersion++;
  }

  services(namespace: string): Iterable<Service> {
    return this.#services.get(namespace)?.values() ?? [];
  }

  #insert(pod: Pod, row: number, assumed: boolean): PodEntry {
    const { affinity } = pod.spec;
    const { labels, namespace } = pod.meta;
    const entry: PodEntry = {
      pod,
      row,
      slot: -1,
      group: this.groups.intern(namespace, labels, isBeingDeleted(pod)),
      affinity: affinity === null ? null : this.groups.internAffinity(namespace, affinity),
      request: this.requestOf(pod.spec),
      assumed,
    };
    this.#place(entry);
    return entry;
  }

  #place(entry: PodEntry): void {
    const { affinity, request, row } = entry;
    this.#pods.set(entry.pod.meta.uid, entry);
    const pods = this.table.pods[row];
    entry.slot = pods.length;
    pods.push(entry);
    this.table.count(row, request, 1);
    entry.group.add(row, 1);
    entry.group.space.pods++;
    if (affinity !== null) {
      affinity.add(row, 1);
      this.table.countAffinity(row, affinity.hasRequiredAnti, 1);
    }
    for (const name of request.claims) this.volumes.use(`${entry.group.namespace}/${name}`, 1);
  }

  #remove(entry: PodEntry): void {
    const { affinity, request, row } = entry;
    this.#pods.delete(entry.pod.meta.uid);
    const pods = this.table.pods[row];
    const last = pods[pods.length - 1];
    pods[entry.slot] = last;
    last.slot = entry.slot;
    pods.pop();
    this.table.count(row, request, -1);
    entry.group.add(row, -1);
    entry.group.space.pods--;
    if (affinity !== null) {
      affinity.add(row, -1);
      this.table.countAffinity(row, affinity.hasRequiredAnti, -1);
    }
    for (const name of request.claims) this.volumes.use(`${entry.group.namespace}/${name}`, -1);
  }

  #update(entry: PodEntry, pod: Pod): void {
    entry.pod = pod;
    const group = this.groups.intern(pod.meta.namespace, pod.meta.labels, isBeingDeleted(pod));
    if (group === entry.group) return;
    entry.group.add(entry.row, -1);
    entry.group = group;
    group.add(entry.row, 1);
  }
}
