/**
 * Results of runs as files of a folder: `runs/KEY.json.gz`, one a run. A file is written beside its
 * place, synced and renamed; gzip's checksum and the key inside tell a file that is not whole or
 * not what its name says, and such a file is as if it were not there.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { RunStore } from '../../executor/index.ts';
import { UserError, writePart } from '../../host/index.ts';
import {
  decodeRun,
  encodeRun,
  MODEL_REVISION,
  type RunResult,
  type StoredRun,
  VERSION,
} from '../../run/index.ts';

const RUNS_FOLDER = 'runs';
const SUFFIX = '.json.gz';

export class FolderStore implements RunStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, RUNS_FOLDER);
  }

  pathOf(key: string): string {
    return join(this.#folder, `${key}${SUFFIX}`);
  }

  /** Of the runs that are there. */
  keys(): string[] {
    if (!existsSync(this.#folder)) return [];
    const files = readdirSync(this.#folder).filter((file) => file.endsWith(SUFFIX));
    return files.map((file) => file.slice(0, -SUFFIX.length)).sort();
  }

  /** Without its folder where nothing is left. */
  remove(keys: readonly string[]): void {
    for (const key of keys) rmSync(this.pathOf(key), { force: true });
    if (existsSync(this.#folder) && readdirSync(this.#folder).length === 0) rmdirSync(this.#folder);
  }

  /** Of any version; null where there is none that is whole. */
  read(key: string): StoredRun | null {
    try {
      const read = decodeRun(gunzipSync(readFileSync(this.pathOf(key))).toString('utf8'));
      return 'result' in read && read.result.key === key ? read : null;
    } catch {
      return null;
    }
  }

  load(key: string): RunResult | null {
    const read = this.read(key);
    if (read === null || read.modelRevision !== MODEL_REVISION) return null;
    return read.version === VERSION ? read.result : null;
  }

  save(result: RunResult): void {
    const path = this.pathOf(result.key);
    const part = `${path}.${process.pid}.part`;
    try {
      mkdirSync(this.#folder, { recursive: true });
      writePart(part, gzipSync(encodeRun(result), { level: 3 }));
      renameSync(part, path);
    } catch (error) {
      rmSync(part, { force: true });
      const full = /ENOSPC|EDQUOT/.test(String(error));
      throw new UserError({
        code: full ? 'WT8012' : 'WT8011',
        message: `cannot write '${path}': ${full ? 'no space left on the device' : error}`,
        path,
        hint: 'What was finished before is kept; the same command goes on from there.',
      });
    }
  }
}
