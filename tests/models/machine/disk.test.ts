import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { Disk } from '../../../models/machine/index.ts';
import { createSampler } from '../../../src/dist/index.ts';
import { type DiskCommand, slowDisk } from '../../oracles/slow-disk.ts';
import { at, diskScenario, recorder, world } from './world.ts';

const test = suite('disk');

test('syncs overlap freely on a disk of unlimited depth', () => {
  const w = world();
  const disk = new Disk(w, 'wal', diskScenario());
  const done = recorder(w);
  for (let i = 0; i < 3; i++) disk.fsync(2300, done.type, i, 0);
  at(w, 400, () => disk.fsync(2300, done.type, 3, 0));
  w.runTo(5000);
  assert.deepEqual(done.log, ['1000:0', '1000:1', '1000:2', '1400:3']);
});

test('a disk of depth 1 serialises, first come first served', () => {
  const w = world({ horizonNs: 10_000 });
  const disk = new Disk(w, 'wal', diskScenario({ queueDepth: 1 }));
  const done = recorder(w);
  for (let i = 0; i < 3; i++) disk.fsync(2300, done.type, i, 0);
  const r = w.resource('wal');
  assert.deepEqual(done.log, ['1000:0', '2000:1', '3000:2']);
  // Two wait 0..1000, one 1000..2000: 3000 ns of waiting in 10,000 ns.
  assert.equal(r.queueMean, 0.3);
  assert.equal(r.queueMax, 2);
  assert.equal(r.waitNsTotal, 3000);
  assert.equal(r.utilization, 0.3);
});

test('a disk of depth 2 starts the third sync when the first ends', () => {
  const w = world();
  const disk = new Disk(w, 'wal', diskScenario({ queueDepth: 2 }));
  const done = recorder(w);
  disk.fsync(1, done.type, 0, 0);
  at(w, 300, () => disk.fsync(1, done.type, 1, 0));
  at(w, 400, () => disk.fsync(1, done.type, 2, 0));
  w.runTo(5000);
  assert.deepEqual(done.log, ['1000:0', '1300:1', '2000:2']);
});

test('a stall adds its length to what is in service, and what arrives waits until its end', () => {
  const w = world();
  const disk = new Disk(w, 'wal', diskScenario());
  const done = recorder(w);
  disk.fsync(1, done.type, 0, 0);
  at(w, 600, () => disk.stall(5000));
  at(w, 700, () => disk.fsync(1, done.type, 1, 0));
  w.runTo(9000);
  // Sync 0 had 400 left at 600: 5000 + 400. Sync 1 begins at 5000.
  assert.deepEqual(done.log, ['5400:0', '6000:1']);
});

test('a stall that is prolonged adds only what it is longer', () => {
  const w = world();
  const disk = new Disk(w, 'wal', diskScenario());
  const done = recorder(w);
  disk.fsync(1, done.type, 0, 0);
  at(w, 600, () => disk.stall(5000));
  at(w, 2000, () => disk.stall(7000));
  at(w, 3000, () => disk.stall(6500));
  w.runTo(9000);
  assert.deepEqual(done.log, ['7400:0']);
});

test('a stall for ever lets nothing end before the horizon', () => {
  const w = world({ horizonNs: 100_000 });
  const disk = new Disk(w, 'wal', diskScenario());
  const done = recorder(w);
  disk.fsync(1, done.type, 0, 0);
  at(w, 500, () => disk.stall(Infinity));
  at(w, 99_999, () => disk.fsync(1, done.type, 1, 0));
  w.run();
  assert.deepEqual(done.log, []);
});

test('a stall of a serialising disk delays the queue behind it', () => {
  const w = world();
  const disk = new Disk(w, 'wal', diskScenario({ queueDepth: 1 }));
  const done = recorder(w);
  disk.fsync(1, done.type, 0, 0);
  disk.fsync(1, done.type, 1, 0);
  at(w, 500, () => disk.stall(2500));
  w.runTo(9000);
  assert.deepEqual(done.log, ['3000:0', '4000:1']);
});

test('a slower disk takes longer for what has not begun', () => {
  const w = world();
  const disk = new Disk(w, 'wal', diskScenario({ queueDepth: 1 }));
  const done = recorder(w);
  disk.fsync(1, done.type, 0, 0);
  disk.fsync(1, done.type, 1, 0);
  at(w, 500, () => disk.slow(3));
  at(w, 4500, () => disk.slow(1));
  at(w, 4600, () => disk.fsync(1, done.type, 2, 0));
  w.runTo(9000);
  // Sync 0 began before; sync 1 takes 3000 from 1000 on; sync 2 is as built again.
  assert.deepEqual(done.log, ['1000:0', '4000:1', '5600:2']);
});

test('another latency holds for syncs that begin from then on', () => {
  const w = world();
  const disk = new Disk(w, 'wal', diskScenario());
  const done = recorder(w);
  disk.fsync(1, done.type, 0, 0);
  at(w, 100, () => {
    disk.setFsync({ kind: 'constant', value: 50 });
    disk.fsync(1, done.type, 1, 0);
  });
  w.runTo(9000);
  assert.deepEqual(done.log, ['150:1', '1000:0']);
});

test('a full disk refuses and sends no event', () => {
  const w = world({ horizonNs: 10_000 });
  const disk = new Disk(w, 'wal', diskScenario({ capacityBytes: 100 }));
  const done = recorder(w);
  disk.full(true);
  assert.equal(disk.fsync(1, done.type, 0, 0), false);
  assert.equal(disk.write(1, done.type, 0, 0), false);
  disk.full(false);
  assert.equal(disk.allocate(60), true);
  assert.equal(disk.allocate(41), false);
  disk.free(30);
  assert.equal(disk.allocate(41), true);
  assert.equal(disk.usedBytes, 71);
  const refused = w.run().counters.find((c) => c.name === 'wavetank_disk_no_space_total');
  assert.deepEqual(refused?.perSegment, [3]);
  assert.deepEqual(done.log, []);
});

test('a burst of operations is free, then they come at the rate', () => {
  const w = world({ horizonNs: 10e9 });
  // 1000 operations per second, 2 in credit; syncs take 1000 ns.
  const disk = new Disk(w, 'wal', diskScenario({ iops: 1000, iopsBurst: 2 }));
  const done = recorder(w);
  for (let i = 0; i < 4; i++) disk.fsync(2300, done.type, i, 0);
  w.runTo(1e9);
  // The third waits for one operation's worth, 1 ms, the fourth for 2 ms.
  assert.deepEqual(done.log, ['1000:0', '1000:1', '1001000:2', '2001000:3']);
});

test('a small sync passes a large commit but not the queue of the device', () => {
  const w = world({ horizonNs: 10e9 });
  const bandwidthBytesPerSecond = 1_048_576_000;
  const disk = new Disk(w, 'wal', diskScenario({ bandwidthBytesPerSecond }));
  const done = recorder(w);
  disk.fsync(104_857_600, done.type, 0, 0);
  disk.fsync(1024, done.type, 1, 0);
  w.runTo(1e9);
  // 100 MiB at 1000 MiB/s: 100 ms. The small one: 1 MiB of queue, 1 KiB of the other's turn and its
  // own 1 KiB, (1,048,576 + 2 x 1024) / 1,048,576,000 s = 1.001953125 ms, rounded up. Both then
  // take 1 us.
  assert.deepEqual(done.log, ['1002954:1', '100001000:0']);
});

test('a write takes of the bandwidth and has no latency of its own', () => {
  const w = world({ horizonNs: 10e9 });
  const disk = new Disk(w, 'wal', diskScenario({ bandwidthBytesPerSecond: 1e9 }));
  const done = recorder(w);
  disk.write(5000, done.type, 0, 0);
  w.runTo(1e9);
  assert.deepEqual(done.log, ['5000:0']);
});

test('a production histogram adds no contention and counts the syncs that would have met some', () => {
  const w = world({ horizonNs: 10_000 });
  const o = diskScenario({ fsyncKind: 'response', queueDepth: 1, iops: 1000, iopsBurst: 1 });
  const disk = new Disk(w, 'wal', o);
  const done = recorder(w);
  for (let i = 0; i < 3; i++) disk.fsync(2300, done.type, i, 0);
  w.runTo(5000);
  assert.deepEqual(done.log, ['1000:0', '1000:1', '1000:2']);
  const counters = w.run().counters;
  const beyond = counters.find((c) => c.name === 'wavetank_disk_beyond_observed_total');
  assert.deepEqual(beyond?.perSegment, [2]);
});

test('a serialising disk under Poisson syncs has the waiting time of M/G/1', () => {
  const horizonNs = 120e9;
  const w = world({ horizonNs, warmupNs: 1e9 });
  const fsync = { kind: 'gamma', mean: 600_000, shape: 2 } as const;
  const disk = new Disk(w, 'wal', diskScenario({ queueDepth: 1, fsync }));
  const gap = createSampler({ kind: 'exponential', mean: 1_000_000 }, w.sim.stream('gap'));
  const done = w.sim.eventType('done', () => {});
  const arriveType = w.sim.eventType('arrive', () => {
    disk.fsync(2300, done, 0, 0);
    w.sim.schedule(gap.next(0), arriveType);
  });
  w.sim.schedule(0, arriveType);
  const r = w.resource('wal');
  // Pollaczek-Khinchine: lambda E[S^2] / (2 (1 - rho)); E[S^2] = (1 + 1/2) 0.6^2 = 0.54 ms^2:
  // 0.54 / (2 x 0.4) = 0.675 ms.
  assert.ok(Math.abs(r.waitNsMean / 675_000 - 1) < 0.04, `mean wait ${r.waitNsMean}`);
  assert.ok(Math.abs(r.utilization - 0.6) < 0.01, `utilization ${r.utilization}`);
  const little = (r.arrivals * r.waitNsMean) / (horizonNs - 1e9);
  assert.ok(Math.abs(r.queueMean / little - 1) < 0.01, `${r.queueMean} against ${little}`);
});

test('the plan of a disk agrees with one that serves its queue step by step', () => {
  const command = fc.record({
    kind: fc.constantFrom('fsync', 'fsync', 'fsync', 'stall', 'slow'),
    gapNs: fc.integer({ min: 0, max: 1500 }),
    value: fc.integer({ min: 1, max: 4 }),
  });
  const property = fc.property(
    fc.constantFrom(1, 2, 3),
    fc.array(command, { maxLength: 60 }),
    (queueDepth, raw) => {
      let atNs = 1;
      const commands: DiskCommand[] = raw.map((c) => {
        atNs += c.gapNs;
        return { kind: c.kind, atNs, value: c.value };
      });
      const w = world();
      const disk = new Disk(w, 'wal', diskScenario({ queueDepth }));
      const done = recorder(w);
      let syncs = 0;
      for (const c of commands) {
        at(w, c.atNs, () => {
          if (c.kind === 'fsync') disk.fsync(1, done.type, syncs++, 0);
          else if (c.kind === 'slow') disk.slow(c.value);
          else disk.stall(c.atNs + c.value * 700);
        });
      }
      w.runTo(1e8);
      assert.deepEqual(done.times, slowDisk(queueDepth, 1000, commands));
    },
  );
  fc.assert(property, { numRuns: 200, seed: 11 });
});

test.run();
