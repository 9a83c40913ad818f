/**
 * The command without a process: what it printed, its exit code, a clock and a Ctrl-C of our own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import type { Io } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CallOptions {
  /** Presses Ctrl-C as soon as the predicate holds for what was printed on stderr so far. */
  readonly interruptWhen?: (err: string) => boolean;
  /** Presses Ctrl-C before the first slice. */
  readonly interruptAtStart?: boolean;
  readonly nowMs?: () => number;
}

export async function call(argv: readonly string[], options: CallOptions = {}): Promise<Printed> {
  let out = '';
  let err = '';
  const controller = new AbortController();
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
      if (options.interruptWhen?.(err)) controller.abort();
    },
    errColumns: 0,
    outColors: pc.createColors(false),
    errColors: pc.createColors(false),
    nowMs: options.nowMs ?? (() => 0),
    interrupts: (onFirst) => {
      controller.signal.addEventListener('abort', onFirst, { once: true });
      if (options.interruptAtStart) controller.abort();
      return { signal: controller.signal, dispose: () => undefined };
    },
    packageRoot: ROOT,
  };
  const code = await main(argv, io);
  return { code, out, err };
}

/** A folder for one test; removed by the returned function. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'wavetank-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
