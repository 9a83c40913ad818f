/** The parts of a node by hand: back-offs, runtime, relists, probes. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { Backoff } from '../../../models/node/backoff.ts';
import { nodeConstants } from '../../../models/node/index.ts';
import { Pleg } from '../../../models/node/pleg.ts';
import { killedAtNs, readyAtNs } from '../../../models/node/probes.ts';
import { RuntimeServers } from '../../../models/node/runtime-server.ts';
import type { Probe } from '../../../models/objects/index.ts';
import { Constants } from '../../../src/core/index.ts';
import { ServerPool } from '../../../src/resource/index.ts';
import { testBed } from '../../resource/bed.ts';
import { container } from './bed.ts';

const test = suite('node/parts');
const S = 1e9;
const MS = 1e6;

test('A back-off doubles from 10 s to 5 min and is forgotten after 10 min without a failure.', () => {
  const backoff = new Backoff({ initialNs: 10 * S, maxNs: 300 * S });
  const waits: number[] = [];
  let atNs = 0;
  for (let i = 0; i < 8; i++) {
    waits.push(backoff.waitNs(atNs) / S);
    backoff.next(atNs);
    atNs += backoff.waitNs(atNs);
  }
  assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
  assert.equal(backoff.isWaiting(atNs + 299 * S, atNs), true);
  assert.equal(backoff.isWaiting(atNs + 300 * S, atNs), false);
  // The last failure was counted 300 s before atNs.
  assert.equal(backoff.waitNs(atNs + 300 * S), 300 * S);
  assert.equal(backoff.waitNs(atNs + 301 * S), 0);
});

// --- Runtime ----------------------------------------------------------------------------------

interface Job {
  readonly atMs: number;
  readonly node: number;
  readonly ms: number;
}

interface Sharing {
  readonly parallelism?: number;
  readonly cores?: number;
  readonly constants?: Readonly<Record<string, number>>;
}

/** Nothing is shared: a runtime with a limit is then a pool of servers. */
const FREE = {
  'kubelet.upkeepCores': 0,
  'kubelet.upkeepCoresPerPod': 0,
  'runtime.cpuShare': 1e-9,
  'runtime.lockShare': 1e-9,
};

function runtime(jobs: readonly Job[], sharing: Sharing): number[] {
  const { parallelism = Number.POSITIVE_INFINITY, cores = 1, constants = FREE } = sharing;
  const bed = testBed(1e6 * S);
  const registry = new Constants(nodeConstants, constants);
  const ctx = { ...bed, constants: registry };
  const servers = new RuntimeServers(ctx, {
    name: 'runtime',
    nodes: 3,
    cores,
    parallelism,
    podsOn: () => 10,
  });
  const ends = jobs.map(() => -1);
  const done = ctx.sim.eventType('done', (i) => {
    ends[i] = ctx.sim.nowNs / MS;
  });
  const begin = ctx.sim.eventType('begin', (i) => {
    servers.request(jobs[i].node, jobs[i].ms * MS, done, i, 0);
  });
  for (const [i, { atMs }] of jobs.entries()) ctx.sim.scheduleAt(atMs * MS, begin, i);
  while (!ctx.sim.finished) ctx.sim.advance(1e6);
  return ends;
}

test('A node does as many operations at once as it may; another node does not wait for it.', () => {
  const job = { atMs: 0, node: 0, ms: 100 };
  const jobs = [job, job, job, { ...job, node: 1 }];
  assert.deepEqual(runtime(jobs, { parallelism: 2 }), [100, 100, 200, 100]);
});

// One core, 0.2 of it for upkeep, the rest enough for one operation at 0.8: full speed. Two go at
// half of it, the third comes when each has 50 ms left: 150 ms more for all to be through.
test('Operations of one node share its cores.', () => {
  const constants = {
    'kubelet.upkeepCores': 0.1,
    'kubelet.upkeepCoresPerPod': 0.01,
    'runtime.cpuShare': 0.8,
    'runtime.lockShare': 0.1,
  };
  const job = { atMs: 0, node: 0, ms: 100 };
  assert.deepEqual(runtime([job], { constants }), [100]);
  const jobs = [job, job, { ...job, atMs: 100, ms: 50 }, { ...job, node: 1 }];
  assert.deepEqual(runtime(jobs, { constants }), [250, 250, 250, 100]);
  // With 4.2 cores five are not slowed down; the lock would hold up eleven.
  assert.deepEqual(
    runtime([job, job, job, job, job], { cores: 4.2, constants }),
    [100, 100, 100, 100, 100],
  );
});

test('However many cores a node has, operations wait for the lock of its store.', () => {
  const constants = { ...FREE, 'runtime.lockShare': 0.5 };
  const job = { atMs: 0, node: 0, ms: 100 };
  assert.deepEqual(runtime([job, job, job, job], { cores: 64, constants }), [200, 200, 200, 200]);
});

const job = fc.record({
  atMs: fc.integer({ min: 0, max: 500 }),
  node: fc.integer({ min: 0, max: 2 }),
  ms: fc.integer({ min: 1, max: 200 }),
});

test('With a limit and nothing to share, each node is a pool of servers of its own.', () => {
  fc.assert(
    fc.property(fc.array(job, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (jobs, c) => {
      const ctx = testBed(1e6 * S);
      const pools = [0, 1, 2].map((i) => new ServerPool(ctx, `pool/${i}`, { servers: c }));
      const ends = jobs.map(() => -1);
      const done = ctx.sim.eventType('done', (i) => {
        ends[i] = ctx.sim.nowNs / MS;
      });
      const begin = ctx.sim.eventType('begin', (i) => {
        pools[jobs[i].node].request(jobs[i].ms * MS, done, i, 0);
      });
      for (const [i, { atMs }] of jobs.entries()) ctx.sim.scheduleAt(atMs * MS, begin, i);
      while (!ctx.sim.finished) ctx.sim.advance(1e6);
      assert.deepEqual(runtime(jobs, { parallelism: c }), ends);
    }),
    { numRuns: 60 },
  );
});

/** All operations of a node advance a little at a time. */
function stepByStep(jobs: readonly Job[], speedOf: (running: number) => number): number[] {
  const stepMs = 0.05;
  const left = jobs.map(({ ms }) => ms);
  const ends = jobs.map(() => -1);
  for (let step = 0; ends.includes(-1); step++) {
    const atMs = step * stepMs;
    for (let node = 0; node < 3; node++) {
      const running = jobs.flatMap((job, i) =>
        job.node === node && job.atMs <= atMs + 1e-9 && ends[i] === -1 ? [i] : [],
      );
      for (const i of running) {
        left[i] -= stepMs * speedOf(running.length);
        if (left[i] <= 1e-9) ends[i] = atMs + stepMs;
      }
    }
  }
  return ends;
}

test('Sharing is what a simulation in small steps finds.', () => {
  const constants = { ...FREE, 'runtime.cpuShare': 0.8, 'runtime.lockShare': 0.15 };
  fc.assert(
    fc.property(fc.array(job, { maxLength: 12 }), fc.integer({ min: 1, max: 8 }), (jobs, cores) => {
      const slow = stepByStep(jobs, (n) => Math.min(1, cores / (0.8 * n), 1 / (0.15 * n)));
      const fast = runtime(jobs, { cores, constants });
      // Each start and each end of another one is rounded up to a step.
      const allowedMs = 0.05 * 2 * (jobs.length + 1);
      for (const [i, ms] of fast.entries()) assert.ok(Math.abs(ms - slow[i]) <= allowedMs);
    }),
    { numRuns: 30 },
  );
});

// --- PLEG -------------------------------------------------------------------------------------

/** Relists take 100 ms and 1 ms a container, 10 ms more for each pod that has changed. */
const relist = { 'kubelet.plegRelistNs': 50 * MS, 'kubelet.plegContainerNs': 1 * MS };

function pleg(evented = false) {
  const bed = testBed(1000 * S);
  const ctx = { ...bed, constants: new Constants(nodeConstants, relist) };
  const seen: [number, number][] = [];
  let hungUntilNs = 0;
  const p = new Pleg(ctx, {
    name: 'pleg',
    nodes: 2,
    evented,
    hungUntilNs: () => hungUntilNs,
    seen: (_node, slot) => seen.push([slot, ctx.sim.nowNs / MS]),
  });
  const at = (ms: number, action: () => void) => {
    ctx.sim.scheduleAt(ms * MS, ctx.sim.eventType('at', action));
  };
  const run = () => {
    while (!ctx.sim.finished) ctx.sim.advance(1e6);
    return seen;
  };
  const hang = (untilNs: number) => {
    hungUntilNs = untilNs;
  };
  return { p, at, run, hang };
}

// Relists begin at 500 and every 1000 + 50 ms after; one with something to tell takes 5 ms more.
test('A change is seen by the end of the first relist that begins after it.', () => {
  const { p, at, run } = pleg();
  p.begin(0, 500 * MS);
  at(100, () => p.changed(0, 1));
  at(520, () => p.changed(0, 2));
  at(1550, () => p.changed(0, 3));
  at(1551, () => p.changed(0, 4));
  // 500 + 55; 1550 + 60 with two; 2600 + 55.
  assert.deepEqual(run(), [
    [1, 555],
    [2, 1610],
    [3, 1610],
    [4, 2655],
  ]);
});

// 950 containers: a relist takes a second, and so comes every two.
test('More containers make relists longer and rarer.', () => {
  const { p, at, run } = pleg();
  p.begin(0, 0);
  p.containers(0, 950);
  at(1, () => p.changed(0, 1));
  assert.deepEqual(run(), [[1, 3005]]);
});

test('With events a change is seen at once; a runtime that hangs shows nothing until it answers.', () => {
  const evented = pleg(true);
  evented.p.begin(0, 0);
  evented.at(100, () => evented.p.changed(0, 1));
  assert.deepEqual(evented.run(), [[1, 105]]);
  const hung = pleg();
  hung.p.begin(0, 0);
  hung.at(10, () => hung.hang(60 * S));
  hung.at(20, () => hung.p.changed(0, 1));
  assert.deepEqual(hung.run(), [[1, 60_000]]);
});

test('A kubelet that ended sees nothing; one that begins again does.', () => {
  const { p, at, run } = pleg();
  p.begin(0, 0);
  at(10, () => p.changed(0, 1));
  at(20, () => p.end(0));
  at(30, () => p.begin(0, 0));
  at(40, () => p.changed(0, 2));
  // The first relist of the new one began at 30.
  assert.deepEqual(run(), [[2, 1135]]);
});

// --- Probes -----------------------------------------------------------------------------------

const probe = (o: Partial<Probe> = {}): Probe => ({
  periodNs: 10 * S,
  timeoutNs: 1 * S,
  initialDelayNs: 0,
  failureThreshold: 3,
  successThreshold: 1,
  ...o,
});

const times = { workersNs: 0, startNs: 2 * S, seenNs: 3 * S };
const answering = (readyAfterS: number) => ({
  ...container().behaviour,
  readyAfterNs: readyAfterS * S,
});

test('Without probes a container is ready when it is seen; with one, at the first probe it answers.', () => {
  const ready = (o: Parameters<typeof container>[0]) => readyAtNs(container(o), times) / S;
  assert.equal(ready({ behaviour: answering(100) }), 3);
  const readinessProbe = probe();
  assert.equal(ready({ readinessProbe, behaviour: answering(0) }), 3);
  // Answers from 2.0 + 5 on: the next tick of the worker is at 10.
  assert.equal(ready({ readinessProbe, behaviour: answering(5) }), 10);
  assert.equal(ready({ readinessProbe, behaviour: answering(8) }), 10);
  assert.equal(ready({ readinessProbe, behaviour: answering(8.1) }), 20);
  assert.equal(
    ready({ readinessProbe: probe({ successThreshold: 3 }), behaviour: answering(5) }),
    30,
  );
  assert.equal(
    ready({ readinessProbe: probe({ initialDelayNs: 30 * S }), behaviour: answering(0) }),
    40,
  );
});

// Probes at 3, 10, 20: the third failure is at 20.
test('A container that does not answer in time is killed at the last failure that is allowed.', () => {
  const killed = (o: Parameters<typeof container>[0]) => killedAtNs(container(o), times) / S;
  const livenessProbe = probe();
  assert.equal(killed({ livenessProbe, behaviour: answering(60) }), 20);
  assert.equal(killed({ livenessProbe, behaviour: answering(18) }), Number.POSITIVE_INFINITY);
  assert.equal(killed({ behaviour: answering(60) }), Number.POSITIVE_INFINITY);
  const startupProbe = probe({ failureThreshold: 30 });
  assert.equal(
    killed({ livenessProbe, startupProbe, behaviour: answering(60) }),
    Number.POSITIVE_INFINITY,
  );
  assert.equal(killed({ livenessProbe, startupProbe, behaviour: answering(600) }), 290);
});

test.run();
