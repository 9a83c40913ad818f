/** Labels as text and in order: logfmt (`op=put workload=writers`), names sorted by code unit. */
import type { Labels } from '../metrics/index.ts';

/** -1, 0 or 1 by UTF-16 code units: the same on every machine and locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Values with a space, a quote, an equals sign or nothing in them are quoted as in JSON. */
export function logfmt(fields: Readonly<Record<string, string | number>>): string {
  return Object.keys(fields)
    .sort(compareText)
    .map((name) => `${name}=${quoted(String(fields[name]))}`)
    .join(' ');
}

function quoted(value: string): string {
  return value === '' || /[\s"=]/.test(value) ? JSON.stringify(value) : value;
}

export function labelText(labels: Labels): string {
  return logfmt(labels);
}

/** `name{op=put}`, or the bare name where there is no label. */
export function metricText(name: string, labels: Labels): string {
  const text = labelText(labels);
  return text === '' ? name : `${name}{${text}}`;
}
