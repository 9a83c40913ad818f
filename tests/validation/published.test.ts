/** Published results: what they say, what they set, and that the model reproduces those it can. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { allConstants } from '../../src/run/index.ts';
import {
  comparePublished,
  gce2017,
  publishedSettings,
  publishedSteps,
} from '../../src/validation/published.ts';

const test = suite('validation/published');

const settings = publishedSettings();
const named = (name: string) => {
  const setting = settings.find((s) => s.name === name);
  assert.ok(setting, name);
  return setting;
};

test('Every row names its source and hardware, and what keeps it from being compared.', () => {
  assert.equal(new Set(settings.map((s) => s.name)).size, settings.length);
  for (const s of settings) {
    assert.match(s.source, /^https:/);
    assert.ok(s.hardware.length > 3, s.name);
    assert.ok(
      Object.values(s.measured).every((v) => v > 0),
      s.name,
    );
    if (s.scenario === null) assert.equal(typeof s.comparable, 'string', s.name);
  }
  assert.ok(settings.filter((s) => s.comparable === true).length >= 8);
});

test('Costs of other hardware override constants that exist; nobody else uses them.', () => {
  const known = new Map(allConstants().map((c) => [c.name, c.value]));
  for (const name of Object.keys(gce2017.values)) assert.ok(known.has(name), name);
  for (const { scenario } of settings) {
    if (scenario !== null) assert.equal(scenario.constants, gce2017.values);
  }
  // What a row sets is no check of the model.
  for (const s of settings.filter((s) => s.name.startsWith('etcd#7156'))) {
    assert.match(String(s.comparable), /^sets /);
  }
});

test('A row that cannot be simulated is listed with its figures and the reason.', () => {
  const rows = comparePublished(named('etcd#4633 500 clients'));
  assert.deepEqual(
    rows.map((r) => r.column),
    ['throughput_ops', 'mean_ms', 'p10_ms', 'p50_ms', 'p90_ms', 'p99_ms'],
  );
  for (const r of rows) {
    assert.ok(Number.isNaN(r.simulated) && !r.counted);
    assert.match(r.reason, /before 3\.0/);
  }
});

// SIG Scalability calls 0.66 to 1.5 close enough.
test('Puts of one client and of a thousand come out as published.', () => {
  for (const name of [
    'performance.md put, 1 client',
    'dbtester 2018Q1-04, put, 1 client, 3.3.0',
    'dbtester 2018Q1-01, put, 1000 clients, 3.3.0',
  ]) {
    for (const r of comparePublished(named(name))) {
      assert.ok(r.counted, name);
      const limit = r.column === 'p99_ms' ? 0.6 : 0.84;
      assert.ok(r.ratio > limit && r.ratio < 1 / limit, `${name} ${r.column} ${r.ratio}`);
    }
  }
});

test('The quick steps cover rows, events and one table of elections.', () => {
  const quick = publishedSteps().filter((s) => s.quick);
  for (const part of ['performance.md put, 1 client', 'a disk that stalls', 'elections of 3']) {
    assert.ok(
      quick.some((s) => s.name.startsWith(part)),
      part,
    );
  }
});

test.run();
