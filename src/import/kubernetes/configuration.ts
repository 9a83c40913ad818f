/**
 * Configuration of components: kubeadm's files, commands of static pods, KubeletConfiguration,
 * KubeSchedulerConfiguration, KubeProxyConfiguration, webhooks. What they say in their own words
 * becomes the fields of the scenario that bear the same names.
 */
import { resourceNames } from '../../../models/objects/index.ts';
import {
  at,
  compact,
  isMap,
  type Json,
  type JsonMap,
  listOf,
  mapOf,
  numberOf,
  textOf,
} from './json.ts';

export type ComponentKey =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'cloud-controller-manager'
  | 'etcd';

const COMPONENTS: readonly ComponentKey[] = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'cloud-controller-manager',
  'etcd',
];

/** Flags that say where things are and who may: files, addresses, certificates, names. */
const OF_THE_PLACE =
  /url|cert|key-file|keyfile|-ca-|ca-file|cafile|kubeconfig|address|-dir$|^name$|initial-|servers|cidr|ip-range|issuer|oidc|headers|header-|signing|-port$|config-file|authorization-mode|allow-privileged|admission-control-config|authentication|^config$|preferred|cluster-name|runtime-config/;

const KUBELET_FIELDS = [
  'kubeAPIQPS',
  'kubeAPIBurst',
  'eventRecordQPS',
  'eventBurst',
  'maxPods',
  'nodeLeaseDurationSeconds',
  'serializeImagePulls',
  'maxParallelImagePulls',
  'registryPullQPS',
  'registryBurst',
  'configMapAndSecretChangeDetectionStrategy',
];
/** Durations: 0s stands for the default. */
const KUBELET_DURATIONS = [
  'nodeStatusUpdateFrequency',
  'nodeStatusReportFrequency',
  'syncFrequency',
  'runtimeRequestTimeout',
];

export class Configuration {
  readonly flags = new Map<ComponentKey, Record<string, string>>();
  /** Hosts on which a component was seen, for the number of replicas. */
  readonly seen = new Map<ComponentKey, number>();
  version = '';
  etcdVersion = '';
  externalEtcd = 0;
  kubelet: JsonMap = {};
  kubeProxy: JsonMap = {};
  scheduler: JsonMap = {};
  readonly webhooks: JsonMap[] = [];

  /** Commands of a static pod, or of any pod that runs a component; true where there was one. */
  component(pod: JsonMap): boolean {
    let found = false;
    for (const container of listOf(at(pod, 'spec', 'containers'))) {
      const words = [...listOf(at(container, 'command')), ...listOf(at(container, 'args'))].map(
        (word) => textOf(word),
      );
      const program = words[0]?.split('/').at(-1) ?? '';
      const key = COMPONENTS.find((name) => name === program);
      if (key === undefined) continue;
      found = true;
      this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
      this.#flagsOf(key, words.slice(1));
      const tag = /:v?(\d+\.\d+(?:\.\d+)?)/.exec(textOf(at(container, 'image')))?.[1];
      if (tag === undefined) continue;
      if (key === 'etcd') this.etcdVersion = tag;
      else this.version = minorOf(tag);
    }
    return found;
  }

  #flagsOf(key: ComponentKey, words: readonly string[]): void {
    const flags: Record<string, string> = {};
    words.forEach((word, i) => {
      const match = /^--?([\w-]+)(?:=(.*))?$/s.exec(word);
      if (match === null) return;
      const next = words[i + 1];
      flags[match[1]] = match[2] ?? (next === undefined || next.startsWith('-') ? 'true' : next);
    });
    this.#merge(key, flags);
  }

  #merge(key: ComponentKey, flags: Readonly<Record<string, string>>): void {
    const known = this.flags.get(key) ?? {};
    for (const [name, value] of Object.entries(flags)) {
      if (!OF_THE_PLACE.test(name)) known[name] = value;
    }
    this.flags.set(key, known);
  }

  /** kubeadm ClusterConfiguration, v1beta3 (mappings) and v1beta4 (lists). */
  cluster(value: JsonMap): void {
    const version = textOf(value.kubernetesVersion);
    if (/^v?1\.\d+/.test(version)) this.version = minorOf(version);
    const parts: readonly (readonly [ComponentKey, Json | undefined])[] = [
      ['kube-apiserver', value.apiServer],
      ['kube-controller-manager', value.controllerManager],
      ['kube-scheduler', value.scheduler],
      ['etcd', at(value, 'etcd', 'local')],
    ];
    for (const [key, part] of parts) this.#merge(key, extraArgsOf(at(part, 'extraArgs')));
    const tag = /^v?(\d+\.\d+\.\d+)/.exec(textOf(at(value, 'etcd', 'local', 'imageTag')))?.[1];
    if (tag !== undefined) this.etcdVersion = tag;
    this.externalEtcd = listOf(at(value, 'etcd', 'external', 'endpoints')).length;
  }

  kubeletConfiguration(value: JsonMap): void {
    const kept: Record<string, Json | undefined> = {};
    for (const name of KUBELET_FIELDS) kept[name] = value[name];
    for (const name of KUBELET_DURATIONS) kept[name] = durationOf(value[name]);
    if (at(value, 'featureGates', 'EventedPLEG') === true) kept.eventedPLEG = true;
    this.kubelet = compact(kept);
  }

  kubeProxyConfiguration(value: JsonMap): void {
    const mode = textOf(value.mode, 'iptables') || 'iptables';
    const part = at(value, mode);
    this.kubeProxy = compact({
      mode: mode === 'iptables' ? undefined : mode,
      minSyncPeriod: durationOf(at(part, 'minSyncPeriod')),
      syncPeriod: durationOf(at(part, 'syncPeriod')),
      qps: positive(at(value, 'clientConnection', 'qps')),
      burst: positive(at(value, 'clientConnection', 'burst')),
    });
  }

  schedulerConfiguration(value: JsonMap): void {
    const connection = at(value, 'clientConnection');
    this.scheduler = compact({
      clientConnection: compact({
        qps: positive(at(connection, 'qps')),
        burst: positive(at(connection, 'burst')),
      }),
      percentageOfNodesToScore: value.percentageOfNodesToScore,
      parallelism: value.parallelism,
      podInitialBackoffSeconds: value.podInitialBackoffSeconds,
      podMaxBackoffSeconds: value.podMaxBackoffSeconds,
      profiles: listOf(value.profiles).map(profileOf),
    });
  }

  webhookConfiguration(kind: 'mutating' | 'validating', value: JsonMap): void {
    for (const webhook of listOf(value.webhooks)) {
      const rules = listOf(at(webhook, 'rules'));
      const timeout = numberOf(at(webhook, 'timeoutSeconds'), 10);
      this.webhooks.push(
        compact({
          name: at(webhook, 'name'),
          kind,
          resources: [...new Set(rules.flatMap(resourcesOf))],
          verbs: [...new Set(rules.flatMap(verbsOf))],
          timeout: `${Math.min(30, Math.max(1, timeout))}s`,
          failurePolicy: at(webhook, 'failurePolicy'),
          reinvocation: at(webhook, 'reinvocationPolicy') === 'IfNeeded' ? true : undefined,
        }),
      );
    }
  }
}

export function minorOf(version: string): string {
  return /^v?(\d+\.\d+)/.exec(version)?.[1] ?? '';
}

function extraArgsOf(value: Json | undefined): Record<string, string> {
  const flags: Record<string, string> = {};
  if (isMap(value)) {
    for (const [name, text] of Object.entries(value)) flags[name] = textOf(text);
  } else {
    for (const item of listOf(value)) flags[textOf(at(item, 'name'))] = textOf(at(item, 'value'));
  }
  return flags;
}

/** A Go duration; those of no length stand for the default. */
function durationOf(value: Json | undefined): string | undefined {
  const text = textOf(value);
  const zero = /^0[a-zµ]*$/.test(text) || /^(0[hms])+$/.test(text);
  return text === '' || zero ? undefined : text;
}

function positive(value: Json | undefined): number | undefined {
  const number = numberOf(value, 0);
  return number > 0 ? number : undefined;
}

function profileOf(profile: Json): JsonMap {
  const weights: Record<string, number> = {};
  for (const point of ['score', 'multiPoint']) {
    for (const plugin of listOf(at(profile, 'plugins', point, 'enabled'))) {
      const weight = positive(at(plugin, 'weight'));
      if (weight !== undefined) weights[textOf(at(plugin, 'name'))] = weight;
    }
  }
  const disabled = new Set<string>();
  for (const point of Object.values(mapOf(at(profile, 'plugins')))) {
    for (const plugin of listOf(at(point, 'disabled'))) {
      const name = textOf(at(plugin, 'name'));
      if (name !== '*' && name !== '') disabled.add(name);
    }
  }
  const fit = listOf(at(profile, 'pluginConfig')).find(
    (item) => at(item, 'name') === 'NodeResourcesFit',
  );
  const strategy = textOf(at(fit, 'args', 'scoringStrategy', 'type'));
  return compact({
    schedulerName: at(profile, 'schedulerName'),
    weights,
    disabled: [...disabled],
    scoringStrategy: strategy === 'MostAllocated' ? strategy : undefined,
  });
}

function resourcesOf(rule: Json): string[] {
  return listOf(at(rule, 'resources')).map((resource) => {
    const name = textOf(resource).split('/')[0];
    if (name === '*') return '*';
    return resourceNames.find((known) => known === name) ?? 'customresources';
  });
}

function verbsOf(rule: Json): string[] {
  return listOf(at(rule, 'operations'))
    .map((operation) => textOf(operation).toLowerCase())
    .filter((verb) => ['create', 'update', 'delete', '*'].includes(verb));
}
