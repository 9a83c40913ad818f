import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type Deployment, metaOf, type Pod, Uids } from '../../../models/objects/index.ts';
import { Timeline } from '../../../models/workload/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';

const test = suite('timeline of pods');

/** Rows of the timeline, models/workload/timeline.ts. */
const ROWS = 20_000;

function newTimeline() {
  const sim = new Simulation({ seed: 's', horizonNs: 1e9 });
  const metrics = new Metrics({ warmupNs: 0, horizonNs: 1e9, cutsNs: [], seriesIntervalNs: 1e9 });
  const timeline = new Timeline({ sim, metrics, constants: new Constants([], {}) });
  const uids = new Uids();
  const create = (): number => {
    const meta = metaOf(uids, 0, { name: `pod`, namespace: 'default', labels: {} });
    const spec = { containers: [], initContainers: [] };
    // The timeline reads nothing else of it.
    const pod = { resource: 'pods', meta, spec, nodeName: '' } as unknown as Pod & Deployment;
    timeline.created(pod, 0);
    return meta.uid;
  };
  return { timeline, create };
}

test('Every pod that was created is counted once, by how far it came.', () => {
  const { timeline, create } = newTimeline();
  const [a, b, c, d, e] = [create(), create(), create(), create(), create()];
  for (const uid of [a, b, c]) timeline.podStage(uid, 'scheduled', 1);
  timeline.podStage(a, 'observed', 2);
  timeline.podDeleted(a);
  timeline.podFailed(c);
  timeline.podFailed(c);
  timeline.podDeleted(d);
  assert.ok(e > 0);
  assert.deepEqual(timeline.report().counts, {
    created: 5,
    started: 1,
    unscheduled: 1,
    starting: 1,
    deletedEarly: 1,
    failed: 1,
    notCreated: 0,
  });
});

test('Pods on their way keep their rows, however many there are; those that started give them up.', () => {
  const { timeline, create } = newTimeline();
  const first = create();
  const last = Array.from({ length: ROWS + 5 }, create).at(-1) ?? 0;
  timeline.podStage(first, 'observed', 3);
  timeline.podStage(last, 'observed', 4);
  const { counts, pods } = timeline.report();
  assert.equal(counts.created, ROWS + 6);
  assert.equal(counts.started, 2);
  assert.equal(counts.unscheduled, ROWS + 4);
  assert.equal(pods.length, ROWS);
  assert.equal(pods.at(-1)?.uid, last);
});

test.run();
