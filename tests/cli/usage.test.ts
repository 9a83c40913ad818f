import * as assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { quoteCommand } from '../../src/cli/errors.ts';
import { EXIT_TEXT } from '../../src/cli/exit-codes.ts';
import { wantsColor } from '../../src/cli/io.ts';
import { formatDuration } from '../../src/cli/progress.ts';
import { VERSION } from '../../src/run/index.ts';
import { call, ROOT } from './support.ts';

const test = suite('cli/usage');
const COMMANDS = ['run', 'validate', 'explain', 'schema', 'list', 'init', 'calibrate'];

test('the version is the one of package.json', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.strictEqual(VERSION, version);
  assert.deepStrictEqual(await call(['--version']), { code: 0, out: `${version}\n`, err: '' });
});

test('help goes to stdout and names every command and every exit code', async () => {
  const { code, out, err } = await call(['--help']);
  assert.strictEqual(code, 0);
  assert.strictEqual(err, '');
  for (const command of COMMANDS) assert.match(out, new RegExp(`^  ${command} `, 'm'));
  for (const { code, text } of EXIT_TEXT) assert.ok(out.includes(`${code}  ${text}`), text);
});

test('the help of every command has an example that begins with it', async () => {
  for (const command of COMMANDS) {
    const { code, out } = await call([command, '--help']);
    assert.strictEqual(code, 0);
    assert.match(out, new RegExp(`Examples:\n  \\$ wavetank ${command}`), command);
  }
});

test('mistakes in the command line end with 2 and say how to get help', async () => {
  const mistakes = [
    ['rum'],
    ['run', 'x.yaml', '--replication', '3'],
    ['run', 'x.yaml', '--replications', '0'],
    ['run', 'x.yaml', '--replications', '1.5'],
    ['run', 'x.yaml', '--jobs', 'many'],
    ['run', 'x.yaml', '--seed', ''],
    ['run', 'x.yaml', '--output', 'xml'],
    ['run', 'x.yaml', '--queue', 'heap'],
    ['run', 'x.yaml', '-s', 'etcd.members'],
    ['run', 'x.yaml', 'y.yaml'],
    ['validate'],
    ['calibrate'],
    ['calibrate', 'x', '--elapsed', '5'],
  ];
  for (const argv of mistakes) {
    const { code, out, err } = await call(argv);
    assert.strictEqual(code, 2, argv.join(' '));
    assert.strictEqual(out, '', 'stdout is for results');
    assert.match(err, /^error: /);
    assert.match(err, /--help/);
    assert.ok(!err.includes('    at '), 'no stack trace');
  }
});

test('an unknown command gets the nearest one', async () => {
  assert.match((await call(['calibarte'])).err, /Did you mean calibrate/);
});

test('without a command the help is printed as talk and the code is 2', async () => {
  const { code, out, err } = await call([]);
  assert.strictEqual(code, 2);
  assert.strictEqual(out, '');
  assert.match(err, /Usage: wavetank/);
});

test('run without a file says what to do', async () => {
  const { code, err } = await call(['run']);
  assert.strictEqual(code, 2);
  assert.match(err, /wavetank init scenario\.yaml/);
});

test('colour is for terminals, and NO_COLOR and FORCE_COLOR decide otherwise', () => {
  assert.strictEqual(wantsColor({}, true), true);
  assert.strictEqual(wantsColor({}, false), false);
  assert.strictEqual(wantsColor({ NO_COLOR: '1' }, true), false);
  assert.strictEqual(wantsColor({ NO_COLOR: '' }, true), true);
  assert.strictEqual(wantsColor({ FORCE_COLOR: '1' }, false), true);
  assert.strictEqual(wantsColor({ FORCE_COLOR: '0' }, true), false);
  assert.strictEqual(wantsColor({ NO_COLOR: '1', FORCE_COLOR: '1' }, true), false);
  assert.strictEqual(wantsColor({ TERM: 'dumb' }, true), false);
});

test('a repeat command can be pasted into a shell', () => {
  assert.strictEqual(
    quoteCommand(['run', 'my file.yaml', '-s', "name=it's", '--seed', 'a$b']),
    "npx wavetank run 'my file.yaml' -s 'name=it'\\''s' --seed 'a$b'",
  );
});

test('durations of the progress line are rounded up to whole seconds', () => {
  assert.strictEqual(formatDuration(100), '1 s');
  assert.strictEqual(formatDuration(61_000), '1 min 1 s');
  assert.strictEqual(formatDuration(3_660_000), '1 h 1 min');
});

test.run();
