/** Sizes of ReplicaSets in a rollout: by hand, and the two promises of a rolling update. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  fenceposts,
  isComplete,
  newSetReplicas,
  proportionalSizes,
  scaleDownOld,
} from '../../../models/controllers/rolling-update.ts';
import type { Deployment, IntOrFraction, ReplicaSet } from '../../../models/objects/index.ts';
import { deployment, replicaSet, uids } from './objects.ts';

const test = suite('controllers/rolling-update');

const fraction = (value: number): IntOrFraction => ({ kind: 'fraction', value });
const number = (value: number): IntOrFraction => ({ kind: 'number', value });
const of = (replicas: number, maxSurge: IntOrFraction, maxUnavailable: IntOrFraction) =>
  deployment(uids(), 'web', replicas, { maxSurge, maxUnavailable }).spec;
const set = (replicas: number, availableReplicas = replicas) =>
  replicaSet(uids(), 'set', replicas, { replicas, availableReplicas });

// 25 % of 10 = 2.5: the surge is rounded up, what may be missing down.
test('A fraction is rounded up for the surge and down for the unavailable.', () => {
  assert.deepEqual(fenceposts(of(10, fraction(0.25), fraction(0.25))), {
    maxSurge: 3,
    maxUnavailable: 2,
  });
  // 7 % of 100 is 7 and not 8, whatever 0.07 * 100 is in binary.
  assert.equal(fenceposts(of(100, fraction(0.07), fraction(0.07))).maxSurge, 7);
});

test('Where both are rounded to nothing, one pod may be missing.', () => {
  assert.deepEqual(fenceposts(of(1, number(0), fraction(0.25))), {
    maxSurge: 0,
    maxUnavailable: 1,
  });
});

// 10 + surge 3 = 13, of which the old set has 10.
test('The new set starts with the surge that is left, or with all where there is no old one.', () => {
  const spec = of(10, fraction(0.25), fraction(0.25));
  assert.equal(newSetReplicas(spec, [], 0), 10);
  assert.equal(newSetReplicas(spec, [set(10)], 0), 3);
  assert.equal(newSetReplicas(spec, [set(13)], 0), 0);
});

// Ten old ones all available, none new: 10 - 8 = 2 may go. Of four unavailable ones, as many as
// the budget of 10 - 8 = 2 allows, though none of them serves.
test('Old replicas go as far as availability allows, unhealthy ones first.', () => {
  const spec = of(10, fraction(0.25), fraction(0.25));
  assert.deepEqual(scaleDownOld(spec, [set(10)], set(0)), [{ index: 0, replicas: 8 }]);
  assert.deepEqual(scaleDownOld(spec, [set(6), set(4, 0)], set(0)), [{ index: 1, replicas: 2 }]);
  // Three new ones that are not available yet count against it: 13 - 8 - 3 = 2.
  assert.deepEqual(scaleDownOld(spec, [set(10)], set(3, 0)), [{ index: 0, replicas: 8 }]);
  assert.deepEqual(scaleDownOld(spec, [set(8)], set(5, 0)), []);
});

// deployment_util_test.go: 10 replicas as 5 + 5, scaled to 20 with a surge of 2: 22 - 10 = 12 more,
// each of the two grows to round(5 * 22 / 12) = 9, and the first gets the 4 left over.
test('A resize in the middle of a rollout is shared in proportion, leftovers to the biggest.', () => {
  const spec = of(20, number(2), number(0));
  assert.deepEqual(proportionalSizes(spec, [set(5), set(5)], [12, 12]), [13, 9]);
});

test('A resize to zero takes everything.', () => {
  assert.deepEqual(
    proportionalSizes(of(0, number(2), number(0)), [set(7), set(5)], [12, 12]),
    [0, 0],
  );
});

/** One step of the controller, then pods of the new set become available. */
function step(spec: Deployment['spec'], old: ReplicaSet, fresh: ReplicaSet): [number, number] {
  if (fresh.spec.replicas < spec.replicas) {
    const size = newSetReplicas(spec, [old, fresh], fresh.spec.replicas);
    if (size !== fresh.spec.replicas) return [old.spec.replicas, size];
  }
  const down = scaleDownOld(spec, [old], fresh);
  return [down[0]?.replicas ?? old.spec.replicas, fresh.spec.replicas];
}

test('A rollout never has too many or too few pods, and ends.', () => {
  const parts = fc.tuple(
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 0, max: 100 }),
    fc.integer({ min: 0, max: 100 }),
  );
  fc.assert(
    fc.property(parts, ([replicas, surge, unavailable]) => {
      const spec = of(replicas, fraction(surge / 100), fraction(unavailable / 100));
      const { maxSurge, maxUnavailable } = fenceposts(spec);
      let old = set(replicas);
      let fresh = set(0);
      for (let i = 0; i < 6 * replicas + 6; i++) {
        const [oldSize, freshSize] = step(spec, old, fresh);
        assert.ok(oldSize + freshSize <= replicas + maxSurge, 'too many');
        const available =
          Math.min(oldSize, old.status.availableReplicas) + fresh.status.availableReplicas;
        assert.ok(available >= replicas - maxUnavailable, 'too few');
        const settled = freshSize === fresh.spec.replicas && oldSize === old.spec.replicas;
        old = set(oldSize);
        // New pods become available one by one, once nothing else happens.
        const ready = settled
          ? Math.min(freshSize, fresh.status.availableReplicas + 1)
          : fresh.status.availableReplicas;
        fresh = set(freshSize, ready);
        if (oldSize === 0 && freshSize === replicas && ready === replicas) return;
      }
      assert.fail('it does not end');
    }),
  );
});

test('A rollout is complete once all replicas are of the new template and available.', () => {
  const d = deployment(uids(), 'web', 3);
  const status = {
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
  };
  assert.equal(isComplete(d, status), true);
  assert.equal(isComplete(d, { ...status, replicas: 4 }), false);
  assert.equal(isComplete(d, { ...status, availableReplicas: 2 }), false);
});

test.run();
