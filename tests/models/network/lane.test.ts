import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { machineConstants } from '../../../models/machine/index.ts';
import { Network, networkConstants } from '../../../models/network/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import type { DistributionSpec } from '../../../src/dist/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';

const test = suite('lanes');
const MS = 1e6;
const S = 1e9;

function net(rtt: DistributionSpec, bandwidthBytesPerSecond = Infinity, lossProbability = 0) {
  const horizonNs = 3600 * S;
  const sim = new Simulation({ seed: 'lane', horizonNs });
  const metrics = new Metrics({ warmupNs: 0, horizonNs, cutsNs: [], seriesIntervalNs: 0 });
  const constants = new Constants([...machineConstants, ...networkConstants]);
  const scenario = { peerRtt: rtt, clientRtt: rtt, bandwidthBytesPerSecond, lossProbability };
  const network = new Network({ sim, metrics, constants }, { ...scenario, pairs: [] }, [
    { name: 'a', zone: '' },
    { name: 'b', zone: '' },
  ]);
  return { sim, network, lane: network.lane(0, 1) };
}

test('a message takes half of the round trip, and is asked for once for each pair', () => {
  const { lane, network } = net({ kind: 'constant', value: 2 * MS });
  assert.equal(lane.arrivalNs(100, 0), MS);
  assert.equal(lane.rttNs, 2 * MS);
  assert.equal(network.lane(0, 1), lane);
  assert.notEqual(network.lane(1, 0), lane);
});

test('a lane and a connection of equal latency deliver the same messages at the same times', () => {
  const bytes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bytes, (sizes) => {
      const rtt = { kind: 'constant', value: 2 * MS } as const;
      // 1 MB/s: a byte takes 1 us on each interface, messages queue behind each other.
      const { lane } = net(rtt, 1e6);
      const other = net(rtt, 1e6);
      const arrivals: number[] = [];
      const type = other.sim.eventType('deliver', () => arrivals.push(other.sim.nowNs));
      const connection = other.network.connect('c', 0, 1);
      let lastNs = 0;
      const expected: number[] = [];
      for (const size of sizes) {
        lastNs = lane.arrivalNs(size, lastNs);
        expected.push(lastNs);
        connection.send(size, type, 0, 0);
      }
      while (!other.sim.finished) other.sim.advance(100);
      assert.deepEqual(expected, arrivals);
    }),
  );
});

test('messages of a stream keep their order where latency is random; streams do not wait for others', () => {
  const { lane } = net({ kind: 'uniform', min: 0, max: 20 * MS });
  let lastNs = 0;
  let passed = 0;
  for (let i = 0; i < 1000; i++) {
    const atNs = lane.arrivalNs(100, lastNs);
    assert.ok(atNs >= lastNs);
    if (lane.arrivalNs(100, 0) < atNs) passed++;
    lastNs = atNs;
  }
  assert.ok(passed > 900);
});

test('added delay counts each way, loss costs a timeout', () => {
  const { lane, network } = net({ kind: 'constant', value: 2 * MS });
  network.addDelay([0], [1], 5 * MS);
  assert.equal(lane.arrivalNs(100, 0), 6 * MS);
  assert.equal(lane.rttNs, 12 * MS);
  const lossy = net({ kind: 'constant', value: 2 * MS }, Infinity, 0.5).lane;
  let late = 0;
  for (let i = 0; i < 1000; i++) if (lossy.arrivalNs(100, 0) > 200 * MS) late++;
  assert.ok(Math.abs(late - 500) < 4 * 16, `${late}`);
});

test('listeners hear of a cut, of its end, and of refusals, whichever way is disturbed', () => {
  const { lane, network } = net({ kind: 'constant', value: 2 * MS });
  const log: string[] = [];
  lane.onChange((change) => log.push(`${change} ${lane.isOpen} ${lane.refuses}`));
  const there = network.partition([0], [1], { mode: 'blackhole', oneWay: true });
  const back = network.partition([1], [0], { mode: 'blackhole', oneWay: true });
  network.heal(there);
  network.heal(back);
  const reset = network.partition([1], [0], { mode: 'reset' });
  network.heal(reset);
  assert.deepEqual(log, [
    'cut false false',
    'healed true false',
    'refused false true',
    'healed true false',
  ]);
});

test.run();
