import * as assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { call, ROOT, temporaryFolder } from './support.ts';

const test = suite('cli: import and replay');
const example = (name: string) => join(ROOT, 'examples', 'import', name);

test('import writes a scenario that validate takes, and accounts for every object', async () => {
  const { path, remove } = temporaryFolder();
  try {
    const out = join(path, 'cluster.yaml');
    const files = [example('cluster.json'), example('kubeadm.yaml')];
    const imported = await call(['import', ...files, '--out', out]);
    assert.equal(imported.code, 0, imported.err);
    assert.match(imported.out, /^20 objects read, 18 used, 2 skipped\n/);
    assert.match(imported.out, /object 16 \(Voucher\): a kind that is not known/);
    assert.equal((await call(['validate', out])).code, 0);
    const again = await call(['import', ...files, '--out', out]);
    assert.equal(again.code, 0, 'a scenario may replace a scenario');
    const stdout = await call(['import', ...files, '--out', '-', '--name', 'cluster']);
    assert.equal(stdout.out, readFileSync(out, 'utf8'));
    const json = await call(['import', ...files, '--out', out, '-o', 'json']);
    assert.equal(JSON.parse(json.out).kinds[0].kind, 'ClusterConfiguration');
  } finally {
    remove();
  }
});

test('import never writes over what is no scenario, nor out of half a dump', async () => {
  const { path, remove } = temporaryFolder();
  try {
    const dump = join(path, 'dump.json');
    writeFileSync(dump, readFileSync(example('cluster.json'), 'utf8').slice(0, 3000));
    const over = await call(['import', example('cluster.json'), '--out', dump]);
    assert.equal(over.code, 2);
    assert.match(over.err, /WT8013/);
    const out = join(path, 'out.yaml');
    const cut = await call(['import', dump, '--out', out]);
    assert.equal(cut.code, 104);
    assert.match(cut.err, /the file ends in the middle of object \d+/);
    assert.equal(existsSync(out), false);
    assert.equal((await call(['import', dump, '--out', out, '--partial'])).code, 0);
    assert.equal(existsSync(out), true);
    const gone = await call(['import', join(path, 'gone.json')]);
    assert.match(gone.err, /WT8001/);
  } finally {
    remove();
  }
});

test('replay runs a trace and says what became of its pods', async () => {
  const { path, remove } = temporaryFolder();
  try {
    const out = join(path, 'replayed');
    const argv = ['replay', example('arrivals.csv'), '--window', '0s..4s', '--out', out];
    const printed = await call([...argv, '--files', 'runs,pods', '-s', 'horizon=20s']);
    assert.equal(printed.code, 0, printed.err);
    assert.match(printed.err, /15 rows, 4 used: 4 pods, 0 loads\n {2}11 skipped: after the window/);
    assert.match(
      printed.out,
      /4 calls accepted, 0 rejected\n {2}4 pods created: 4 placed, 0 unsch/,
    );
    assert.match(readFileSync(join(out, 'manifest.json'), 'utf8'), /replay .*--window 0s\.\.4s/);
    assert.match(readFileSync(join(out, 'pods.csv'), 'utf8'), /jobs\/report/);
  } finally {
    remove();
  }
});

test('replay takes nodes from a list, and the cluster from a scenario', async () => {
  const { path, remove } = temporaryFolder();
  try {
    const nodes = join(path, 'nodes.csv');
    writeFileSync(nodes, 'sn,cpu_milli,memory_mib,gpu,model\nbig,64000,262144,0,\n');
    const argv = ['replay', example('arrivals.csv'), '--nodes', nodes, '--print-config'];
    const printed = await call(argv);
    assert.equal(printed.code, 0, printed.err);
    assert.match(printed.out, /names: \[ big \]/);
    const scenario = join(path, 'etcd.yaml');
    await call(['init', scenario]);
    const alone = await call(['replay', example('arrivals.csv'), '--scenario', scenario]);
    assert.match(alone.err, /WT8022/);
  } finally {
    remove();
  }
});

test('replay says what is no trace, and what options cannot be', async () => {
  const none = await call(['replay', example('kubeadm.yaml')]);
  assert.equal(none.code, 104);
  assert.match(none.err, /this is no trace that is known/);
  assert.notEqual((await call(['replay', 'x', '--window', '2h..1h'])).code, 0);
  assert.notEqual((await call(['replay', 'x', '--scale', '-1'])).code, 0);
  const missing = await call(['replay']);
  assert.match(missing.err, /no trace was given/);
});

test.run();
