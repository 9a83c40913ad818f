/** Preemption against one that recomputes everything, and what it must leave as it was. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  type Labels,
  metaOf,
  type PodDisruptionBudget,
  type PodSpec,
  selectorOf,
} from '../../../models/objects/index.ts';
import { Preemption } from '../../../models/scheduler/framework/preemption.ts';
import { slowBest, slowCandidates } from '../../oracles/slow-preemption.ts';
import { nodeParts, podSpec, roomyNodes, socialSpec } from './arbitrary.ts';
import { type NodeParts, nodeOf, podOf } from './objects.ts';
import { Twin } from './twin.ts';

const test = suite('preemption');

interface Placed {
  readonly spec: PodSpec;
  readonly app: string;
  readonly node: number;
  readonly priority: number;
  readonly startNs: number;
}

const placed = (spec: fc.Arbitrary<PodSpec>): fc.Arbitrary<Placed> =>
  fc.record({
    spec,
    app: fc.constantFrom('a', 'b'),
    node: fc.integer({ min: 0, max: 5 }),
    priority: fc.constantFrom(0, 1, 5, 10),
    startNs: fc.constantFrom(0, 1e9, 2e9),
  });

function budget(twin: Twin, app: string, disruptionsAllowed: number): PodDisruptionBudget {
  return {
    resource: 'poddisruptionbudgets',
    meta: metaOf(twin.uids, 0, { name: app, namespace: 'one' }),
    bytes: 500,
    resourceVersion: 1,
    spec: { selector: selectorOf({ app }), minAvailable: null, maxUnavailable: null },
    status: {
      disruptionsAllowed,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
      disruptedPods: {},
    },
  };
}

/** Everything that a trial changes and must put back. */
function fingerprint({ cache }: Twin): string {
  const { table } = cache;
  const rows = [...table.rowOf.values()].map((row) => [
    table.usedCpu[row],
    table.nonZeroMemory[row],
    table.podCount[row],
    table.generation[row],
    table.affinityPods[row],
    table.pods[row].map((entry) => entry.pod.meta.uid).sort((a, b) => a - b),
  ]);
  return JSON.stringify([rows, table.totalPods, table.totalAntiAffinityPods, cache.podCount]);
}

function compare(
  parts: readonly NodeParts[],
  pods: readonly Placed[],
  preemptor: PodSpec,
  labels: Labels,
  allowed: readonly number[],
): void {
  const twin = new Twin();
  for (const [i, part] of parts.entries()) twin.setNode(nodeOf(twin.uids, `n${i}`, part));
  for (const { app, node, priority, spec, startNs } of pods) {
    const name = `n${node % parts.length}`;
    twin.addPod({ ...spec, priority }, { app }, 'one', name, startNs);
  }
  const budgets = allowed.map((count, i) => budget(twin, i === 0 ? 'a' : 'b', count));
  for (const b of budgets) twin.cache.budgets.set(b.meta.path, b);
  const pod = podOf(twin.uids, 'high', { ...preemptor, priority: 7 }, { labels, namespace: 'one' });
  const preemption = new Preemption(twin.cache, twin.sim.stream('offsets'));
  const decision = twin.algorithm.schedule(pod, twin.nominator);
  if (decision.row >= 0) return;
  const before = fingerprint(twin);
  const outcome = preemption.run(pod, twin.algorithm, 3e9);
  assert.equal(fingerprint(twin), before);
  const candidates = slowCandidates(twin.world, pod, budgets);
  if (candidates.length === 0) {
    assert.equal(outcome.kind, 'none');
    return;
  }
  assert.ok(outcome.kind === 'nominated');
  const { row, victims, violations } = outcome.candidate;
  const same = slowBest(candidates).find((c) => c.node.meta.name === twin.cache.table.names[row]);
  assert.ok(same !== undefined, 'the chosen node is one of the best');
  assert.deepEqual(
    victims.map((v) => v.meta.uid),
    same.victims.map((v) => v.meta.uid),
  );
  assert.equal(violations, same.violations);
  // Trials leave nothing behind: the same pod meets the same verdicts again.
  assert.equal(twin.algorithm.schedule(pod, twin.nominator).row, -1);
}

test('victims and node are those of the slow scheduler, and trials leave no trace', () => {
  fc.assert(
    fc.property(
      fc.array(nodeParts, { minLength: 1, maxLength: 5 }),
      fc.array(placed(podSpec), { maxLength: 15 }),
      podSpec,
      fc.constantFrom({ app: 'a' }, { app: 'b' }),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
      compare,
    ),
    { numRuns: 250 },
  );
});

test('so they are where pods keep each other away by affinity and spread', () => {
  const crowded = roomyNodes.map((nodes) =>
    nodes.map((n) => ({ ...n, cpuMilli: 300, maxPods: 4 })),
  );
  fc.assert(
    fc.property(
      crowded,
      fc.array(placed(socialSpec), { minLength: 4, maxLength: 18 }),
      socialSpec,
      fc.constantFrom({ app: 'a' }, { app: 'b' }),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
      compare,
    ),
    { numRuns: 250 },
  );
});

test('so they are where required spread keeps a pod away from nodes that have room', () => {
  const hard = socialSpec
    .filter((spec) => spec.topologySpread.length > 0)
    .map((spec) => ({
      ...spec,
      topologySpread: spec.topologySpread.map((c) => ({
        ...c,
        maxSkew: 1,
        whenUnsatisfiable: 'DoNotSchedule' as const,
      })),
    }));
  fc.assert(
    fc.property(
      roomyNodes.map((nodes) => nodes.map((n, i) => ({ ...n, zone: `z${i % 2}` }))),
      fc.array(placed(socialSpec), { minLength: 6, maxLength: 18 }),
      hard,
      fc.constantFrom({ app: 'a' }, { app: 'b' }),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
      compare,
    ),
    { numRuns: 200 },
  );
});

test.run();
