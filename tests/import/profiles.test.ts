import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDistribution, mean, quantile } from '../../src/dist/index.ts';
import { calibrate, namedProfiles, profilesByName, profileYaml } from '../../src/import/index.ts';
import { distributionOf, latenciesOfSamples, quantileRow } from '../../src/import/latencies.ts';
import { parseDiskProfile, parseScenario } from '../../src/scenario/index.ts';
import { example, histogramText, profileOf, testdata, text, WAL } from './support.ts';

const test = suite('calibrate: profiles');

const bodyOf = (name: string) => {
  const { fsync } = profilesByName[name];
  return fsync.kind === 'mixture' ? fsync.body : fsync;
};

test('named profiles have names of their own, sources, and distributions that can be drawn', () => {
  assert.is(new Set(namedProfiles.map((profile) => profile.name)).size, namedProfiles.length);
  for (const profile of namedProfiles) {
    assert.match(profile.name, /^[a-z0-9-]+$/);
    assert.is(checkDistribution(profile.fsync), null, profile.name);
    assert.ok(profile.source !== '' && profile.description !== '');
    // A stall part without a series is assumed, and so is a production tail without one.
    if (profile.name !== 'tmpfs') assert.is(profile.stallsAssumed, true);
    assert.is(profile.kind === 'response', !['mixture', 'lognormal'].includes(profile.fsync.kind));
  }
});

test('estimates have the mean and p99 that their sources give', () => {
  const expected: readonly (readonly [string, number, number])[] = [
    ['nvme-plp', 0.05, 0.15],
    ['local-ssd', 0.3, 1],
    ['gp3', 0.7, 2],
    ['gp2', 1.42254, 2.671],
    ['pd-ssd', 0.9, 3],
    ['azure-premium', 3, 8],
    ['hdd', 25, 70],
  ];
  for (const [name, meanMs, p99Ms] of expected) {
    assert.ok(Math.abs(mean(bodyOf(name)) / 1e6 - meanMs) < meanMs * 1e-6, name);
    assert.ok(Math.abs(quantile(bodyOf(name), 0.99) / 1e6 - p99Ms) < p99Ms * 1e-6, name);
  }
});

test('production histograms are what calibrate makes of the scrapes they come from', () => {
  for (const [name, input] of [
    ['production-vm-a', 'etcd-7312.txt'],
    ['production-vm-b', 'etcd-12405.txt'],
  ] as const) {
    const { profile } = profileOf([testdata(input)]);
    const named = profilesByName[name].fsync;
    if (profile.fsync.kind !== 'histogram' || named.kind !== 'histogram') throw new Error(name);
    const counted = (spec: typeof named): [number, number][] =>
      spec.bounds
        .map((bound, i): [number, number] => [bound, spec.counts[i]])
        .filter((b) => b[1] > 0);
    assert.equal(counted(named), counted(profile.fsync));
    assert.is(named.sum, profile.fsync.sum);
  }
});

test('the IBM example has its printed percentiles and mean', () => {
  const body = bodyOf('ibm-ssd');
  assert.ok(Math.abs(mean(body) - 1_273_080) < 1);
  // A percentile is an edge of the histogram, to one sample in 10029.
  for (const [p, us] of [
    [0.5, 783],
    [0.9, 2180],
    [0.99, 2376],
  ] as const) {
    assert.ok(Math.abs(quantile(body, p) / 1e3 - us) < 2, `p${p}`);
  }
});

test('every named and calibrated profile survives its file, to the last digit', () => {
  const calibrated = [
    calibrate([example('fio-disk.json')]),
    calibrate([example('fio-stalls.json'), example('fio-stalls_clat.1.log')]),
    calibrate([testdata('etcd-7312.txt')], { elapsedSeconds: 12_345 }),
    calibrate([example('latencies.csv')]),
  ];
  const files = [
    ...namedProfiles.map((profile) => ({ profile, yaml: profileYaml(profile) })),
    ...calibrated.map((one) => ({
      profile: one.profile,
      yaml: one.profile === null ? '' : profileYaml(one.profile, one),
    })),
  ];
  for (const { profile, yaml } of files) {
    const parsed = parseDiskProfile(yaml, { file: 'disk.yaml' });
    assert.equal(parsed.problems, []);
    assert.equal(parsed.profile, profile);
  }
});

test('the file says what it is, in lines that fit', () => {
  const one = calibrate([testdata('etcd-12405.txt')]);
  if (one.profile === null) throw new Error('no profile');
  const yaml = profileYaml(one.profile, one);
  assert.match(
    yaml,
    /^# Disk profile: 760,277 fsyncs on a disk in use by an etcd, mean 1\.38 ms\n/,
  );
  assert.match(yaml, /# Measured: 760,277 fsyncs, p50 below 1 ms, p90 1\.64 ms/);
  assert.match(yaml, /\napiVersion: wavetank\/v1alpha1\nkind: DiskProfile\n/);
  const real = calibrate([example('fio-disk.json')]);
  if (real.profile === null) throw new Error('no profile');
  for (const line of profileYaml(real.profile, real).split('\n'))
    assert.ok(line.length <= 100, line);
});

test('comments cannot break out of the file, whatever the description holds', () => {
  const { profile } = profileOf([example('fio-disk.json')], {
    name: 'x: y # z',
    description: 'two\nlines: [with, "marks"] # and more',
  });
  const parsed = parseDiskProfile(profileYaml(profile), { file: 'disk.yaml' });
  assert.equal(parsed.problems, []);
  assert.equal(parsed.profile, profile);
});

test('a scenario takes a calibrated profile by its path and a named one by its name', () => {
  const { profile } = profileOf([example('fio-disk.json')]);
  const yaml = profileYaml(profile);
  const scenario = (name: string): string =>
    `apiVersion: wavetank/v1alpha1\nkind: Scenario\nmetadata: { name: disk }\nhorizon: 10s\n` +
    `etcd: { members: 3, disk: { fsync: { profile: ${name} } } }\n` +
    'workload: [{ name: puts, op: put, rate: 100/s }]\n';
  const reader = () => ({ text: yaml });
  const options = { file: 's.yaml', reader, profiles: profilesByName };
  for (const [name, spec, kind] of [
    ['./my-disk.yaml', profile.fsync, 'service'],
    ['production-vm-b', profilesByName['production-vm-b'].fsync, 'response'],
  ] as const) {
    const parsed = parseScenario(scenario(name), options);
    assert.equal(parsed.problems, []);
    const disk = parsed.scenario?.hosts[0].disks[0];
    assert.equal(disk?.fsync, spec);
    assert.is(disk?.fsyncKind, kind);
  }
});

const latencies = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 2_000_000 }),
    fc.integer({ min: 1_000_000, max: 9_000_000_000 }),
    fc.constantFrom(127, 128, 1_000_000, 25_000_000),
  ),
  { minLength: 1, maxLength: 400 },
);

test('a histogram of known samples gives back the mean, and quantiles within a bin', () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (values, p) => {
      const spec = distributionOf(latenciesOfSamples(values));
      assert.is(checkDistribution(spec), null);
      const sorted = [...values].sort((a, b) => a - b);
      let sum = 0;
      for (const value of sorted) sum += value;
      // The sum is kept to 1 ns wherever it lies inside the bins, else to half a bin of 1/64.
      const exact =
        spec.kind === 'constant' || (spec.kind === 'histogram' && spec.sum !== undefined);
      const average = sum / values.length;
      const slack = exact ? 1e-9 * average + 1 : average / 64 + 1;
      assert.ok(Math.abs(mean(spec) - average) <= slack, `${mean(spec)} for ${average}`);
      // The slow oracle: the sample of the rank, give or take the one beside it, and a bin.
      const rank = p * values.length;
      const low = sorted[Math.max(0, Math.ceil(rank - 1e-9) - 2)];
      const high = sorted[Math.min(values.length - 1, Math.ceil(rank + 1e-9))];
      const got = quantile(spec, p);
      assert.ok(got >= low * (1 - 1 / 64) - 1 && got <= high * (1 + 1 / 64) + 1, `${got} at ${p}`);
    }),
  );
});

test('the interval of a quantile holds the quantile of the samples it was made of', () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.9), (values, p) => {
      const row = quantileRow(latenciesOfSamples(values), p);
      if (row.lowNs === null || row.highNs === null) {
        assert.ok(values.length * Math.min(p, 1 - p) < 10);
        return;
      }
      const sorted = [...values].sort((a, b) => a - b);
      const value = sorted[Math.ceil(p * values.length - 1e-9) - 1];
      assert.ok(row.lowNs <= value && value <= row.highNs);
      assert.is(row.estimateNs === null, values.length * Math.min(p, 1 - p) < 30 - 1e-6);
    }),
  );
});

test('etcd’s buckets of known samples: the mean exactly, quantiles within their bucket', () => {
  const upTo8s = fc.array(fc.integer({ min: 1, max: 8_000_000_000 }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(upTo8s, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (values, p) => {
      const edge = (i: number): number => 1e6 * 2 ** i;
      const counts = Array(15).fill(0);
      let sum = 0;
      for (const value of values) {
        let i = 0;
        while (i < 14 && value > edge(i)) i++;
        counts[i]++;
        sum += value;
      }
      const { profile } = profileOf([
        text('a.txt', histogramText(WAL, counts, { sum: sum / 1e9 })),
      ]);
      assert.ok(Math.abs(mean(profile.fsync) - sum / values.length) < 1);
      const sorted = [...values].sort((a, b) => a - b);
      const rank = Math.max(1, Math.ceil(p * values.length - 1e-9));
      let bucket = 0;
      while (sorted[rank - 1] > edge(bucket)) bucket++;
      const got = quantile(profile.fsync, p);
      assert.ok(got >= (bucket === 0 ? 0 : edge(bucket - 1)) - 1 && got <= edge(bucket) + 1);
    }),
  );
});

test.run();
