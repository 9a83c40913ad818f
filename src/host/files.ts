/**
 * Files in and out. Reading says what is wrong with a file before anything parses it; writing puts
 * every file beside its place and renames all of them at the end, so that a folder never holds a
 * half-written CSV that looks whole.
 *
 * Codes: WT8001 not there, WT8002 not readable, WT8003 too large, WT8004 not text, WT8005 a folder,
 * WT8006 empty, WT8011 cannot write, WT8012 disk full, WT8013 already there.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from './user-error.ts';

/** A scenario is written by hand: far below this. */
export const SCENARIO_BYTES_MAX = 4 * 1024 * 1024;
/** Latency logs of fio reach hundreds of megabytes; a string of Node ends at 512 MiB. */
export const DATA_BYTES_MAX = 256 * 1024 * 1024;

export interface ReadOptions {
  readonly bytesMax: number;
  /** What the file is, for messages: 'scenario', 'calibration input'. */
  readonly what: string;
}

export interface OutputFile {
  readonly name: string;
  readonly text: string | Iterable<string>;
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function readError(path: string, what: string, error: unknown): UserError {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UserError({
      code: 'WT8001',
      message: `there is no file '${path}'`,
      path,
      hint: `Check the path of the ${what}; it is taken relative to the current folder.`,
    });
  }
  if (code === 'EISDIR') {
    return new UserError({
      code: 'WT8005',
      message: `'${path}' is a folder, expected a ${what}`,
      path,
      hint: 'Name the file inside it, for example experiment.yaml.',
    });
  }
  return new UserError({
    code: 'WT8002',
    message: `cannot read '${path}': ${readable(code, error)}`,
    path,
    hint: 'Check the permissions of the file and of the folders above it.',
  });
}

function readable(code: string, error: unknown): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'no space left on the device';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'ENOTDIR':
      return 'a part of the path is a file, not a folder';
    case 'EEXIST':
      return 'a file of that name is in the way';
    case 'ENOENT':
      return 'there is no such folder, and none can be made there';
    case 'ENAMETOOLONG':
      return 'the name is too long';
    default:
      return code !== '' ? code : String(error);
  }
}

function tooLarge(path: string, sizeBytes: number, options: ReadOptions): UserError {
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  return new UserError({
    code: 'WT8003',
    message: `'${path}' has ${mib(sizeBytes)}, a ${options.what} may have ${mib(options.bytesMax)} at most`,
    path,
    hint: 'Is this the right file? Large inputs belong in a file of data that the scenario names.',
  });
}

/** The whole of a text file; '-' is standard input. Refuses folders, binary files and giants. */
export function readTextFile(path: string, options: ReadOptions): string {
  let bytes: Buffer;
  let file = -1;
  try {
    file = path === '-' ? 0 : openSync(path, 'r');
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' });
    if (stat.size > options.bytesMax) throw tooLarge(path, stat.size, options);
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw readError(path, options.what, error);
  } finally {
    if (file > 0) closeSync(file);
  }
  // A pipe has no size before it was read.
  if (bytes.length > options.bytesMax) throw tooLarge(path, bytes.length, options);
  return decode(path, bytes, options.what);
}

function decode(path: string, bytes: Buffer, what: string): string {
  if (bytes.length === 0) {
    throw new UserError({
      code: 'WT8006',
      message: `'${path}' is empty, expected a ${what}`,
      path,
      hint: 'Was it written completely?',
    });
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\u0000')) return text;
  } catch {
    // Falls through to the same message.
  }
  throw new UserError({
    code: 'WT8004',
    message: `'${path}' is not UTF-8 text, expected a ${what}`,
    path,
    hint: 'Is it compressed, binary or UTF-16? Unpack or convert it first.',
  });
}

function writeError(path: string, error: unknown): UserError {
  const code = systemCode(error);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new UserError({
    code: full ? 'WT8012' : 'WT8011',
    message: `cannot write '${path}': ${readable(code, error)}`,
    path,
    hint: full
      ? 'Make room or choose another folder with --out; nothing half-written was left behind.'
      : 'Choose a folder that you may write to with --out.',
  });
}

/**
 * The folder and those above it. Node's own recursive form tries for ever where a folder that is
 * there says ENOENT of what would be made in it, as /proc does.
 */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  makeFolder(dirname(resolve(folder)));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (systemCode(error) !== 'EEXIST' || !isFolder(folder)) throw error;
  }
}

/** Throws where the name is taken by something else. */
function isFolder(path: string): boolean {
  if (!existsSync(path)) return false;
  if (statSync(path).isDirectory()) return true;
  throw Object.assign(new Error(`'${path}' is a file`), { code: 'ENOTDIR' });
}

/** Refuses at the start of a long run what would fail at its end. */
export function checkWritable(folder: string): void {
  const probe = join(folder, '.wavetank.part');
  try {
    makeFolder(folder);
    closeSync(openSync(probe, 'w'));
    rmSync(probe, { force: true });
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** A file that is not in its place yet: whole and on the disk before it is renamed. */
export function writePart(path: string, content: OutputFile['text'] | Uint8Array): void {
  const whole = typeof content === 'string' || content instanceof Uint8Array;
  const file = openSync(path, 'w');
  try {
    for (const piece of whole ? [content] : content) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(file, bytes, written, bytes.length - written);
      }
    }
    // A delayed allocation reports a full disk here and not after the rename.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes all files or none: each as NAME.part, then renames in the given order. The last file
 * vouches for the others (manifest.json): an old one is removed before the first rename, so that a
 * folder that has it is whole.
 */
export function writeFilesAtomically(folder: string, files: readonly OutputFile[]): void {
  const parts: string[] = [];
  let current = folder;
  try {
    makeFolder(folder);
    for (const file of files) {
      current = join(folder, file.name);
      makeFolder(dirname(current));
      parts.push(`${current}.part`);
      writePart(`${current}.part`, file.text);
    }
    const last = files[files.length - 1];
    if (last !== undefined && files.length > 1) rmSync(join(folder, last.name), { force: true });
    for (const file of files) {
      current = join(folder, file.name);
      renameSync(`${current}.part`, current);
    }
  } catch (error) {
    for (const part of parts) rmSync(part, { force: true });
    throw writeError(current, error);
  }
}

/** One file, the same way. */
export function writeFileAtomically(path: string, text: OutputFile['text']): void {
  const name = basename(path);
  writeFilesAtomically(dirname(path), [{ name, text }]);
}

/** Creates a file that must not exist yet. */
export function createTextFile(path: string, text: string): void {
  let file = -1;
  try {
    makeFolder(dirname(path));
    file = openSync(path, 'wx');
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw writeError(path, error);
    throw new UserError({
      code: 'WT8013',
      message: `'${path}' is already there and stays as it is`,
      path,
      hint: 'Choose another name, or move the file away first.',
    });
  }
  try {
    writeSync(file, text);
  } catch (error) {
    rmSync(path, { force: true });
    throw writeError(path, error);
  } finally {
    closeSync(file);
  }
}

/** Bytes of one piece of a file that is read piece by piece. */
const CHUNK_BYTES = 1024 * 1024;

/** A text file of any size, piece by piece; '-' is standard input. Bad UTF-8 becomes U+FFFD. */
export function* readTextChunks(path: string, what: string): Generator<string, void, void> {
  let file = -1;
  try {
    file = path === '-' ? 0 : openSync(path, 'r');
    if (fstatSync(file).isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' });
    const decoder = new TextDecoder('utf-8');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const count = readSync(file, buffer, 0, CHUNK_BYTES, null);
      if (count === 0) break;
      yield decoder.decode(buffer.subarray(0, count), { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (systemCode(error) === '') throw error;
    throw readError(path, what, error);
  } finally {
    if (file > 0) closeSync(file);
  }
}
