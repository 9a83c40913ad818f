/** Runs in worker threads: a pool over the bundled worker, one plan a thread at a time. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import Tinypool from 'tinypool';
import { RunFailure, type RunPlan, type RunProgress, type RunResult } from '../run/index.ts';
import { InOrder, type SweepExecutor } from './executor.ts';
import type { WorkerMessage, WorkerTask } from './worker.ts';

export interface ThreadOptions {
  readonly jobs: number;
  /** The bundled worker; by default build/worker.mjs. */
  readonly worker?: URL;
}

/** Beside this file in the bundle (also from a chunk), under build/ from the sources. */
function bundledWorker(): URL {
  const candidates = ['./worker.mjs', '../worker.mjs', '../../build/worker.mjs'];
  for (const candidate of candidates) {
    const url = new URL(candidate, import.meta.url);
    if (existsSync(url)) return url;
  }
  throw new Error('build/worker.mjs is missing: run `npm run prepare`');
}

export function coreCount(): number {
  return availableParallelism();
}

/** One task: resolves with its last message; progress on the way. */
function runTask(
  pool: Tinypool,
  task: Omit<WorkerTask, 'port'>,
  onProgress: (index: number, progress: RunProgress) => void,
): Promise<WorkerMessage> {
  const { port1, port2 } = new MessageChannel();
  return new Promise<WorkerMessage>((resolve, reject) => {
    port1.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') onProgress(message.index, message.progress);
      else resolve(message);
    });
    port1.on('messageerror', reject);
    // Ends before or after the last message arrives; only a worker that died ends without one.
    pool.run({ ...task, port: port2 }, { transferList: [port2] }).catch(reject);
  }).finally(() => port1.close());
}

export class ThreadExecutor implements SweepExecutor {
  readonly name = 'threads';
  readonly #options: ThreadOptions;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  async run(
    plans: readonly RunPlan[],
    onDone: (index: number, result: RunResult) => void,
    onProgress: (index: number, progress: RunProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (plans.length === 0) return;
    const threads = Math.max(1, Math.min(this.#options.jobs, plans.length));
    const worker = this.#options.worker ?? bundledWorker();
    const pool = new Tinypool({
      filename: worker.href,
      minThreads: threads,
      maxThreads: threads,
      // Stacks of our bugs name lines of the sources.
      execArgv: ['--enable-source-maps'],
    });
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const abort = (): void => void Atomics.store(stop, 0, 1);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    const inOrder = new InOrder(onDone);
    let failure: unknown = null;
    try {
      await Promise.all(
        plans.map(async (plan, index) => {
          try {
            const message = await runTask(pool, { index, plan, stop }, onProgress);
            if (message.kind === 'done') inOrder.done(index, message.result);
            if (message.kind === 'failed') throw new RunFailure(message.failure);
          } catch (error) {
            // The others stop after their slice; the first failure is the one that is told.
            failure ??= error;
            abort();
          }
        }),
      );
      if (failure !== null) throw failure;
      inOrder.flush();
    } finally {
      signal.removeEventListener('abort', abort);
      await pool.destroy();
    }
  }
}
