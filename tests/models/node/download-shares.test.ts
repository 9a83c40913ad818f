/** Bandwidth of streams, nodes and the registry against a fluid computed the slow way. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { DownloadShares } from '../../../models/node/download-shares.ts';
import { type Download, type FluidLimits, fluidDownloads } from '../../oracles/fluid-downloads.ts';
import { testBed } from '../../resource/bed.ts';

const test = suite('node/download-shares');

function simulate(downloads: readonly Download[], limits: FluidLimits): number[] {
  const ctx = testBed(1e14);
  const { sim } = ctx;
  const each = { streamBytesPerSecond: limits.stream, nodeBytesPerSecond: limits.node };
  const shares = new DownloadShares(ctx, 'downloads', [each], limits.registry);
  const ends = downloads.map(() => Number.NaN);
  const done = sim.eventType('done', (i) => {
    ends[i] = sim.nowNs;
  });
  const begin = sim.eventType('begin', (i) => {
    shares.fetch(downloads[i].node, 0, downloads[i].bytes, done, i, 0);
  });
  for (const [i, { atNs }] of downloads.entries()) sim.scheduleAt(atNs, begin, i);
  while (!sim.finished) sim.advance(1000);
  assert.equal(shares.streams, 0);
  return ends;
}

// Node 0 has two streams of 50 MB/s (its limit 100 MB/s), node 1 one of 60 (its stream's limit).
test('Streams of a node share its bandwidth and a lone stream gets no more than its limit.', () => {
  const limits = { stream: 60e6, node: 100e6, registry: Number.POSITIVE_INFINITY };
  const ends = simulate(
    [
      { atNs: 0, node: 0, bytes: 100e6 },
      { atNs: 0, node: 0, bytes: 100e6 },
      { atNs: 0, node: 1, bytes: 120e6 },
    ],
    limits,
  );
  assert.deepEqual(ends, [2e9, 2e9, 2e9]);
});

// 90 MB/s for three streams: 30 each. Then 45 each for the two that are left.
test('A registry of limited bandwidth gives every stream the same.', () => {
  const ends = simulate(
    [0, 1, 2].map((node) => ({ atNs: 0, node, bytes: node === 0 ? 30e6 : 75e6 })),
    { stream: 60e6, node: 100e6, registry: 90e6 },
  );
  assert.deepEqual(ends, [1e9, 2e9, 2e9]);
});

const download = fc.record({
  atNs: fc.integer({ min: 0, max: 3_000_000_000 }),
  node: fc.integer({ min: 0, max: 4 }),
  bytes: fc.integer({ min: 1_000_000, max: 200_000_000 }),
});
const limit = fc.constantFrom(10e6, 25e6, 60e6, 200e6);

test('Whenever downloads begin, each ends when it does in a fluid.', () => {
  fc.assert(
    fc.property(
      fc.array(download, { minLength: 1, maxLength: 12 }),
      fc.record({ stream: limit, node: limit, registry: fc.oneof(limit, fc.constant(1e15)) }),
      (downloads, limits) => {
        const expected = fluidDownloads(downloads, limits);
        simulate(downloads, limits).forEach((end, i) => {
          const off = Math.abs(end - expected[i]);
          assert.ok(off < 1000 + 1e-6 * expected[i], `${i}: ${end} is not ${expected[i]}`);
        });
      },
    ),
    { numRuns: 150 },
  );
});

test.run();
