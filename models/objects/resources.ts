/**
 * What the API serves: built-in resources, and those that a scenario defines (CRDs).
 *
 * Names are those of the API (kubernetes/api), sizes typical ones of stored objects; objects carry
 * their own size, so these only serve where nothing better is known.
 */

export const resourceNames = [
  'pods',
  'nodes',
  'leases',
  'events',
  'namespaces',
  'serviceaccounts',
  'configmaps',
  'secrets',
  'services',
  'endpoints',
  'endpointslices',
  'deployments',
  'replicasets',
  'replicationcontrollers',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'horizontalpodautoscalers',
  'poddisruptionbudgets',
  'priorityclasses',
  'resourcequotas',
  'limitranges',
  'persistentvolumes',
  'persistentvolumeclaims',
  'storageclasses',
  'volumeattachments',
  'csinodes',
  'csidrivers',
  'runtimeclasses',
  'networkpolicies',
  'ingresses',
  'certificatesigningrequests',
  'customresources',
] as const;
export type ResourceName = (typeof resourceNames)[number];

export interface ResourceInfo {
  readonly name: ResourceName;
  readonly kind: string;
  /** '' = core. */
  readonly group: string;
  readonly namespaced: boolean;
  /** How etcd and the wire carry it: CRDs are JSON (kubernetes/apiserver codec factory). */
  readonly encoding: 'protobuf' | 'json';
  /** Bytes of a typical object. */
  readonly typicalBytes: number;
  /**
   * Fields by which the watch cache indexes it, so that a watch with that selector is fed only
   * its own events (kubernetes/pkg/registry: `IndexerFuncs`, `TriggerFunc`).
   */
  readonly indexed: readonly ('spec.nodeName' | 'metadata.name')[];
}

type Row = readonly [ResourceName, string, string, boolean, number];

/** Pod, Node, Lease, EndpointSlice: KEP-589, KEP-752, kubernetes#138327; others estimates. */
const rows: readonly Row[] = [
  ['pods', 'Pod', '', true, 5000],
  ['nodes', 'Node', '', false, 15_000],
  ['leases', 'Lease', 'coordination.k8s.io', true, 300],
  ['events', 'Event', '', true, 1000],
  ['namespaces', 'Namespace', '', false, 600],
  ['serviceaccounts', 'ServiceAccount', '', true, 500],
  ['configmaps', 'ConfigMap', '', true, 2000],
  ['secrets', 'Secret', '', true, 3000],
  ['services', 'Service', '', true, 1500],
  ['endpoints', 'Endpoints', '', true, 1000],
  ['endpointslices', 'EndpointSlice', 'discovery.k8s.io', true, 1000],
  ['deployments', 'Deployment', 'apps', true, 3000],
  ['replicasets', 'ReplicaSet', 'apps', true, 2500],
  ['replicationcontrollers', 'ReplicationController', '', true, 2500],
  ['statefulsets', 'StatefulSet', 'apps', true, 3000],
  ['daemonsets', 'DaemonSet', 'apps', true, 3000],
  ['jobs', 'Job', 'batch', true, 2500],
  ['cronjobs', 'CronJob', 'batch', true, 2500],
  ['horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'autoscaling', true, 2000],
  ['poddisruptionbudgets', 'PodDisruptionBudget', 'policy', true, 1000],
  ['priorityclasses', 'PriorityClass', 'scheduling.k8s.io', false, 400],
  ['resourcequotas', 'ResourceQuota', '', true, 1000],
  ['limitranges', 'LimitRange', '', true, 600],
  ['persistentvolumes', 'PersistentVolume', '', false, 2000],
  ['persistentvolumeclaims', 'PersistentVolumeClaim', '', true, 1500],
  ['storageclasses', 'StorageClass', 'storage.k8s.io', false, 600],
  ['volumeattachments', 'VolumeAttachment', 'storage.k8s.io', false, 1000],
  ['csinodes', 'CSINode', 'storage.k8s.io', false, 600],
  ['csidrivers', 'CSIDriver', 'storage.k8s.io', false, 500],
  ['runtimeclasses', 'RuntimeClass', 'node.k8s.io', false, 400],
  ['networkpolicies', 'NetworkPolicy', 'networking.k8s.io', true, 1000],
  ['ingresses', 'Ingress', 'networking.k8s.io', true, 1500],
  ['certificatesigningrequests', 'CertificateSigningRequest', 'certificates.k8s.io', false, 3000],
  ['customresources', 'CustomResource', 'example.com', true, 2000],
];

const indexes: Readonly<Record<string, ResourceInfo['indexed']>> = {
  pods: ['spec.nodeName'],
  nodes: ['metadata.name'],
  configmaps: ['metadata.name'],
  secrets: ['metadata.name'],
  leases: ['metadata.name'],
};

export const resourceInfos: readonly ResourceInfo[] = rows.map(
  ([name, kind, group, namespaced, typicalBytes]) => ({
    name,
    kind,
    group,
    namespaced,
    encoding: name === 'customresources' ? 'json' : 'protobuf',
    typicalBytes,
    indexed: indexes[name] ?? [],
  }),
);

const byName = new Map(resourceInfos.map((info) => [info.name, info]));

export function resourceInfo(name: ResourceName): ResourceInfo {
  const info = byName.get(name);
  if (info === undefined) throw new Error(`no resource ${name}`);
  return info;
}
