import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { fuzz } from '../../scripts/fuzz.ts';
import { drawScenario, parsed } from '../../scripts/fuzz-draw.ts';
import { minimise } from '../../scripts/fuzz-minimise.ts';
import { faultVerbs } from '../../src/scenario/fields/faults.ts';

const test = suite('scripts: fuzz');

/** Kept low here; `npm run fuzz` goes on. */
const SCENARIOS = 6;

test('scenarios of fixed seeds, with their faults, end without a broken invariant', () => {
  const totals = fuzz({ seed: 'ci', more: (i) => i < SCENARIOS });
  assert.deepEqual(
    totals.failures.map(({ seed, message }) => `${seed}: ${message}`),
    [],
  );
  assert.equal(totals.scenarios, SCENARIOS);
  assert.ok(totals.simulatedNs >= SCENARIOS * 20e9, `${totals.simulatedNs}`);
});

test('a seed draws one scenario, which is valid', () => {
  assert.deepEqual(drawScenario('s'), drawScenario('s'));
  assert.notDeepEqual(drawScenario('s'), drawScenario('t'));
  for (let i = 0; i < 10; i++) assert.notEqual(parsed(drawScenario(`valid-${i}`)), null);
});

test('nearly every verb of the table is drawn', () => {
  const drawn = new Set<string>();
  for (let i = 0; i < 150; i++) {
    const { faults, randomFaults } = drawScenario(`verbs-${i}`);
    for (const fault of [...(faults as object[]), ...(randomFaults as object[])]) {
      for (const key of Object.keys(fault)) drawn.add(key);
    }
  }
  const missing = Object.keys(faultVerbs).filter((verb) => !drawn.has(verb));
  // Verbs of volumes or clouds that no drawn cluster has.
  assert.ok(missing.length <= 6, missing.join(', '));
});

test('minimising leaves just what fails', () => {
  const value = {
    seed: 'x',
    faults: [{ kill: 'a', at: 1 }, { pause: 'b', at: 2, for: 3 }, { kill: 'c' }],
    etcd: { members: 3, disk: { fsync: 1 } },
  };
  const fails = (candidate: typeof value | object) =>
    ((candidate as typeof value).faults ?? []).some((fault) => 'pause' in fault);
  assert.deepEqual(minimise(value, fails), { seed: 'x', faults: [{ pause: 'b' }] });
});

test.run();
