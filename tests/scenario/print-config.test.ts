import * as assert from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import { stringify } from 'yaml';
import type { DistributionSpec } from '../../src/dist/index.ts';
import {
  canonicalScenario,
  type DiskProfile,
  parseDiskProfile,
  parseScenario,
  printConfig,
  printDiskProfile,
  renderProblem,
  type Scenario,
} from '../../src/scenario/index.ts';
import { scenarioValue } from './arbitrary.ts';
import { kubernetesValue } from './arbitrary-kubernetes.ts';
import { profiles } from './story.ts';

const test = suite('printed scenarios');

function read(text: string, given = profiles): Scenario {
  const { scenario, problems } = parseScenario(text, { file: 'a.yaml', profiles: given });
  assert.ok(scenario !== null, `${problems.map(renderProblem).join('\n\n')}\n${text}`);
  return scenario;
}

test('A printed scenario reads back to the same scenario, without any profile at hand.', () => {
  fc.assert(
    fc.property(scenarioValue, (value) => {
      const scenario = read(stringify(value));
      const again = read(printConfig(scenario), {});
      assert.deepStrictEqual(again, scenario);
      assert.equal(canonicalScenario(again), canonicalScenario(scenario));
    }),
    { numRuns: 60 },
  );
});

test('A printed Kubernetes section reads back to the same cluster, every field of it.', () => {
  fc.assert(
    fc.property(kubernetesValue, fc.constantFrom(1, 3), (kubernetes, members) => {
      const metadata = { name: 'k' };
      const value = { apiVersion: 'wavetank/v1alpha1', kind: 'Scenario', metadata };
      const scenario = read(stringify({ ...value, etcd: { members }, kubernetes }));
      const printed = printConfig(scenario);
      const again = read(printed, {});
      assert.deepStrictEqual(again, scenario);
      assert.equal(printConfig(again), printed);
      assert.equal(canonicalScenario(again), canonicalScenario(scenario));
    }),
    { numRuns: 30 },
  );
});

test('How a section is written is not in the canonical form; what it says is.', () => {
  const of = (section: string) => canonicalScenario(read(`${TEXT}kubernetes: ${section}\n`));
  const plain = of('{ nodeGroups: [{ name: a, count: 3 }] }');
  assert.equal(of('{ version: 1.35.2, nodeGroups: [{ name: a, count: 3, cpu: 8000m }] }'), plain);
  assert.notEqual(of('{ version: 1.30, nodeGroups: [{ name: a, count: 3 }] }'), plain);
});

test('The order of keys in the file changes nothing of the canonical form.', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, x]) => [key, reversed(x)] as const);
    return Object.fromEntries(entries.reverse());
  };
  fc.assert(
    fc.property(scenarioValue, (value) => {
      const one = read(stringify(value));
      const other = read(stringify(reversed(value)));
      assert.equal(canonicalScenario(other), canonicalScenario(one));
    }),
    { numRuns: 20 },
  );
});

const TEXT = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: one }
workload: [{ name: w, op: put, rate: 100/s }]
`;

test('Name, description, seed and replications are not in the canonical form; all else is.', () => {
  const key = canonicalScenario(read(TEXT));
  const same = [
    TEXT.replace('name: one', 'name: two, description: other'),
    `${TEXT}seed: 9\nreplications: 2\n`,
    TEXT.replace('rate: 100/s', 'rate: 0.1k/s'),
  ];
  for (const text of same) assert.equal(canonicalScenario(read(text)), key);
  const others = [
    TEXT.replace('100/s', '101/s'),
    `${TEXT}etcd: { disk: { fsync: { profile: hdd } } }\n`,
    `${TEXT}constants: { a: 1us }\n`,
  ];
  for (const text of others) assert.notEqual(canonicalScenario(read(text)), key);
});

test('The contents of a profile are in the canonical form, not only its name.', () => {
  const text = `${TEXT}etcd: { disk: { fsync: { profile: hdd } } }\n`;
  const fsync: DistributionSpec = { kind: 'constant', value: 1 };
  const changed = { hdd: { ...profiles.hdd, fsync } };
  assert.notEqual(canonicalScenario(read(text, changed)), canonicalScenario(read(text)));
});

const positive = fc.double({ min: 1, max: 1e9, noNaN: true });
const spec: fc.Arbitrary<DistributionSpec> = fc.oneof(
  positive.map((value) => ({ kind: 'constant' as const, value })),
  positive.map((mean) => ({ kind: 'exponential' as const, mean })),
  fc.tuple(positive, fc.double({ min: 1, max: 14, noNaN: true })).map(([mean, times]) => {
    return { kind: 'lognormal' as const, mean, p99: mean * times };
  }),
  fc.array(positive, { minLength: 1, maxLength: 20 }).map((values) => {
    return { kind: 'samples' as const, values };
  }),
  fc.tuple(positive, fc.double({ min: 0.01, max: 9, noNaN: true })).map(([by, factor]) => {
    return {
      kind: 'mixture' as const,
      body: {
        kind: 'shifted' as const,
        by,
        of: { kind: 'gamma' as const, mean: by, shape: factor },
      },
      stall: {
        startPerSecond: factor,
        length: { kind: 'constant' as const, value: by },
        correlation: 0.25,
      },
    };
  }),
  fc.array(fc.nat(), { minLength: 2, maxLength: 9 }).map((counts) => ({
    kind: 'histogram' as const,
    bounds: counts.map((_, i) => (i === counts.length - 1 ? Infinity : (i + 1) * 333_333.3)),
    counts: [counts[0] + 1, ...counts.slice(1)],
  })),
);

test('A printed disk profile reads back to the same profile, whatever its text.', () => {
  const profile: fc.Arbitrary<DiskProfile> = fc.record(
    {
      name: fc.constantFrom('my-disk', 'a b', '12', 'null'),
      description: fc.string({ unit: 'grapheme' }).filter((text) => !/[\0\uFFFD]/.test(text)),
      kind: fc.constantFrom('service' as const, 'response' as const),
      fsync: spec,
      source: fc.constantFrom('', 'https://example.com/a#b: c', 'fio\n3.33', '{}'),
      stallsAssumed: fc.boolean(),
      observedFsyncsPerSecond: fc.oneof(fc.constant(null), positive),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(profile, (value) => {
      const text = printDiskProfile(value);
      const read = parseDiskProfile(text, { file: 'p.yaml' });
      assert.deepEqual(read.problems.map(renderProblem), [], text);
      assert.deepStrictEqual(read.profile, value);
    }),
    { numRuns: 100 },
  );
});

test.run();
