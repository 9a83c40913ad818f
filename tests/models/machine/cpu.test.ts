import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { Cpu } from '../../../models/machine/index.ts';
import { createSampler } from '../../../src/dist/index.ts';
import { type CpuCommand, fluidCpu, type OracleProcess } from '../../oracles/fluid-cpu.ts';
import { at, recorder, world } from './world.ts';

const test = suite('cpu');

test('a job on an idle core takes its work and one event', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  cpu.execute(p, 100, done.type, 0, 0);
  cpu.execute(p, 250, done.type, 1, 0);
  w.runTo(1000);
  assert.deepEqual(done.log, ['100:0', '250:1']);
  // Two done events, the two hops of runTo, and the cut at time zero.
  assert.equal(w.sim.eventCount, 5);
});

test('three equal jobs on two cores run at two thirds each', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  for (let i = 0; i < 3; i++) cpu.execute(p, 200, done.type, i, 0);
  w.runTo(1000);
  // 3 x 200 ns of work on 2 cores: 300 ns.
  assert.deepEqual(done.log, ['300:0', '300:1', '300:2']);
});

test('a job that is joined half way shares only what it has left', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  cpu.execute(p, 100, done.type, 0, 0);
  at(w, 50, () => cpu.execute(p, 100, done.type, 1, 0));
  w.runTo(1000);
  // 0..50 alone; 50..150 half each, job 0 done; job 1 has 50 left: done at 200.
  assert.deepEqual(done.log, ['150:0', '200:1']);
});

test('cores go to processes by weight, and what one cannot use goes to the other', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 3 });
  const done = recorder(w);
  const heavy = cpu.process('heavy', { weight: 300 });
  const light = cpu.process('light', { weight: 100 });
  cpu.execute(heavy, 100, done.type, 0, 0);
  for (let i = 1; i <= 4; i++) cpu.execute(light, 100, done.type, i, 0);
  w.runTo(1000);
  // By weight 2.25 cores for heavy, which has one job: it gets 1, light shares 2 cores among 4
  // jobs. At 100 light has 50 left of each job and 3 cores: 4 x 50 / 3 = 66.7 ns more.
  assert.deepEqual(done.log, ['100:0', '167:1', '167:2', '167:3', '167:4']);
});

test('weights divide one core when both processes are busy', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const heavy = cpu.process('heavy', { weight: 3 });
  const light = cpu.process('light', { weight: 1 });
  cpu.execute(heavy, 300, done.type, 0, 0);
  cpu.execute(light, 300, done.type, 1, 0);
  w.runTo(1000);
  // heavy at 3/4 core: done at 400, when light has had 100; the other 200 alone: 600.
  assert.deepEqual(done.log, ['400:0', '600:1']);
});

test('a process that works in order ends its jobs one after another, as many at a time as cores', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd', { inOrder: true });
  for (let i = 0; i < 5; i++) cpu.execute(p, 100, done.type, i, 0);
  w.runTo(1000);
  assert.deepEqual(done.log, ['100:0', '100:1', '200:2', '200:3', '300:4']);
  assert.equal(cpu.usedNs(p), 500);
});

test('a process that works in order shares with others by weight, and keeps its order', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('etcd', { inOrder: true });
  const q = cpu.process('other');
  for (let i = 0; i < 2; i++) cpu.execute(p, 100, done.type, i, 0);
  cpu.execute(q, 100, done.type, 2, 0);
  w.runTo(1000);
  // Half a core each: job 0 and the other process end at 200, job 1 then has the core.
  assert.deepEqual(done.log, ['200:0', '200:2', '300:1']);
});

test('a job longer than 10 ms makes room for those that wait, and takes its next turn after them', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('kube-apiserver', { inOrder: true });
  cpu.execute(p, 25e6, done.type, 0, 0);
  at(w, 4e6, () => cpu.execute(p, 12e6, done.type, 1, 0));
  at(w, 5e6, () => cpu.execute(p, 100, done.type, 2, 0));
  w.runTo(100e6);
  // Turns: 0 until 10 ms, 1 until 20 ms, 2 (100 ns), 0 until 30 ms + 100 ns, 1 its last 2 ms, 0 its
  // last 5 ms. The turn of job 0 began with it, when the core was still its own.
  assert.deepEqual(done.log, ['20000100:2', '32000100:1', '37000100:0']);
  assert.equal(cpu.usedNs(p), 37_000_100);
});

test('a job that begins as one of its process ends goes on in its place and turn', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const p = cpu.process('kube-apiserver', { inOrder: true });
  const log: string[] = [];
  const doneType = w.sim.eventType('done', (job, parts) => {
    log.push(`${w.sim.nowNs}:${job}`);
    if (parts > 0) cpu.execute(p, 4e6, doneType, job, parts - 1);
  });
  cpu.execute(p, 4e6, doneType, 0, 2);
  cpu.execute(p, 4e6, doneType, 1, 0);
  cpu.execute(p, 4e6, doneType, 2, 0);
  w.runTo(100e6);
  // Job 0 goes on twice; its turn is over at 10 ms, in its third part: 2 ms of that come last.
  assert.deepEqual(log, ['4000000:0', '8000000:0', '14000000:1', '18000000:2', '20000000:0']);
});

test('a job alone keeps its core however long it is', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('kube-apiserver', { inOrder: true, quotaCores: 0.5 });
  cpu.execute(p, 75e6, done.type, 0, 0);
  w.runTo(300e6);
  // 50 ms of each period of 100 ms.
  assert.deepEqual(done.log, ['125000000:0']);
});

test('jobs that wait for their turn go with their process when it is dropped', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('etcd', { inOrder: true });
  for (let i = 0; i < 3; i++) cpu.execute(p, 100, done.type, i, 0);
  w.runTo(150);
  cpu.drop(p);
  assert.equal(cpu.usedNs(p), 150);
  cpu.execute(p, 100, done.type, 3, 0);
  w.runTo(1000);
  assert.deepEqual(done.log, ['100:0', '250:3']);
});

test('a paused process keeps its work and the others do not notice it', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  const q = cpu.process('apiserver');
  cpu.execute(p, 100, done.type, 0, 0);
  cpu.execute(q, 100, done.type, 1, 0);
  at(w, 30, () => cpu.pause(p));
  at(w, 40, () => cpu.execute(p, 10, done.type, 2, 0));
  at(w, 500, () => cpu.resume(p));
  w.runTo(1000);
  assert.deepEqual(done.log, ['100:1', '510:2', '570:0']);
});

test('the done events of a dropped process never come, not even those of this very instant', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  const q = cpu.process('apiserver');
  at(w, 100, () => cpu.drop(p));
  cpu.execute(p, 100, done.type, 0, 0);
  cpu.execute(p, 400, done.type, 1, 0);
  cpu.execute(p, 400, done.type, 2, 0);
  cpu.execute(q, 200, done.type, 3, 0);
  at(w, 600, () => cpu.execute(p, 50, done.type, 4, 0));
  w.runTo(1000);
  // p and q have equal weight: one core each, and q's only job never notices.
  assert.deepEqual(done.log, ['200:3', '650:4']);
});

test('a done event that is due at the instant of the drop does not come', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  const q = cpu.process('other');
  at(w, 100, () => {
    cpu.execute(q, 10, done.type, 1, 0);
    cpu.drop(p);
  });
  cpu.execute(p, 100, done.type, 0, 0);
  w.runTo(1000);
  assert.deepEqual(done.log, ['110:1']);
});

test('a frozen machine stops every process, also one that starts meanwhile', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  cpu.execute(p, 100, done.type, 0, 0);
  at(w, 10, () => cpu.freeze());
  at(w, 20, () => cpu.execute(cpu.process('late'), 100, done.type, 1, 0));
  at(w, 300, () => cpu.thaw());
  w.runTo(1000);
  assert.deepEqual(done.log, ['390:0', '400:1']);
});

test('a quota is spent at full speed and then the process stands still until the period ends', () => {
  const w = world({ horizonNs: 1e9 });
  const cpu = new Cpu(w, 'cpu', { cores: 4 });
  const done = recorder(w);
  const p = cpu.process('etcd', { quotaCores: 0.5 });
  // 50 ms of CPU time a period of 100 ms. Two jobs of 40 ms: 25 ms each until 25 ms, then nothing
  // until 100 ms, then the 15 ms that are left of each.
  cpu.execute(p, 40e6, done.type, 0, 0);
  cpu.execute(p, 40e6, done.type, 1, 0);
  w.runTo(500e6);
  assert.deepEqual(done.log, ['115000000:0', '115000000:1']);
});

test('a serial loop on one core starts its next job at the instant the last one ends, one event each', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const p = cpu.process('etcd');
  const ends: number[] = [];
  const type = w.sim.eventType('loop', () => {
    ends.push(w.sim.nowNs);
    if (ends.length < 4) cpu.execute(p, 100, type, 0, 0);
  });
  cpu.execute(p, 100, type, 0, 0);
  w.runTo(1000);
  assert.deepEqual(ends, [100, 200, 300, 400]);
  // Four done events, the two hops of runTo, and the cut at time zero.
  assert.equal(w.sim.eventCount, 7);
});

test('time in which a process is stopped is no waiting for the CPU', () => {
  const w = world({ horizonNs: 10_000 });
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  const q = cpu.process('other');
  cpu.execute(p, 100, done.type, 0, 0);
  cpu.execute(q, 100, done.type, 1, 0);
  at(w, 50, () => cpu.pause(p));
  at(w, 5000, () => cpu.resume(p));
  const r = w.resource('cpu');
  // Until 50 both had 25. q: alone from 50 on, ends at 125, waited 25. p: 75 left at 5000, ends at
  // 5075, waited 25 of the first 50; the 4950 of the stop are none.
  assert.deepEqual(done.log, ['125:1', '5075:0']);
  assert.equal(r.waitNsTotal, 50);
  assert.equal(r.waitNsMax, 25);
});

test('CPU time of a process dropped from a core of its own is what it had', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  cpu.execute(p, 100, done.type, 0, 0);
  w.runTo(30);
  cpu.drop(p);
  w.runTo(500);
  assert.equal(cpu.usedNs(p), 30);
});

test('a drop long after a job has ended takes nothing from its CPU time', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  cpu.execute(p, 100, done.type, 0, 0);
  // Nobody looks at the cores between the end of the job and the drop.
  w.runTo(300);
  cpu.drop(p);
  assert.equal(cpu.usedNs(p), 100);
});

test('jobs that end together and start their successors at once end together again', () => {
  const w = world({ horizonNs: 1e9 });
  const cpu = new Cpu(w, 'cpu', { cores: 2 });
  const p = cpu.process('etcd');
  const ends: number[] = [];
  const done = w.sim.eventType('again', (job, round) => {
    ends.push(w.sim.nowNs);
    if (round < 3) cpu.execute(p, 100, done, job, round + 1);
  });
  const jobs = 2000;
  for (let job = 0; job < jobs; job++) cpu.execute(p, 100, done, job, 1);
  w.runTo(5e8);
  // 2000 x 100 ns on two cores: 100 us a round.
  assert.deepEqual([...new Set(ends)], [100_000, 200_000, 300_000]);
  assert.equal(ends.length, 3 * jobs);
  assert.equal(cpu.usedNs(p), 3 * jobs * 100);
});

test('a wake-up costs its latency on an idle core and nothing on busy ones', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1, wakeup: { kind: 'constant', value: 7 } });
  const done = recorder(w);
  const p = cpu.process('etcd');
  cpu.executeAfterWakeup(p, 100, done.type, 0, 0);
  at(w, 200, () => {
    cpu.execute(p, 100, done.type, 1, 0);
    cpu.executeAfterWakeup(p, 100, done.type, 2, 0);
  });
  w.runTo(1000);
  assert.deepEqual(done.log, ['107:0', '400:1', '400:2']);
});

test('CPU time of a process leaves out what is not done yet and what was dropped', () => {
  const w = world();
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  const q = cpu.process('other');
  cpu.execute(p, 100, done.type, 0, 0);
  cpu.execute(q, 100, done.type, 1, 0);
  w.runTo(50);
  assert.equal(cpu.usedNs(p), 25);
  cpu.drop(p);
  w.runTo(500);
  assert.equal(cpu.usedNs(p), 25);
  assert.equal(cpu.usedNs(q), 100);
});

test('utilization, queue and waiting are measured exactly over sharing and direct stretches', () => {
  const w = world({ horizonNs: 1000, seriesIntervalNs: 100 });
  const cpu = new Cpu(w, 'cpu', { cores: 1 });
  const done = recorder(w);
  const p = cpu.process('etcd');
  cpu.execute(p, 100, done.type, 0, 0);
  at(w, 50, () => cpu.execute(p, 100, done.type, 1, 0));
  at(w, 400, () => cpu.execute(p, 150, done.type, 2, 0));
  const r = w.resource('cpu');
  // Busy 0..200 and 400..550 of 1000. Between 50 and 150 two jobs share: one waits on average, job
  // 0 half of 100 ns and job 1 half of 100 ns.
  assert.equal(r.utilization, 0.35);
  assert.equal(r.arrivals, 3);
  assert.equal(r.queueMean, 0.1);
  assert.equal(r.queueMax, 1);
  assert.equal(r.waitNsTotal, 100);
  assert.equal(r.serviceNsMean, 350 / 3);
  const used = w.run().counters.find((c) => c.name === 'wavetank_cpu_used_nanoseconds_total');
  assert.deepEqual(used?.perSegment, [350]);
});

/** Poisson arrivals every 1 ms / cores, exponential work of 0.7 ms: mean sojourn and the probe. */
function poissonLoad(cores: number, o: { inOrder: boolean; constantWork?: boolean }) {
  const horizonNs = 60e9;
  const w = world({ horizonNs, warmupNs: 1e9 });
  const cpu = new Cpu(w, 'cpu', { cores });
  const p = cpu.process('etcd', o);
  const gap = createSampler({ kind: 'exponential', mean: 1e6 / cores }, w.sim.stream('gap'));
  const mean = 700_000;
  const work = createSampler(
    o.constantWork === true ? { kind: 'constant', value: mean } : { kind: 'exponential', mean },
    w.sim.stream('work'),
  );
  const started = new Float64Array(1 << 20);
  let jobs = 0;
  let finished = 0;
  let sojournNs = 0;
  const doneType = w.sim.eventType('done', (a) => {
    finished++;
    sojournNs += w.sim.nowNs - started[a];
  });
  const arriveType = w.sim.eventType('arrive', () => {
    started[jobs] = w.sim.nowNs;
    cpu.execute(p, work.next(0), doneType, jobs++, 0);
    w.sim.schedule(gap.next(0), arriveType);
  });
  w.sim.schedule(0, arriveType);
  const r = w.resource('cpu');
  assert.ok(Math.abs(r.utilization - 0.7) < 0.015, `utilization ${r.utilization}`);
  // Little's law for the waiting part: queueMean = arrivals/s x mean wait.
  const little = (r.arrivals * r.waitNsMean) / (horizonNs - 1e9);
  assert.ok(Math.abs(r.queueMean / little - 1) < 0.01, `${r.queueMean} against ${little}`);
  return sojournNs / finished;
}

test('the mean sojourn of M/M/1 processor sharing is 1 / (mu - lambda)', () => {
  // 0.7 ms / (1 - 0.7) = 2.333 ms; 60,000 jobs: the standard error is about 2 %.
  const meanNs = poissonLoad(1, { inOrder: false });
  assert.ok(Math.abs(meanNs / 2_333_333 - 1) < 0.06, `mean sojourn ${meanNs}`);
});

test('in order, the mean sojourn is that of M/M/2 and of M/D/1', () => {
  // Erlang C of 2 servers at 1.4: 0.98 / (0.3 x 2.4 + 0.98) = 0.5765; wait 0.5765 x 0.7 / 0.6 ms.
  const two = poissonLoad(2, { inOrder: true });
  assert.ok(Math.abs(two / (700_000 + 672_549) - 1) < 0.04, `mean sojourn ${two}`);
  // Pollaczek-Khinchine: wait 0.7 x 0.7 / (2 x 0.3) ms = 0.8167 ms; sharing gives 1.633 ms.
  const one = poissonLoad(1, { inOrder: true, constantWork: true });
  assert.ok(Math.abs(one / 1_516_667 - 1) < 0.04, `mean sojourn ${one}`);
});

/** Rounding moves an end by a few ns at most; a wrong rate by far more than that. */
const TOLERANCE_NS = 8;

function play(
  cores: number,
  processes: readonly OracleProcess[],
  commands: readonly CpuCommand[],
): number[] {
  const w = world({ horizonNs: 100e9 });
  const cpu = new Cpu(w, 'cpu', { cores });
  const ends: number[] = [];
  const doneType = w.sim.eventType('done', (a) => {
    ends[a] = w.sim.nowNs;
  });
  const ids = processes.map((o, i) => cpu.process(`p${i}`, o));
  for (const c of commands) {
    at(w, c.atNs, () => {
      if (c.kind === 'execute') {
        ends.push(Number.NaN);
        cpu.execute(ids[c.process], c.workNs, doneType, ends.length - 1, 0);
      } else {
        cpu[c.kind](ids[c.process]);
      }
    });
  }
  w.sim.advance(1e6);
  return ends;
}

test('the two regimes agree with a fluid simulator that recomputes everything', () => {
  const command = fc.record({
    kind: fc.constantFrom('execute', 'execute', 'execute', 'execute', 'pause', 'resume', 'drop'),
    gapNs: fc.integer({ min: 0, max: 40_000_000 }),
    process: fc.nat(2),
    workNs: fc.integer({ min: 1, max: 120_000_000 }),
  });
  const process = fc.record({
    weight: fc.constantFrom(1, 2, 39, 100),
    quotaCores: fc.constantFrom(Infinity, Infinity, 0.3, 1.5),
    inOrder: fc.boolean(),
  });
  const property = fc.property(
    fc.integer({ min: 1, max: 5 }),
    fc.array(process, { minLength: 3, maxLength: 3 }),
    fc.array(command, { maxLength: 40 }),
    (cores, processes, raw) => {
      let atNs = 1;
      const commands = raw.map((c) => {
        // Commands are one ns apart at least: at equal times a job that ends races with them.
        atNs += 1 + c.gapNs;
        return { ...c, atNs } as CpuCommand;
      });
      const expected = fluidCpu(cores, 100_000_000, processes, commands, 10_000_000);
      const actual = play(cores, processes, commands);
      assert.equal(actual.length, expected.length);
      for (let i = 0; i < expected.length; i++) {
        const same = Number.isNaN(expected[i])
          ? Number.isNaN(actual[i])
          : Math.abs(actual[i] - expected[i]) <= TOLERANCE_NS;
        assert.ok(same, `job ${i} ends at ${actual[i]}, expected ${expected[i]}`);
      }
    },
  );
  fc.assert(property, { numRuns: 300, seed: 7 });
});

test.run();
