/**
 * How far a long job is: a bar on a terminal, a plain line every few seconds anywhere else. Silent
 * for jobs that are over before anyone wonders.
 */
import cliProgress from 'cli-progress';
import type { Io } from './io.ts';

const BAR_AFTER_MS = 500;
const BAR_EVERY_MS = 100;
const LINE_AFTER_MS = 2_000;
const LINE_EVERY_MS = 5_000;
const STEPS = 1_000;

export function formatDuration(ms: number): string {
  const seconds = Math.ceil(Math.floor(ms) / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export class Progress {
  readonly #io: Io;
  readonly #label: string;
  readonly #startMs: number;
  #nextMs: number;
  #bar: cliProgress.SingleBar | null = null;

  constructor(io: Io, label: string) {
    this.#io = io;
    this.#label = label;
    this.#startMs = io.nowMs();
    this.#nextMs = this.#startMs + (io.errColumns > 0 ? BAR_AFTER_MS : LINE_AFTER_MS);
  }

  /** `fraction` of the whole job; `detail` is a few words such as '3/15 runs, 1.2 M events/s'. */
  update(fraction: number, detail: string): void {
    const nowMs = this.#io.nowMs();
    if (nowMs < this.#nextMs) return;
    const elapsedMs = nowMs - this.#startMs;
    const eta = fraction > 0 ? formatDuration((elapsedMs / fraction) * (1 - fraction)) : '?';
    if (this.#io.errColumns > 0) {
      this.#nextMs = nowMs + BAR_EVERY_MS;
      this.#bar ??= this.#startBar();
      this.#bar.update(Math.floor(fraction * STEPS), { eta, detail });
    } else {
      this.#nextMs = nowMs + LINE_EVERY_MS;
      this.#io.err(`${this.#label}: ${Math.floor(fraction * 100)} %, ${detail}, ${eta} to go\n`);
    }
  }

  /** Takes the bar off the screen. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = null;
  }

  elapsedMs(): number {
    return this.#io.nowMs() - this.#startMs;
  }

  #startBar(): cliProgress.SingleBar {
    const bar = new cliProgress.SingleBar({
      format: `${this.#label} {bar} {percentage} % | {detail} | {eta} to go`,
      barsize: Math.max(10, Math.min(30, this.#io.errColumns - 60)),
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: null,
      clearOnComplete: true,
      gracefulExit: false,
      linewrap: false,
      stream: process.stderr,
    });
    bar.start(STEPS, 0, { eta: '?', detail: '' });
    return bar;
  }
}
