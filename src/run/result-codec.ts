/**
 * The result of a run as JSON text and back, for files: numbers that JSON lacks and typed arrays
 * are marked. What is read back is equal to what was written, to the last bit.
 */
import type { RunResult } from './result.ts';
import { MODEL_REVISION, VERSION } from './version.ts';

export const RUN_FILE_KIND = 'wavetank/run/v1';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

interface RunFile {
  readonly kind: string;
  readonly version: string;
  readonly modelRevision: number;
  readonly result: Json;
}

/** What was read, or why it cannot be used. */
export interface StoredRun {
  readonly result: RunResult;
  readonly modelRevision: number;
  readonly version: string;
}
export type ReadRun = StoredRun | { readonly error: 'unreadable' | 'other-kind' };

const MARK = '$';

function special(value: number): Json {
  if (Number.isFinite(value)) return Object.is(value, -0) ? { [MARK]: '-0' } : value;
  return { [MARK]: String(value) };
}

function encode(value: unknown): Json {
  if (typeof value === 'number') return special(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Float64Array) return { [MARK]: 'f64', v: Array.from(value, special) };
  if (value instanceof Int32Array) return { [MARK]: 'i32', v: Array.from(value) };
  if (Array.isArray(value)) return value.map(encode);
  const record: { [key: string]: Json } = {};
  for (const [key, inner] of Object.entries(value as object)) {
    if (inner !== undefined) record[key] = encode(inner);
  }
  return record;
}

function decode(value: Json): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  const mark = value[MARK];
  if (mark === undefined) {
    const record: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) record[key] = decode(inner);
    return record;
  }
  const values = Array.isArray(value.v) ? value.v : [];
  if (mark === 'f64') return Float64Array.from(values, (v) => decode(v) as number);
  if (mark === 'i32') return Int32Array.from(values, (v) => v as number);
  return Number(mark);
}

export function encodeRun(result: RunResult): string {
  const file: RunFile = {
    kind: RUN_FILE_KIND,
    version: VERSION,
    modelRevision: MODEL_REVISION,
    result: encode(result),
  };
  return `${JSON.stringify(file)}\n`;
}

export function decodeRun(text: string): ReadRun {
  let file: RunFile;
  try {
    file = JSON.parse(text) as RunFile;
  } catch {
    return { error: 'unreadable' };
  }
  if (file?.kind !== RUN_FILE_KIND || typeof file.result !== 'object')
    return { error: 'other-kind' };
  // The kind vouches for the shape: only encodeRun writes it.
  const result = decode(file.result) as RunResult;
  return { result, modelRevision: file.modelRevision, version: file.version };
}
