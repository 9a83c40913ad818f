/**
 * Pastes every `npx wavetank` line of the documentation, page by page, each page into a folder of
 * its own that looks like a fresh clone. What a command should end with stands behind it.
 */
import * as assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { call, type Printed, temporaryFolder } from '../cli/support.ts';
import { ROOT } from '../tidy/sources.ts';
import { type Block, blocks, type Command, commands, type Page, pages, words } from './markdown.ts';

const test = suite('docs: commands');

/** Names that stand for files of the reader. */
const STAND_INS: Readonly<Record<string, string>> = {
  'disk.json': 'examples/calibrate/fio-stalls.json',
  'disk_clat.1.log': 'examples/calibrate/fio-stalls_clat.1.log',
  'before.txt': 'examples/calibrate/etcd-before.txt',
  'after.txt': 'examples/calibrate/etcd-after.txt',
};

/**
 * Too long for here. `.ci/run` runs them: the experiments by golden.ts, the validation as it is.
 */
function runsElsewhere(argv: readonly string[]): boolean {
  return argv[0] === 'validation' || argv.some((word) => word.startsWith('experiments/'));
}

function enter(): () => void {
  const { path, remove } = temporaryFolder();
  for (const folder of ['examples', 'experiments']) {
    if (existsSync(join(ROOT, folder))) {
      cpSync(join(ROOT, folder), join(path, folder), { recursive: true });
    }
  }
  for (const [name, file] of Object.entries(STAND_INS)) {
    writeFileSync(join(path, name), readFileSync(join(ROOT, file)));
  }
  const before = process.cwd();
  mkdirSync(join(path, 'docs'), { recursive: true });
  process.chdir(path);
  return () => {
    process.chdir(before);
    remove();
  };
}

/** What has been run, with what it printed: an output that is shown need not be run again. */
async function paste({ path, line, argv, exitCode }: Command): Promise<Printed> {
  const short = runsElsewhere(argv);
  if (short && argv[0] !== 'run') return { code: 0, out: '', err: '' };
  const printed = await call(short ? [...argv, '--print-config'] : argv);
  const expected = short ? 0 : exitCode;
  assert.equal(
    printed.code,
    expected,
    `${path}:${line} wavetank ${argv.join(' ')}\n${printed.err}`,
  );
  return printed;
}

const OUTPUT = /^output of (?:npx )?wavetank (.*?)(?:, until (.*))?$/;

/** The output as the page should show it. */
function excerpt(out: string, until: string | undefined): string {
  const end = until === undefined ? -1 : out.indexOf(`\n${until}`);
  return `${(end < 0 ? out : out.slice(0, end)).trimEnd()}\n`;
}

function update(page: Page, block: Block, now: string): void {
  assert.notEqual(block.text, '', `${page.path}:${block.line}: write a word into the block first`);
  const file = join(ROOT, page.path);
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(block.text, () => now),
  );
}

async function checkPage(page: Page): Promise<void> {
  const printed = new Map<string, Printed>();
  const leave = enter();
  try {
    for (const command of commands(page)) {
      printed.set(command.argv.join(' '), await paste(command));
    }
    for (const block of blocks(page)) {
      const shown = OUTPUT.exec(block.comment);
      if (shown === null) continue;
      const argv = words(shown[1]);
      const { out } = printed.get(argv.join(' ')) ?? (await call(argv));
      const now = excerpt(out, shown[2]);
      if (process.env.WAVETANK_UPDATE === '1') update(page, block, now);
      else
        assert.equal(block.text, now, `${page.path}:${block.line}: WAVETANK_UPDATE=1 refreshes it`);
    }
  } finally {
    leave();
  }
}

for (const page of pages()) {
  if (commands(page).length === 0) continue;
  test(`every command of ${page.path} does what the page says`, async () => {
    await checkPage(page);
  });
}

test('a command that fails, or ends otherwise than its page says, is found', async () => {
  const page = (line: string) => ({ path: 'docs/x.md', text: `    ${line}\n` });
  await checkPage(page('npx wavetank run gone.yaml # exit code 2'));
  await assert.rejects(checkPage(page('npx wavetank run gone.yaml')), /docs\/x.md:1/);
  await assert.rejects(checkPage(page('npx wavetank list --gone')), /docs\/x.md:1/);
});

test.run();
