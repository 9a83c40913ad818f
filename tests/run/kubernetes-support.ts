/** Small Kubernetes clusters, run end to end, with hold of what stands in etcd at the end. */
import * as assert from 'node:assert/strict';
import { stringify } from 'yaml';
import {
  HEALTHY,
  type KubeObject,
  metaOf,
  NO_RESOURCES,
  type Node,
  PENDING,
  PLAIN_POD_SPEC,
  type Pod,
  type ResourceList,
  type ResourceName,
  Uids,
} from '../../models/objects/index.ts';
import { buildKubernetes, type KubernetesCluster } from '../../src/run/build-kubernetes.ts';
import { createRun, type QueueName, type RunResult } from '../../src/run/index.ts';
import { parseScenario, renderProblem, type Scenario } from '../../src/scenario/index.ts';

const EVENTS_MAX = 20_000_000;

export type Value = { readonly [key: string]: unknown };

/** A cluster of 4 nodes and one API server, over these parts of `kubernetes` and of the rest. */
export function clusterOf(kubernetes: Value, rest: Value = {}): Scenario {
  const value = {
    apiVersion: 'wavetank/v1alpha1',
    kind: 'Scenario',
    metadata: { name: 'small' },
    horizon: '40s',
    warmup: '1s',
    replications: 1,
    etcd: { version: '3.6', members: 1 },
    ...rest,
    kubernetes: {
      version: '1.35',
      nodeGroups: [{ name: 'worker', count: 4, zones: ['a', 'b'] }],
      ...kubernetes,
    },
  };
  const { scenario, problems } = parseScenario(stringify(value), { file: 'small.yaml' });
  assert.deepEqual(problems.map(renderProblem), []);
  return scenario as Scenario;
}

export interface Ended {
  readonly result: RunResult;
  /** Objects in etcd at the end. */
  objects(resource: ResourceName): readonly KubeObject[];
}

export function simulate(
  scenario: Scenario,
  queue: QueueName = 'two-tier',
  slice = 1 << 20,
): Ended {
  const built: KubernetesCluster[] = [];
  const run = createRun(scenario, {
    seed: 'small',
    queue,
    build: (ctx, s) => {
      assert.ok(s.kubernetes !== null);
      built.push(buildKubernetes(ctx, s, s.kubernetes));
      return built[0];
    },
  });
  while (!run.advance(slice)) {
    const { eventCount, nowNs } = run.progress();
    assert.ok(eventCount < EVENTS_MAX, `${eventCount} events by ${nowNs} ns`);
  }
  const { contents } = built[0].etcd.shared;
  const objects = (resource: ResourceName) => {
    const group = contents.groups.findIndex(({ name }) => name === resource);
    assert.ok(group > 0, `no group ${resource}`);
    // By their group objects.
    return contents.valuesOf(group) as KubeObject[];
  };
  return { result: run.finish(), objects };
}

/** Answers of the API by code, tries of all clients; '<error>': none came. */
export function codesOf({ result }: Ended): Map<string, number> {
  const found = new Map<string, number>();
  for (const { name, labels, perSegment } of result.metrics.counters) {
    if (name !== 'rest_client_requests_total') continue;
    const count = perSegment.reduce((sum, n) => sum + n, 0);
    if (count > 0) found.set(labels.code, (found.get(labels.code) ?? 0) + count);
  }
  return found;
}

/** Pods of these labels' `app`, or all, that are not on their way out. */
export function pods(ended: Ended, namePrefix = ''): readonly Pod[] {
  const all = ended.objects('pods') as readonly Pod[];
  return all.filter((pod) => pod.meta.name.startsWith(namePrefix));
}

const uids = () => new Uids();

export function nodeOf(
  name: string,
  o: { readonly cpuMilli?: number; readonly allocatable?: ResourceList; readonly maxPods?: number },
): Node {
  const allocatable = o.allocatable ?? {
    ...NO_RESOURCES,
    cpuMilli: o.cpuMilli ?? 1000,
    memoryBytes: 1e9,
    ephemeralBytes: 1e9,
  };
  return {
    resource: 'nodes',
    meta: metaOf(uids(), 0, { name }),
    bytes: 1000,
    resourceVersion: 0,
    spec: { unschedulable: false, taints: [], podCIDR: '', providerID: '' },
    status: {
      capacity: allocatable,
      allocatable,
      maxPods: o.maxPods ?? 110,
      conditions: HEALTHY,
      images: {},
      volumesAttached: [],
    },
  };
}

export function podOf(name: string, cpuMilli: number, requests?: ResourceList): Pod {
  return {
    resource: 'pods',
    meta: metaOf(uids(), 0, { name, namespace: 'default' }),
    bytes: 1000,
    resourceVersion: 0,
    spec: {
      ...PLAIN_POD_SPEC,
      requests: requests ?? { ...NO_RESOURCES, cpuMilli },
    },
    nodeName: '',
    status: PENDING,
  };
}
