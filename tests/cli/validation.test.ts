/** `wavetank validation` that is stopped by Ctrl-C. */
import * as assert from 'node:assert';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { call, ROOT, temporaryFolder } from './support.ts';

const test = suite('cli: validation');

/** Two settings of the committed measurements. */
function twoSettings(folder: string): string {
  const text = readFileSync(join(ROOT, 'experiments/validation-etcd/data/single.csv'), 'utf8');
  const [head, ...rows] = text.split('\n');
  // Slow disks and one client: few requests.
  const chosen = ['a,1,20,,,256,1,', 'a,1,10,,,256,1,'].map((setting) =>
    rows.find((row) => row.startsWith(setting)),
  );
  const data = join(folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'single.csv'), `${[head, ...chosen].join('\n')}\n`);
  return data;
}

test('Ctrl-C keeps the settings that are done, marked, and says so by its exit code', async () => {
  const { path, remove } = temporaryFolder();
  try {
    const out = join(path, 'out');
    let nowMs = 0;
    const printed = await call(['validation', '--data', twoSettings(path), '--out', out], {
      // Every look at the clock is 6 s later, so that each step prints a line.
      nowMs: () => {
        nowMs += 6000;
        return nowMs;
      },
      interruptWhen: (err) => err.includes(' 1/2 '),
    });
    assert.strictEqual(printed.code, 105, printed.err);
    assert.match(printed.err, /interrupted after 1 of 2 settings; what there is was written to/);
    const page = readFileSync(join(out, 'validation.md'), 'utf8');
    assert.match(page, /\*\*INTERRUPTED\*\* after 1 of 2 settings/);
    const rows = readFileSync(join(out, 'load.csv'), 'utf8').split('\n');
    assert.ok(rows.length > 2, `${rows.length} lines`);
  } finally {
    remove();
  }
});

test('Ctrl-C before anything was compared writes nothing', async () => {
  const { path, remove } = temporaryFolder();
  try {
    const out = join(path, 'out');
    const printed = await call(['validation', '--data', twoSettings(path), '--out', out], {
      interruptAtStart: true,
    });
    assert.strictEqual(printed.code, 105, printed.err);
    assert.match(printed.err, /interrupted before anything was compared; nothing was written/);
    assert.strictEqual(existsSync(out), false);
  } finally {
    remove();
  }
});

test.run();
