import * as assert from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { suite } from 'uvu';
import { InOrder } from '../../src/executor/executor.ts';
import { InProcessExecutor, type SweepExecutor, ThreadExecutor } from '../../src/executor/index.ts';
import { transferList } from '../../src/executor/worker.ts';
import { planRuns, RunFailure, type RunPlan, type RunResult } from '../../src/run/index.ts';
import { makeScenario } from '../run/support.ts';

interface Context {
  readonly folder: string;
  readonly worker: URL;
}

const test = suite<Context>('executor');
const NS_PER_S = 1_000_000_000;

test.before(async (context) => {
  // The worker of these sources, not of the last build.
  const folder = mkdtempSync(join(tmpdir(), 'wavetank-executor-'));
  const outfile = join(folder, 'worker.mjs');
  await build({
    entryPoints: ['src/executor/worker.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  Object.assign(context, { folder, worker: pathToFileURL(outfile) });
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** Longer points first, so that later ones finish before them. */
function plans(): RunPlan[] {
  return planRuns(
    [60, 2, 30, 1].map((seconds) =>
      makeScenario({ name: `${seconds} s`, horizonNs: seconds * NS_PER_S, replications: 2 }),
    ),
  );
}

async function collect(
  executor: SweepExecutor,
  list: readonly RunPlan[],
  signal = new AbortController().signal,
): Promise<{ indexes: number[]; results: RunResult[] }> {
  const indexes: number[] = [];
  const results: RunResult[] = [];
  const onDone = (index: number, result: RunResult) => {
    indexes.push(index);
    results.push(result);
  };
  await executor.run(list, onDone, () => undefined, signal);
  return { indexes, results };
}

test('results are identical and in order whatever the executor and the number of threads', async ({
  worker,
}) => {
  const alone = await collect(new InProcessExecutor(), plans());
  assert.deepStrictEqual(alone.indexes, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepStrictEqual(
    alone.results.map((r) => [r.point, r.replication]),
    plans().map((p) => [p.point, p.replication]),
  );
  for (const jobs of [1, 3]) {
    const threads = await collect(new ThreadExecutor({ jobs, worker }), plans());
    assert.deepStrictEqual(threads.indexes, alone.indexes);
    assert.deepStrictEqual(threads.results, alone.results);
  }
});

test('progress of every run comes before its result and ends at the horizon', async ({
  worker,
}) => {
  const list = plans();
  for (const executor of [new InProcessExecutor(), new ThreadExecutor({ jobs: 2, worker })]) {
    const last = new Map<number, number>();
    const done = new Set<number>();
    await executor.run(
      list,
      (index) => void done.add(index),
      (index, progress) => {
        assert.ok(!done.has(index), `${executor.name}: progress after the result`);
        assert.ok(progress.nowNs >= (last.get(index) ?? 0), 'time does not go back');
        last.set(index, progress.nowNs);
      },
      new AbortController().signal,
    );
    assert.deepStrictEqual(
      list.map((plan, index) => [plan.scenario.name, last.get(index)]),
      list.map((plan) => [plan.scenario.name, plan.scenario.horizonNs]),
    );
  }
});

test('an abort keeps what is running, marked interrupted, and starts nothing else', async ({
  worker,
}) => {
  const long = makeScenario({ horizonNs: 8_000_000 * NS_PER_S, seriesIntervalNs: 1e6 * NS_PER_S });
  const list = planRuns([makeScenario(), long, makeScenario(), makeScenario()]);
  for (const executor of [new InProcessExecutor(), new ThreadExecutor({ jobs: 1, worker })]) {
    const controller = new AbortController();
    const results: RunResult[] = [];
    await executor.run(
      list,
      (_index, result) => void results.push(result),
      (index) => {
        if (index === 1) controller.abort();
      },
      controller.signal,
    );
    assert.deepStrictEqual(
      results.map((r) => [r.point, r.interrupted]),
      [
        [0, false],
        [1, true],
      ],
      executor.name,
    );
  }
});

test('an abort before the start runs nothing', async ({ worker }) => {
  const controller = new AbortController();
  controller.abort();
  for (const executor of [new InProcessExecutor(), new ThreadExecutor({ jobs: 2, worker })]) {
    const { results } = await collect(executor, plans(), controller.signal);
    assert.strictEqual(results.length, 0, executor.name);
  }
});

test('a run that dies tells where, from a thread too, and ends the others', async ({ worker }) => {
  // An override of a constant that no model has is refused by the registry: an invariant.
  const bad = makeScenario({ constants: { 'no.such': 1 } });
  const list = planRuns([makeScenario(), bad]);
  for (const executor of [new InProcessExecutor(), new ThreadExecutor({ jobs: 1, worker })]) {
    await assert.rejects(collect(executor, list), (error: unknown) => {
      assert.ok(error instanceof RunFailure, String(error));
      assert.strictEqual(error.data.point, 1);
      assert.strictEqual(error.data.seed, list[1].seed);
      assert.strictEqual(error.data.limit, null);
      assert.match(error.data.message, /no\.such/);
      return true;
    });
  }
});

test('a horizon over the limit is the fault of the scenario and not of a run', async ({
  worker,
}) => {
  const list = planRuns([makeScenario({ horizonNs: 200 * 86_400 * NS_PER_S })]);
  for (const executor of [new InProcessExecutor(), new ThreadExecutor({ jobs: 1, worker })]) {
    await assert.rejects(collect(executor, list), (error: unknown) => {
      assert.ok(error instanceof RunFailure);
      assert.strictEqual(error.data.limit?.code, 'WT2001');
      return true;
    });
  }
});

test('results that come early wait for those before them', () => {
  const seen: number[] = [];
  const result = {} as RunResult;
  const inOrder = new InOrder((index) => void seen.push(index));
  for (const index of [2, 0, 1, 5, 4]) inOrder.done(index, result);
  assert.deepStrictEqual(seen, [0, 1, 2]);
  inOrder.flush();
  assert.deepStrictEqual(seen, [0, 1, 2, 4, 5]);
});

test('the transfer list has every buffer once', () => {
  const shared = new Float64Array(4);
  const list = transferList({ a: [shared, shared.subarray(1)], b: { c: new Int32Array(2) } });
  assert.strictEqual(list.size, 2);
});

test.run();
