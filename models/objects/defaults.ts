/**
 * What objects are where nobody says otherwise (kubernetes/pkg/apis core/v1 and batch/v1
 * defaults.go), to be spread under what somebody says.
 */
import { NO_RESOURCES, PENDING } from './build.ts';
import type {
  Affinity,
  ContainerBehaviour,
  NodeConditions,
  ObjectMeta,
  Pod,
  PodSpec,
} from './types.ts';
import type { Job } from './workload-types.ts';

const TERMINATION_GRACE_NS = 30e9;

export const PLAIN_POD_SPEC: PodSpec = {
  schedulerName: 'default-scheduler',
  priority: 0,
  preemptionPolicy: 'PreemptLowerPriority',
  requests: NO_RESOURCES,
  containers: [],
  initContainers: [],
  nodeSelector: {},
  affinity: null,
  tolerations: [],
  topologySpread: [],
  volumes: [],
  schedulingGates: [],
  terminationGraceNs: TERMINATION_GRACE_NS,
  restartPolicy: 'Always',
  hostNetwork: false,
  serviceAccount: 'default',
};

export const NO_AFFINITY: Affinity = {
  nodeRequired: null,
  nodePreferred: [],
  podRequired: [],
  podPreferred: [],
  antiRequired: [],
  antiPreferred: [],
};

/** Ready and gone at once, serves for ever, uses nothing. */
export const IDLE_BEHAVIOUR: ContainerBehaviour = {
  readyAfterNs: 0,
  runsForNs: Number.POSITIVE_INFINITY,
  exitCode: 0,
  stopsAfterNs: 0,
  cpuUseMilli: 0,
  memoryUseBytes: 0,
};

export const HEALTHY: NodeConditions = {
  ready: 'True',
  memoryPressure: 'False',
  diskPressure: 'False',
  pidPressure: 'False',
  networkUnavailable: 'False',
};

export const NEW_JOB_STATUS: Job['status'] = {
  active: 0,
  succeeded: 0,
  failed: 0,
  ready: 0,
  finished: '',
  finishedNs: Number.NaN,
};

/** As it is created: not bound, not stored. */
export function pendingPod(
  meta: ObjectMeta,
  { spec, bytes }: { readonly spec: PodSpec; readonly bytes: number },
): Pod {
  const status = PENDING;
  return { resource: 'pods', meta, bytes, resourceVersion: 0, spec, nodeName: '', status };
}
