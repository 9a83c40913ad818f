/** The what-if page in Chromium: Node's digest, by keyboard, at both widths, from a file. */
import * as assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import { build } from '../../scripts/build.mjs';
import { webCommand } from '../../src/cli/commands/web.ts';
import type { Io } from '../../src/cli/io.ts';
import { planRuns, startRun } from '../../src/run/index.ts';
import { parseScenario } from '../../src/scenario/index.ts';
import { readState, SLIDERS, scenarioText, writeState } from '../../web/controls.ts';
import { temporaryFolder } from '../cli/support.ts';
import { CHROMIUM, HOW_TO_INSTALL, hasChromium, launch } from './chromium.ts';

interface Context {
  browser: Browser;
}

const test = suite<Context>('browser: what if');
const folder = temporaryFolder();
const file = join(folder.path, 'page.html');

test.before(async (context) => {
  if (!hasChromium) return;
  await build({ outdir: join(folder.path, 'build'), only: 'browser' });
  // Of the command's world, only where the build is.
  const io = { out: () => undefined, packageRoot: folder.path } as unknown as Io;
  webCommand({ out: file }, io);
  rmSync(join(folder.path, 'build'), { recursive: true });
  context.browser = await launch();
});
test.after(async ({ browser }) => {
  await browser?.close();
  folder.remove();
});

test('the scenario that every slider makes is valid, at both of its ends', () => {
  for (const slider of SLIDERS) {
    for (const value of [slider.values[0], slider.values[slider.values.length - 1]]) {
      // The two ends of the disk's distribution move together: p99 is not below p50.
      const others = { p50: 0.02, p99: 500, nodes: 5 };
      const state = readState(
        writeState({ values: { ...others, [slider.id]: value }, faults: [] }),
      );
      const text = scenarioText({ ...state, faults: ['leader', 'stall', 'api'] });
      const { problems } = parseScenario(text, { file: 'what-if.yaml' });
      assert.deepEqual(problems, [], `${slider.id} ${value}`);
    }
  }
});

test('the address holds the state, and nothing that is no value gets in', () => {
  const state = readState('#members=5&p50=2&faults=stall');
  assert.equal(state.values.members, 5);
  assert.deepEqual(readState(writeState(state)), state);
  const wrong = readState('#members=4&rate=<script>&faults=x,leader');
  assert.equal(wrong.values.members, 3);
  assert.equal(wrong.values.rate, 500);
  assert.deepEqual(wrong.faults, ['leader']);
});

const TITLES = {
  digest: 'the page computes the digest that Node computes, and fetches nothing',
  keyboard: 'sliders, faults and the baseline work by keyboard; the address follows',
  width: 'the page fits a phone and a desk',
};

async function open(browser: Browser, hash: string, width = 1280) {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const said: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('request', (request) => asked.push(request.url().replace(/#.*/, '')));
  await page.goto(`file://${file}${hash}`);
  await done(page);
  return { page, said, asked };
}

function done(page: Page): Promise<unknown> {
  return page.locator('body[data-state=done]').waitFor({ timeout: 60_000 });
}

function digestHere(text: string): string {
  const { scenario } = parseScenario(text, { file: 'what-if.yaml' });
  const [plan] = planRuns([scenario!]);
  const run = startRun(plan);
  while (!run.advance(1 << 20)) {
    // To the horizon.
  }
  return run.finish().digest;
}

// Little load: three runs here, and one in Node.
const HASH = '#members=3&rate=100&faults=stall';

if (!hasChromium) {
  for (const title of Object.values(TITLES)) {
    console.log(`skipped: ${title}\n  there is no ${CHROMIUM}: ${HOW_TO_INSTALL}`);
    test.skip(title, () => assert.fail());
  }
} else {
  test(TITLES.digest, async ({ browser }) => {
    const { page, said, asked } = await open(browser, HASH);
    const yaml = (await page.locator('#yaml').textContent()) ?? '';
    assert.equal(yaml, scenarioText(readState(HASH)));
    assert.equal(await page.locator('#digest').textContent(), digestHere(yaml));
    assert.deepEqual(said, []);
    const outside = asked.filter((url) => url !== `file://${file}` && !url.startsWith('blob:'));
    assert.deepEqual(outside, []);
    assert.ok((await page.getByRole('img', { name: /\S/ }).count()) >= 5);
    await page.close();
  });

  test(TITLES.keyboard, async ({ browser }) => {
    const { page } = await open(browser, HASH);
    await page.getByRole('button', { name: 'Pin as baseline' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#figures th').last().textContent(), 'difference');
    assert.equal(await page.locator('#figures td').last().textContent(), '0.0 %');
    const before = await page.locator('#digest').textContent();
    await page.evaluate("document.body.dataset.state = 'before'");
    await page.getByLabel('round trip between members').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
    await done(page);
    assert.match(page.url(), /rtt=10&/);
    assert.notEqual(await page.locator('#digest').textContent(), before);
    // p50 of puts: beyond the 10 ms that a follower's answer takes.
    const row = page.locator('#figures tr', { hasText: 'put: p50' });
    assert.match((await row.textContent()) ?? '', /put: p501\d\.\d ms.* ms\+\d+\.\d %/);
    await page.evaluate("document.body.dataset.state = 'before'");
    await page.getByLabel('leader of etcd dies for 2 s').focus();
    await page.keyboard.press('Space');
    await done(page);
    assert.match(page.url(), /faults=(stall%2Cleader|leader%2Cstall)/);
    assert.ok((await page.locator('#pictures').textContent())?.includes('leader'));
    await page.close();
  });

  test(TITLES.width, async ({ browser }) => {
    for (const width of [360, 1280]) {
      const { page } = await open(browser, HASH, width);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      await page.close();
    }
  });
}

test.run();
