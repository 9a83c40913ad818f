/** Pod templates and object sets as read to what the models take. */

import {
  type Container,
  type ContainerBehaviour,
  type ContainerImage,
  type IntOrFraction,
  LABEL_HOSTNAME,
  LABEL_ZONE,
  NO_AFFINITY,
  PLAIN_POD_SPEC,
  type PodSpec,
  type PodVolume,
  type ResourceList,
  resourceInfos,
  selectorOf,
  type TaintEffect,
  type Toleration,
} from '../../../models/objects/index.ts';
import type { Checker } from '../checker.ts';
import type { Node } from '../document.ts';
import {
  type ObjectSetValue,
  type TemplateValue,
  templateGroup,
} from '../fields/kubernetes-load.ts';
import type { ImageValue } from '../fields/kubernetes-nodes.ts';
import type { ObjectSetScenario, PodTemplateScenario } from '../kubernetes-types.ts';
import { Cursor } from './cursor.ts';
import { podSpecOf } from './pod-spec.ts';

const S = 1e9;
const TOPOLOGY_KEYS: Readonly<Record<string, string>> = {
  zone: LABEL_ZONE,
  hostname: LABEL_HOSTNAME,
};

export function imageOf(value: ImageValue): ContainerImage {
  const count = value.layers;
  const sharedCount = value.shared === '' ? 0 : Math.max(1, Math.floor(count / 2));
  const each = Math.max(1, Math.round(value.size / count));
  const layers = Array.from({ length: count }, (_, i) => ({
    id: i < sharedCount ? `${value.shared}/${i}` : `${value.name}/${i}`,
    bytes: each,
  }));
  return { name: value.name, layers };
}

/** What a template that says nothing of its image runs. */
const DEFAULT_IMAGE: ImageValue = { name: 'app:1', size: 50e6, layers: 5, shared: '' };

/** Where a template stands, and what its `spec` may refer to. */
export interface TemplatePlace {
  readonly path: string;
  readonly checker: Checker;
  /** Values of priority classes by name. */
  readonly priorities: ReadonlyMap<string, number>;
}

export function templateOf(
  value: TemplateValue,
  name: string,
  kind: string,
  place: TemplatePlace,
): PodTemplateScenario & { readonly imagePresent: boolean } {
  const labels = Object.keys(value.labels).length > 0 ? value.labels : { app: name };
  const specNode = place.checker.nodeAt(`${place.path}.spec`);
  if (specNode !== undefined) return templateWithSpec(value, labels, kind, place, specNode);
  const image = imageOf(value.image ?? DEFAULT_IMAGE);
  const requests = {
    cpuMilli: value.cpu,
    memoryBytes: value.memory,
    ephemeralBytes: 0,
    extended: value.extended,
  };
  const job = kind === 'Job' || kind === 'CronJob';
  const probe =
    value.readinessProbe === 0
      ? null
      : {
          periodNs: value.readinessProbe,
          timeoutNs: S,
          initialDelayNs: 0,
          failureThreshold: 3,
          successThreshold: 1,
        };
  const container: Container = {
    name: 'main',
    image,
    imagePullPolicy: value.pullPolicy,
    requests,
    limits: null,
    readinessProbe: probe,
    livenessProbe: null,
    startupProbe: null,
    hostPorts: [],
    behaviour: behaviourOf(value, job, requests),
  };
  const spec: PodSpec = {
    ...PLAIN_POD_SPEC,
    schedulerName: value.schedulerName,
    priority: value.priority,
    requests,
    containers: [container],
    nodeSelector: value.nodeSelector,
    affinity: affinityOf(value, labels),
    tolerations: value.tolerations.map(tolerationOf),
    topologySpread: spreadOf(value, labels),
    volumes: volumesOf(value, name),
    terminationGraceNs: value.terminationGracePeriodSeconds * S,
    restartPolicy: value.restartPolicy ?? (job ? 'Never' : 'Always'),
  };
  return { labels, spec, bytes: value.size, imagePresent: value.imagePresent };
}

function behaviourOf(
  value: TemplateValue,
  job: boolean,
  requests: ResourceList,
): ContainerBehaviour {
  return {
    readyAfterNs: value.readyAfter,
    runsForNs: value.runsFor === Infinity && job ? 10 * S : value.runsFor,
    exitCode: value.exitCode,
    stopsAfterNs: value.stopsAfter,
    cpuUseMilli: Math.round(requests.cpuMilli * 0.5),
    memoryUseBytes: Math.round(requests.memoryBytes * 0.8),
  };
}

/** How long an init container runs; manifests do not say. */
const INIT_RUNS_NS = S;

function templateWithSpec(
  value: TemplateValue,
  labels: Readonly<Record<string, string>>,
  kind: string,
  { path, checker, priorities }: TemplatePlace,
  node: Node,
): PodTemplateScenario {
  for (const key of checker.keysAt(path)) {
    if (key === 'spec' || templateGroup.instead?.beside.includes(key)) continue;
    checker.at(`${path}.${key}`, 'WT1009', `${key} and spec exclude each other`, {
      hint: 'say it in spec, in the words of Kubernetes',
    });
  }
  const job = kind === 'Job' || kind === 'CronJob';
  const images = new Map(value.images.map((image) => [image.name, imageOf(image)]));
  const cursor = new Cursor(node, `${path}.spec`, (code, at, span, message, details) =>
    checker.reader.problem(code, at, span, message, details),
  );
  const spec = podSpecOf(cursor, {
    labels,
    priorityOf: (name) => priorities.get(name),
    imageOf: (name) => images.get(name) ?? imageOf({ ...DEFAULT_IMAGE, name }),
    behaviourOf: (requests, init) => {
      const behaviour = behaviourOf(value, job, requests);
      return init ? { ...behaviour, runsForNs: INIT_RUNS_NS, exitCode: 0 } : behaviour;
    },
    restartPolicy: job ? 'Never' : 'Always',
  });
  return { labels, spec, bytes: value.size, imagePresent: value.imagePresent };
}

function tolerationOf(value: TemplateValue['tolerations'][number]): Toleration {
  return {
    key: value.key,
    operator: value.operator,
    value: value.value,
    effect: value.effect as '' | TaintEffect,
    tolerationNs: Infinity,
  };
}

function affinityOf(value: TemplateValue, labels: Readonly<Record<string, string>>) {
  if (value.affinity === 'none' && value.antiAffinity === 'none') return null;
  const term = (over: string) => ({
    labelSelector: selectorOf(labels),
    topologyKey: TOPOLOGY_KEYS[over],
    namespaces: [],
    namespaceSelector: null,
  });
  return {
    ...NO_AFFINITY,
    podRequired: value.affinity === 'none' ? [] : [term(value.affinity)],
    antiRequired: value.antiAffinity === 'none' ? [] : [term(value.antiAffinity)],
  };
}

function spreadOf(value: TemplateValue, labels: Readonly<Record<string, string>>) {
  if (value.spreadOver === 'none') return [];
  return [
    {
      maxSkew: 1,
      topologyKey: TOPOLOGY_KEYS[value.spreadOver],
      whenUnsatisfiable: 'DoNotSchedule' as const,
      labelSelector: selectorOf(labels),
      minDomains: 1,
      nodeAffinityPolicy: 'Honor' as const,
      nodeTaintsPolicy: 'Ignore' as const,
    },
  ];
}

/** The token and the root certificate come with every pod (ServiceAccount admission). */
function volumesOf(value: TemplateValue, name: string): PodVolume[] {
  const volumes: PodVolume[] = [{ kind: 'projected' }];
  for (let i = 0; i < value.secrets; i++) {
    volumes.push({ kind: 'secret', name: `${name}-secret-${i}` });
  }
  for (let i = 0; i < value.configMaps; i++) {
    volumes.push({ kind: 'configMap', name: `${name}-config-${i}` });
  }
  return volumes;
}

/** '25%' or '2'. */
export function intOrFraction(text: string, path: string, checker: Checker): IntOrFraction {
  const match = /^(\d+)(%?)$/.exec(text.trim());
  if (match === null) {
    checker.at(path, 'WT1006', `\`${text}\` cannot be read`, {
      expected: 'a whole number or a percentage',
    });
    return { kind: 'number', value: 1 };
  }
  const value = Number(match[1]);
  return match[2] === '%' ? { kind: 'fraction', value: value / 100 } : { kind: 'number', value };
}

function serviceOf(service: ObjectSetValue['service']): ObjectSetScenario['service'] {
  if (service === 'none') return null;
  if (service === 'Headless') return { type: 'ClusterIP', headless: true };
  return { type: service, headless: false };
}

const WITH_PODS = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'];

export function objectSetOf(
  value: ObjectSetValue,
  path: string,
  checker: Checker,
  priorities: ReadonlyMap<string, number>,
): ObjectSetScenario {
  const name = value.name ?? value.kind.toLowerCase();
  const template = WITH_PODS.includes(value.kind)
    ? templateOf(value.template, name, value.kind, {
        path: `${path}.template`,
        checker,
        priorities,
      })
    : null;
  const info = resourceInfos.find((i) => i.kind === value.kind);
  return {
    kind: value.kind,
    name,
    copies: value.copies,
    namespace: value.namespace,
    namespaces: value.namespaces,
    replicas: value.replicas,
    template,
    labels: template?.labels ?? {},
    bytes: value.size ?? info?.typicalBytes ?? 1000,
    selector: value.selector,
    service: serviceOf(value.service),
    strategy: value.strategy,
    maxSurge: intOrFraction(value.maxSurge, `${path}.maxSurge`, checker),
    maxUnavailable: intOrFraction(value.maxUnavailable, `${path}.maxUnavailable`, checker),
    minAvailable:
      value.minAvailable === undefined
        ? null
        : intOrFraction(value.minAvailable, `${path}.minAvailable`, checker),
    podManagementPolicy: value.podManagementPolicy,
    claims: value.claims.map((claim) => ({
      name: claim.name,
      storageClass: claim.storageClass,
      bytes: claim.size,
    })),
    completions: value.completions ?? value.replicas,
    parallelism: value.parallelism ?? value.replicas,
    everyNs: value.every,
    hpa:
      value.target === undefined
        ? null
        : {
            target: value.target,
            minReplicas: value.replicas,
            maxReplicas: value.maxReplicas,
            targetCpuUtilization: value.targetCpuUtilization,
          },
    nodes: value.nodes,
  };
}
