import * as assert from 'node:assert';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { everythingScenario, faultKinds, workloadKinds } from '../../src/cli/library.ts';
import { parseScenario } from '../../src/scenario/index.ts';
import { GOOD } from './scenarios.ts';
import { call, temporaryFolder } from './support.ts';

interface Context {
  folder: string;
  remove: () => void;
}

const test = suite<Context>('cli/commands');
test.before.each((context) => {
  const { path, remove } = temporaryFolder();
  context.folder = path;
  context.remove = remove;
});
test.after.each(({ remove }) => remove());

test('init writes a scenario that is valid, and never overwrites', async ({ folder }) => {
  const file = join(folder, 'mine.yaml');
  const first = await call(['init', file]);
  assert.strictEqual(first.code, 0);
  assert.match(first.out, /wavetank run/);
  assert.strictEqual((await call(['validate', file])).code, 0);
  writeFileSync(file, 'precious');
  const second = await call(['init', file]);
  assert.strictEqual(second.code, 2);
  assert.match(second.err, /WT8013/);
  assert.strictEqual(readFileSync(file, 'utf8'), 'precious');
});

test('the schema is one JSON document', async () => {
  const { code, out } = await call(['schema']);
  assert.strictEqual(code, 0);
  assert.match(JSON.parse(out).$schema, /json-schema\.org/);
});

test('explain tells of the top, of a field and of a code', async () => {
  assert.match((await call(['explain'])).out, /horizon/);
  assert.match((await call(['explain', 'etcd.disk.fsync'])).out, /fsync/);
  assert.match((await call(['explain', 'WT1002'])).out, /unknown field/);
});

test('list has every section, or the one that was asked for', async () => {
  const all = await call(['list']);
  assert.strictEqual(all.code, 0);
  for (const name of ['nvme-plp', 'put', 'stallDisk', 'etcd_disk_wal_fsync_duration_seconds']) {
    assert.match(all.out, new RegExp(`^  ${name} `, 'm'), name);
  }
  const profiles = await call(['list', 'profiles']);
  assert.match(profiles.out, /^ {2}hdd +p50 .*, p99 /m);
  assert.ok(!profiles.out.includes('stallDisk'));
  const wrong = await call(['list', 'profile']);
  assert.strictEqual(wrong.code, 2);
  assert.match(wrong.err, /profiles/);
});

test('every workload and every fault that is listed says what it does', () => {
  for (const { name, text } of [...workloadKinds(), ...faultKinds()]) {
    assert.ok(text.length > 0, name);
  }
  const { problems } = parseScenario(everythingScenario(), { file: 'everything' });
  assert.deepStrictEqual(problems, []);
});

/** A thousand syncs of 1 ms to 3 ms. */
function latencies(): string {
  const rows = Array.from({ length: 1000 }, (_, i) => `${1 + (i % 21) / 10}`);
  return `latency_ms\n${rows.join('\n')}\n`;
}

test('a calibrated disk can be named by a scenario', async ({ folder }) => {
  const data = join(folder, 'disk.csv');
  const profile = join(folder, 'my-disk.yaml');
  writeFileSync(data, latencies());
  const { code, out, err } = await call(['calibrate', data, '--out', profile]);
  assert.strictEqual(code, 0, err);
  assert.match(out, /Verdict: good/);
  const scenario = join(folder, 'scenario.yaml');
  const fsync = 'lognormal: { p50: 1ms, p99: 4ms }';
  writeFileSync(scenario, GOOD.replace(fsync, 'profile: ./my-disk.yaml'));
  const run = await call(['run', scenario, '--out', join(folder, 'out'), '--jobs', '1']);
  assert.strictEqual(run.code, 0, run.err);
  const manifest = JSON.parse(readFileSync(join(folder, 'out', 'manifest.json'), 'utf8'));
  assert.strictEqual(manifest.profiles['./my-disk.yaml'], readFileSync(profile, 'utf8'));
});

test('a profile replaces a profile and nothing else', async ({ folder }) => {
  const data = join(folder, 'disk.csv');
  const profile = join(folder, 'p.yaml');
  writeFileSync(data, latencies());
  assert.strictEqual((await call(['calibrate', data, '--out', profile])).code, 0);
  assert.strictEqual((await call(['calibrate', data, '--out', profile])).code, 0);
  const refused = await call(['calibrate', data, '--out', data]);
  assert.strictEqual(refused.code, 2);
  assert.match(refused.err, /WT8013/);
  assert.strictEqual(readFileSync(data, 'utf8'), latencies());
});

test('calibrate prints the profile itself where it is asked to', async ({ folder }) => {
  const data = join(folder, 'disk.csv');
  writeFileSync(data, latencies());
  const { code, out, err } = await call(['calibrate', data, '--out', '-', '--name', 'mine']);
  assert.strictEqual(code, 0);
  assert.match(out, /^kind: DiskProfile$/m);
  assert.match(out, /name: mine/);
  assert.match(err, /Verdict/);
  assert.ok(!existsSync('mine.yaml'));
});

test.run();
