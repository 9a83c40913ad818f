/** Which controllers run: all but those that the scenario disables. */
import { AttachDetachController } from './attach-detach.ts';
import { CronJobController } from './cronjob.ts';
import { DaemonSetController } from './daemonset.ts';
import { DeploymentController } from './deployment.ts';
import { DisruptionController } from './disruption.ts';
import { EndpointsController } from './endpoints.ts';
import { EndpointSliceController } from './endpointslice.ts';
import type { ControllerEnvironment } from './environment.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { type CpuUsage, HorizontalController } from './hpa.ts';
import { JobController } from './job.ts';
import { NamespaceController } from './namespace.ts';
import { NodeIpamController } from './node-ipam.ts';
import { NodeLifecycleController } from './node-lifecycle.ts';
import { NodeTtlController } from './node-ttl.ts';
import { PersistentVolumeController, type VolumeProvisioner } from './persistent-volume.ts';
import { PodGarbageCollector } from './pod-gc.ts';
import { ReplicaSetController } from './replicaset.ts';
import { ResourceQuotaController } from './resource-quota.ts';
import { SelectedPods } from './selected-pods.ts';
import { NamespacePublisher } from './serviceaccount.ts';
import { StatefulSetController } from './statefulset.ts';
import { TaintEvictionController } from './taint-eviction.ts';
import { TtlAfterFinishedController } from './ttl-after-finished.ts';

/** What stands in for things outside of the control plane. */
export interface ControllerHooks {
  /** Absent: volumes are made by somebody who watches claims (a CSI provisioner). */
  readonly provisioner?: VolumeProvisioner;
  /** What metrics-server says; what containers declare where absent. */
  readonly cpuUsage?: CpuUsage;
}

interface Parts {
  readonly hooks: ControllerHooks;
  /** Pods of services, for two controllers. */
  services(): SelectedPods;
}

type Start = (env: ControllerEnvironment, parts: Parts) => object;

/** Names as in --controllers (kubernetes/cmd/kube-controller-manager/names), and their order. */
const STARTS: readonly (readonly [string, Start])[] = [
  ['endpoints-controller', (env, parts) => new EndpointsController(env, parts.services())],
  ['endpointslice-controller', (env, parts) => new EndpointSliceController(env, parts.services())],
  [
    'replicationcontroller-controller',
    (env) => new ReplicaSetController(env, 'replicationcontrollers'),
  ],
  ['pod-garbage-collector-controller', (env) => new PodGarbageCollector(env)],
  ['resourcequota-controller', (env) => new ResourceQuotaController(env)],
  ['namespace-controller', (env) => new NamespaceController(env)],
  ['serviceaccount-controller', (env) => new NamespacePublisher(env, 'serviceaccounts')],
  ['garbage-collector-controller', (env) => new GarbageCollector(env)],
  ['daemonset-controller', (env) => new DaemonSetController(env)],
  ['job-controller', (env) => new JobController(env)],
  ['deployment-controller', (env) => new DeploymentController(env)],
  ['replicaset-controller', (env) => new ReplicaSetController(env, 'replicasets')],
  [
    'horizontal-pod-autoscaler-controller',
    (env, parts) => new HorizontalController(env, parts.hooks.cpuUsage),
  ],
  ['disruption-controller', (env) => new DisruptionController(env)],
  ['statefulset-controller', (env) => new StatefulSetController(env)],
  ['cronjob-controller', (env) => new CronJobController(env)],
  ['ttl-controller', (env) => new NodeTtlController(env)],
  ['node-ipam-controller', (env) => new NodeIpamController(env)],
  ['node-lifecycle-controller', (env) => new NodeLifecycleController(env)],
  ['taint-eviction-controller', (env) => new TaintEvictionController(env)],
  [
    'persistentvolume-binder-controller',
    (env, parts) => new PersistentVolumeController(env, parts.hooks.provisioner ?? null),
  ],
  ['persistentvolume-attach-detach-controller', (env) => new AttachDetachController(env)],
  ['ttl-after-finished-controller', (env) => new TtlAfterFinishedController(env)],
  ['root-ca-certificate-publisher-controller', (env) => new NamespacePublisher(env, 'configmaps')],
];

/** 'endpoints' and 'endpoints-controller' mean the same. */
export function controllerNames(): string[] {
  return STARTS.map(([name]) => name);
}

export function isEnabled(disabledControllers: readonly string[], name: string): boolean {
  return !disabledControllers.some((disabled) => fullName(disabled) === name);
}

export function startControllers(env: ControllerEnvironment, hooks: ControllerHooks): void {
  let members: SelectedPods | null = null;
  const services = () => {
    members ??= new SelectedPods(env, env.informer('services'));
    return members;
  };
  const parts: Parts = { hooks, services };
  const { disabledControllers } = env.scenario;
  for (const [name, start] of STARTS) {
    if (isEnabled(disabledControllers, name)) start(env, parts);
  }
}

function fullName(name: string): string {
  return name.endsWith('-controller') ? name : `${name}-controller`;
}
