/**
 * What API servers know of nodes that are gone: nothing, until TCP gives their connections up. A
 * kubelet that was killed is another thing: its kernel closes what it had.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { clusterOf, type Ended, simulate, type Value } from '../../run/kubernetes-support.ts';

const test = suite('models/faults: nodes that are gone');

function run(faults: readonly Value[], horizon: string): Ended {
  return simulate(
    clusterOf({ nodeGroups: [{ name: 'worker', count: 2, zones: ['a'] }] }, { horizon, faults }),
  );
}

/** Watches that API servers hold open at the end. */
function openWatches({ result }: Ended): number {
  const level = result.metrics.levels.find(
    ({ name, labels }) => name === 'apiserver_longrunning_requests' && labels.verb === 'WATCH',
  );
  assert.ok(level !== undefined);
  return level.perSegment[level.perSegment.length - 1].last;
}

test('watches of a dead node stay open, those of a killed kubelet do not', () => {
  const all = openWatches(run([], '30s'));
  const killed = openWatches(run([{ at: '5s', kill: 'kubelet/worker-0', for: '60s' }], '30s'));
  assert.ok(killed < all);
  assert.equal(openWatches(run([{ at: '5s', kill: 'node/worker-0', for: '60s' }], '30s')), all);
  assert.equal(openWatches(run([{ at: '5s', pause: 'node/worker-0', for: '60s' }], '30s')), all);
});

// tcp_retries2 = 15: 924.6 s; watches end by themselves within ten minutes at the latest.
test('they end at last, and a node that boots again has new ones', () => {
  const all = openWatches(run([], '30s'));
  const gone = run(
    [
      { at: '5s', kill: 'node/worker-0' },
      { at: '100s', kill: 'kube-apiserver/0' },
    ],
    '960s',
  );
  assert.ok(openWatches(gone) < all);
  // Its watches of pods and of its Node are there twice, until the old ones are given up.
  const booted = (horizon: string) =>
    openWatches(run([{ at: '5s', kill: 'node/worker-0', for: '60s' }], horizon));
  assert.equal(booted('300s') - booted('960s'), 2);
});

test.run();
