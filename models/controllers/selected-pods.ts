/**
 * Which pods a service, or a budget, selects, kept up to date from both sides, so that neither a
 * pod's event nor a selector's sync walks through a namespace.
 *
 * Stands for the service selector cache of
 * kubernetes/staging/src/k8s.io/endpointslice/util/controller_utils.go and the pod lister's scan;
 * the scan's CPU is charged by the controllers.
 */
import { type KubeObject, type LabelSelector, matches, type Pod } from '../objects/index.ts';
import { type ControllerEnvironment, INDEX_NAMESPACE } from './environment.ts';

interface Selecting extends KubeObject {
  readonly spec: { readonly selector: LabelSelector | null };
}

/** An informer of objects that select pods. */
export interface SelectingInformer {
  get(path: string): Selecting | undefined;
  addHandlers(handlers: {
    onAdd?(object: Selecting): void;
    onUpdate?(object: Selecting, old: Selecting): void;
    onDelete?(object: Selecting): void;
  }): void;
}

export class SelectedPods {
  readonly #env: ControllerEnvironment;
  readonly #owners: SelectingInformer;
  /** Owners by namespace and one `key=value` that their pods must have. */
  readonly #byLabel = new Map<string, Set<string>>();
  /** Paths of pods by namespace and each `key=value` of theirs. */
  readonly #podsByLabel = new Map<string, Set<string>>();
  readonly #none = new Map<string, Pod>();
  readonly #members = new Map<string, Map<string, Pod>>();
  readonly #listeners: ((service: string) => void)[] = [];

  constructor(env: ControllerEnvironment, owners: SelectingInformer) {
    this.#env = env;
    this.#owners = owners;
    owners.addHandlers({
      onAdd: (object) => this.#addOwner(object),
      onUpdate: (object, old) => {
        if (object.spec.selector === old.spec.selector) return;
        this.#removeOwner(old);
        this.#addOwner(object);
      },
      onDelete: (object) => this.#removeOwner(object),
    });
    env.pods.addHandlers({
      onAdd: (pod) => this.#onPod(pod, null),
      onUpdate: (pod, old) => this.#onPod(pod, old),
      onDelete: (pod) => this.#onPodDelete(pod),
    });
  }

  /** Selected pods by path. */
  of(service: string): ReadonlyMap<string, Pod> {
    return this.#members.get(service) ?? this.#none;
  }

  /** Something that endpoints show has changed on a pod of the service (podEndpointsChanged). */
  onChange(listener: (service: string) => void): void {
    this.#listeners.push(listener);
  }

  #addOwner(owner: Selecting): void {
    const key = bucketOf(owner);
    const { selector } = owner.spec;
    if (key === '' || selector === null) return;
    const { path } = owner.meta;
    const bucket = this.#byLabel.get(key);
    if (bucket === undefined) this.#byLabel.set(key, new Set([path]));
    else bucket.add(path);
    const members = new Map<string, Pod>();
    for (const pod of this.#candidates(owner)) {
      if (matches(selector, pod.meta.labels)) members.set(pod.meta.path, pod);
    }
    this.#members.set(path, members);
  }

  /** Pods among which are all that the owner selects, and that have been told of. */
  #candidates(owner: Selecting): Iterable<Pod> {
    const { pods } = this.#env;
    if (!isOneLabel(owner.spec.selector)) {
      return pods.byIndex(INDEX_NAMESPACE, owner.meta.namespace);
    }
    const found: Pod[] = [];
    for (const path of this.#podsByLabel.get(bucketOf(owner)) ?? []) {
      const pod = pods.get(path);
      if (pod !== undefined) found.push(pod);
    }
    return found;
  }

  #file(pod: Pod): void {
    const { path } = pod.meta;
    for (const label of bucketsOf(pod)) {
      const paths = this.#podsByLabel.get(label);
      if (paths === undefined) this.#podsByLabel.set(label, new Set([path]));
      else paths.add(path);
    }
  }

  #unfile(pod: Pod): void {
    const { path } = pod.meta;
    for (const label of bucketsOf(pod)) {
      const paths = this.#podsByLabel.get(label);
      paths?.delete(path);
      if (paths?.size === 0) this.#podsByLabel.delete(label);
    }
  }

  #removeOwner(owner: Selecting): void {
    this.#byLabel.get(bucketOf(owner))?.delete(owner.meta.path);
    this.#members.delete(owner.meta.path);
  }

  #onPod(pod: Pod, old: Pod | null): void {
    if (old === null) this.#file(pod);
    else if (old.meta.labels !== pod.meta.labels) {
      this.#onPodDelete(old);
      this.#file(pod);
    }
    const tell = old === null || podEndpointChanged(pod, old);
    for (const service of this.#selecting(pod)) {
      this.#members.get(service)?.set(pod.meta.path, pod);
      if (tell) for (const listener of this.#listeners) listener(service);
    }
  }

  #onPodDelete(pod: Pod): void {
    this.#unfile(pod);
    for (const service of this.#selecting(pod)) {
      if (this.#members.get(service)?.delete(pod.meta.path) !== true) continue;
      for (const listener of this.#listeners) listener(service);
    }
  }

  #selecting(pod: Pod): string[] {
    const found: string[] = [];
    for (const label of bucketsOf(pod)) {
      const bucket = this.#byLabel.get(label);
      if (bucket === undefined) continue;
      for (const path of bucket) {
        const selector = this.#owners.get(path)?.spec.selector;
        if (selector && matches(selector, pod.meta.labels)) found.push(path);
      }
    }
    return found;
  }
}

/** As a rule they select by equality: filed under the first requirement. '' selects nothing. */
export function bucketOf({ spec, meta }: Selecting): string {
  const first = spec.selector?.requirements[0];
  return first === undefined ? '' : bucketName(meta.namespace, first.key, first.values[0]);
}

/** Whether all that it selects is among the pods of its owner's bucket. */
export function isOneLabel(selector: LabelSelector | null): boolean {
  const first = selector?.requirements[0];
  return first?.operator === 'In' && first.values.length === 1;
}

/** The buckets in which owners of a pod may look for it: one for each of its labels. */
export function bucketsOf({ meta }: Pod): string[] {
  const buckets: string[] = [];
  for (const key in meta.labels) buckets.push(bucketName(meta.namespace, key, meta.labels[key]));
  return buckets;
}

function bucketName(namespace: string, key: string, value: string): string {
  return `${namespace}/${key}=${value}`;
}

/** podEndpointsChanged. */
export function podEndpointChanged(pod: Pod, old: Pod): boolean {
  return (
    pod.status.ready !== old.status.ready ||
    pod.status.hasIP !== old.status.hasIP ||
    pod.status.phase !== old.status.phase ||
    pod.nodeName !== old.nodeName ||
    Number.isNaN(pod.meta.deletedNs) !== Number.isNaN(old.meta.deletedNs) ||
    pod.meta.labels !== old.meta.labels
  );
}
