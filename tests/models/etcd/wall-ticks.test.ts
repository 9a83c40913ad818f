import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { WallTicks } from '../../../models/etcd/wall-ticks.ts';
import { Clock } from '../../../models/machine/index.ts';
import { createRun } from '../../../src/run/index.ts';
import { parseScenario } from '../../../src/scenario/index.ts';
import { at, clockScenario, world } from '../machine/world.ts';

const test = suite('etcd/wall-ticks');
const MS = 1e6;

/** Ticks of 100 ms, the first at 50 ms, as [time in ms, count]. */
function ticks(untilMs: number, stepAtMs: number, stepMs: number): [number, number][] {
  const w = world({ horizonNs: 10_000 * MS });
  const clock = new Clock(w, 'clock', clockScenario());
  const seen: [number, number][] = [];
  const wall = new WallTicks(w.sim, clock, 'member', 100 * MS, (count) => {
    seen.push([w.sim.nowNs / MS, count]);
  });
  wall.start(50 * MS);
  at(w, stepAtMs * MS, () => clock.step(stepMs * MS));
  w.runTo(untilMs * MS);
  return seen;
}

test('a forward step makes the ticks that it skips due at once', () => {
  // At 300 ms the clock goes from 300 to 850 ms: 350, 450, ... 850 are due, the next at 950 = 400.
  assert.deepEqual(ticks(420, 300, 550), [
    [50, 1],
    [150, 1],
    [250, 1],
    [300, 6],
    [400, 1],
  ]);
});

test('after a backward step no tick is due until the clock has made up for it', () => {
  // At 300 ms the clock goes back to 100 ms; it shows 350 ms again at 550 ms.
  assert.deepEqual(ticks(660, 300, -200), [
    [50, 1],
    [150, 1],
    [250, 1],
    [550, 1],
    [650, 1],
  ]);
});

/** Campaigns and elections after a step at 10 s, in 30 s in which nobody writes. */
function after(timers: string, version: string, target: string, by: string): string {
  const text = `
apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: wall }
horizon: 30s
warmup: 5s
etcd: { members: 3, version: "${version}", timers: ${timers}, disk: { fsync: 1ms } }
faults: [{ at: 10s, clockStep: ${target}, by: ${by} }]
`;
  const parsed = parseScenario(text, { file: 'wall.yaml' });
  assert.deepEqual(parsed.problems, []);
  const scenario = parsed.scenario;
  assert.ok(scenario !== null);
  const run = createRun(scenario, { seed: 'wall' });
  while (!run.advance(100_000)) {
    // advance does the work
  }
  const { events } = run.finish().metrics;
  const count = (kind: string) => events.filter((e) => e.kind === kind && e.timeNs > 1e10).length;
  return `${count('campaign') > 0 ? 'campaign' : 'quiet'}, ${count('elected')} elected`;
}

test('a backward step of the leader past the timeout costs it its leadership, by the wall clock', () => {
  // It sends nothing for 3 s, and the longest timeout is 1.9 s. Go's ticker does not notice.
  for (const version of ['3.4', '3.6']) {
    assert.equal(after('wall', version, 'etcd/leader', '-3s'), 'campaign, 1 elected');
    assert.equal(after('monotonic', version, 'etcd/leader', '-3s'), 'quiet, 0 elected');
  }
});

test('one follower whose clock steps forward is refused in a pre-vote, and disrupts without one', () => {
  const each = (timers: string, version: string) =>
    [0, 1, 2].map((i) => after(timers, version, `etcd/${i}`, '2s')).sort();
  // Each member in turn; the one that leads asks its quorum and finds it.
  assert.deepEqual(each('wall', '3.6'), [
    'campaign, 0 elected',
    'campaign, 0 elected',
    'quiet, 0 elected',
  ]);
  // 3.4: the higher term of the campaign unseats the leader.
  assert.deepEqual(each('wall', '3.4').slice(0, 2), Array(2).fill('campaign, 1 elected'));
  assert.deepEqual(each('monotonic', '3.4'), Array(3).fill('quiet, 0 elected'));
});

test('all followers that step forward at once elect one of them by the wall clock', () => {
  assert.equal(after('wall', '3.6', 'etcd/followers', '2s'), 'campaign, 1 elected');
  assert.equal(after('monotonic', '3.6', 'etcd/followers', '2s'), 'quiet, 0 elected');
});

test('a step that is shorter than the shortest timeout costs nothing even by the wall clock', () => {
  // The timeout is 1.0 to 1.9 s and the last heartbeat at most 0.1 s old.
  for (const version of ['3.4', '3.6']) {
    assert.equal(after('wall', version, 'etcd/all', '500ms'), 'quiet, 0 elected');
    assert.equal(after('wall', version, 'etcd/leader', '-500ms'), 'quiet, 0 elected');
  }
});

test.run();
