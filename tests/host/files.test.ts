import * as assert from 'node:assert';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import {
  checkWritable,
  createTextFile,
  readTextChunks,
  readTextFile,
  UserError,
  writeFileAtomically,
  writeFilesAtomically,
} from '../../src/host/index.ts';

const test = suite<{ folder: string }>('host/files');
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'wavetank-host-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const SCENARIO = { bytesMax: 1000, what: 'scenario' };

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.ok(error.hint.length > 0, 'every error says what to do next');
    return error.code;
  }
  return 'no error';
}

test('each way in which a file cannot be read has its own code', ({ folder }) => {
  const path = (name: string) => join(folder, name);
  writeFileSync(path('large.yaml'), 'x'.repeat(1001));
  writeFileSync(path('empty.yaml'), '');
  writeFileSync(path('utf16.yaml'), Buffer.from('\ufeffname: x', 'utf16le'));
  writeFileSync(path('nul.yaml'), 'a\u0000b');
  assert.strictEqual(
    codeOf(() => readTextFile(path('none.yaml'), SCENARIO)),
    'WT8001',
  );
  assert.strictEqual(
    codeOf(() => readTextFile(join(path('nul.yaml'), 'x'), SCENARIO)),
    'WT8001',
  );
  assert.strictEqual(
    codeOf(() => readTextFile(path('large.yaml'), SCENARIO)),
    'WT8003',
  );
  assert.strictEqual(
    codeOf(() => readTextFile(path('utf16.yaml'), SCENARIO)),
    'WT8004',
  );
  assert.strictEqual(
    codeOf(() => readTextFile(path('nul.yaml'), SCENARIO)),
    'WT8004',
  );
  assert.strictEqual(
    codeOf(() => readTextFile(folder, SCENARIO)),
    'WT8005',
  );
  assert.strictEqual(
    codeOf(() => readTextFile(path('empty.yaml'), SCENARIO)),
    'WT8006',
  );
});

test('a file of exactly the limit is read, without its byte order mark', ({ folder }) => {
  writeFileSync(join(folder, 'a.yaml'), `\ufeff${'x'.repeat(997)}`);
  assert.strictEqual(readTextFile(join(folder, 'a.yaml'), SCENARIO), 'x'.repeat(997));
});

test('several files are written whole and leave nothing beside them', ({ folder }) => {
  const out = join(folder, 'deep', 'out');
  writeFilesAtomically(out, [
    { name: 'a.csv', text: ['x,y\n', '1,2\n'] },
    { name: 'manifest.json', text: '{}\n' },
  ]);
  assert.deepStrictEqual(readdirSync(out).sort(), ['a.csv', 'manifest.json']);
  assert.strictEqual(readFileSync(join(out, 'a.csv'), 'utf8'), 'x,y\n1,2\n');
});

test('when one of several files cannot be made, the old ones stay and no part is left', ({
  folder,
}) => {
  writeFilesAtomically(folder, [
    { name: 'a.csv', text: 'old' },
    { name: 'manifest.json', text: 'old' },
  ]);
  function* torn(): Generator<string> {
    yield 'half of a ';
    throw Object.assign(new Error('write'), { code: 'ENOSPC' });
  }
  const write = () =>
    writeFilesAtomically(folder, [
      { name: 'a.csv', text: 'new' },
      { name: 'b.csv', text: torn() },
      { name: 'manifest.json', text: 'new' },
    ]);
  assert.strictEqual(codeOf(write), 'WT8012');
  assert.deepStrictEqual(readdirSync(folder).sort(), ['a.csv', 'manifest.json']);
  assert.strictEqual(readFileSync(join(folder, 'a.csv'), 'utf8'), 'old');
});

test('a full device is reported as full', ({ folder }) => {
  if (!existsSync('/dev/full')) return;
  // A link named as the part file makes the write land on a device that is always full.

  symlinkSync('/dev/full', join(folder, 'a.csv.part'));
  assert.strictEqual(
    codeOf(() => writeFileAtomically(join(folder, 'a.csv'), 'text')),
    'WT8012',
  );
  assert.deepStrictEqual(readdirSync(folder), []);
});

test('a folder that cannot be made or written to is refused before the run', ({ folder }) => {
  writeFileSync(join(folder, 'file'), 'in the way');
  assert.strictEqual(
    codeOf(() => checkWritable(join(folder, 'file', 'out'))),
    'WT8011',
  );
  assert.strictEqual(
    codeOf(() => checkWritable(join(folder, 'file'))),
    'WT8011',
  );
  mkdirSync(join(folder, 'locked'));
  chmodSync(join(folder, 'locked'), 0o500);
  // Root may write anywhere; only others can see the refusal.
  if (process.getuid?.() !== 0) {
    assert.strictEqual(
      codeOf(() => checkWritable(join(folder, 'locked'))),
      'WT8011',
    );
  }
  checkWritable(join(folder, 'new', 'out'));
  assert.deepStrictEqual(readdirSync(join(folder, 'new', 'out')), []);
});

test('a folder that the system refuses to make with ENOENT is refused, not tried for ever', () => {
  // The parent is there; Node's recursive mkdir loops on this.
  if (!existsSync('/proc/self')) return;
  assert.equal(
    codeOf(() => checkWritable('/proc/wavetank')),
    'WT8011',
  );
});

test('creating a file never overwrites one', ({ folder }) => {
  const path = join(folder, 'scenario.yaml');
  createTextFile(path, 'first');
  assert.strictEqual(
    codeOf(() => createTextFile(path, 'second')),
    'WT8013',
  );
  assert.strictEqual(readFileSync(path, 'utf8'), 'first');
});

test('a file that is read piece by piece is the file, letters on the seams too', ({ folder }) => {
  const path = join(folder, 'dump');
  // 3 bytes each: a piece of 1 MiB ends inside of one.
  const text = '€'.repeat(800_000);
  writeFileSync(path, text);
  const chunks = [...readTextChunks(path, 'dump')];
  assert.ok(chunks.length > 2);
  assert.strictEqual(chunks.join(''), text);
});

test('pieces of what is not there, or is a folder, are refused as whole files are', ({
  folder,
}) => {
  assert.strictEqual(
    codeOf(() => [...readTextChunks(join(folder, 'gone'), 'dump')]),
    'WT8001',
  );
  assert.strictEqual(
    codeOf(() => [...readTextChunks(folder, 'dump')]),
    'WT8005',
  );
});

test.run();
