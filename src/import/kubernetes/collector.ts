/** Takes the objects of dumps, one at a time, and keeps what a scenario needs of them. */
import { parseDocument } from 'yaml';
import { Configuration } from './configuration.ts';
import type { Breakage, ObjectSink, Place } from './documents.ts';
import { at, isMap, type Json, type JsonMap, jsonBytes, mapOf, textOf } from './json.ts';
import { NodeCollector } from './nodes.ts';
import { type OtherObject, otherOf } from './others.ts';
import { Tally } from './tally.ts';
import { controllerOf, type NamedObject, pathKey, WorkloadCollector } from './workloads.ts';

const WORKLOADS = [
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
];
/** Objects that components make and keep by themselves as a run goes on. */
const MADE = [
  'Event',
  'Endpoints',
  'EndpointSlice',
  'Lease',
  'ControllerRevision',
  'CSINode',
  'VolumeAttachment',
  'PodMetrics',
  'NodeMetrics',
  'ComponentStatus',
];
const CONFIGURATIONS = [
  'ClusterConfiguration',
  'InitConfiguration',
  'JoinConfiguration',
  'KubeletConfiguration',
  'KubeSchedulerConfiguration',
  'KubeProxyConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
];
/** ConfigMaps of kubeadm that hold a configuration, by the key that does. */
const CONFIG_MAPS: Readonly<Record<string, string>> = {
  'kubeadm-config': 'ClusterConfiguration',
  'kubelet-config': 'kubelet',
  'kube-proxy': 'config.conf',
};

export class Collector implements ObjectSink {
  readonly tally = new Tally();
  readonly configuration = new Configuration();
  readonly nodes = new NodeCollector(this.tally);
  readonly priorities = new Map<string, number>();
  readonly workloads = new WorkloadCollector(this.tally, this.priorities);
  readonly others: OtherObject[] = [];
  readonly flowSchemas: JsonMap[] = [];
  readonly priorityLevels: JsonMap[] = [];
  readonly crds = new Set<string>();
  /** Workloads wait for the priority classes, which may come after them. */
  readonly #waiting: (() => void)[] = [];
  readonly #seen = new Map<string, string>();
  broke = false;

  broken({ place, message, hint }: Breakage): void {
    this.broke = true;
    this.tally.note('error', place, '', message, '', hint);
  }

  object(value: Json, place: Place): void {
    try {
      this.#object(value, place);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.tally.note('warning', place, '', 'an object is nested too deeply and is left out');
    }
  }

  /** After the last object. */
  finish(): void {
    for (const add of this.#waiting) add();
    this.#waiting.length = 0;
  }

  #object(value: Json, place: Place): void {
    if (!isMap(value)) {
      this.tally.read('(no object)', 0);
      this.tally.refuse('(no object)', 'it is not a mapping', place, '');
      return;
    }
    const kind = textOf(value.kind);
    if (kind === '') {
      this.tally.read('(no kind)', 0);
      const name = textOf(at(value, 'metadata', 'name'));
      this.tally.refuse('(no kind)', 'it has no kind', place, name);
      return;
    }
    const bytes = jsonBytes(value);
    this.tally.read(kind, bytes);
    if (CONFIGURATIONS.includes(kind)) {
      this.#configure(kind, value);
      return;
    }
    const name = textOf(at(value, 'metadata', 'name'));
    const namespace = textOf(at(value, 'metadata', 'namespace'));
    if (name === '') {
      this.tally.refuse(kind, 'it has no name', place, '');
      return;
    }
    if (MADE.includes(kind)) {
      this.tally.skipped(kind, 'components make it as a run goes on');
      return;
    }
    if (this.#isTwice(kind, namespace, name, value, place)) return;
    this.#named(kind, { value, name, namespace, place, bytes });
  }

  #isTwice(kind: string, namespace: string, name: string, value: JsonMap, place: Place): boolean {
    const group = textOf(value.apiVersion).includes('/')
      ? textOf(value.apiVersion).split('/')[0]
      : '';
    const key = `${group} ${pathKey(kind, namespace, name)}`;
    const here = `${place.file}, object ${place.index}`;
    const first = this.#seen.get(key);
    if (first === undefined) {
      this.#seen.set(key, here);
      return false;
    }
    const full = namespace === '' ? name : `${namespace}/${name}`;
    this.tally.refuse(kind, 'a name that stands twice', place, full, `first in ${first}`);
    return true;
  }

  #named(kind: string, object: NamedObject): void {
    const { value, name, place } = object;
    if (kind === 'Node') this.nodes.add(value, name, place);
    else if (kind === 'Pod') this.#pod(inNamespace(object));
    else if (WORKLOADS.includes(kind)) {
      const kept = small(inNamespace(object));
      this.#waiting.push(() => this.workloads.add(kind, kept));
    } else if (kind === 'PriorityClass') {
      const number = at(value, 'value');
      if (typeof number === 'number') this.priorities.set(name, number);
      this.#other(kind, object);
    } else if (kind === 'FlowSchema' || kind === 'PriorityLevelConfiguration') {
      (kind === 'FlowSchema' ? this.flowSchemas : this.priorityLevels).push(value);
    } else if (kind === 'CustomResourceDefinition') {
      this.crds.add(textOf(at(value, 'spec', 'names', 'kind')));
      this.tally.used(kind);
    } else this.#other(kind, object);
  }

  #pod(object: NamedObject): void {
    const { value } = object;
    const owner = controllerOf(value);
    const labelled = at(value, 'metadata', 'labels', 'tier') === 'control-plane';
    const isStatic = owner === null || owner.kind === 'Node' || labelled;
    if (isStatic && this.configuration.component(value)) {
      this.tally.used('Pod');
      return;
    }
    // Of pods with owners only the place counts: they need not wait.
    if (owner !== null) this.workloads.addPod(object);
    else {
      const kept = small(object);
      this.#waiting.push(() => this.workloads.addPod(kept));
    }
  }

  #configure(kind: string, value: JsonMap): void {
    this.tally.used(kind);
    const { configuration } = this;
    switch (kind) {
      case 'ClusterConfiguration':
        configuration.cluster(value);
        break;
      case 'KubeletConfiguration':
        configuration.kubeletConfiguration(value);
        break;
      case 'KubeSchedulerConfiguration':
        configuration.schedulerConfiguration(value);
        break;
      case 'KubeProxyConfiguration':
        configuration.kubeProxyConfiguration(value);
        break;
      case 'MutatingWebhookConfiguration':
        configuration.webhookConfiguration('mutating', value);
        break;
      case 'ValidatingWebhookConfiguration':
        configuration.webhookConfiguration('validating', value);
        break;
    }
  }

  #other(kind: string, object: NamedObject): void {
    const { value, name, namespace } = object;
    if (kind === 'ConfigMap' && namespace === 'kube-system' && Object.hasOwn(CONFIG_MAPS, name)) {
      this.#embedded(textOf(at(value, 'data', CONFIG_MAPS[name])));
    }
    this.others.push(otherOf(kind, object));
  }

  /** A configuration inside of a ConfigMap. */
  #embedded(text: string): void {
    const document = parseDocument(text, { logLevel: 'error' });
    if (text === '' || document.errors.length > 0) return;
    const value = mapOf(document.toJS() as Json);
    const kind = textOf(value.kind);
    if (CONFIGURATIONS.includes(kind)) this.#configure(kind, value);
  }
}

/** Without what takes memory and is not read: managed fields, annotations, status. */
function small(object: NamedObject): NamedObject {
  const { status, ...value } = object.value;
  const { managedFields: _, annotations: __, ...metadata } = mapOf(value.metadata);
  const phase = at(status, 'phase') ?? null;
  return { ...object, value: { ...value, metadata, status: { phase } } };
}

function inNamespace(object: NamedObject): NamedObject {
  return object.namespace === '' ? { ...object, namespace: 'default' } : object;
}
