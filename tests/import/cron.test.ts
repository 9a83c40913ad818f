import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cronPeriodS } from '../../src/import/kubernetes/cron.ts';
import { hashedUser, timeOf } from '../../src/import/replay/audit.ts';

const test = suite('import: times and names');

test('cron expressions have the mean time between two runs', () => {
  const DAY = 86_400;
  const periods: readonly (readonly [string, number | null])[] = [
    ['* * * * *', 60],
    ['*/15 * * * *', 900],
    ['0 * * * *', 3600],
    ['5,35 * * * *', 1800],
    ['0 9-17 * * *', DAY / 9],
    ['0 0/6 * * *', DAY / 4],
    ['@daily', DAY],
    ['0 3 * * 0', 7 * DAY],
    ['0 3 * * mon-fri', (7 * DAY) / 5],
    ['0 3 * * 0,7', 7 * DAY],
    ['0 0 1 * *', 30.4 * DAY],
    ['TZ=Europe/Berlin 30 4 * * ?', DAY],
    ['@every 90s', 90],
    ['61 * * * *', null],
    ['* * * *', null],
    ['5-1 * * * *', null],
    ['*/0 * * * *', null],
    ['', null],
  ];
  for (const [text, expected] of periods) {
    const period = cronPeriodS(text);
    if (expected === null || period === null) assert.is(period, expected, text);
    else assert.ok(Math.abs(period - expected) < 1e-6 * expected, `${text}: ${period}`);
  }
});

test('times of audit logs are those of the calendar', () => {
  // `date -u -d TEXT +%s`.
  assert.is(timeOf('2026-03-01T12:00:00.250000Z'), 1_772_366_400_250 * 1e6);
  assert.is(timeOf('2024-02-29T23:59:59Z'), 1_709_251_199_000 * 1e6);
  assert.is(timeOf('1970-01-01T00:00:00Z'), 0);
  assert.ok(Number.isNaN(timeOf('yesterday')));
});

test('names are hashed, those of components of Kubernetes stay', () => {
  assert.is(hashedUser('system:kube-scheduler'), 'system:kube-scheduler');
  assert.is(
    hashedUser('system:serviceaccount:kube-system:job-controller'),
    'system:serviceaccount:kube-system:job-controller',
  );
  assert.match(hashedUser('system:node:worker-7'), /^system:node:[0-9a-z]{8}$/);
  assert.match(hashedUser('alice'), /^user-[0-9a-z]{8}$/);
  assert.is.not(hashedUser('alice'), hashedUser('bob'));
});

test.run();
