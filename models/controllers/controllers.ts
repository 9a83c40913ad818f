/** Which controllers run: all but those that the scenario disables. */
import { DeploymentController } from './deployment.ts';
import { EndpointsController } from './endpoints.ts';
import { EndpointSliceController } from './endpointslice.ts';
import type { ControllerEnvironment } from './environment.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { NodeLifecycleController } from './node-lifecycle.ts';
import { ReplicaSetController } from './replicaset.ts';
import { ServicePods } from './service-pods.ts';
import { TaintEvictionController } from './taint-eviction.ts';

type Start = (env: ControllerEnvironment, members: () => ServicePods) => object;

/** Names as in --controllers (kubernetes/cmd/kube-controller-manager/names). */
const STARTS: readonly (readonly [string, Start])[] = [
  ['endpoints-controller', (env, members) => new EndpointsController(env, members())],
  ['endpointslice-controller', (env, members) => new EndpointSliceController(env, members())],
  [
    'replicationcontroller-controller',
    (env) => new ReplicaSetController(env, 'replicationcontrollers'),
  ],
  ['garbage-collector-controller', (env) => new GarbageCollector(env)],
  ['deployment-controller', (env) => new DeploymentController(env)],
  ['replicaset-controller', (env) => new ReplicaSetController(env, 'replicasets')],
  ['node-lifecycle-controller', (env) => new NodeLifecycleController(env)],
  ['taint-eviction-controller', (env) => new TaintEvictionController(env)],
];

/** 'endpoints' and 'endpoints-controller' mean the same. */
export function controllerNames(): string[] {
  return STARTS.map(([name]) => name);
}

export function startControllers(env: ControllerEnvironment): void {
  const disabled = new Set(env.scenario.disabledControllers.map(fullName));
  let members: ServicePods | null = null;
  const shared = () => (members ??= new ServicePods(env));
  for (const [name, start] of STARTS) if (!disabled.has(name)) start(env, shared);
}

function fullName(name: string): string {
  return name.endsWith('-controller') ? name : `${name}-controller`;
}
