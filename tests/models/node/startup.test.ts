/** How long a pod takes to start, alone and with others, against what has been published. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { APP, boundPod, nodeBed, nodeGroup } from './bed.ts';

const test = suite('node/startup');
const S = 1e9;
const MS = 1e6;

/** Milliseconds from binding to Ready of `pods` on each of 60 nodes, 250 ms apart, sorted. */
function readyAfter(pods: number, cores: number): number[] {
  const nodes = 60;
  const capacity = { ...nodeGroup().capacity, cpuMilli: 1000 * cores };
  const group = nodeGroup({ count: nodes, images: [APP], capacity, allocatable: capacity });
  const bed = nodeBed({ groups: [group] });
  const bound: { uid: number; atNs: number }[] = [];
  for (let node = 0; node < nodes; node++) {
    for (let i = 0; i < pods; i++) {
      const spec = { serviceAccount: 'default' };
      const pod = boundPod(bed.cluster, `p${node}-${i}`, `workers-${node}`, { spec });
      const atNs = 10 * S + node * 137 * MS + i * 250 * MS;
      bound.push({ uid: pod.meta.uid, atNs });
      bed.bind(atNs, pod);
    }
  }
  bed.cluster.run(60 * S);
  return bound
    .map(({ uid, atNs }) => ((bed.stages.get(uid)?.get('ready') ?? Number.NaN) - atNs) / MS)
    .sort((a, b) => a - b);
}

const at = (sorted: readonly number[], p: number) => sorted[Math.floor(p * sorted.length)];

// kube-burner#200: p50 1472 ms.
test('The median pod on an idle node is Ready when it was measured to be.', () => {
  const alone = readyAfter(1, 4);
  assert.ok(Math.abs(at(alone, 0.5) - 1472) < 0.07 * 1472, `${at(alone, 0.5)} ms`);
});

// perf-tests#1311: several pods bound to one node within a second make the tail.
test('Four pods within a second do not mind each other on four cores, and do on one.', () => {
  const alone = at(readyAfter(1, 4), 0.5);
  assert.ok(Math.abs(at(readyAfter(4, 4), 0.5) - alone) < 0.1 * alone);
  const crowded = readyAfter(4, 1);
  assert.ok(at(crowded, 0.5) > 1.5 * alone && at(crowded, 0.5) < 2.2 * alone);
  assert.ok(at(crowded, 0.99) > 2.2 * alone);
});

test.run();
