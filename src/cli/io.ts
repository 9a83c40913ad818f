/** What a command may touch of the outside world, so that tests can hold all of it. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { type Interrupts, watchInterrupts } from '../host/index.ts';
import { EXIT } from './exit-codes.ts';

export type Colors = ReturnType<typeof pc.createColors>;

export interface Io {
  /** The result. */
  readonly out: (text: string) => void;
  /** Talk: progress, notes, errors. */
  readonly err: (text: string) => void;
  /** Columns of a terminal on stderr; 0 where it is none. */
  readonly errColumns: number;
  readonly outColors: Colors;
  readonly errColors: Colors;
  readonly nowMs: () => number;
  readonly interrupts: (onFirst: () => void) => Interrupts;
  /** Folder of package.json: experiments and named things are found from there. */
  readonly packageRoot: string;
}

/** NO_COLOR and FORCE_COLOR are honoured (no-color.org), then whether a terminal is there. */
export function wantsColor(env: NodeJS.ProcessEnv, isTty: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return isTty && env.TERM !== 'dumb';
}

/** Above build/ for the bundle, above src/cli/ for the sources. */
function findPackageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.replace(/[\\/](build|build[\\/]chunks|src[\\/]cli)$/, '');
}

export function nodeIo(): Io {
  const { stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    errColumns: stderr.isTTY ? stderr.columns || 80 : 0,
    outColors: pc.createColors(wantsColor(env, stdout.isTTY === true)),
    errColors: pc.createColors(wantsColor(env, stderr.isTTY === true)),
    nowMs: () => performance.now(),
    interrupts: (onFirst) => watchInterrupts({ onFirst, exitCode: EXIT.interrupted }),
    packageRoot: findPackageRoot(),
  };
}
