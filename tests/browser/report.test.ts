/** The report in a browser: nothing is fetched, runs or sticks out, dark and light. */
import * as assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import { call, temporaryFolder } from '../cli/support.ts';
import { CHROMIUM, HOW_TO_INSTALL, hasChromium, launch } from './chromium.ts';

interface Context {
  browser: Browser;
}

const test = suite<Context>('browser: report');
const folder = temporaryFolder();
const html = join(folder.path, 'report.html');

const SCENARIO = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: page, description: "<script>document.title = 'run'</script><img src=/x.png>" }
horizon: 3s
warmup: 1s
replications: 1
seriesInterval: 100ms
etcd: { members: 3, disk: { fsync: { constant: 1ms } } }
workload:
  - { name: a-rather-long-name-of-a-workload-that-wants-room, op: put, rate: 100/s }
faults:
  - { name: stall, at: 2s, for: 300ms, stallDisk: etcd/leader }
`;

test.before(async (context) => {
  if (!hasChromium) return;
  const scenario = join(folder.path, 's.yaml');
  const out = join(folder.path, 'out');
  writeFileSync(scenario, SCENARIO);
  await call(['run', scenario, '--executor', 'in-process', '--out', out]);
  assert.equal((await call(['report', out, '--out', html])).code, 0);
  context.browser = await launch();
});
test.after(async ({ browser }) => {
  await browser?.close();
  folder.remove();
});

const TITLES = {
  still: 'the report fetches nothing, runs nothing and says nothing on the console',
  phone: 'the report fits a phone and a desk',
  dark: 'the report is dark where the reader is, and light on paper',
  tree: 'a screen reader finds landmarks, headings and a name for every picture',
};

async function open(browser: Browser, width: number) {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const said: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/') {
      return route.fulfill({ contentType: 'text/html', body: readFileSync(html) });
    }
    asked.push(pathname);
    return route.abort();
  });
  await page.goto('http://wavetank.test/');
  return { page, said, asked };
}

/** Contrast by WCAG between the colours of text and of the page: 4.5 is what normal text needs. */
async function contrast(page: Page): Promise<number> {
  const code = `(() => {
    const light = (text) => {
      const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => {
        const c = part / 255;
        return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const paper = light(getComputedStyle(document.body).backgroundColor);
    const worst = [...document.querySelectorAll('p, th, td, a, span, h1, summary')].map((one) => {
      const ink = light(getComputedStyle(one).color);
      return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    });
    return Math.min(...worst);
  })()`;
  return (await page.evaluate(code)) as number;
}

if (!hasChromium) {
  for (const title of Object.values(TITLES)) {
    console.log(`skipped: ${title}\n  there is no ${CHROMIUM}: ${HOW_TO_INSTALL}`);
    test.skip(title, () => assert.fail());
  }
} else {
  test(TITLES.still, async ({ browser }) => {
    const { page, said, asked } = await open(browser, 1200);
    assert.deepEqual(asked, []);
    assert.deepEqual(said, []);
    assert.equal(await page.title(), 'page – wavetank');
    assert.equal(await page.locator('script').count(), 0);
    await page.close();
  });

  test(TITLES.phone, async ({ browser }) => {
    for (const width of [360, 375, 768, 1280]) {
      const { page } = await open(browser, width);
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      assert.equal(wide, width);
      await page.close();
    }
  });

  test(TITLES.dark, async ({ browser }) => {
    const { page } = await open(browser, 1200);
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.equal(await ground(), 'rgb(255, 255, 255)');
    assert.ok((await contrast(page)) >= 4.5);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.equal(await ground(), 'rgb(17, 21, 26)');
    assert.ok((await contrast(page)) >= 4.5);
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    assert.equal(await ground(), 'rgb(255, 255, 255)');
    await page.close();
  });

  test(TITLES.tree, async ({ browser }) => {
    const { page } = await open(browser, 1200);
    for (const role of ['banner', 'navigation', 'main'] as const) {
      assert.equal(await page.getByRole(role).count(), 1, role);
    }
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
    const pictures = await page.getByRole('img').count();
    assert.ok(pictures >= 5);
    assert.equal(await page.getByRole('img', { name: /\S/ }).count(), pictures);
    // The numbers behind a picture open by the keyboard.
    const numbers = page.locator('figure summary').first();
    await numbers.focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('figure details table').first().isVisible());
    await page.close();
  });
}

test.run();
