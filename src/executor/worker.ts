/**
 * The far side of the thread executor: one plan at a time, without a break, looking at a stop flag.
 */
import type { MessagePort, TransferListItem } from 'node:worker_threads';
import type { RunFailureData, RunPlan, RunProgress, RunResult } from '../run/index.ts';
import { advanceSlice, failureOf, start } from './executor.ts';
import { HeapGuard } from './heap-guard.ts';

export interface WorkerTask {
  readonly index: number;
  readonly plan: RunPlan;
  readonly port: MessagePort;
  /** One shared int32: not zero = stop after the current slice. */
  readonly stop: Int32Array;
}

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly index: number; readonly progress: RunProgress }
  | { readonly kind: 'done'; readonly index: number; readonly result: RunResult }
  | { readonly kind: 'skipped'; readonly index: number }
  | { readonly kind: 'failed'; readonly index: number; readonly failure: RunFailureData };

const PROGRESS_MS = 100;

/** Every buffer in the result once, so that it moves to the parent and is not copied. */
export function transferList(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (typeof value !== 'object' || value === null) return found;
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
    return found;
  }
  for (const inner of Object.values(value)) transferList(inner, found);
  return found;
}

function runPlan(task: WorkerTask): WorkerMessage {
  const { index, plan, port, stop } = task;
  if (Atomics.load(stop, 0) !== 0) return { kind: 'skipped', index };
  const run = start(plan);
  const heap = new HeapGuard();
  try {
    let reportMs = performance.now() + PROGRESS_MS;
    while (!advanceSlice(run, heap)) {
      if (Atomics.load(stop, 0) !== 0) break;
      if (performance.now() < reportMs) continue;
      reportMs = performance.now() + PROGRESS_MS;
      port.postMessage({
        kind: 'progress',
        index,
        progress: run.progress(),
      } satisfies WorkerMessage);
    }
    port.postMessage({ kind: 'progress', index, progress: run.progress() } satisfies WorkerMessage);
    return { kind: 'done', index, result: run.finish() };
  } catch (error) {
    throw failureOf(plan, run, error);
  }
}

/** Called by the pool. The answer goes through the port, behind the progress messages. */
export default function work(task: WorkerTask): void {
  let message: WorkerMessage;
  try {
    message = runPlan(task);
  } catch (error) {
    const failure = failureOf(task.plan, null, error).data;
    message = { kind: 'failed', index: task.index, failure };
  }
  const transfer: TransferListItem[] = message.kind === 'done' ? [...transferList(message)] : [];
  task.port.postMessage(message, transfer);
}
