import * as assert from 'node:assert';
import pc from 'picocolors';
import { suite } from 'uvu';
import { reportError } from '../../src/cli/errors.ts';
import { nodeIo } from '../../src/cli/io.ts';
import { Progress } from '../../src/cli/progress.ts';
import { UserError } from '../../src/host/index.ts';
import { RunFailure, type RunFailureData } from '../../src/run/index.ts';

const test = suite('cli/errors');

/** Collects stderr; the clock is the caller's. */
function record(nowMs: () => number = () => 0) {
  const printed = { err: '' };
  const io = {
    ...nodeIo(),
    err: (text: string) => {
      printed.err += text;
    },
    errColumns: 0,
    errColors: pc.createColors(false),
    nowMs,
  };
  return { io, printed };
}

const failure: RunFailureData = {
  point: 3,
  replication: 2,
  seed: 'abc',
  simulatedNs: 1_500_000_000,
  eventCount: 42,
  message: 'two leaders in one term',
  stack: 'InvariantViolation: two leaders\n    at Raft.step (raft.ts:1:1)',
  limit: null,
};

test('a violated invariant tells seed, simulated time and the command that repeats it', () => {
  const { io, printed } = record();
  const code = reportError(new RunFailure(failure), ['run', 'a b.yaml', '--seed', '7'], io);
  assert.strictEqual(code, 109);
  for (const shown of [
    'two leaders in one term',
    'point 3, replication 2',
    'abc',
    '1.5 s (1500000000 ns)',
    "npx wavetank run 'a b.yaml' --seed 7",
    'at Raft.step',
  ]) {
    assert.ok(printed.err.includes(shown), `${shown} in\n${printed.err}`);
  }
});

test('a limit that a scenario reached is its own fault, without a stack trace', () => {
  const { io, printed } = record();
  const limit = { code: 'WT2001', hint: '' };
  const error = new RunFailure({ ...failure, message: 'WT2001: too long', limit });
  assert.strictEqual(reportError(error, ['run', 'x'], io), 104);
  assert.strictEqual(printed.err, 'error WT2001: too long\n');
});

test('a mistake of the user has its code and a hint and nothing else', () => {
  const { io, printed } = record();
  const error = new UserError({ code: 'WT8001', message: 'not there', path: 'x', hint: 'look' });
  assert.strictEqual(reportError(error, ['run', 'x'], io), 2);
  assert.strictEqual(printed.err, 'WT8001 not there\n  hint: look\n');
});

test('anything else is a bug of ours and says how to repeat it', () => {
  const { io, printed } = record();
  assert.strictEqual(reportError(new TypeError('x is undefined'), ['list'], io), 109);
  assert.match(printed.err, /bug of wavetank: TypeError: x is undefined/);
  assert.match(printed.err, /npx wavetank list/);
});

test('progress is silent for two seconds and then has a line every five', () => {
  let nowMs = 0;
  const { io, printed } = record(() => nowMs);
  const progress = new Progress(io, 'sweep');
  for (nowMs = 0; nowMs <= 20_000; nowMs += 500) progress.update(nowMs / 20_000, '1/2 runs');
  progress.stop();
  assert.strictEqual(
    printed.err,
    [
      'sweep: 10 %, 1/2 runs, 18 s to go',
      'sweep: 35 %, 1/2 runs, 13 s to go',
      'sweep: 60 %, 1/2 runs, 8 s to go',
      'sweep: 85 %, 1/2 runs, 3 s to go',
      '',
    ].join('\n'),
  );
});

test.run();
