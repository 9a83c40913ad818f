/** The same bytes in a browser as in Node: digests, CSV, the text of the summary. */
import * as assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { suite } from 'uvu';
import { build } from '../../scripts/build.mjs';
import * as library from '../../src/index.ts';
import { ROOT } from '../tidy/sources.ts';
import { CHROMIUM, HOW_TO_INSTALL, hasChromium, launch, openPage } from './chromium.ts';
import { simulate } from './simulate.mjs';

interface Context {
  bundle: string;
  browser: Browser;
}

const test = suite<Context>('browser');
const REFERENCES = ['everything', 'heavy', 'kubernetes'];

test.before(async (context) => {
  if (!hasChromium) return;
  // From these sources and not from those of the last build.
  context.bundle = join(ROOT, 'build', `test-browser-${process.pid}`);
  await build({ outdir: context.bundle, only: 'browser' });
  context.browser = await launch();
});
test.after(async ({ bundle, browser }) => {
  await browser?.close();
  if (bundle !== undefined) rmSync(bundle, { recursive: true, force: true });
});

for (const name of REFERENCES) {
  const title = `Chromium computes the same bytes as Node: ${name}`;
  if (!hasChromium) {
    console.log(`skipped: ${title}\n  there is no ${CHROMIUM}: ${HOW_TO_INSTALL}`);
    test.skip(title, () => assert.fail());
    continue;
  }
  test(`Chromium computes the same bytes as Node: ${name}`, async ({ bundle, browser }) => {
    const text = readFileSync(join(ROOT, 'tests/testdata/reference', `${name}.yaml`), 'utf8');
    const { page, errors } = await openPage(browser, {
      'browser.mjs': join(bundle, 'browser.mjs'),
      'simulate.mjs': join(ROOT, 'tests/browser/simulate.mjs'),
    });
    // As text: a function would arrive as the loader of TypeScript has rewritten it.
    const there = (await page.evaluate(`(async () => {
      const library = await import('/browser.mjs');
      const { simulate } = await import('/simulate.mjs');
      return simulate(library, ${JSON.stringify(text)}, 10_000);
    })()`)) as ReturnType<typeof simulate>;
    assert.deepEqual(errors, []);
    const here = simulate(library, text, 1 << 20);
    assert.ok(here.eventCount > 100_000);
    assert.deepEqual(there.digests, here.digests);
    assert.deepEqual(
      there.files.map(([file]) => file),
      here.files.map(([file]) => file),
    );
    there.files.forEach(([file, bytes], i) => {
      assert.ok(bytes === here.files[i][1], `${file} differs`);
    });
  });
}

test.run();
