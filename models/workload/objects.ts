/** Object sets to objects: the n-th copy of a set, as somebody would apply it. */

import type { ObjectSetScenario, PodTemplateScenario } from '../../src/scenario/types.ts';
import {
  type CronJob,
  type Deployment,
  type HorizontalPodAutoscaler,
  type Job,
  type KubeObject,
  type LabelSelector,
  type Labels,
  metaOf,
  type Namespace,
  NEW_JOB_STATUS,
  type OpaqueObject,
  type PersistentVolumeClaim,
  type Pod,
  type PodDisruptionBudget,
  type PodTemplate,
  pathOf,
  pendingPod,
  type ReplicaSet,
  type ResourceName,
  resourceInfos,
  type Service,
  type StatefulSet,
  type StorageClass,
  selectorOf,
  type Uids,
} from '../objects/index.ts';

const S = 1e9;
/** apps/v1 defaults (kubernetes/pkg/apis/apps/v1/defaults.go). */
const PROGRESS_DEADLINE_NS = 600 * S;
const REVISION_HISTORY = 10;
const QUARTER = { kind: 'fraction', value: 0.25 } as const;
const JOB_BACKOFF_LIMIT = 6;
/** The cloud's own; its classes bind when a pod comes, as those that clouds install do. */
const PROVISIONER = 'csi.cloud';

/** Label that tells copies of one set apart. */
export const INSTANCE = 'app.kubernetes.io/instance';

export function copyName(set: ObjectSetScenario, copy: number): string {
  return set.copies === 1 ? set.name : `${set.name}-${copy}`;
}

export function copyNamespace(set: ObjectSetScenario, copy: number): string {
  return set.namespaces === 1 ? set.namespace : `${set.namespace}-${copy % set.namespaces}`;
}

export function copyPath(set: ObjectSetScenario, copy: number): string {
  const info = resourceInfos.find((i) => i.kind === set.kind);
  const namespace = info?.namespaced === false ? '' : copyNamespace(set, copy);
  return pathOf(namespace, copyName(set, copy));
}

function copyLabels(set: ObjectSetScenario, copy: number): Labels {
  return set.copies === 1 ? set.labels : { ...set.labels, [INSTANCE]: copyName(set, copy) };
}

function copySelector(set: ObjectSetScenario, copy: number): LabelSelector {
  if (Object.keys(set.selector).length > 0) return selectorOf(set.selector);
  return selectorOf(set.copies === 1 ? set.labels : { [INSTANCE]: copyName(set, copy) });
}

export function podTemplate(
  template: PodTemplateScenario,
  labels: Labels,
  hash: string,
): PodTemplate {
  return { labels, spec: template.spec, bytes: template.bytes, hash };
}

type DeploymentParts = Pick<Deployment['spec'], 'replicas' | 'selector' | 'template'> &
  Partial<Deployment['spec']>;

/** As it is applied; what its spec does not say is as the API defaults it. */
export function newDeployment(
  meta: Deployment['meta'],
  bytes: number,
  spec: DeploymentParts,
): Deployment {
  return {
    resource: 'deployments',
    meta,
    bytes,
    resourceVersion: 0,
    spec: {
      strategy: 'RollingUpdate',
      maxSurge: QUARTER,
      maxUnavailable: QUARTER,
      minReadyNs: 0,
      progressDeadlineNs: PROGRESS_DEADLINE_NS,
      revisionHistoryLimit: REVISION_HISTORY,
      paused: false,
      ...spec,
    },
    status: {
      observedGeneration: 0,
      replicas: 0,
      updatedReplicas: 0,
      readyReplicas: 0,
      availableReplicas: 0,
    },
  };
}

/** Objects of one copy, in the order in which `kubectl apply` sends them. */
export function objectsOf(
  set: ObjectSetScenario,
  copy: number,
  uids: Uids,
  nowNs: number,
): KubeObject[] {
  const objects: KubeObject[] = [new CopyMaker(set, copy, uids, nowNs).make()];
  if (set.service !== null && set.template !== null) {
    objects.push(new CopyMaker(set, copy, uids, nowNs).service());
  }
  return objects;
}

class CopyMaker {
  readonly #set: ObjectSetScenario;
  readonly #copy: number;
  readonly #uids: Uids;
  readonly #nowNs: number;

  constructor(set: ObjectSetScenario, copy: number, uids: Uids, nowNs: number) {
    this.#set = set;
    this.#copy = copy;
    this.#uids = uids;
    this.#nowNs = nowNs;
  }

  make(): KubeObject {
    const set = this.#set;
    switch (set.kind) {
      case 'Deployment':
        return this.#deployment();
      case 'ReplicaSet':
        return this.#replicaSet();
      case 'StatefulSet':
        return this.#statefulSet();
      case 'DaemonSet':
        return this.#daemonSet();
      case 'Job':
        return { ...this.#base('jobs'), spec: this.#jobSpec(), status: NEW_JOB_STATUS } as Job;
      case 'CronJob':
        return this.#cronJob();
      case 'Pod':
        return this.#pod();
      case 'Service':
        return this.service();
      case 'Namespace':
        return { ...this.#base('namespaces'), phase: 'Active' } as Namespace;
      case 'PodDisruptionBudget':
        return this.#budget();
      case 'HorizontalPodAutoscaler':
        return this.#autoscaler();
      case 'PersistentVolumeClaim':
        return this.#claim();
      case 'StorageClass':
        return {
          ...this.#base('storageclasses'),
          provisioner: PROVISIONER,
          bindingMode: 'WaitForFirstConsumer',
        } as StorageClass;
      default: {
        const info = resourceInfos.find((i) => i.kind === set.kind);
        return { ...this.#base(info?.name ?? 'customresources'), data: {} } as OpaqueObject;
      }
    }
  }

  service(): Service {
    const type = this.#set.service?.type ?? 'ClusterIP';
    return {
      ...this.#base('services', 1500),
      resource: 'services',
      spec: {
        type,
        selector: this.#selector(),
        ports: 1,
        headless: this.#set.service?.headless ?? false,
      },
      status: { loadBalancerReady: false },
    };
  }

  #base<R extends ResourceName>(resource: R, bytes = this.#set.bytes) {
    const set = this.#set;
    const info = resourceInfos.find((i) => i.name === resource);
    const meta = metaOf(this.#uids, this.#nowNs, {
      name: copyName(set, this.#copy),
      namespace: info?.namespaced === false ? '' : copyNamespace(set, this.#copy),
      labels: copyLabels(set, this.#copy),
    });
    return { resource, meta, bytes, resourceVersion: 0 };
  }

  #selector(): LabelSelector {
    return copySelector(this.#set, this.#copy);
  }

  #template(): PodTemplate {
    const { template } = this.#set;
    if (template === null) throw new Error(`${this.#set.kind} ${this.#set.name} has no template`);
    return podTemplate(template, copyLabels(this.#set, this.#copy), 'v1');
  }

  #deployment(): Deployment {
    const { replicas, strategy, maxSurge, maxUnavailable, bytes } = this.#set;
    const selector = this.#selector();
    const template = this.#template();
    const spec = { replicas, selector, template, strategy, maxSurge, maxUnavailable };
    return newDeployment(this.#base('deployments').meta, bytes, spec);
  }

  #replicaSet(): ReplicaSet {
    return {
      ...this.#base('replicasets'),
      spec: {
        replicas: this.#set.replicas,
        selector: this.#selector(),
        template: this.#template(),
        minReadyNs: 0,
      },
      status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0 },
    };
  }

  #statefulSet(): StatefulSet {
    const set = this.#set;
    return {
      ...this.#base('statefulsets'),
      spec: {
        replicas: set.replicas,
        selector: this.#selector(),
        template: this.#template(),
        podManagementPolicy: set.podManagementPolicy,
        partition: 0,
        minReadyNs: 0,
        volumeClaimTemplates: set.claims,
      },
      status: {
        observedGeneration: 0,
        replicas: 0,
        readyReplicas: 0,
        currentHash: '',
        updateHash: '',
      },
    };
  }

  #daemonSet(): KubeObject {
    return {
      ...this.#base('daemonsets'),
      spec: {
        selector: this.#selector(),
        template: this.#template(),
        maxUnavailable: this.#set.maxUnavailable,
        minReadyNs: 0,
      },
      status: { observedGeneration: 0, desired: 0, current: 0, ready: 0 },
    } as KubeObject;
  }

  #jobSpec(): Job['spec'] {
    return {
      parallelism: this.#set.parallelism,
      completions: this.#set.completions,
      indexed: false,
      backoffLimit: JOB_BACKOFF_LIMIT,
      activeDeadlineNs: Infinity,
      ttlAfterFinishedNs: Infinity,
      template: this.#template(),
    };
  }

  #cronJob(): CronJob {
    return {
      ...this.#base('cronjobs'),
      spec: {
        everyNs: this.#set.everyNs,
        phaseNs: 0,
        concurrencyPolicy: 'Allow',
        suspend: false,
        job: this.#jobSpec(),
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
      status: { lastScheduleNs: Number.NaN, active: 0 },
    };
  }

  #pod(): Pod {
    const template = this.#template();
    return pendingPod(this.#base('pods', template.bytes).meta, template);
  }

  #budget(): PodDisruptionBudget {
    const { minAvailable, maxUnavailable } = this.#set;
    return {
      ...this.#base('poddisruptionbudgets'),
      spec: {
        selector: this.#selector(),
        minAvailable,
        maxUnavailable: minAvailable === null ? maxUnavailable : null,
      },
      status: {
        disruptionsAllowed: 0,
        currentHealthy: 0,
        desiredHealthy: 0,
        expectedPods: 0,
        disruptedPods: {},
      },
    };
  }

  #autoscaler(): HorizontalPodAutoscaler {
    const { hpa } = this.#set;
    if (hpa === null) throw new Error(`HorizontalPodAutoscaler ${this.#set.name} has no target`);
    return {
      ...this.#base('horizontalpodautoscalers'),
      spec: {
        target: {
          resource: 'deployments',
          path: pathOf(copyNamespace(this.#set, this.#copy), hpa.target),
        },
        minReplicas: hpa.minReplicas,
        maxReplicas: hpa.maxReplicas,
        targetCpuUtilization: hpa.targetCpuUtilization,
      },
      status: { currentReplicas: 0, desiredReplicas: 0 },
    };
  }

  #claim(): PersistentVolumeClaim {
    return {
      ...this.#base('persistentvolumeclaims'),
      spec: {
        storageClass: 'standard',
        bytes: 10 * 2 ** 30,
        volumeName: '',
        accessMode: 'ReadWriteOnce',
      },
      selectedNode: '',
      phase: 'Pending',
    };
  }
}
