/** What holds exactly, job by job: Little's law, busy time, order, and the waiting of processes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  BatchServer,
  BoundedQueue,
  Lock,
  type ModelContext,
  ServerPool,
  TokenBucket,
} from '../../src/resource/index.ts';
import { MS, runToEnd, S, testBed, US } from './bed.ts';

const test = suite('resource/conservation');

interface Job {
  readonly atNs: number;
  readonly serviceNs: number;
}

const jobs = fc
  .array(
    fc.record({
      atNs: fc.integer({ min: 0, max: 400 * US }),
      serviceNs: fc.integer({ min: 0, max: 20 * US }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((list) => list.sort((a, b) => a.atNs - b.atNs));

/** Long enough for every job to be done. */
const HORIZON_NS = 10 * MS;

/**
 * Builds a station in a fresh bed, gives it the jobs, and returns finish times and measurements.
 */
function serve(
  list: readonly Job[],
  build: (ctx: ModelContext) => (serviceNs: number, doneType: number, i: number) => void,
) {
  const ctx = testBed(HORIZON_NS);
  const { sim } = ctx;
  const doneNs: number[] = list.map(() => Number.NaN);
  const request = build(ctx);
  const doneType = sim.eventType('test/done', (i) => {
    assert.ok(Number.isNaN(doneNs[i]), `job ${i} is done twice`);
    doneNs[i] = sim.nowNs;
  });
  const arrive = sim.eventType('test/arrive', (i) => request(list[i].serviceNs, doneType, i));
  list.forEach((job, i) => {
    sim.scheduleAt(job.atNs, arrive, i);
  });
  const result = runToEnd(ctx);
  return { doneNs, resource: result.resources[0], result };
}

/** Integral of the queue length = sum of the waits: Little's law without a margin. */
function assertLittle(resource: { queueMean: number; waitNsTotal: number }): void {
  assert.ok(Math.abs(resource.queueMean * HORIZON_NS - resource.waitNsTotal) < 1e-6);
}

test('Server pool: jobs are done when the c-server recursion says, none is lost.', () => {
  fc.assert(
    fc.property(jobs, fc.integer({ min: 1, max: 4 }), (list, servers) => {
      const { doneNs, resource } = serve(list, (ctx) => {
        const pool = new ServerPool(ctx, 'pool', { servers });
        return (serviceNs, doneType, i) => assert.ok(pool.request(serviceNs, doneType, i, 0));
      });
      // Kiefer-Wolfowitz: a job starts when it has come and the first server is free.
      const freeNs = new Array<number>(servers).fill(0);
      let waitNs = 0;
      let busyNs = 0;
      list.forEach((job, i) => {
        freeNs.sort((a, b) => a - b);
        const startNs = Math.max(job.atNs, freeNs[0]);
        freeNs[0] = startNs + job.serviceNs;
        assert.equal(doneNs[i], freeNs[0]);
        waitNs += startNs - job.atNs;
        busyNs += job.serviceNs;
      });
      assert.equal(resource.arrivals, list.length);
      assert.equal(resource.waitNsTotal, waitNs);
      assertLittle(resource);
      assert.ok(Math.abs(resource.utilization * servers * HORIZON_NS - busyNs) < 1e-6);
    }),
  );
});

test('Server pool: a full queue refuses, and nothing is scheduled for the refused.', () => {
  const list = [0, 0, 0, 0].map((atNs) => ({ atNs, serviceNs: 5 * US }));
  const accepted: boolean[] = [];
  const { doneNs } = serve(list, (ctx) => {
    const pool = new ServerPool(ctx, 'pool', { servers: 1, queueLimit: 1 });
    return (serviceNs, doneType, i) => accepted.push(pool.request(serviceNs, doneType, i, 0));
  });
  assert.deepEqual(accepted, [true, true, false, false]);
  assert.deepEqual(doneNs, [5 * US, 10 * US, Number.NaN, Number.NaN]);
});

test('Batch server: everything that waits goes with the next batch, up to its limit.', () => {
  fc.assert(
    fc.property(jobs, fc.integer({ min: 1, max: 5 }), (list, batchLimit) => {
      const { doneNs, resource } = serve(list, (ctx) => {
        const serviceNs = (n: number) => 10 * US + n * US;
        const server = new BatchServer(ctx, 'wal', { serviceNs, batchLimit });
        return (_, doneType, i) => assert.ok(server.request(doneType, i, 0));
      });
      let first = 0;
      let freeNs = -1;
      let waitNs = 0;
      let busyNs = 0;
      while (first < list.length) {
        const startNs = Math.max(list[first].atNs, freeNs);
        // The first to find the server idle goes alone; behind a batch all goes that came before
        // its end or at that very ns.
        let n = 1;
        if (startNs === freeNs) {
          while (n < batchLimit && list[first + n]?.atNs <= startNs) n += 1;
        }
        freeNs = startNs + 10 * US + n * US;
        busyNs += 10 * US + n * US;
        for (let i = first; i < first + n; i += 1) {
          assert.equal(doneNs[i], freeNs);
          waitNs += startNs - list[i].atNs;
        }
        first += n;
      }
      assert.equal(resource.waitNsTotal, waitNs);
      assertLittle(resource);
      assert.ok(Math.abs(resource.utilization * HORIZON_NS - busyNs) < 1e-6);
    }),
  );
});

test('Batch server: the service time sees the number of jobs and the sum of their weights.', () => {
  const seen: [number, number][] = [];
  const list = [0, 1, 2, 3].map((atNs) => ({ atNs, serviceNs: 0 }));
  const { result } = serve(list, (ctx) => {
    const serviceNs = (n: number, weight: number) => {
      seen.push([n, weight]);
      return 100;
    };
    const server = new BatchServer(ctx, 'wal', { serviceNs });
    return (_, doneType, i) => server.request(doneType, i, 0, 256 * (i + 1));
  });
  assert.deepEqual(seen, [
    [1, 256],
    [3, 512 + 768 + 1024],
  ]);
  const sizes = result.tallies.find((tally) => tally.name === 'wavetank_resource_batch_jobs');
  assert.deepEqual([...(sizes?.perSegment[0].index ?? [])], [1, 3]);
});

test('Lock: one holder at a time, first come first served, busy while held.', () => {
  fc.assert(
    fc.property(jobs, (list) => {
      let holders = 0;
      const order: number[] = [];
      const { doneNs, resource } = serve(list, (ctx) => {
        const { sim } = ctx;
        const lock = new Lock(ctx, 'lock');
        let doneType = 0;
        const releaseType = sim.eventType('test/release', (i) => {
          holders -= 1;
          lock.release();
          sim.schedule(0, doneType, i);
        });
        const grantedType = sim.eventType('test/granted', (i) => {
          holders += 1;
          assert.ok(lock.held && holders === 1);
          order.push(i);
          sim.schedule(list[i].serviceNs, releaseType, i);
        });
        return (_, type, i) => {
          doneType = type;
          lock.acquire(grantedType, i, 0);
        };
      });
      let freeNs = 0;
      let heldNs = 0;
      list.forEach((job, i) => {
        freeNs = Math.max(freeNs, job.atNs) + job.serviceNs;
        heldNs += job.serviceNs;
        assert.equal(doneNs[i], freeNs);
      });
      assert.deepEqual(order, [...list.keys()]);
      assertLittle(resource);
      assert.ok(Math.abs(resource.utilization * HORIZON_NS - heldNs) < 1e-6);
      assert.equal(resource.arrivals, list.length);
    }),
  );
});

test('Lock: tryAcquire takes a free lock only; releasing a free lock is our bug.', () => {
  const lock = new Lock(testBed(S), 'lock');
  assert.equal(lock.tryAcquire(), true);
  assert.equal(lock.tryAcquire(), false);
  lock.release();
  assert.equal(lock.held, false);
  assert.throws(() => lock.release(), /not held/);
});

test('Token bucket: the integral of its queue is the sum of the waits.', () => {
  fc.assert(
    fc.property(jobs, (list) => {
      const { resource } = serve(list, (ctx) => {
        const bucket = new TokenBucket(ctx, 'bucket', { ratePerSecond: 50_000, burst: 3 });
        return (_, doneType, i) => bucket.take(1, doneType, i, 0);
      });
      assert.equal(resource.arrivals, list.length);
      assertLittle(resource);
    }),
  );
});

test('Bounded queue: first in first out like an array; what does not fit is refused.', () => {
  const steps = fc.array(fc.option(fc.integer({ min: 0, max: 1000 })), { maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 40 }), (list, limit) => {
      const ctx = testBed(HORIZON_NS);
      const queue = new BoundedQueue(ctx, 'queue', { limit });
      const oracle: number[] = [];
      let refused = 0;
      const step = ctx.sim.eventType('test/step', (i) => {
        const value = list[i];
        if (value === null) {
          if (oracle.length > 0) assert.equal(queue.shift(), oracle.shift());
        } else if (oracle.length < limit) {
          assert.equal(queue.push(value), true);
          oracle.push(value);
        } else {
          refused += 1;
          assert.equal(queue.push(value), false);
        }
        assert.equal(queue.length, oracle.length);
        for (let k = 0; k < oracle.length; k += 1) assert.equal(queue.peek(k), oracle[k]);
      });
      list.forEach((_, i) => {
        ctx.sim.scheduleAt(i * US, step, i);
      });
      const drain = ctx.sim.eventType('test/drain', () => {
        while (oracle.length > 0) assert.equal(queue.shift(), oracle.shift());
      });
      ctx.sim.scheduleAt(MS, drain);
      assertLittle(runToEnd(ctx).resources[0]);
      assert.equal(queue.refused, refused);
    }),
  );
});

test('Processes wait for each of them by yielding it.', () => {
  const ctx = testBed(S);
  const { sim } = ctx;
  const pool = new ServerPool(ctx, 'pool', { servers: 1, queueLimit: 0 });
  const batch = new BatchServer(ctx, 'batch', { serviceNs: () => 2 * MS });
  const lock = new Lock(ctx, 'lock');
  const bucket = new TokenBucket(ctx, 'bucket', { ratePerSecond: 1000, burst: 1 });
  const queue = new BoundedQueue(ctx, 'queue', { limit: 4 });
  const log: string[] = [];
  const note = (who: string, what: string) => log.push(`${sim.nowNs / MS} ${who} ${what}`);
  function* worker(who: string) {
    const use = pool.use(3 * MS);
    yield use;
    note(who, use.accepted ? 'served' : 'refused');
    yield lock;
    note(who, 'holds');
    yield 5 * MS;
    lock.release();
    yield bucket.taken(1);
    note(who, 'has a token');
    yield batch.use();
    note(who, 'is written');
    queue.push(who === 'a' ? 1 : 2);
  }
  function* reader() {
    for (let n = 0; n < 2; n += 1) {
      while (queue.length === 0) yield queue;
      note('reader', `gets ${queue.shift()}`);
    }
  }
  sim.spawn('reader', reader());
  sim.spawn('a', worker('a'));
  sim.spawn('b', worker('b'));
  runToEnd(ctx);
  assert.deepEqual(log, [
    '0 b refused',
    '0 b holds',
    '3 a served',
    '5 a holds',
    '5 b has a token',
    '7 b is written',
    '7 reader gets 2',
    '10 a has a token',
    '12 a is written',
    '12 reader gets 1',
  ]);
});

test.run();
