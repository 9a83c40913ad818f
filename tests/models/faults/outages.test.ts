/** What an outage records of the answers that clients get. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { clusterScenario, fault, freeCpu, MS, S, workload } from '../../support/scenario.ts';
import { open } from '../etcd/bed.ts';

const test = suite('faults/outages');

// Syncs of 500 ms, one client: puts are sent at 3 s, 3.5 s and so on.
const oneAfterAnother = (atMs: number) => {
  const bed = open(
    clusterScenario({
      members: 1,
      fsync: 500,
      backendFsync: 0,
      clientRtt: 0,
      horizon: 6000,
      constants: freeCpu,
      workload: [workload({ clients: 1, startNs: 3 * S })],
      faults: [fault(atMs, { kind: 'clockStep', target: 'etcd/0', byNs: MS })],
    }),
  );
  bed.end();
  const [outage] = bed.built.outages.results();
  return outage;
};

test('The answer that was on its way when a fault began is no success after it.', () => {
  assert.equal(oneAfterAnother(3100).firstSuccessNs, 4000 * MS);
});

test('The first success is that of a request sent after the fault began.', () => {
  assert.equal(oneAfterAnother(2900).firstSuccessNs, 3500 * MS);
});

test('The longest gap counts every answer.', () => {
  assert.equal(oneAfterAnother(3600).longestGapNs, 500 * MS);
});

test.run();
