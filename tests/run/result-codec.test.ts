import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { decodeRun, encodeRun, MODEL_REVISION } from '../../src/run/index.ts';
import { buildRun, stallScenario } from '../support/run-result.ts';

const test = suite('run: result codec');

test('a result reads back equal: typed arrays, NaN, infinities, minus zero', () => {
  const run = buildRun(stallScenario(), {
    script: (metrics, advanceTo) => {
      const tally = metrics.tally(
        'wavetank_client_request_duration_seconds',
        { op: 'put' },
        {
          help: 'latency',
          unit: 'ns',
        },
      );
      for (let i = 1; i < 100; i++) tally.record(i * 1_000_003);
      advanceTo(5e9);
    },
    constants: [],
    outages: [],
    simulatedNs: Number.NaN,
    eventCount: -0,
    digest: 'Infinity',
  });
  const read = decodeRun(encodeRun(run));
  assert.ok('result' in read);
  assert.deepStrictEqual(read.result, run);
  assert.ok(Object.is(read.result.eventCount, -0));
  assert.equal(read.modelRevision, MODEL_REVISION);
});

test('half a file and a file of another kind are no results', () => {
  const text = encodeRun(buildRun(stallScenario()));
  assert.deepEqual(decodeRun(text.slice(0, text.length / 2)), { error: 'unreadable' });
  assert.deepEqual(decodeRun('{"kind":"something"}'), { error: 'other-kind' });
});

test.run();
