import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { drawFaults, RANDOM_FAULTS_MAX } from '../../../models/faults/schedule.ts';
import { LimitError } from '../../../src/core/index.ts';
import type { FaultAction, RandomFaultScenario } from '../../../src/scenario/types.ts';

const test = suite('faults: schedule');

const HOUR_NS = 3600e9;
const YEAR_NS = 365 * 24 * HOUR_NS;
const exponential = (mean: number) => ({ kind: 'exponential' as const, mean });
const kill = (target: string): FaultAction => ({
  kind: 'kill',
  target,
  restartAfterNs: Number.NaN,
  loseData: false,
});

function crashes(changes: Partial<RandomFaultScenario> = {}): RandomFaultScenario {
  const targets = ['etcd/0', 'etcd/1', 'etcd/2'];
  return {
    name: 'crash',
    action: kill('etcd/all'),
    units: targets.map((unit) => ({ unit, action: kill(unit) })),
    mtbf: exponential(10 * HOUR_NS),
    mttr: exponential(HOUR_NS),
    commonCause: 0,
    ...changes,
  };
}

test('the same seed draws the same faults, another seed others', () => {
  const draw = (seed: string) => drawFaults([crashes()], seed, YEAR_NS);
  assert.deepEqual(draw('a'), draw('a'));
  assert.notDeepEqual(draw('a'), draw('b'));
});

test('another entry, or another member, moves none of the faults that there were', () => {
  const before = drawFaults([crashes()], 'a', YEAR_NS);
  const others = crashes({
    name: 'pause',
    units: [{ unit: 'etcd/0', action: { kind: 'pause', target: 'etcd/0' } }],
  });
  const both = drawFaults([others, crashes()], 'a', YEAR_NS);
  assert.deepEqual(
    both.filter(({ name }) => name.startsWith('crash')),
    before,
  );
  const two = drawFaults([crashes({ units: crashes().units.slice(0, 2) })], 'a', YEAR_NS);
  assert.deepEqual(
    before.filter(({ name }) => name !== 'crash:etcd/2'),
    two,
  );
});

test('every unit is down for MTTR of MTBF + MTTR of the time', () => {
  // 3 units x 8760 h / 11 h = 2389 faults; the share down is 1/11 within some 2 %.
  const faults = drawFaults([crashes()], 'a', YEAR_NS);
  assert.ok(Math.abs(faults.length - 2389) < 4 * Math.sqrt(2389), `${faults.length}`);
  const downNs = faults.reduce((sum, { forNs }) => sum + forNs, 0);
  const share = downNs / (3 * YEAR_NS);
  assert.ok(Math.abs(share - 1 / 11) < 0.008, `${share}`);
});

test('a mean that is longer by a tenth gives the same faults a tenth later', () => {
  const instant = { mttr: null };
  const base = drawFaults([crashes(instant)], 'a', 100 * HOUR_NS);
  const scaled = { kind: 'scaled' as const, by: 1.1, of: exponential(10 * HOUR_NS) };
  const later = drawFaults([crashes({ ...instant, mtbf: scaled })], 'a', 110 * HOUR_NS);
  const times = (faults: typeof base) => faults.map(({ name, atNs }) => [name, atNs / HOUR_NS]);
  const expected = base.map(({ name, atNs }) => [name, (atNs * 1.1) / HOUR_NS] as const);
  assert.equal(later.length, base.length);
  times(later).forEach(([name, at], i) => {
    assert.equal(name, expected[i][0]);
    assert.ok(Math.abs(Number(at) - expected[i][1]) < 1e-6);
  });
});

test('a common cause hits all units at the same time, with its share of the failures', () => {
  const faults = drawFaults([crashes({ commonCause: 0.2 })], 'a', YEAR_NS);
  const common = faults.filter(({ name }) => name === 'crash:common cause');
  // Every 10 h / 0.2 = 50 h up and 1 h down: 8760 / 51 = 172 times.
  const times = [...new Set(common.map(({ atNs }) => atNs))];
  assert.ok(Math.abs(times.length - 172) < 4 * Math.sqrt(172), `${times.length}`);
  const own = faults.filter(({ name }) => name === 'crash:etcd/1');
  // Every 10 h / 0.8 = 12.5 h up and 1 h down, some of them inside of a common cause.
  assert.ok(Math.abs(own.length - 8760 / 13.5) < 4 * Math.sqrt(649), `${own.length}`);
});

test('what is down already does not fail again: its stretches are one', () => {
  const entries = [crashes(), crashes({ name: 'other' }), crashes({ name: 'third' })];
  const faults = drawFaults(entries, 'a', YEAR_NS);
  const upAt = new Map<string, number>();
  for (const { action, atNs, forNs } of faults) {
    assert.equal(action.kind, 'kill');
    const target = 'target' in action ? action.target : '';
    assert.ok(atNs > (upAt.get(target) ?? 0), `${target} at ${atNs}`);
    upAt.set(target, atNs + forNs);
  }
  const alone = entries.flatMap((entry) => drawFaults([entry], 'a', YEAR_NS));
  assert.ok(faults.length < alone.length);
});

test('faults come in the order of their times, before the horizon', () => {
  const faults = drawFaults([crashes({ commonCause: 0.5 })], 'a', 100 * HOUR_NS);
  faults.forEach(({ atNs }, i) => {
    assert.ok(atNs < 100 * HOUR_NS && atNs >= (faults[i - 1]?.atNs ?? 0));
  });
});

test('a slip of the unit that brings too many faults is a coded limit', () => {
  const entry = crashes({ mtbf: exponential(1), mttr: null });
  assert.throws(
    () => drawFaults([entry], 'a', 10 * RANDOM_FAULTS_MAX),
    (error) => error instanceof LimitError && error.code === 'WT2005',
  );
});

test('what is not mended stays', () => {
  const [first] = drawFaults([crashes({ mttr: null })], 'a', YEAR_NS);
  assert.equal(first.forNs, Number.POSITIVE_INFINITY);
});

test.run();
