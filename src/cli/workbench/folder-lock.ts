/** One sweep at a time in a folder: a file with the process that holds it. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../host/index.ts';

const NAME = '.wavetank.lock';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return String(error).includes('EPERM');
  }
}

/** The process that holds it, where it still runs; else null: left behind by one that died. */
function holderOf(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  const [pid, host] = text.trim().split(' ');
  if (host === hostname() && !isAlive(Number(pid))) return null;
  return `process ${pid} on ${host}`;
}

/** Gives the function that lets go. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, NAME);
  mkdirSync(folder, { recursive: true });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, `${process.pid} ${hostname()}\n`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!String(error).includes('EEXIST')) throw error;
      const holder = holderOf(path);
      if (holder === null) {
        rmSync(path, { force: true });
        continue;
      }
      throw new UserError({
        code: 'WT8031',
        message: `another sweep writes to '${folder}': ${holder}`,
        path,
        hint: `Choose another folder with --out, or wait; if it is gone, remove ${path}.`,
      });
    }
  }
  throw new UserError({
    code: 'WT8031',
    message: `another sweep began in '${folder}' just now`,
    path,
    hint: 'Choose another folder with --out, or wait.',
  });
}
