/**
 * What the API has at the start, found by the selectors of informers: by node or by name without a
 * scan for each of them.
 */
import { type KubeObject, matches, type Pod, type ResourceName } from '../objects/index.ts';
import type { InformerOptions, Preloaded } from './types.ts';

export interface PreloadedList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: number;
}

interface Entry {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: number;
  /** Field of selectors to value to objects. */
  readonly byField: Map<string, Map<string, KubeObject[]>>;
}

export class PreloadIndex {
  readonly #source: (resource: ResourceName) => Preloaded;
  readonly #entries = new Map<ResourceName, Entry>();

  constructor(source: (resource: ResourceName) => Preloaded) {
    this.#source = source;
  }

  find(resource: ResourceName, o: InformerOptions): PreloadedList {
    const entry = this.#entry(resource);
    let { items } = entry;
    if (o.fieldSelector !== undefined) {
      const { field, value } = o.fieldSelector;
      items = this.#field(entry, field).get(value) ?? [];
    }
    const { namespace, labelSelector } = o;
    if (namespace) items = items.filter((object) => object.meta.namespace === namespace);
    if (labelSelector) items = items.filter((object) => matches(labelSelector, object.meta.labels));
    return { items, resourceVersion: entry.resourceVersion };
  }

  #entry(resource: ResourceName): Entry {
    const known = this.#entries.get(resource);
    if (known !== undefined) return known;
    const { items, resourceVersion } = this.#source(resource);
    const entry = { items: [...items], resourceVersion, byField: new Map() };
    this.#entries.set(resource, entry);
    return entry;
  }

  #field(entry: Entry, field: 'spec.nodeName' | 'metadata.name'): Map<string, KubeObject[]> {
    const known = entry.byField.get(field);
    if (known !== undefined) return known;
    const byValue = new Map<string, KubeObject[]>();
    for (const object of entry.items) {
      const value = field === 'metadata.name' ? object.meta.name : (object as Pod).nodeName;
      const objects = byValue.get(value);
      if (objects === undefined) byValue.set(value, [object]);
      else objects.push(object);
    }
    entry.byField.set(field, byValue);
    return byValue;
  }
}
