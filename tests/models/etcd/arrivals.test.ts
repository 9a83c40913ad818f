/** A what-if moves no arrivals: two runs with one seed plan the same requests at the same times. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type ClusterOptions, fault, S, workload } from '../../support/scenario.ts';
import { simulate } from './bed.ts';

const test = suite('etcd/arrivals');

/** Planned requests of an open loop that ends a second before the run does: all are answered. */
function planned(options: ClusterOptions): Record<string, number> {
  const o = simulate({
    workload: [workload({ ratePerSecond: 200, arrivals: 'poisson', stopNs: 9 * S })],
    horizon: 10_000,
    ...options,
  });
  return o.outcomes();
}

test('Another disk, another network or a pause changes when requests are answered, not how many there are.', () => {
  const base = planned({ fsync: 1 });
  assert.ok(base.ok > 1400, `${base.ok} of about 1600 requests`);
  assert.deepEqual(Object.keys(base), ['ok']);
  assert.deepEqual(planned({ fsync: 30 }), base);
  assert.deepEqual(planned({ peerRtt: 40, clientRtt: 3 }), base);
  assert.deepEqual(
    planned({ faults: [fault(4000, { kind: 'pause', target: 'etcd/0' }, 500)] }),
    base,
  );
});

test.run();
