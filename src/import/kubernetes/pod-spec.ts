/**
 * Specs of pods as a scenario needs them: what nothing reads, what has its default and what
 * admission has added is left out, so that specs that mean the same are the same.
 */
import { containerFields, podFields } from '../../scenario/index.ts';
import { at, compact, isMap, type Json, type JsonMap, listOf, mapOf, textOf } from './json.ts';

const PROBES = ['readinessProbe', 'livenessProbe', 'startupProbe'];
const PROBE_FIELDS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
];
const DEFAULTS: Readonly<Record<string, Json>> = {
  schedulerName: 'default-scheduler',
  preemptionPolicy: 'PreemptLowerPriority',
  terminationGracePeriodSeconds: 30,
  serviceAccountName: 'default',
  hostNetwork: false,
  automountServiceAccountToken: true,
};
/** Those that DefaultTolerationSeconds adds to every pod. */
const ADDED_TOLERATIONS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export interface CleanSpec {
  readonly spec: JsonMap;
  /** Fields that have an effect in a cluster and no model here. */
  readonly leftOut: readonly string[];
}

export function cleanSpec(value: Json | undefined, restartPolicy: string): CleanSpec {
  const given = mapOf(value);
  const spec: Record<string, Json | undefined> = {};
  for (const name of podFields.read) spec[name] = given[name];
  for (const [name, standard] of Object.entries(DEFAULTS)) {
    if (spec[name] === standard) spec[name] = undefined;
  }
  if (spec.restartPolicy === restartPolicy) spec.restartPolicy = undefined;
  spec.serviceAccount = undefined;
  // The controller of admission has resolved the class already.
  if (typeof spec.priority === 'number') spec.priorityClassName = undefined;
  if (spec.priority === 0) spec.priority = undefined;
  spec.containers = listOf(given.containers).map(cleanContainer);
  spec.initContainers = listOf(given.initContainers).map(cleanContainer);
  spec.volumes = listOf(given.volumes).flatMap(cleanVolume);
  spec.tolerations = listOf(given.tolerations).filter((item) => !isAdded(item));
  const leftOut = Object.keys(podFields.missing).filter(
    (name) => name !== 'nodeName' && given[name] !== undefined && given[name] !== null,
  );
  return { spec: compact(spec), leftOut };
}

function isAdded(item: Json): boolean {
  return (
    ADDED_TOLERATIONS.includes(textOf(at(item, 'key'))) &&
    at(item, 'effect') === 'NoExecute' &&
    at(item, 'tolerationSeconds') === 300
  );
}

function cleanContainer(value: Json): Json {
  if (!isMap(value)) return value;
  const kept: Record<string, Json | undefined> = {};
  for (const name of containerFields.read) kept[name] = value[name];
  for (const name of PROBES) {
    if (!isMap(value[name])) continue;
    const probe: Record<string, Json | undefined> = {};
    for (const field of PROBE_FIELDS) probe[field] = value[name][field];
    kept[name] = Object.fromEntries(
      Object.entries(probe).filter(([, inner]) => inner !== undefined),
    );
  }
  kept.resources = compact({
    requests: at(value, 'resources', 'requests'),
    limits: at(value, 'resources', 'limits'),
  });
  kept.ports = listOf(value.ports)
    .filter((port) => at(port, 'hostPort') !== undefined)
    .map((port) =>
      compact({
        containerPort: at(port, 'containerPort'),
        hostPort: at(port, 'hostPort'),
        protocol: at(port, 'protocol') === 'TCP' ? undefined : at(port, 'protocol'),
      }),
    );
  kept.env = listOf(value.env).flatMap(referringVariable);
  kept.envFrom = listOf(value.envFrom).map((source) =>
    compact({
      secretRef: named(at(source, 'secretRef', 'name')),
      configMapRef: named(at(source, 'configMapRef', 'name')),
    }),
  );
  const { readinessProbe, livenessProbe, startupProbe, ...rest } = kept;
  // An empty probe is one with all its defaults.
  const probes = { readinessProbe, livenessProbe, startupProbe };
  const given = Object.entries(probes).filter(([, probe]) => isMap(probe));
  return { ...compact(rest), ...Object.fromEntries(given) };
}

function named(name: Json | undefined): Json | undefined {
  return name === undefined ? undefined : { name };
}

/** Only variables that make the kubelet fetch something. */
function referringVariable(variable: Json): Json[] {
  const secret = at(variable, 'valueFrom', 'secretKeyRef', 'name');
  const config = at(variable, 'valueFrom', 'configMapKeyRef', 'name');
  if (secret === undefined && config === undefined) return [];
  const valueFrom = compact({ secretKeyRef: named(secret), configMapKeyRef: named(config) });
  return [{ name: at(variable, 'name') ?? '', valueFrom }];
}

const CONTENTS = ['name', 'secretName', 'claimName', 'readOnly', 'sources'];

function cleanVolume(volume: Json): Json[] {
  if (!isMap(volume)) return [volume];
  const { name, ...source } = volume;
  if (textOf(name).startsWith('kube-api-access-')) return [];
  const kept: Record<string, Json | undefined> = { name };
  for (const [kind, contents] of Object.entries(source)) {
    if (!isMap(contents)) continue;
    const inner: Record<string, Json | undefined> = {};
    for (const key of CONTENTS) inner[key] = contents[key];
    if (Array.isArray(contents.sources)) inner.sources = contents.sources.map(cleanSource);
    kept[kind] = compact(inner);
  }
  return [
    Object.fromEntries(Object.entries(kept).filter(([, inner]) => inner !== undefined)) as JsonMap,
  ];
}

function cleanSource(source: Json): Json {
  return compact({
    secret: named(at(source, 'secret', 'name')),
    configMap: named(at(source, 'configMap', 'name')),
  });
}

/** Label keys of nodes that specs ask for: those must stay. */
export function nodeLabelsAskedFor(spec: JsonMap, into: Set<string>): void {
  for (const key of Object.keys(mapOf(spec.nodeSelector))) into.add(key);
  const node = at(spec, 'affinity', 'nodeAffinity');
  const required = at(node, 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const preferred = at(node, 'preferredDuringSchedulingIgnoredDuringExecution');
  const terms = [...listOf(required), ...listOf(preferred).map((p) => at(p, 'preference') ?? null)];
  for (const term of terms) {
    for (const expression of listOf(at(term, 'matchExpressions'))) {
      into.add(textOf(at(expression, 'key')));
    }
  }
  for (const constraint of listOf(spec.topologySpreadConstraints)) {
    into.add(textOf(at(constraint, 'topologyKey')));
  }
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const pods = at(spec, 'affinity', kind);
    for (const term of listOf(at(pods, 'requiredDuringSchedulingIgnoredDuringExecution'))) {
      into.add(textOf(at(term, 'topologyKey')));
    }
    for (const item of listOf(at(pods, 'preferredDuringSchedulingIgnoredDuringExecution'))) {
      into.add(textOf(at(item, 'podAffinityTerm', 'topologyKey')));
    }
  }
}
