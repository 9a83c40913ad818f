/**
 * The objects of a watch cache by path, and by namespace and node where somebody has listed so
 * (kubernetes: a B-tree by key, whose prefixes are namespaces, and an index of pods by node).
 */
import type { KubeObject } from '../../objects/index.ts';
import { nodeNameOf, type Scope } from './scope.ts';

type Objects = Map<string, KubeObject>;

export class ObjectIndex {
  readonly byPath: Objects = new Map();
  bytes = 0;
  #byNamespace: Map<string, Objects> | null = null;
  #byNode: Map<string, Objects> | null = null;

  get(path: string): KubeObject | undefined {
    return this.byPath.get(path);
  }

  set(object: KubeObject): void {
    const { path } = object.meta;
    const before = this.byPath.get(path);
    this.byPath.set(path, object);
    this.bytes += object.bytes - (before?.bytes ?? 0);
    if (this.#byNamespace !== null) put(this.#byNamespace, object.meta.namespace, object);
    if (this.#byNode === null) return;
    const node = nodeNameOf(object);
    const nodeBefore = before === undefined ? '' : nodeNameOf(before);
    if (nodeBefore !== '' && nodeBefore !== node) take(this.#byNode, nodeBefore, path);
    if (node !== '') put(this.#byNode, node, object);
  }

  delete(path: string): void {
    const before = this.byPath.get(path);
    if (before === undefined) return;
    this.byPath.delete(path);
    this.bytes -= before.bytes;
    if (this.#byNamespace !== null) take(this.#byNamespace, before.meta.namespace, path);
    if (this.#byNode !== null) take(this.#byNode, nodeNameOf(before), path);
  }

  clear(): void {
    this.byPath.clear();
    this.bytes = 0;
    this.#byNamespace = null;
    this.#byNode = null;
  }

  /** Objects among which all of this scope are. */
  candidates(scope: Scope): Iterable<KubeObject> {
    const { fieldSelector, namespace } = scope;
    if (fieldSelector?.field === 'spec.nodeName') {
      this.#byNode ??= groupBy(this.byPath, nodeNameOf);
      return this.#byNode.get(fieldSelector.value)?.values() ?? [];
    }
    if (fieldSelector?.field === 'metadata.name' && namespace !== '') {
      const object = this.byPath.get(`${namespace}/${fieldSelector.value}`);
      return object === undefined ? [] : [object];
    }
    if (namespace === '') return this.byPath.values();
    this.#byNamespace ??= groupBy(this.byPath, (object) => object.meta.namespace);
    return this.#byNamespace.get(namespace)?.values() ?? [];
  }
}

function groupBy(objects: Objects, keyOf: (object: KubeObject) => string): Map<string, Objects> {
  const groups = new Map<string, Objects>();
  for (const object of objects.values()) {
    const key = keyOf(object);
    if (key !== '') put(groups, key, object);
  }
  return groups;
}

function put(groups: Map<string, Objects>, key: string, object: KubeObject): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, new Map([[object.meta.path, object]]));
  else group.set(object.meta.path, object);
}

function take(groups: Map<string, Objects>, key: string, path: string): void {
  const group = groups.get(key);
  if (group === undefined) return;
  group.delete(path);
  if (group.size === 0) groups.delete(key);
}
