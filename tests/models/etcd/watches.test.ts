/** Watches of clients: when an event arrives, what a lost connection and a full channel cost. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { WorkloadScenario } from '../../../src/scenario/types.ts';
import { fault, freeCpu, MS, S, US, workload } from '../../support/scenario.ts';
import { type Bed, type Outcome, open, simulate } from './bed.ts';

const test = suite('etcd/watches');

const freeWatch = {
  ...freeCpu,
  'etcd.watchEventNs': 0,
  'etcd.watchBatchEventNs': 0,
  'etcd.watchNotifyNs': 0,
  'client.eventNs': 0,
  'client.batchEventNs': 0,
};
/** Nothing but syncs of 1 ms, round trips of 1 ms and rules. */
const calm = {
  version: '3.5',
  backendFsync: 0,
  clientRtt: 1,
  constants: freeWatch,
} as const;
const prefix = '/watched';
/** Ten a second, 100 ms apart. */
const puts = workload({ prefix, ratePerSecond: 10, arrivals: 'constant', startNs: 2 * S });

function watching(clients: number, changes: Partial<WorkloadScenario> = {}): WorkloadScenario {
  return workload({ name: 'watchers', op: 'watch', prefix, clients, streams: 1, ...changes });
}

/** All values of a tally of watches lie at this many ms. */
function allAt(o: Outcome, what: string, ms: number): void {
  const data = o.tally(`wavetank_watch_${what}_seconds`);
  assert.ok(data.total > 0);
  assert.deepEqual([data.min / MS, data.max / MS], [ms, ms]);
}

const written = (o: Outcome): number => o.outcomes('puts').ok;
const events = (o: Outcome): number => o.counter('wavetank_watch_events_total');

/** Every watcher stands behind the last row, so that it has seen all of them. */
function assertAllSeen(bed: Bed, clients: number): void {
  const [watchers] = bed.built.watchers;
  const [history] = bed.etcd.shared.histories.list;
  assert.equal(watchers.attached, clients);
  for (const stream of watchers.streams) {
    assert.deepEqual(
      stream.attached.map((cohort) => cohort.row),
      stream.attached.map(() => history.next),
    );
  }
}

// Half a round trip to the leader, 2 ms to its apply, and half a round trip back, just as the
// answer.
test('An event arrives with the answer of its put.', () => {
  const o = simulate({ ...calm, workload: [puts, watching(3)] });
  allAt(o, 'event', 0.5 + 2 + 0.5);
  allAt(o, 'lag', 0.5);
  allAt(o, 'last', 0.5);
  assert.equal(o.latency('puts').p(1), 3);
  assert.equal(events(o), 3 * written(o));
});

// A follower learns of the commit half a round trip after the leader.
test('At a follower an event comes half a round trip later.', () => {
  const o = simulate({ ...calm, workload: [puts, watching(3, { target: 'etcd/1' })] });
  allAt(o, 'event', 0.5 + 2 + 0.5 + 0.5);
});

test('Watches see the prefixes that begin with theirs, and no other keys.', () => {
  const other = workload({ name: 'other', prefix: '/else', ratePerSecond: 30, startNs: 2 * S });
  const below = workload({
    name: 'below',
    prefix: '/watched/b',
    ratePerSecond: 20,
    startNs: 2 * S,
  });
  const o = simulate({ ...calm, workload: [puts, below, other, watching(1)] });
  assert.equal(events(o), written(o) + o.outcomes('below').ok);
});

// The send loop takes one after the other: 100 responses of 10 us.
test('The watchers of one stream are told one after the other.', () => {
  const constants = { ...freeWatch, 'etcd.watchEventNs': 10 * US, 'etcd.entryByteNs': 0 };
  const o = simulate({ ...calm, constants, workload: [puts, watching(100)] });
  allAt(o, 'last', 100 * 0.01 + 0.5);
  assert.equal(o.tally('wavetank_watch_lag_seconds').min / MS, 0.01 + 0.5);
});

// 300 watchers and a channel of 128: one slot is free again at once, because the send loop has
// taken the first; 171 victims are left, whose next tries are 10 and 20 ms later: 129, 129 and 42.
test('Who finds the channel full is tried again every 10 ms.', () => {
  const constants = { ...freeWatch, 'etcd.watchEventNs': 10 * US };
  const o = simulate({ ...calm, constants, workload: [puts, watching(300)] });
  allAt(o, 'last', 20 + 42 * 0.01 + 0.5);
  assert.equal(events(o), 300 * written(o));
});

// Streams have channels and send loops of their own: 4 x 75 fit.
test('More streams have more room.', () => {
  const constants = { ...freeWatch, 'etcd.watchEventNs': 10 * US };
  const o = simulate({ ...calm, constants, workload: [puts, watching(300, { streams: 4 })] });
  allAt(o, 'last', 75 * 0.01 + 0.5);
});

// 1000 watchers take 1 us each inside the transaction.
test('Telling watchers is part of the apply.', () => {
  const constants = { ...freeWatch, 'etcd.watchNotifyNs': US };
  const o = simulate({ ...calm, constants, workload: [puts, watching(1000, { streams: 50 })] });
  assert.equal(o.latency('puts').p(1), 3 + 1);
});

// The only member asked is gone for two seconds; what was written meanwhile comes afterwards, once.
test('A watcher whose member was restarted is sent what it missed.', () => {
  const bed = open({
    ...calm,
    horizon: 12_000,
    workload: [{ ...puts, stopNs: 9 * S }, watching(20, { target: 'etcd/1', streams: 4 })],
    faults: [
      fault(4000, { kind: 'kill', target: 'etcd/1', restartAfterNs: 2 * S, loseData: false }),
    ],
  });
  bed.to(5000);
  assert.equal(bed.built.watchers[0].attached, 0);
  bed.to(11_000);
  assertAllSeen(bed, 20);
  const o = bed.end();
  assert.equal(events(o), 20 * written(o));
  assert.equal(o.counter('wavetank_watch_reopened_total') >= 4, true);
  // Missed since 4000 ms, sent after 6170 ms and the ticker's 100 ms.
  const worst = o.tally('wavetank_watch_event_seconds').max / MS;
  assert.ok(worst > 2000 && worst < 3500, `${worst} ms`);
});

test('A watcher goes to another member where its target allows that.', () => {
  const o = simulate({
    ...calm,
    workload: [{ ...puts, stopNs: 9 * S }, watching(20, { target: 'follower', streams: 4 })],
    faults: [
      fault(4000, { kind: 'kill', target: 'etcd/1', restartAfterNs: Number.NaN, loseData: false }),
    ],
  });
  assert.equal(events(o), 20 * written(o));
  // 1.25 ms before the stream is opened anew, round trips for five watchers, the ticker's 100 ms.
  assert.ok(o.tally('wavetank_watch_event_seconds').max / MS < 250);
});

// The revisions that the watcher lacks are compacted before its member is back: it has what was
// written before 4000 ms and what is written once it watches again.
test('A watcher that comes too late for its revisions starts anew.', () => {
  const bed = open({
    ...calm,
    horizon: 14_000,
    workload: [{ ...puts, stopNs: 11 * S }, watching(5, { target: 'etcd/1' })],
    faults: [
      fault(4001, { kind: 'kill', target: 'etcd/1', restartAfterNs: 2 * S, loseData: false }),
      fault(5500, { kind: 'compact', keepRevisions: 0 }),
    ],
  });
  const [history] = bed.etcd.shared.histories.list;
  const [watchers] = bed.built.watchers;
  bed.to(4000);
  const before = history.next;
  const [stream] = watchers.streams;
  bed.until(() => watchers.attached === 5 && stream.attached[0].row > before, 'watching again');
  const lost = stream.attached[0].row - before;
  assert.ok(lost >= 20);
  bed.to(13_000);
  assertAllSeen(bed, 5);
  const o = bed.end();
  assert.equal(o.counter('wavetank_watch_compacted_total'), 5);
  assert.equal(events(o), 5 * (written(o) - lost));
});

// The client takes 5 ms for an event and gets one each millisecond: the window of 128 KiB fills,
// then the channel, then its watcher falls behind, and catches up with responses of many events.
test('A slow client falls behind and catches up in larger pieces.', () => {
  const constants = { ...freeWatch, 'client.eventNs': 5 * MS, 'client.batchEventNs': 100 * US };
  const fast = { ...puts, ratePerSecond: 1000, stopNs: 5 * S };
  const bed = open({ ...calm, constants, horizon: 20_000, workload: [fast, watching(1)] });
  bed.to(4900);
  const slow = 'etcd_debugging_mvcc_slow_watcher_total';
  const level = (): number => bed.leader().watches.unsyncedWatchers;
  let behind = 0;
  bed.until(() => {
    behind = Math.max(behind, level());
    return bed.now() > 8000;
  }, 'time goes on');
  assert.equal(behind, 1);
  bed.to(19_000);
  assertAllSeen(bed, 1);
  const o = bed.end();
  assert.equal(events(o), written(o));
  const gauge = o.result.metrics.levels.find(
    (l) => l.name === slow && l.labels.member === 'etcd/0',
  );
  assert.equal(gauge?.perSegment.at(-1)?.last, 0);
});

// Its member was away for 2 s and more, 250 revisions a second at 1 ms each to read: nothing is
// applied at the member for that long, so that a put through it waits.
test('Catching up holds the store.', () => {
  const longestPut = (watchers: readonly WorkloadScenario[]): number =>
    simulate({
      ...calm,
      constants: { ...freeWatch, 'etcd.readKeyNs': MS },
      horizon: 12_000,
      workload: [
        { ...puts, ratePerSecond: 250, stopNs: 9 * S },
        workload({ name: 'local', ratePerSecond: 20, target: 'etcd/1', startNs: 2 * S }),
        ...watchers,
      ],
      faults: [
        fault(4000, { kind: 'kill', target: 'etcd/1', restartAfterNs: 2 * S, loseData: false }),
      ],
    })
      .latency('local')
      .p(1);
  assert.ok(longestPut([]) < 10);
  const longest = longestPut([watching(1, { target: 'etcd/1' })]);
  assert.ok(longest > 500 && longest < 1000, `${longest} ms`);
});

test('Kills and cuts lose no event, repeat none, and the same seed gives the same run.', () => {
  const chaos = (seed: string) => ({
    ...calm,
    seed,
    horizon: 17_000,
    constants: {},
    workload: [
      { ...puts, ratePerSecond: 100, arrivals: 'poisson', target: 'all', stopNs: 13 * S } as const,
      watching(60, { target: 'all', streams: 3 }),
      watching(1, { name: 'lone', target: 'leader' }),
    ],
    faults: [
      ...[0, 1, 2, 0].map((member, i) =>
        fault(3000 + i * 2500, {
          kind: 'kill',
          target: `etcd/${member}`,
          restartAfterNs: 1.5 * S,
          loseData: false,
        }),
      ),
      ...(['reset', 'blackhole'] as const).map((mode, i) =>
        fault(
          4700 + i * 2500,
          { kind: 'partition', groups: [['client'], ['etcd/2']], oneWay: false, mode },
          500,
        ),
      ),
    ],
  });
  for (const seed of ['a', 'b']) {
    const bed = open(chaos(seed));
    bed.to(16_500);
    assertAllSeen(bed, 60);
    const [history] = bed.etcd.shared.histories.list;
    const o = bed.end();
    assert.equal(
      o.counter('wavetank_watch_events_total', { workload: 'watchers' }),
      60 * history.next,
    );
    assert.equal(o.counter('wavetank_watch_events_total', { workload: 'lone' }), history.next);
  }
  assert.equal(simulate(chaos('a')).result.digest, simulate(chaos('a')).result.digest);
});

test.run();
