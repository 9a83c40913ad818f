import * as assert from 'node:assert';
import { suite } from 'uvu';
import { forgottenRuns, judge } from '../../scripts/test.ts';

const test = suite('scripts/test');
// Assembled, so that this file does not seem to have suites of its own that are never run.
const SUITE = `const test = ${'suite'}('x');\n`;
const RUN = 'test.run();\n';
const report = (total: number, passed: number) =>
  ` x  • • •   (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   0\n`;

test('a suite whose run was forgotten is a failure', () => {
  assert.strictEqual(forgottenRuns(SUITE), 1);
  assert.strictEqual(forgottenRuns(SUITE + RUN), 0);
  assert.strictEqual(forgottenRuns(SUITE + SUITE + RUN), 1);
  assert.strictEqual(forgottenRuns(`const test = ${'suite'}<{ a: Map<string, number> }>('x');`), 1);
  assert.match(judge(report(3, 3), 0, SUITE).problem, /without \.run/);
});

test('a green file has its counts and no problem', () => {
  const green = judge(`\u001b[32m${report(3, 3)}\u001b[39m${report(2, 2)}`, 0, SUITE + RUN);
  assert.deepStrictEqual(green, { passed: 5, failed: 0, skipped: 0, problem: '' });
});

test('a red file counts its failures', () => {
  const red = judge(report(3, 1), 1, SUITE + RUN);
  assert.deepStrictEqual(red, { passed: 1, failed: 2, skipped: 0, problem: '' });
});

test('a skipped test is counted, and a failure where nothing may be skipped', () => {
  const text = report(1, 1).replace('Skipped:   0', 'Skipped:   2');
  const skipped = { passed: 1, failed: 0, skipped: 2, problem: '' };
  assert.deepStrictEqual(judge(text, 0, SUITE + RUN), skipped);
  assert.match(judge(text, 0, SUITE + RUN, false).problem, /2 skipped/);
  const all = report(0, 0).replace('Skipped:   0', 'Skipped:   2');
  assert.deepStrictEqual(judge(all, 0, SUITE + RUN), { ...skipped, passed: 0 });
});

test('an empty run, a crash and a hang are problems', () => {
  assert.match(judge('', 0, '').problem, /no test was run/);
  assert.match(judge(report(0, 0), 0, SUITE + RUN).problem, /no test was run/);
  assert.match(judge('SyntaxError: ...', 1, SUITE + RUN).problem, /no test was run/);
  assert.match(judge(report(3, 3), 7, SUITE + RUN).problem, /exit code is 7/);
  assert.match(judge(report(3, 3), null, SUITE + RUN).problem, /hangs/);
});

test.run();
