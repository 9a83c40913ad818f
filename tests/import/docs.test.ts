import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mean, quantile } from '../../src/dist/index.ts';
import { profilesByName } from '../../src/import/index.ts';

const test = suite('calibrate: docs');

test('the table of named profiles lists all of them with their mean and p99', () => {
  const text = readFileSync(new URL('../../docs/calibrate.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| ([a-z0-9-]+) \| .* \| ([\d.]+) \| ([\d.]+) \| .* \|$/gm)];
  assert.equal(rows.map((row) => row[1]).sort(), Object.keys(profilesByName).sort());
  for (const [, name, meanMs, p99Ms] of rows) {
    const { fsync } = profilesByName[name];
    const body = fsync.kind === 'mixture' ? fsync.body : fsync;
    // Two digits at least: within 6 %; one digit ('0.0003') within 10 %.
    for (const [ms, ns] of [
      [meanMs, mean(body)],
      [p99Ms, quantile(body, 0.99)],
    ] as const) {
      assert.ok(
        Math.abs(Number(ms) - ns / 1e6) <= Number(ms) * 0.1,
        `${name}: ${ms} for ${ns / 1e6}`,
      );
    }
  }
});

test.run();
