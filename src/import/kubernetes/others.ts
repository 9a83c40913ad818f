/** Objects without pods: services, policy, storage, and all that is only a size. */
import { formatUnit } from '../../scenario/index.ts';
import type { Place } from './documents.ts';
import {
  at,
  compact,
  type Json,
  type JsonMap,
  keyOf,
  listOf,
  numberOf,
  textOf,
  textsOf,
} from './json.ts';
import type { Tally } from './tally.ts';
import { controllerOf, type NamedObject, pathKey, type Workload } from './workloads.ts';

export interface OtherObject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly bytes: number;
  readonly place: Place;
  /** Fields of the object set; null: of this kind only size and number count. */
  readonly fields: JsonMap | null;
  /** '': the core group, or one of Kubernetes' own. */
  readonly group: string;
  readonly owner: string;
}

/** Kinds that a scenario may have by number and size alone. */
const BY_SIZE = ['ConfigMap', 'Secret', 'PersistentVolume', 'StorageClass', 'ResourceQuota'];
/** A label that nothing has: a service without a selector has no pods of its own. */
export const SELECTS_NOTHING_LABEL = 'wavetank/none';
const SELECTS_NOTHING = { [SELECTS_NOTHING_LABEL]: 'none' };

const BUILT_IN_GROUPS = /^(apps|batch|autoscaling|policy|extensions|events\.k8s\.io|.*\.k8s\.io|)$/;
/** Groups of Kubernetes' own that are custom resources all the same. */
const CUSTOM = /^(gateway\.networking|snapshot\.storage|metrics|cluster|.*\.x-k8s\.io$)/;

export function otherOf(kind: string, object: NamedObject): OtherObject {
  const { value, name, namespace, bytes, place } = object;
  const version = textOf(value.apiVersion);
  const group = version.includes('/') ? version.split('/')[0] : '';
  const builtIn = BUILT_IN_GROUPS.test(group) && !CUSTOM.test(group);
  return {
    kind,
    name,
    namespace,
    bytes,
    place,
    fields: fieldsOf(kind, value),
    group: builtIn ? '' : group,
    owner: controllerOf(value)?.kind ?? '',
  };
}

const quantityText = (value: Json | undefined): string | undefined =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : undefined;

function fieldsOf(kind: string, value: JsonMap): JsonMap | null {
  const spec = value.spec;
  switch (kind) {
    case 'Service': {
      const type = textOf(at(spec, 'type'), 'ClusterIP');
      const headless = at(spec, 'clusterIP') === 'None';
      const selector = textsOf(at(spec, 'selector'));
      return {
        service: headless ? 'Headless' : type === 'ExternalName' ? 'ClusterIP' : type,
        selector: Object.keys(selector).length > 0 ? selector : SELECTS_NOTHING,
      };
    }
    case 'PodDisruptionBudget':
      return compact({
        selector: textsOf(at(spec, 'selector', 'matchLabels')),
        minAvailable: quantityText(at(spec, 'minAvailable')),
        maxUnavailable: quantityText(at(spec, 'maxUnavailable')),
      });
    case 'HorizontalPodAutoscaler':
      return autoscalerFields(spec);
    case 'PriorityClass':
      return { value: typeof value.value === 'number' ? value.value : 0 };
    case 'PersistentVolumeClaim':
      return {};
    default:
      return null;
  }
}

function autoscalerFields(spec: Json | undefined): JsonMap {
  const cpu = listOf(at(spec, 'metrics')).find((m) => at(m, 'resource', 'name') === 'cpu');
  const percent =
    at(cpu, 'resource', 'target', 'averageUtilization') ??
    at(cpu, 'resource', 'targetAverageUtilization') ??
    at(spec, 'targetCPUUtilizationPercentage');
  return compact({
    target: textOf(at(spec, 'scaleTargetRef', 'name')),
    targetKind: textOf(at(spec, 'scaleTargetRef', 'kind')),
    replicas: Math.max(1, numberOf(at(spec, 'minReplicas'), 1)),
    maxReplicas: Math.max(1, numberOf(at(spec, 'maxReplicas'), 10)),
    targetCpuUtilization: percent === undefined ? undefined : `${numberOf(percent, 80)}%`,
  });
}

/** Sets of objects of the same namespace and kind; those of many namespaces share one. */
const NAMESPACES_APART_MAX = 50;

interface Bucket {
  readonly set: Record<string, Json>;
  readonly namespaces: Set<string>;
  copies: number;
  bytes: number;
}

export interface OthersFound {
  readonly sets: readonly JsonMap[];
}

/** `workloads` by their key: what autoscalers scale. */
export function otherSets(
  others: readonly OtherObject[],
  workloads: ReadonlyMap<string, Workload>,
  crds: ReadonlySet<string>,
  tally: Tally,
): readonly JsonMap[] {
  const buckets = new Map<string, Bucket>();
  const apart = new Map<string, Set<string>>();
  for (const { kind, namespace } of others) {
    apart.set(kind, (apart.get(kind) ?? new Set()).add(namespace));
  }
  for (const other of others) {
    const kind = kindOf(other, crds, tally);
    if (kind === '') continue;
    if (isLeftOut(other, workloads, tally)) continue;
    tally.used(other.kind);
    const many = (apart.get(other.kind)?.size ?? 0) > NAMESPACES_APART_MAX;
    const { targetKind: _, ...fields } = other.fields ?? {};
    const named = other.fields !== null;
    const name = named ? other.name : `${other.kind.toLowerCase()}s`;
    const namespace = many && !named ? 'imported' : other.namespace;
    const key = keyOf([kind, other.kind, namespace, named ? name : '', fields]);
    const bucket: Bucket = buckets.get(key) ?? {
      set: compact({ kind, name, namespace, ...fields }) as Record<string, Json>,
      namespaces: new Set(),
      copies: 0,
      bytes: 0,
    };
    bucket.copies++;
    bucket.bytes += other.bytes;
    bucket.namespaces.add(other.namespace);
    buckets.set(key, bucket);
  }
  return [...buckets.values()].map(({ set, namespaces, copies, bytes }) =>
    compact({
      ...set,
      copies: copies === 1 ? undefined : copies,
      namespaces: namespaces.size > 1 ? namespaces.size : undefined,
      size: formatUnit('bytes', Math.max(100, Math.round(bytes / copies))),
    }),
  );
}

/** Kind of the object set; '' where there is none, and it is counted as left out. */
function kindOf(other: OtherObject, crds: ReadonlySet<string>, tally: Tally): string {
  if (other.fields !== null || BY_SIZE.includes(other.kind)) return other.kind;
  if (other.kind === 'Namespace') {
    tally.used('Namespace');
    return '';
  }
  if (other.group === '' && !crds.has(other.kind)) {
    tally.skipped(other.kind, 'nothing that is modelled reads this kind');
    return '';
  }
  if (!crds.has(other.kind)) {
    const reason = 'a kind that is not known: taken as a custom resource of its size';
    tally.note('warning', other.place, other.kind, reason);
  }
  return 'CustomResource';
}

function isLeftOut(
  other: OtherObject,
  workloads: ReadonlyMap<string, Workload>,
  tally: Tally,
): boolean {
  if (other.kind === 'PriorityClass' && other.name.startsWith('system-')) {
    tally.skipped(other.kind, 'every cluster has it');
    return true;
  }
  if (other.kind === 'ConfigMap' && other.name === 'kube-root-ca.crt') {
    tally.skipped(other.kind, 'components make it as a run goes on');
    return true;
  }
  if (other.kind === 'PersistentVolumeClaim' && other.owner === 'StatefulSet') {
    tally.skipped(other.kind, 'made by the controller that owns it');
    return true;
  }
  if (other.kind !== 'HorizontalPodAutoscaler') return false;
  const target = pathKey(
    textOf(other.fields?.targetKind),
    other.namespace,
    textOf(other.fields?.target),
  );
  if (workloads.has(target)) return false;
  const name = `${other.namespace}/${other.name}`;
  tally.refuse(other.kind, 'what it scales is not in the dump', other.place, name, target);
  return true;
}
