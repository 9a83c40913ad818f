/** Disruption budgets: whom the controller counts. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { budgetStatus } from '../../../models/controllers/disruption.ts';
import {
  metaOf,
  PENDING,
  PLAIN_POD_SPEC,
  type Pod,
  type PodDisruptionBudget,
  selectorOf,
  Uids,
} from '../../../models/objects/index.ts';

const test = suite('controllers: disruption budgets');

const uids = new Uids();
const NS_PER_S = 1e9;

function podOf(name: string, deletedNs = Number.NaN): Pod {
  const meta = { ...metaOf(uids, 0, { name, namespace: 'default' }), deletedNs };
  const status = { ...PENDING, phase: 'Running', ready: true } as const;
  const base = { resource: 'pods', meta, bytes: 0, resourceVersion: 0 } as const;
  return { ...base, spec: PLAIN_POD_SPEC, nodeName: 'worker-0', status };
}

function budgetOf(disruptedPods: Readonly<Record<string, number>>): PodDisruptionBudget {
  const meta = metaOf(uids, 0, { name: 'budget', namespace: 'default' });
  return {
    resource: 'poddisruptionbudgets',
    meta,
    bytes: 0,
    resourceVersion: 0,
    spec: {
      selector: selectorOf({}),
      minAvailable: { kind: 'number', value: 2 },
      maxUnavailable: null,
    },
    status: {
      disruptionsAllowed: 1,
      currentHealthy: 3,
      desiredHealthy: 2,
      expectedPods: 3,
      disruptedPods,
    },
  };
}

const pods = [podOf('a'), podOf('b'), podOf('c')];
const nobody = () => null;

test('a pod that was let go and is still there unmarked does not count for two minutes', () => {
  const budget = budgetOf({ a: 10 * NS_PER_S });
  const soon = budgetStatus(budget, pods, nobody, 11 * NS_PER_S);
  assert.deepEqual([soon.currentHealthy, soon.disruptionsAllowed], [2, 0]);
  assert.deepEqual(soon.disruptedPods, { a: 10 * NS_PER_S });
  const late = budgetStatus(budget, pods, nobody, 131 * NS_PER_S);
  assert.deepEqual([late.currentHealthy, late.disruptionsAllowed], [3, 1]);
  assert.deepEqual(late.disruptedPods, {});
});

test('a pod whose deletion is seen is forgotten, so that one of its name counts', () => {
  const budget = budgetOf({ a: 10 * NS_PER_S });
  const going = [podOf('a', 10 * NS_PER_S), ...pods.slice(1)];
  const status = budgetStatus(budget, going, nobody, 11 * NS_PER_S);
  assert.deepEqual([status.currentHealthy, status.disruptedPods], [2, {}]);
});

test.run();
