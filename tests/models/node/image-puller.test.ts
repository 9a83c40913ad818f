/** Pulls of images: what a pull takes, what it waits for, what it finds there. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { DownloadShares } from '../../../models/node/download-shares.ts';
import { ImagePuller, type PullOutcome } from '../../../models/node/image-puller.ts';
import type { ContainerImage } from '../../../models/objects/index.ts';
import { MS, S, testBed } from '../../resource/bed.ts';
import { kubelet, runtime } from './bed.ts';

const test = suite('node/image-puller');

const MB = 1e6;
const image = (name: string, ...layers: [string, number][]): ContainerImage => ({
  name,
  layers: layers.map(([id, mb]) => ({ id, bytes: mb * MB })),
});

interface Outcome {
  readonly name: string;
  readonly atMs: number;
  readonly outcome: PullOutcome;
}

/** Registry 100 ms a request, streams 25 MB/s, node 100 MB/s, unpacked at 50 MB/s. */
function pulls(
  wanted: readonly { atNs?: number; node?: number; image: ContainerImage }[],
  o: { parallel?: number; present?: ContainerImage[]; available?: boolean } = {},
): Outcome[] {
  const ctx = testBed(1000 * S, 'pulls');
  const speed = { streamBytesPerSecond: 25 * MB, nodeBytesPerSecond: 100 * MB };
  const downloads = new DownloadShares(ctx, 'd', [speed], Number.POSITIVE_INFINITY);
  const found: Outcome[] = [];
  const puller = new ImagePuller(ctx, downloads, ctx.sim.stream('latency'), {
    name: 'pulls',
    nodes: 2,
    limits: 0,
    kubelet: kubelet({
      serializeImagePulls: o.parallel === undefined,
      maxParallelImagePulls: o.parallel ?? 0,
    }),
    runtime: runtime({
      registryLatency: { kind: 'constant', value: 100 * MS },
      unpackBytesPerSecond: 50 * MB,
    }),
    present: o.present ?? [],
    done: (a, _b, outcome) => {
      found.push({ name: wanted[a].image.name, atMs: ctx.sim.nowNs / MS, outcome });
    },
  });
  puller.registryAvailable = o.available ?? true;
  const begin = ctx.sim.eventType('begin', (i) =>
    puller.pull(wanted[i].node ?? 0, wanted[i].image, i, 0),
  );
  for (const [i, { atNs }] of wanted.entries()) ctx.sim.scheduleAt(atNs ?? 0, begin, i);
  while (!ctx.sim.finished) ctx.sim.advance(1e6);
  return found;
}

// Manifest 0.1, layer request 0.1, both layers at 25 MB/s: 1 s (25 MB) and 2 s (50 MB).
// Unpacked: the first 1.2 to 1.7, the second 2.2 to 3.2.
test('Layers are fetched at once and unpacked in order, each when it is there.', () => {
  assert.deepEqual(pulls([{ image: image('app', ['a', 25], ['b', 50]) }]), [
    { name: 'app', atMs: 3200, outcome: 'pulled' },
  ]);
});

// As before, but the big one comes first: 'b' has waited since 1.2, unpacked 2.2-3.2 and 3.2-3.7.
test('A small layer waits for the big one before it.', () => {
  assert.equal(pulls([{ image: image('app', ['b', 50], ['a', 25]) }])[0].atMs, 3700);
});

// The second needs only 'c': manifest 3.2 to 3.3, request 3.4, 1 s, unpack 0.5.
test('One pull at a time: the second begins when the first ends, and shares its layers.', () => {
  const found = pulls([
    { image: image('app', ['a', 25], ['b', 50]) },
    { image: image('other', ['a', 25], ['c', 25]) },
  ]);
  assert.deepEqual(
    found.map((o) => o.atMs),
    [3200, 4900],
  );
});

// Both are there at 1.2 s ('c' by a stream of its own), 'a' is fetched once.
test('Parallel pulls wait for a layer that the other one fetches.', () => {
  const found = pulls(
    [{ image: image('app', ['a', 25]) }, { image: image('other', ['a', 25], ['c', 25]) }],
    { parallel: 2 },
  );
  assert.deepEqual(
    found.map((o) => o.atMs),
    [1700, 2200],
  );
});

test('A node that has all layers asks for the manifest only; another node pulls them.', () => {
  const app = image('app', ['a', 25]);
  assert.equal(pulls([{ image: app }], { present: [app] })[0].atMs, 100);
  const found = pulls([{ image: app }, { image: app, node: 1 }, { image: app, atNs: 5 * S }]);
  assert.deepEqual(
    found.map((o) => o.atMs),
    [1700, 1700, 5100],
  );
});

test('A registry that is down fails every pull, after it was asked.', () => {
  assert.deepEqual(pulls([{ image: image('app', ['a', 25]) }], { available: false }), [
    { name: 'app', atMs: 100, outcome: 'failed' },
  ]);
});

// Burst 10 at 5 a second; all at once where pulls may be parallel.
test('The kubelet refuses pulls beyond its registry bucket at once.', () => {
  const app = image('app', ['a', 25]);
  const found = pulls(
    Array.from({ length: 12 }, () => ({ image: app })),
    { parallel: 100, present: [app] },
  );
  assert.equal(found.filter((o) => o.outcome === 'failed' && o.atMs === 0).length, 2);
  assert.equal(found.filter((o) => o.outcome === 'pulled').length, 10);
});

test.run();
