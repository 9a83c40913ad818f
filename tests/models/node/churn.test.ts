/** Whatever happens to pods and their node, the books balance when it is over. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import type { Pod } from '../../../models/objects/index.ts';
import { isBeingDeleted, NO_RESOURCES } from '../../../models/objects/index.ts';
import { status } from '../../support/fake-store.ts';
import { APP, boundPod, container, nodeBed, nodeGroup, podSpec } from './bed.ts';

const test = suite('node/churn');
const S = 1e9;
const MB = 1e6;

const life = fc.record({
  node: fc.integer({ min: 0, max: 1 }),
  bindS: fc.integer({ min: 1, max: 60 }),
  /** After the binding; beyond 100: never. */
  deleteAfterS: fc.integer({ min: 0, max: 140 }),
  force: fc.boolean(),
  containers: fc.integer({ min: 1, max: 3 }),
  init: fc.boolean(),
  runsForS: fc.constantFrom(1, 7, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
  exitCode: fc.constantFrom(0, 1),
  stopsAfterS: fc.constantFrom(0, 3, 60),
  restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
  image: fc.constantFrom('app', 'other'),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

const faults = fc.record({
  /** Calls are refused between these. */
  refusedS: fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 40 })),
  crashS: fc.option(fc.integer({ min: 1, max: 120 })),
});
type Faults = typeof faults extends fc.Arbitrary<infer T> ? T : never;

function specOf(o: Life) {
  const behaviour = {
    ...container().behaviour,
    runsForNs: o.runsForS * S,
    exitCode: o.exitCode,
    stopsAfterNs: o.stopsAfterS * S,
    memoryUseBytes: 10 * MB,
  };
  const image =
    o.image === 'app' ? APP : { name: 'other', layers: [{ id: 'other', bytes: 20 * MB }] };
  const init = { ...container().behaviour, runsForNs: 2 * S };
  return podSpec({
    requests: { ...NO_RESOURCES, cpuMilli: 100, memoryBytes: 50 * MB },
    restartPolicy: o.restartPolicy as 'Always',
    initContainers: o.init ? [container({ name: 'init', behaviour: init })] : [],
    containers: Array.from({ length: o.containers }, (_, i) =>
      container({ name: `c${i}`, image, behaviour }),
    ),
  });
}

function runLives(lives: readonly Life[], { refusedS, crashS }: Faults): void {
  const bed = nodeBed({ groups: [nodeGroup({ count: 2, images: [APP] })], horizonNs: 2000 * S });
  const { cluster, nodes } = bed;
  const [from, length] = refusedS;
  let refused = false;
  cluster.endpoint.intercept = ({ call }) => {
    if (refused) return status(500, 'InternalError');
    return call.subresource === 'token' ? status(201, '') : null;
  };
  cluster.at(from * S, () => {
    refused = true;
  });
  cluster.at((from + length) * S, () => {
    refused = false;
  });
  if (crashS !== null) {
    cluster.at(crashS * S, () => nodes.crash('workers-0'));
    cluster.at((crashS + 20) * S, () => nodes.boot('workers-0'));
  }
  for (const [i, o] of lives.entries()) {
    const spec = specOf(o);
    bed.bind(o.bindS * S, boundPod(cluster, `p${i}`, `workers-${o.node}`, { spec }));
    if (o.deleteAfterS > 100) continue;
    cluster.at((o.bindS + o.deleteAfterS) * S, () => {
      const grace = o.force ? { graceNs: 0 } : {};
      cluster.endpoint.now({ verb: 'delete', resource: 'pods', path: `default/p${i}`, ...grace });
    });
  }
  cluster.run(1000 * S);
  check(bed, lives);
}

function check(bed: ReturnType<typeof nodeBed>, lives: readonly Life[]): void {
  const pods = bed.cluster.store.all<Pod>('pods');
  const deleted = lives.filter((o) => o.deleteAfterS <= 100).length;
  assert.equal(pods.length, lives.length - deleted, 'who was deleted is gone, and nobody else');
  assert.equal(pods.filter(isBeingDeleted).length, 0);
  const { usage } = bed.nodes.pools[0].pods.links;
  for (const node of [0, 1]) {
    const here = pods.filter((pod) => pod.nodeName === `workers-${node}`);
    const live = here.filter(({ status: { phase } }) => phase === 'Running' || phase === 'Pending');
    assert.equal(usage.pods[node], live.length);
    assert.equal(usage.cpuMilli[node], 100 * live.length);
    assert.equal(usage.memoryBytes[node], 50 * MB * live.length);
    assert.equal(
      bed.nodes.pools[0].pods.ofMember(node).size,
      here.length,
      'no worker is left over',
    );
    const used = usage.usedBytes[node] / (10 * MB);
    const most = live.reduce((sum, { spec }) => sum + spec.containers.length, 0);
    assert.ok(used >= 0 && used <= most, `${used} containers of at most ${most}`);
  }
  for (const pod of pods) {
    const ends = pod.spec.containers[0].behaviour.runsForNs < Number.POSITIVE_INFINITY;
    const { exitCode } = pod.spec.containers[0].behaviour;
    const restarts =
      pod.spec.restartPolicy === 'Always' ||
      (pod.spec.restartPolicy === 'OnFailure' && exitCode !== 0);
    const expected = !ends || restarts ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed';
    assert.equal(pod.status.phase, expected);
  }
}

test('Pods that come, end, are deleted or lose their node leave nothing behind.', () => {
  fc.assert(
    fc.property(fc.array(life, { maxLength: 12 }), faults, (lives, f) => runLives(lives, f)),
    { numRuns: 60, seed: 7 },
  );
});

test.run();
