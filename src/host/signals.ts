/** Ctrl-C: the first asks the run to stop after the current slice, the second ends the process. */
export interface Interrupts {
  readonly signal: AbortSignal;
  /** Takes the handlers off again. */
  dispose(): void;
}

export interface InterruptOptions {
  readonly onFirst: () => void;
  /** Exit code of the second Ctrl-C. */
  readonly exitCode: number;
  /** Wall clock, ms; that of the machine where it is not given. */
  readonly nowMs?: () => number;
}

/** Under `npm start` one Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const SAME_KEYSTROKE_MS = 300;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function watchInterrupts(options: InterruptOptions): Interrupts {
  const controller = new AbortController();
  const nowMs = options.nowMs ?? Date.now;
  let firstMs = 0;
  const handler = (): void => {
    if (controller.signal.aborted) {
      if (nowMs() - firstMs < SAME_KEYSTROKE_MS) return;
      process.exit(options.exitCode);
    }
    firstMs = nowMs();
    options.onFirst();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, handler);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, handler);
    },
  };
}
