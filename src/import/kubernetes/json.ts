/** Plain values, as JSON and YAML give them, and careful looks into them. */

export type Json = null | boolean | number | string | readonly Json[] | JsonMap;
export interface JsonMap {
  readonly [key: string]: Json | undefined;
}

const NOTHING: JsonMap = Object.freeze({});

export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The mapping, or an empty one. */
export function mapOf(value: Json | undefined): JsonMap {
  return isMap(value) ? value : NOTHING;
}

/** What stands at a path of keys. */
export function at(value: Json | undefined, ...keys: readonly string[]): Json | undefined {
  let found = value;
  for (const key of keys) {
    if (!isMap(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: Json | undefined, fallback = ''): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : fallback;
}

/** A finite number of at least 0, or the fallback. */
export function numberOf(value: Json | undefined, fallback: number): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : fallback;
}

/** Texts by key; what is no text is left out. */
export function textsOf(value: Json | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(mapOf(value))) {
    if (typeof text === 'string') texts[key] = text;
  }
  return texts;
}

/** Without what is absent, null or empty. */
export function compact(value: Record<string, Json | undefined>): JsonMap {
  const kept: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined || inner === null || inner === '') continue;
    if (Array.isArray(inner) && inner.length === 0) continue;
    if (isMap(inner) && Object.keys(inner).length === 0) continue;
    kept[key] = inner;
  }
  return kept;
}

/** Equal for equal values, whatever the order of their keys. */
export function keyOf(value: Json | undefined): string {
  return JSON.stringify(value, (_, inner: Json) => {
    if (!isMap(inner)) return inner;
    const keys = Object.keys(inner).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return Object.fromEntries(keys.map((key) => [key, inner[key]]));
  });
}

/** Bytes of the value as compact JSON in UTF-8. */
export function jsonBytes(value: Json): number {
  const text = JSON.stringify(value);
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A surrogate pair is four bytes, half of them each.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
