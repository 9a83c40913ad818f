/**
 * What must hold in every run, whatever happens in it: no invariant breaks, no request is lost, and
 * the same events come again, from either event queue, in slices of any size.
 */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { HORIZON_MS, runValue, STOP_MS } from './arbitrary-run.ts';
import { checkConserved, scenarioOf, simulate } from './soundness.ts';

const test = suite('run: safety');

test('every run ends soundly and loses no request', () => {
  fc.assert(
    fc.property(runValue, (value) => {
      const scenario = scenarioOf(value);
      const simulated = simulate(scenario, 'two-tier', 1 << 20);
      assert.equal(simulated.result.interrupted, false);
      checkConserved(scenario, simulated);
    }),
    { numRuns: 60, seed: 1, includeErrorInReport: true },
  );
});

test('the same run comes again, from either queue, in slices of any size', () => {
  const slices = fc.constantFrom(1, 7, 1000, 65_536);
  fc.assert(
    fc.property(runValue, slices, (value, slice) => {
      const scenario = scenarioOf(value);
      const { result } = simulate(scenario, 'two-tier', 1 << 20);
      const again = simulate(scenario, 'fast-priority-queue', slice).result;
      assert.equal(again.digest, result.digest);
      assert.deepEqual(again, result);
    }),
    { numRuns: 15, seed: 2, includeErrorInReport: true },
  );
});

test('the horizon leaves every deadline time to pass', () => {
  const deadlineMaxMs = 2500;
  assert.ok(STOP_MS + deadlineMaxMs < HORIZON_MS);
});

test.run();
