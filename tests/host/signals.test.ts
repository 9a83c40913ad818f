import * as assert from 'node:assert';
import { suite } from 'uvu';
import { watchInterrupts } from '../../src/host/index.ts';

const test = suite('host/signals');
const EXIT_CODE = 105;

/** Stands for the end of the process. */
class Exit extends Error {}

/** Presses keys at these times, ms; tells after each whether the signal is aborted, and exits. */
function press(timesMs: readonly number[]) {
  const { exit } = process;
  const seen: [aborted: boolean, exits: number][] = [];
  let firsts = 0;
  let exits = 0;
  let keyMs = 0;
  const interrupts = watchInterrupts({
    onFirst: () => firsts++,
    exitCode: EXIT_CODE,
    nowMs: () => keyMs,
  });
  try {
    process.exit = ((code: number) => {
      assert.strictEqual(code, EXIT_CODE);
      exits++;
      throw new Exit();
    }) as typeof process.exit;
    for (const timeMs of timesMs) {
      keyMs = timeMs;
      try {
        process.emit('SIGINT');
      } catch (error) {
        if (!(error instanceof Exit)) throw error;
      }
      seen.push([interrupts.signal.aborted, exits]);
    }
  } finally {
    interrupts.dispose();
    process.exit = exit;
  }
  return { seen, firsts };
}

test('the first Ctrl-C asks to stop, the second ends the process at once', () => {
  const { seen, firsts } = press([1_000, 1_400]);
  assert.deepStrictEqual(seen, [
    [true, 0],
    [true, 1],
  ]);
  assert.strictEqual(firsts, 1);
});

test('one keystroke that arrives twice, as under npm start, is one', () => {
  const { seen, firsts } = press([1_000, 1_005, 2_000]);
  assert.deepStrictEqual(seen, [
    [true, 0],
    [true, 0],
    [true, 1],
  ]);
  assert.strictEqual(firsts, 1);
});

test('after dispose nothing listens any more', () => {
  const before = process.listenerCount('SIGINT');
  watchInterrupts({ onFirst: () => undefined, exitCode: EXIT_CODE }).dispose();
  assert.strictEqual(process.listenerCount('SIGINT'), before);
});

test.run();
