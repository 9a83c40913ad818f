import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { LimitError } from '../../src/core/index.ts';
import { HEAP_LOOKS, HeapGuard } from '../../src/executor/heap-guard.ts';

const test = suite('executor/heap-guard');

const PROGRESS = { nowNs: 5e9, horizonNs: 1e10, eventCount: 7 };
const MIB = 1024 * 1024;

test('memory near its limit stops the run with a code, once the collector had its turn', () => {
  const looks = [99, 50, ...Array(HEAP_LOOKS).fill(95)];
  const guard = new HeapGuard(() => ({
    used_heap_size: looks.shift() * MIB,
    heap_size_limit: 100 * MIB,
  }));
  for (let look = 0; look < 2 + HEAP_LOOKS - 1; look++) guard.check(PROGRESS);
  assert.throws(
    () => guard.check(PROGRESS),
    (error) =>
      error instanceof LimitError &&
      error.code === 'WT2004' &&
      /95 MiB of 100 MiB at 5000000000 ns of simulated time, after 7 events/.test(error.message),
  );
});

test('the heap of this process is looked at where nothing else is given', () => {
  const guard = new HeapGuard();
  assert.doesNotThrow(() => {
    for (let look = 0; look < 2 * HEAP_LOOKS; look++) guard.check(PROGRESS);
  });
});

test.run();
