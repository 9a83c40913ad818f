/** Requests that are tried again. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { FaultScenario } from '../../../src/scenario/types.ts';
import { clusterScenario, freeCpu, MS, S, workload } from '../../support/scenario.ts';
import { open } from '../etcd/bed.ts';

const test = suite('client: retry');

const CUT: Omit<FaultScenario, 'atNs' | 'forNs'> = {
  name: 'cut',
  everyNs: 0,
  times: 1,
  action: { kind: 'partition', groups: [['etcd/0'], ['client']], oneWay: false, mode: 'reset' },
};

/** One put at 3 s into a member whose sync takes 500 ms; its connection breaks 100 ms later. */
function oneBrokenPut(retries: number) {
  const scenario = clusterScenario({
    members: 1,
    fsync: 500,
    backendFsync: 0,
    clientRtt: 2,
    horizon: 9000,
    constants: freeCpu,
    workload: [
      workload({
        clients: 1,
        thinkTime: { kind: 'constant', value: 60_000 * MS },
        startNs: 3000 * MS,
        retries,
        retryBackoffNs: 25 * MS,
      }),
    ],
    faults: [{ ...CUT, atNs: 3100 * MS, forNs: MS }],
  });
  return open(scenario).end();
}

test('a put whose connection breaks is lost to its client, if it does not try again', () => {
  assert.deepEqual(oneBrokenPut(0).outcomes(), { reset: 1 });
});

test('an answer to an attempt that broke is no answer to the next one', () => {
  // The first entry is applied at 3500 ms, when the second attempt is in the same member already:
  // that one's sync begins then and ends at 4000 ms.
  const o = oneBrokenPut(5);
  assert.deepEqual(o.outcomes(), { ok: 1 });
  assert.ok(o.latency().mean > 990, `${o.latency().mean} ms`);
});

test('a client dials again once the network lets it: after 1 s and 1.6 s, +-20 %', () => {
  // Refused from 3 s to 4.5 s. Dials: at once, then after 0.8..1.2 s (refused too), then after
  // 1.28..1.92 s more, so between 5.08 s and 6.12 s.
  const scenario = clusterScenario({
    members: 1,
    clientRtt: 2,
    horizon: 9000,
    constants: freeCpu,
    workload: [
      workload({ ratePerSecond: 100, arrivals: 'constant', startNs: 1000 * MS, deadlineNs: S }),
    ],
    faults: [{ ...CUT, atNs: 3000 * MS, forNs: 1500 * MS }],
  });
  const { refused, ok, reset } = open(scenario).end().outcomes();
  assert.ok(refused > 208 && refused < 312, `${refused} refused`);
  // 800 arrivals; the last one or two are still under way.
  assert.ok(refused + ok + (reset ?? 0) >= 797, `${ok} answered`);
});

test('more attempts than a byte counts are made, and no more than asked for', () => {
  // Nobody is there: each attempt is refused at once, so only the back-off takes time.
  const scenario = clusterScenario({
    members: 1,
    horizon: 3000,
    constants: freeCpu,
    workload: [
      workload({
        clients: 1,
        thinkTime: { kind: 'constant', value: 60_000 * MS },
        startNs: 1000 * MS,
        retries: 300,
        retryBackoffNs: MS,
        deadlineNs: 9000 * MS,
      }),
    ],
    faults: [
      {
        name: 'kill',
        atNs: 500 * MS,
        forNs: Infinity,
        everyNs: 0,
        times: 1,
        action: { kind: 'kill', target: 'etcd/0', restartAfterNs: Number.NaN, loseData: false },
      },
    ],
  });
  assert.deepEqual(open(scenario).end().outcomes(), { refused: 1 });
});

test.run();
