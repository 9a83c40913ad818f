import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { Cpu, Disk } from '../../../models/machine/index.ts';
import { Network, networkConstants } from '../../../models/network/index.ts';
import { Constants } from '../../../src/core/index.ts';
import { at, diskScenario, recorder, world } from './world.ts';

const test = suite('lazy accounts and cuts');
const HORIZON_NS = 20_000;

/** Machines and wires under a random mix of everything; metrics cut every `seriesIntervalNs`. */
function busyWorld(seriesIntervalNs: number) {
  const w = world({ horizonNs: HORIZON_NS, warmupNs: 5000, seriesIntervalNs });
  const constants = new Constants([
    ...w.constants.entries(),
    ...networkConstants.map((c) =>
      c.name === 'network.queueBytes' ? { ...c, low: 0, value: 0 } : c,
    ),
  ]);
  const ctx = { ...w, constants };
  const cpu = new Cpu(ctx, 'cpu', { cores: 2 });
  const processes = [cpu.process('a'), cpu.process('b', { weight: 3 })];
  const disk = new Disk(
    ctx,
    'disk',
    diskScenario({ queueDepth: 1, fsync: { kind: 'constant', value: 40 } }),
  );
  const network = new Network(
    ctx,
    {
      peerRtt: { kind: 'constant', value: 100 },
      clientRtt: { kind: 'constant', value: 100 },
      bandwidthBytesPerSecond: 1.7e8,
      lossProbability: 0,
      pairs: [],
    },
    [
      { name: 'x', zone: '' },
      { name: 'y', zone: '' },
    ],
  );
  const wire = network.connect('x-y', 0, 1);
  const { type, log } = recorder(ctx);
  const draw = w.sim.stream('mix');
  for (let i = 0; i < 1200; i++) {
    const atNs = 1 + draw.below(HORIZON_NS - 2);
    const size = draw.below(50);
    const p = processes[draw.below(2)];
    const what = draw.below(20);
    at(ctx, atNs, () => {
      if (what < 8) cpu.execute(p, size, type, i, 0);
      else if (what < 12) disk.fsync(size, type, i, 0);
      else if (what < 13) disk.write(size, type, i, 0);
      else if (what < 17) wire.send(size % 9, type, i, 0);
      else if (what === 17) disk.stall(atNs + size);
      else if (what === 18) disk.slow(1 + (size % 3));
      else if (size < 20) cpu.drop(p);
      else if (size < 35) cpu.pause(p);
      else cpu.resume(p);
    });
  }
  const { resources } = w.run();
  return { resources, log };
}

test('a cut at any moment changes neither events nor what is measured', () => {
  const plain = busyWorld(0);
  const used = plain.resources.filter((r) => r.arrivals > 50 && r.waitNsTotal > 0);
  assert.deepEqual(
    used.map((r) => r.name),
    ['cpu', 'disk', 'x/nic/out', 'y/nic/in'],
  );
  for (const seriesIntervalNs of [1, 2, 7, 1000]) {
    const cut = busyWorld(seriesIntervalNs);
    assert.deepEqual(cut.log, plain.log);
    assert.deepEqual(
      cut.resources.map((r) => [
        r.name,
        r.arrivals,
        Math.round(r.utilization * 1e9),
        r.waitNsTotal,
      ]),
      plain.resources.map((r) => [
        r.name,
        r.arrivals,
        Math.round(r.utilization * 1e9),
        r.waitNsTotal,
      ]),
    );
  }
});

test('a write that ends at once, after the last look before a cut, is not accounted for in the past', () => {
  const w = world({ horizonNs: 1000, seriesIntervalNs: 100 });
  const disk = new Disk(w, 'disk', diskScenario());
  const { type, log } = recorder(w);
  // Scheduled at 99 itself, so behind the look that is due at 99; the cut is at 100.
  at(w, 99, () => at(w, 99, () => disk.write(10, type, 0, 0)));
  at(w, 150, () => disk.write(10, type, 1, 0));
  const r = w.resource('disk');
  assert.deepEqual(log, ['99:0', '150:1']);
  assert.equal(r.utilization, 0);
  assert.equal(r.arrivals, 2);
});

test.run();
