/**
 * A PodSpec in Kubernetes' own syntax to what the models take.
 *
 * Defaults of kubernetes/pkg/apis/core/v1/defaults.go; requests as component-helpers
 * resource/helpers.go adds them up (sidecars, init containers, overhead, pod-level resources).
 * *Left out:* fields of `ignored` and `missing` below; sidecars count as containers.
 */

import type {
  Container,
  ContainerBehaviour,
  ContainerImage,
  Labels,
  PodSpec,
  PodVolume,
  Probe,
  ResourceList,
} from '../../../models/objects/index.ts';
import { addResources, maxResources, NO_RESOURCES } from '../../../models/objects/index.ts';
import type { Cursor } from './cursor.ts';
import { affinityOf, spreadOf, tolerationOf } from './pod-placement.ts';
import { milliOf, unitsOf } from './quantity.ts';

const S = 1e9;
const GRACE_S = 30;

const words = (text: string) => text.trim().split(/\s+/);

/** Fields of a pod spec that models read, and fields that change nothing that is modelled. */
export const podFields = {
  read: words(`containers initContainers nodeSelector affinity tolerations
    topologySpreadConstraints priority priorityClassName preemptionPolicy volumes schedulingGates
    terminationGracePeriodSeconds restartPolicy schedulerName hostNetwork serviceAccountName
    serviceAccount automountServiceAccountToken overhead resources imagePullSecrets`),
  ignored: words(`dnsConfig dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC
    hostPID hostUsers hostname hostnameOverride os runtimeClassName securityContext
    setHostnameAsFQDN shareProcessNamespace subdomain`),
  missing: {
    nodeName: 'pods of an object set run where its `nodes` say',
    activeDeadlineSeconds: 'say with runsFor of the template when pods end',
    readinessGates: 'say with readyAfter of the template when pods are ready',
    resourceClaims: 'request an extended resource in its place',
  },
};

export const containerFields = {
  read: words(`name image imagePullPolicy resources ports readinessProbe livenessProbe startupProbe
    restartPolicy env envFrom`),
  ignored: words(`args command lifecycle resizePolicy restartPolicyRules securityContext stdin
    stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts
    workingDir`),
};

const PROBE_READ = words(
  'initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold',
);
const PROBE_IGNORED = words('exec httpGet tcpSocket grpc terminationGracePeriodSeconds');

/** What a manifest does not say. */
export interface PodSpecContext {
  readonly labels: Labels;
  /** undefined: no such class. */
  readonly priorityOf: (className: string) => number | undefined;
  readonly imageOf: (name: string) => ContainerImage;
  readonly behaviourOf: (requests: ResourceList, init: boolean) => ContainerBehaviour;
  readonly restartPolicy: PodSpec['restartPolicy'];
}

export function podSpecOf(spec: Cursor, context: PodSpecContext): PodSpec {
  spec.only(podFields.read, podFields.ignored, podFields.missing);
  const list = spec.field('containers');
  if (list.items().length === 0) list.wrong('WT1003', '`containers` is missing or empty');
  const names = [...list.items(), ...spec.field('initContainers').items()].map((item) =>
    item.field('name').text(),
  );
  const containers = list.items().map((item) => containerOf(item, context, false));
  const inits = spec.field('initContainers').items();
  names.forEach((name, i) => {
    if (name === '' || names.indexOf(name) === i) return;
    list.wrong('WT1011', `there are two containers called ${name}`);
  });
  const { requests, sidecars, initContainers } = withInits(containers, inits, context);
  const total = addResources(requests, resourceListOf(spec.field('overhead')));
  return {
    schedulerName: spec.field('schedulerName').text('default-scheduler'),
    priority: priorityOf(spec, context),
    preemptionPolicy: spec
      .field('preemptionPolicy')
      .choice(['PreemptLowerPriority', 'Never'], 'PreemptLowerPriority'),
    requests: withPodLevel(spec.field('resources'), total),
    containers: [...sidecars, ...containers],
    initContainers,
    nodeSelector: spec.field('nodeSelector').texts(),
    affinity: affinityOf(spec.field('affinity'), context.labels),
    tolerations: spec.field('tolerations').items().map(tolerationOf),
    topologySpread: spec
      .field('topologySpreadConstraints')
      .items()
      .map((item) => spreadOf(item, context.labels)),
    volumes: volumesOf(spec),
    schedulingGates: spec
      .field('schedulingGates')
      .items()
      .map((gate) => gate.only(['name']).field('name').name()),
    terminationGraceNs: spec.field('terminationGracePeriodSeconds').integer(GRACE_S) * S,
    restartPolicy: spec
      .field('restartPolicy')
      .choice(['Always', 'OnFailure', 'Never'], context.restartPolicy),
    hostNetwork: spec.field('hostNetwork').boolean(false),
    serviceAccount:
      spec.field('serviceAccountName').text(spec.field('serviceAccount').text()) || 'default',
  };
}

/** scheduling/types.go: the two classes that every cluster has. */
export const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

function priorityOf(spec: Cursor, context: PodSpecContext): number {
  const given = spec.field('priority');
  if (given.given) return given.integer(0, -(2 ** 31));
  const className = spec.field('priorityClassName');
  const name = className.text();
  if (name === '') return 0;
  const known = Object.hasOwn(SYSTEM_PRIORITIES, name)
    ? SYSTEM_PRIORITIES[name]
    : context.priorityOf(name);
  if (known === undefined) {
    className.wrong('WT1101', `there is no priority class ${name}`, {
      hint: `an object of kind PriorityClass with its \`value\`, or priority: here`,
    });
  }
  return known ?? 0;
}

interface WithInits {
  readonly requests: ResourceList;
  readonly sidecars: readonly Container[];
  readonly initContainers: readonly Container[];
}

/** Init containers run one after the other, each beside the sidecars that came before it. */
function withInits(
  containers: readonly Container[],
  inits: readonly Cursor[],
  context: PodSpecContext,
): WithInits {
  let running = NO_RESOURCES;
  let peak = NO_RESOURCES;
  const sidecars: Container[] = [];
  const initContainers: Container[] = [];
  for (const item of inits) {
    const restarts = item.field('restartPolicy').choice(['Always', ''], '') === 'Always';
    const container = containerOf(item, context, !restarts);
    if (restarts) {
      sidecars.push(container);
      running = addResources(running, container.requests);
      peak = maxResources(peak, running);
    } else {
      initContainers.push(container);
      peak = maxResources(peak, addResources(running, container.requests));
    }
  }
  const sum = containers.reduce((total, { requests }) => addResources(total, requests), running);
  return { requests: maxResources(sum, peak), sidecars, initContainers };
}

/** KEP-2837: what the pod itself requests counts in place of its containers' sum. */
function withPodLevel(resources: Cursor, sum: ResourceList): ResourceList {
  resources.only(['requests', 'limits', 'claims']);
  const requests = resources.field('requests');
  if (!requests.given) return sum;
  const own = resourceListOf(requests);
  return {
    cpuMilli: requests.field('cpu').given ? own.cpuMilli : sum.cpuMilli,
    memoryBytes: requests.field('memory').given ? own.memoryBytes : sum.memoryBytes,
    ephemeralBytes: sum.ephemeralBytes,
    extended: { ...sum.extended, ...own.extended },
  };
}

/** Names of resources to amounts; fallback: limits stand for requests that are not given. */
export function resourceListOf(list: Cursor, fallback?: Cursor): ResourceList {
  const nano = new Map<string, bigint>();
  for (const source of fallback === undefined ? [list] : [fallback, list]) {
    for (const [name, amount] of source.entries()) nano.set(name, amount.quantity() ?? 0n);
  }
  const extended: Record<string, number> = {};
  for (const [name, amount] of nano) {
    if (!['cpu', 'memory', 'ephemeral-storage', 'pods'].includes(name)) {
      extended[name] = unitsOf(amount);
    }
  }
  return {
    cpuMilli: milliOf(nano.get('cpu') ?? 0n),
    memoryBytes: unitsOf(nano.get('memory') ?? 0n),
    ephemeralBytes: unitsOf(nano.get('ephemeral-storage') ?? 0n),
    extended,
  };
}

function containerOf(item: Cursor, context: PodSpecContext, init: boolean): Container {
  item.only(containerFields.read, containerFields.ignored);
  const resources = item.field('resources').only(['requests', 'limits'], ['claims']);
  const limits = resources.field('limits');
  const requests = resourceListOf(resources.field('requests'), limits);
  const image = item.field('image').text('app:1');
  return {
    name: item.field('name').name(),
    image: context.imageOf(image),
    imagePullPolicy: item
      .field('imagePullPolicy')
      .choice(['Always', 'IfNotPresent', 'Never'], isLatest(image) ? 'Always' : 'IfNotPresent'),
    requests,
    limits: limits.given ? resourceListOf(limits) : null,
    readinessProbe: probeOf(item.field('readinessProbe')),
    livenessProbe: probeOf(item.field('livenessProbe')),
    startupProbe: probeOf(item.field('startupProbe')),
    hostPorts: item
      .field('ports')
      .items()
      .map((port) => port.only(['containerPort', 'hostPort', 'protocol'], ['name', 'hostIP']))
      .filter((port) => port.field('hostPort').integer(0, 0, 65_535) > 0)
      .map((port) => ({
        protocol: port.field('protocol').choice(['TCP', 'UDP', 'SCTP'], 'TCP'),
        port: port.field('hostPort').integer(0, 0, 65_535),
      })),
    behaviour: context.behaviourOf(requests, init),
  };
}

function isLatest(image: string): boolean {
  return /:latest$/.test(image) || !/[:@][^/]*$/.test(image);
}

function probeOf(probe: Cursor): Probe | null {
  if (!probe.given) return null;
  probe.only(PROBE_READ, PROBE_IGNORED);
  return {
    periodNs: probe.field('periodSeconds').integer(10, 1) * S,
    timeoutNs: probe.field('timeoutSeconds').integer(1, 1) * S,
    initialDelayNs: probe.field('initialDelaySeconds').integer(0) * S,
    failureThreshold: probe.field('failureThreshold').integer(3, 1),
    successThreshold: probe.field('successThreshold').integer(1, 1),
  };
}

/** Volumes, and what else the kubelet must have before the pod can run: Secrets, ConfigMaps. */
function volumesOf(spec: Cursor): PodVolume[] {
  const volumes: PodVolume[] = [];
  const referred = new Set<string>();
  const refer = (kind: 'secret' | 'configMap', name: string) => {
    if (name === '' || referred.has(`${kind} ${name}`)) return;
    referred.add(`${kind} ${name}`);
    volumes.push({ kind, name });
  };
  // The token and the root certificate (ServiceAccount admission).
  if (spec.field('automountServiceAccountToken').boolean(true)) volumes.push({ kind: 'projected' });
  for (const volume of spec.field('volumes').items()) {
    const name = volume.field('name').name();
    if (!name.startsWith('kube-api-access-')) addVolume(volume, volumes, refer);
  }
  for (const secret of spec.field('imagePullSecrets').items()) {
    refer('secret', secret.field('name').text());
  }
  const all = [...spec.field('initContainers').items(), ...spec.field('containers').items()];
  for (const container of all) {
    for (const source of container.field('envFrom').items()) {
      refer('secret', source.field('secretRef').field('name').text());
      refer('configMap', source.field('configMapRef').field('name').text());
    }
    for (const variable of container.field('env').items()) {
      const from = variable.field('valueFrom');
      refer('secret', from.field('secretKeyRef').field('name').text());
      refer('configMap', from.field('configMapKeyRef').field('name').text());
    }
  }
  return volumes;
}

/** Sources whose contents are on the node, or come from something that is not modelled. */
const OTHER_SOURCES = words(`awsElasticBlockStore azureDisk azureFile cephfs cinder csi emptyDir
  ephemeral fc flexVolume flocker gcePersistentDisk gitRepo glusterfs hostPath image iscsi nfs
  photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume`);

function addVolume(
  volume: Cursor,
  volumes: PodVolume[],
  refer: (kind: 'secret' | 'configMap', name: string) => void,
): void {
  volume.only([
    'name',
    'persistentVolumeClaim',
    'configMap',
    'secret',
    'projected',
    'downwardAPI',
    ...OTHER_SOURCES,
  ]);
  const claim = volume.field('persistentVolumeClaim').only(['claimName', 'readOnly']);
  if (claim.given) {
    volumes.push({
      kind: 'persistentVolumeClaim',
      claimName: claim.field('claimName').name(),
      readOnly: claim.field('readOnly').boolean(false),
    });
    return;
  }
  refer('configMap', volume.field('configMap').field('name').text());
  refer('secret', volume.field('secret').field('secretName').text());
  if (volume.field('emptyDir').given) volumes.push({ kind: 'emptyDir' });
  else if (OTHER_SOURCES.some((name) => volume.field(name).given)) {
    volumes.push({ kind: 'hostPath' });
  }
  if (volume.field('downwardAPI').given) volumes.push({ kind: 'projected' });
  if (!volume.field('projected').given) return;
  volumes.push({ kind: 'projected' });
  for (const source of volume.field('projected').field('sources').items()) {
    refer('secret', source.field('secret').field('name').text());
    refer('configMap', source.field('configMap').field('name').text());
  }
}
