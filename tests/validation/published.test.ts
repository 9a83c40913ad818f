/** Published results: what they say, what they set, and that the model reproduces those it can. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { allConstants } from '../../src/run/index.ts';
import { validationMarkdown, validationSections } from '../../src/validation/page.ts';
import {
  comparePublished,
  gce2017,
  type PublishedFigure,
  publishedSettings,
  publishedSteps,
} from '../../src/validation/published.ts';
import { goalsOf, validateAgainst } from '../../src/validation/report.ts';
import { defaultSetup } from '../../src/validation/scenario.ts';

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

test('The report holds published means to the rule, and shows what is missed with its reason.', () => {
  const figure = (column: string, ratio: number, counted = true): PublishedFigure => ({
    file: 'published',
    experiment: 'others',
    setting: 'a row',
    column,
    repetitions: 1,
    measured: 100,
    simulated: 100 * ratio,
    ratio,
    counted,
    reason: counted ? '' : 'no hardware given',
    source: 'https://example.org',
    likely: counted && ratio < 0.66 ? 'no garbage collector' : '',
  });
  // Of three means that count two are close; a tail and what does not count decide nothing.
  const published = [
    figure('throughput_ops', 1.1),
    figure('mean_ms', 0.7),
    figure('mean_ms', 0.5),
    figure('p99_ms', 0.4),
    figure('mean_ms', 3, false),
  ];
  const [goal] = goalsOf([], [], published);
  assert.equal(goal.name, 'published: ratio of means within 0.66 to 1.50');
  assert.equal(goal.n, 3);
  assert.equal(goal.met, false);
  const report = {
    rows: [],
    events: [],
    problems: [],
    goals: [goal],
    published,
    interrupted: null,
  };
  const sections = validationSections(report, []);
  const lines = sections.find((s) => s.title === 'Published results')?.rows ?? [];
  assert.deepEqual(
    lines.map((cells) => cells.slice(5, 9)),
    [
      ['1.10', 'yes', 'yes', ''],
      ['0.70', 'yes', 'yes', ''],
      ['0.50', 'yes', 'no', 'no garbage collector'],
      ['0.40', 'yes', 'no', 'no garbage collector'],
      ['3.00', '–', '–', 'no hardware given'],
    ],
  );
  const groups = sections.find((s) => s.title === 'Published results by group')?.rows ?? [];
  assert.deepEqual(
    groups.map((cells) => cells.slice(0, 4)),
    [
      ['others', '4', '0.60', '50.0 %'],
      ['all', '4', '0.60', '50.0 %'],
    ],
  );
  assert.match(validationMarkdown(report, [], ''), /\| 0\.50 \| yes \| \*\*no\*\* \|/);
});

test('Asked for, published results come after the measurements and need none of them.', () => {
  const options = { setup: defaultSetup, constants: {}, quick: true };
  const withOut = validateAgainst([], { ...options, published: false }).next();
  assert.ok(withOut.done && withOut.value.published.length === 0);
  const first = validateAgainst([], { ...options, published: true }).next();
  assert.ok(!first.done);
  assert.equal(first.value.what, 'published performance.md put, 1 client');
  assert.equal(first.value.total, publishedSteps().filter((s) => s.quick).length);
});

test.run();
