import * as assert from 'node:assert';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { GOOD } from './scenarios.ts';
import { call, type Printed, temporaryFolder } from './support.ts';

interface Context {
  folder: string;
  remove: () => void;
}

const test = suite<Context>('cli/bad-input');
test.before.each((context) => {
  const { path, remove } = temporaryFolder();
  context.folder = path;
  context.remove = remove;
});
test.after.each(({ remove }) => remove());

/** What holds for every mistake of a user. */
function assertKind(printed: Printed, exitCode: number, code: string, what: string): void {
  assert.strictEqual(printed.code, exitCode, `${what}: exit code\n${printed.err}`);
  assert.ok(printed.err.includes(code), `${what}: expected ${code} in\n${printed.err}`);
  assert.ok(!/^ {4}at /m.test(printed.err), `${what}: a stack trace\n${printed.err}`);
  assert.ok(!printed.err.includes('bug of wavetank'), what);
}

/** Exchanges a line of the good scenario; the new text may have several. */
function changed(from: string, to: string): string {
  assert.ok(GOOD.includes(from), from);
  return GOOD.replace(from, to);
}

const FSYNC = 'lognormal: { p50: 1ms, p99: 4ms }';
const FAULTS = [0, 1, 2, 3].map((i) => `  - { name: k${i}, at: 2s, kill: etcd/${i} }`).join('\n');
/** Nine levels of nine aliases: four hundred million values. */
const BOMB = `a0: &a0 [x]\n${[1, 2, 3, 4, 5, 6, 7, 8, 9]
  .map(
    (i) =>
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
  )
  .join('\n')}\n`;

const BAD_SCENARIOS: [what: string, text: string, code: string, shown: RegExp][] = [
  ['an unknown key', changed('warmup: 1s', 'warmpu: 1s'), 'WT1002', /did you mean warmup\?/],
  ['a missing unit', changed('horizon: 3s', 'horizon: 3'), 'WT1005', /expected: /],
  ['a negative rate', changed('100/s', '-100/s'), 'WT1007', /rate/],
  ['an absurd value', changed('members: 3', 'members: 99'), 'WT1007', /7/],
  ['a horizon of 200 days', changed('horizon: 3s', 'horizon: 200d'), 'WT1110', /100 days/],
  ['four faults on three members', `${GOOD}faults:\n${FAULTS}\n`, 'WT1101', /etcd\/3/],
  [
    'an election timeout like the heartbeat',
    changed('  members: 3', '  members: 3\n  extraArgs: { election-timeout: "100" }'),
    'WT1103',
    /heartbeat/,
  ],
  ['a warm-up past the horizon', changed('warmup: 1s', 'warmup: 5s'), 'WT1104', /warm-up|warmup/i],
  [
    'a histogram that goes down',
    changed(FSYNC, 'histogram: { bounds: [1ms, 2ms, 1ms], counts: [1, 2, 3] }'),
    'WT2103',
    /fsync/,
  ],
  ['a p99 below the p50', changed(FSYNC, 'lognormal: { p50: 4ms, p99: 1ms }'), 'WT2102', /p99/],
  ['YAML that ends in the middle', GOOD.slice(0, GOOD.indexOf('p99')), 'WT1001', /scenario\.yaml:/],
  ['aliases that explode', `${GOOD}${BOMB}`, 'WT1014', /more than 500000 values/],
  ['a profile that is not there', changed(FSYNC, 'profile: ./no-such.yaml'), 'WT1401', /no-such/],
  ['a profile of a wrong name', changed(FSYNC, 'profile: nmve'), 'WT1402', /nvme-plp/],
  [
    'an unknown flag',
    changed('  members: 3', '  members: 3\n  extraArgs: { hartbeat-interval: "100" }'),
    'WT1201',
    /heartbeat-interval/,
  ],
  [
    'a threshold that cannot be read',
    `${GOOD}thresholds: [{ metric: x, expect: 'p99 << 1s' }]\n`,
    'WT1301',
    /p99/,
  ],
  ['an unknown constant', `${GOOD}constants: { etcd.aplyNs: 20us }\n`, 'WT1111', /etcd\.applyNs/],
  ['not a scenario at all', '- 1\n- 2\n', 'WT1004', /mapping/],
];

for (const [what, text, code, shown] of BAD_SCENARIOS) {
  test(`${what} is refused with 104, a code and a place`, async ({ folder }) => {
    const file = join(folder, 'scenario.yaml');
    writeFileSync(file, text);
    const out = join(folder, 'out');
    const run = await call(['run', file, '--out', out, '--jobs', '1']);
    assertKind(run, 104, code, what);
    assert.match(run.err, shown);
    assert.ok(!existsSync(out), 'nothing is written');
    const validate = await call(['validate', file]);
    assertKind(validate, 104, code, what);
    assert.match(validate.out, /mistake/);
  });
}

test('validate names every mistake of every file at once', async ({ folder }) => {
  const a = join(folder, 'a.yaml');
  const b = join(folder, 'b.yaml');
  const c = join(folder, 'c.yaml');
  writeFileSync(a, GOOD.replace('warmup: 1s', 'warmpu: 1s').replace('horizon: 3s', 'horizon: 3'));
  writeFileSync(b, GOOD.replace('100/s', '-100/s'));
  writeFileSync(c, GOOD);
  const { code, out, err } = await call(['validate', a, b, c]);
  assert.strictEqual(code, 104);
  for (const found of ['WT1002', 'WT1005', 'WT1007']) assert.ok(err.includes(found), found);
  assert.match(err, /a\.yaml:5:1/);
  assert.match(out, /a\.yaml: 2 mistakes\n.*b\.yaml: 1 mistake\n.*c\.yaml: valid scenario\n/s);
});

test('a bad override shows the option and not the file', async ({ folder }) => {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, GOOD);
  const wrongValue = await call(['run', file, '-s', 'etcd.members=x', '--out', folder]);
  assert.strictEqual(wrongValue.code, 104);
  assert.match(wrongValue.err, /-s etcd\.members=x/);
  const wrongPath = await call(['run', file, '-s', 'etcd.membres=5', '--out', folder]);
  assertKind(wrongPath, 104, 'WT1502', 'a path that leads nowhere');
  assert.match(wrongPath.err, /members/);
});

test('files that cannot be read end with 2', async ({ folder }) => {
  const giant = join(folder, 'giant.yaml');
  writeFileSync(giant, GOOD);
  truncateSync(giant, 100 * 1024 * 1024);
  const binary = join(folder, 'binary.yaml');
  writeFileSync(binary, Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe]));
  const empty = join(folder, 'empty.yaml');
  writeFileSync(empty, '');
  const cases: [file: string, code: string][] = [
    [join(folder, 'none.yaml'), 'WT8001'],
    [giant, 'WT8003'],
    [binary, 'WT8004'],
    [folder, 'WT8005'],
    [empty, 'WT8006'],
  ];
  for (const [file, code] of cases) {
    assertKind(await call(['run', file, '--out', join(folder, 'out')]), 2, code, file);
    assertKind(await call(['validate', file]), 2, code, file);
    // A log of measurements may be large; this one is full of zeros.
    const calibrateCode = code === 'WT8003' ? 'WT8004' : code;
    assertKind(await call(['calibrate', file]), 2, calibrateCode, file);
  }
});

test('an output folder that cannot be written is refused before anything is run', async ({
  folder,
}) => {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, GOOD);
  const { code, err, out } = await call(['run', file, '--out', join(file, 'out'), '--jobs', '1']);
  assertKind({ code, err, out }, 2, 'WT8011', 'a file in the way');
  assert.strictEqual(out, '');
});

test('a disk that is full leaves no CSV behind, old ones stay', async ({ folder }) => {
  if (!existsSync('/dev/full')) return;
  const file = join(folder, 'scenario.yaml');
  const out = join(folder, 'out');
  writeFileSync(file, GOOD);
  mkdirSync(out);
  writeFileSync(join(out, 'runs.csv'), 'of an earlier run');
  symlinkSync('/dev/full', join(out, 'metrics.csv.part'));
  const printed = await call(['run', file, '--out', out, '--jobs', '1']);
  assertKind(printed, 2, 'WT8012', 'a full disk');
  assert.deepStrictEqual(readdirSync(out), ['runs.csv']);
});

test('measurements that cannot be used end with 104 and write no profile', async ({ folder }) => {
  const cases: [name: string, text: string, code: string][] = [
    ['fio.json', '{ "fio version": "fio-3.33", "jobs": [ { "jobname": "x", ', 'WT6010'],
    ['other.json', '{ "a": 1 }', 'WT6011'],
    ['metrics.txt', '# TYPE go_goroutines gauge\ngo_goroutines 5\n', 'WT6020'],
    ['latencies.csv', 'name,colour\na,red\nb,blue\n', 'WT6003'],
  ];
  for (const [name, text, code] of cases) {
    const file = join(folder, name);
    writeFileSync(file, text);
    const profile = join(folder, 'profile.yaml');
    assertKind(await call(['calibrate', file, '--out', profile]), 104, code, name);
    assert.ok(!existsSync(profile));
  }
});

test('a field that does not exist cannot be explained, and gets the nearest name', async () => {
  const { code, err } = await call(['explain', 'etcd.dsk']);
  assert.strictEqual(code, 2);
  assert.match(err, /did you mean disk\?/);
});

test.run();
