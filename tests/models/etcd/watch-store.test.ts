/** The watchable store of one member, with a client that writes down what it is sent. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  ResponseKind,
  type WatchChunk,
  type WatchStream,
  type WatchSubscriber,
} from '../../../models/etcd/index.ts';
import { freeCpu, S, workload } from '../../support/scenario.ts';
import { type Bed, open } from './bed.ts';

const test = suite('etcd/watch-store');

interface Sent {
  readonly atMs: number;
  readonly kind: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Reads at once, unless told not to. */
class Recorder implements WatchSubscriber {
  readonly sent: Sent[] = [];
  reads = true;
  readonly #bed: Bed;

  constructor(bed: Bed) {
    this.#bed = bed;
  }

  deliver(_member: number, bytes: number, chunk: WatchChunk): boolean {
    for (let i = 0; i < chunk.runs; i++) {
      this.sent.push({
        atMs: this.#bed.now(),
        kind: chunk.kinds[i],
        count: chunk.counts[i],
        from: chunk.froms[i],
        to: chunk.tos[i],
      });
    }
    if (this.reads) chunk.stream?.onRead(bytes);
    this.#bed.etcd.shared.chunks.release(chunk);
    return true;
  }

  onClosed(_stream: WatchStream): void {
    assert.fail('nobody closes it');
  }
}

const prefix = '/w';
/** One member; `revisions` puts in the first half second, watched by nobody but the recorder. */
function store(revisions: number, horizon = 20_000): { bed: Bed; recorder: Recorder } {
  const rate = Math.max(1, 2 * revisions);
  const bed = open({
    members: 1,
    version: '3.5',
    fsync: 0.01,
    horizon,
    constants: {
      ...freeCpu,
      'etcd.watchEventNs': 0,
      'etcd.watchBatchEventNs': 0,
      'etcd.watchNotifyNs': 0,
    },
    workload: [
      workload({
        prefix,
        ratePerSecond: rate,
        arrivals: 'constant',
        stopNs: revisions === 0 ? S + 1 : 1.5 * S + 1,
      }),
      // Opens the history; it starts after the end.
      workload({ name: 'nobody', op: 'watch', prefix, clients: 1, startNs: 10_000 * S }),
    ],
  });
  // Nothing is forgotten, although nobody watches yet.
  bed.etcd.shared.histories.list[0].addReader(() => 0);
  return { bed, recorder: new Recorder(bed) };
}

/** A stream with that many watchers who want everything from the first row on. */
function fromTheStart(bed: Bed, recorder: Recorder, count: number): WatchStream {
  const { watches } = bed.member(0);
  const stream = watches.openStream(0, recorder, 0);
  watches.create(stream, { count, minRevision: 1, row: 0 });
  return stream;
}

// 2500 revisions: 1000, 1000 and 500, one round after the other, since each got somewhere.
test('A watcher that is behind is sent at most a thousand revisions at once.', () => {
  const { bed, recorder } = store(2500);
  bed.to(3000);
  assert.equal(bed.etcd.shared.histories.list[0].next, 2500);
  const stream = fromTheStart(bed, recorder, 1);
  bed.to(3300);
  assert.deepEqual(
    recorder.sent.map(({ count, from, to }) => [count, from, to]),
    [
      [1, 0, 999],
      [1, 1000, 1999],
      [1, 2000, 2499],
    ],
  );
  assert.equal(stream.synced, 1);
});

// Twenty streams of 60: the first round takes 512 watchers, the second 512, the third 176.
test('A round of catching up takes at most 512 watchers.', () => {
  const { bed, recorder } = store(100);
  bed.to(3000);
  const { watches } = bed.member(0);
  for (let i = 0; i < 20; i++) fromTheStart(bed, recorder, 60);
  const left: number[] = [];
  bed.until(() => {
    const now = watches.unsyncedWatchers;
    if (now !== (left.at(-1) ?? 1200)) left.push(now);
    return now === 0;
  }, 'all in step');
  assert.deepEqual(left, [1200 - 512, 1200 - 1024, 0]);
  bed.to(bed.now() + 1);
  assert.equal(
    recorder.sent.reduce((sum, { count }) => sum + count, 0),
    1200,
  );
});

test('Nobody is told of a revision below the one from which he watches.', () => {
  const { bed, recorder } = store(10);
  bed.to(3000);
  const { watches, backend } = bed.member(0);
  assert.equal(backend.locked, false);
  const stream = watches.openStream(0, recorder, 0);
  watches.create(stream, { count: 2, minRevision: watches.revision + 1, row: 10 });
  watches.create(stream, { count: 1, minRevision: 0, row: 0 });
  assert.equal(stream.synced, 3);
  bed.to(4000);
  assert.deepEqual(recorder.sent, []);
});

test('A watch for revisions that were compacted is told so, and is over.', () => {
  const { bed, recorder } = store(100);
  bed.to(3000);
  bed.etcd.compact(10);
  bed.to(3200);
  const stream = fromTheStart(bed, recorder, 3);
  bed.to(3500);
  assert.deepEqual(
    recorder.sent.map(({ kind, count }) => [kind, count]),
    [
      [ResponseKind.compacted, 1],
      [ResponseKind.compacted, 2],
    ],
  );
  assert.equal(stream.watchers, 0);
});

// 1000 responses of 336 B: two windows of 64 KiB are full after about 390, and the rest waits.
test('A window update that comes after the end of its stream sends nothing.', () => {
  const { bed, recorder } = store(5);
  recorder.reads = false;
  bed.to(900);
  const { watches } = bed.member(0);
  const stream = watches.openStream(0, recorder, 0);
  watches.create(stream, { count: 200, minRevision: 0, row: 0 });
  bed.to(3000);
  const sent = recorder.sent.length;
  assert.ok(watches.pendingEvents > 128 - 64, 'the channel is full');
  assert.ok(stream.victimWatchers > 0);
  watches.close(stream);
  assert.equal(watches.pendingEvents, 0);
  stream.onRead(100_000);
  stream.resume();
  bed.to(4000);
  assert.equal(watches.pendingEvents, 0);
  assert.equal(recorder.sent.length, sent);
});

// The ticker of a stream beats every 10 to 11 minutes; what was sent an event since is left out
// once.
test('A quiet watcher hears of the revision every ten minutes and up to one more.', () => {
  const { bed, recorder } = store(0, 1_400_000);
  bed.to(2000);
  const { watches } = bed.member(0);
  watches.create(watches.openStream(0, recorder, 0), { count: 2, minRevision: 0, row: 0 });
  bed.end();
  const kinds = recorder.sent.map(({ kind }) => kind);
  assert.ok(kinds.length >= 4 && kinds.every((kind) => kind === ResponseKind.progress));
  const first = recorder.sent[0].atMs - 2000;
  assert.ok(first >= 600_000 && first <= 660_000);
  const second = recorder.sent.find(({ atMs }) => atMs > first + 2000)!.atMs - first - 2000;
  assert.ok(second >= 600_000 && second <= 660_000);
});

// 20,000 watchers on one stream and one revision: a handful of events for 64 watchers, not one
// each.
test('What is sent to many watchers of one stream costs far fewer events than watchers.', () => {
  const { bed, recorder } = store(1);
  const { watches } = bed.member(0);
  bed.to(900);
  watches.create(watches.openStream(0, recorder, 0), { count: 20_000, minRevision: 0, row: 0 });
  const o = bed.end();
  assert.equal(
    recorder.sent.reduce((sum, { count }) => sum + count, 0),
    20_000,
  );
  // 20 s of ticks, backend timers and one put are about 500 of these.
  assert.ok(o.result.eventCount < 2500, `${o.result.eventCount} events`);
});

test.run();
