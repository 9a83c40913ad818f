import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { parse } from 'yaml';
import { withThreshold } from './scenarios.ts';
import { call, type Printed, ROOT, temporaryFolder } from './support.ts';

const test = suite('cli: check');
const { path: folder, remove } = temporaryFolder();
const at = (name: string) => join(folder, name);

function write(name: string, expect: string): string {
  const text = withThreshold(expect).replace('3s', '1s').replace('warmup: 1s', 'warmup: 200ms');
  writeFileSync(at(name), text);
  return at(name);
}

async function run(file: string, out: string, ...more: string[]): Promise<string> {
  const printed = await call(['run', file, '--out', at(out), '--jobs', '1', ...more]);
  assert.equal(printed.code, 0, printed.err);
  return at(out);
}

function check(...argv: string[]): Promise<Printed> {
  return call(['check', ...argv, '--jobs', '1']);
}

test.before(async () => {
  const file = write('a.yaml', 'mean < 1s');
  await run(file, 'a');
  await run(file, 'slow', '-s', 'etcd.disk.fsync.constant=9ms');
});
test.after(remove);

test('thresholds are judged again from the runs that were kept', async () => {
  const printed = await check(at('a'));
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.out, /pass .*mean < 1s/);
  const strict = write('strict.yaml', 'mean < 100us');
  assert.equal((await check(at('a'), '--thresholds', strict)).code, 99);
});

test('the same results are no regression, a slower disk is one, within a wide limit it is none', async () => {
  assert.equal((await check(at('a'), '--baseline', at('a'))).code, 0);
  const slower = await check(at('slow'), '--baseline', at('a'));
  assert.equal(slower.code, 99);
  assert.match(slower.out, /fail .*mean <= \+5%/);
  assert.equal((await check(at('slow'), '--baseline', at('a'), '--max-change', '9000%')).code, 0);
  assert.equal((await check(at('a'), '--baseline', at('slow'))).code, 0);
});

test('a baseline of another model is undecided, and run again with --rerun', async () => {
  cpSync(at('a'), at('old'), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(at('old'), 'manifest.json'), 'utf8'));
  writeFileSync(
    join(at('old'), 'manifest.json'),
    JSON.stringify({ ...manifest, modelRevision: 0 }),
  );
  const printed = await check(at('slow'), '--baseline', at('old'));
  assert.equal(printed.code, 98);
  assert.match(printed.err, /model revision 0; .*may be the model and not your change/);
  assert.equal((await check(at('slow'), '--baseline', at('old'), '--rerun')).code, 99);
  assert.equal((await check(at('a'), '--baseline', at('old'), '--rerun')).code, 0);
});

test('reports for CI: JUnit, github-action-benchmark, Bencher, Markdown', async () => {
  const argv = ['--junit', at('j.xml'), '--benchmark', at('b.json'), '--bencher', at('m.json')];
  await check(at('slow'), '--baseline', at('a'), ...argv, '--markdown', at('s.md'));
  const xml = readFileSync(at('j.xml'), 'utf8');
  assert.match(xml, /<testsuites name="wavetank" tests="2" failures="1" errors="0">/);
  assert.match(
    xml,
    /name="wavetank_client_request_duration_seconds\{op=&quot;put&quot;\} mean &lt; 1s"\/>/,
  );
  const [entry] = JSON.parse(readFileSync(at('b.json'), 'utf8'));
  assert.equal(entry.unit, 's');
  assert.match(entry.range, /^± 0\.0/);
  assert.deepEqual(JSON.parse(readFileSync(at('b-bigger.json'), 'utf8')), []);
  const [[name, measures]] = Object.entries<Record<string, { value: number }>>(
    JSON.parse(readFileSync(at('m.json'), 'utf8')),
  );
  assert.match(name, / mean$/);
  assert.equal(Math.round(measures.latency.value), Math.round(entry.value * 1e9));
  assert.match(readFileSync(at('s.md'), 'utf8'), /^### wavetank: .*: 1 of 2 do not hold/);
});

test('what is no folder of results, or half a manifest, is told', async () => {
  assert.match((await check(folder)).err, /WT8033 .*holds no results/);
  cpSync(at('a'), at('half'), { recursive: true });
  writeFileSync(join(at('half'), 'manifest.json'), '{"kind": "wavetank/mani');
  const printed = await check(at('half'));
  assert.equal(printed.code, 2);
  assert.match(printed.err, /WT8033 .*is not JSON/);
});

test('the script of the CI templates runs, judges and leaves its reports', () => {
  const loader = import.meta.resolve('tsx');
  const env = {
    ...process.env,
    WAVETANK: `${process.execPath} --import ${loader} ${join(ROOT, 'src/cli/entry.ts')}`,
    SCENARIO: at('a.yaml'),
    OUT: at('ci'),
    BASELINE: at('slow'),
    GITHUB_OUTPUT: at('output'),
    GITHUB_STEP_SUMMARY: at('summary.md'),
  };
  const script = join(ROOT, 'ci', 'check.sh');
  const { status, stderr } = spawnSync('bash', [script], { env, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.equal(readFileSync(at('output'), 'utf8'), 'verdict=0\n');
  assert.match(readFileSync(at('summary.md'), 'utf8'), /every threshold holds/);
  assert.match(readFileSync(join(at('ci'), 'junit.xml'), 'utf8'), /against the baseline/);
});

test('the templates are YAML of their kind and run that script', () => {
  const action = parse(readFileSync(join(ROOT, 'ci/github-action/action.yml'), 'utf8'));
  assert.equal(action.runs.using, 'composite');
  const [{ run, shell, env }] = action.runs.steps;
  assert.equal(shell, 'bash');
  assert.equal(run, 'bash "$GITHUB_ACTION_PATH/../check.sh"');
  for (const value of Object.values<string>(env)) {
    const [, input] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value) ?? [];
    assert.ok(Object.hasOwn(action.inputs, input), value);
  }
  const gitlab = parse(readFileSync(join(ROOT, 'ci/gitlab/wavetank.gitlab-ci.yml'), 'utf8'));
  assert.deepEqual(gitlab['.wavetank'].script, ['bash ci/check.sh']);
});

test.run();
