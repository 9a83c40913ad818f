/** Figures for people: three significant digits and the unit that keeps them short. No locale. */
import type { ExportedUnit } from '../analyze/index.ts';

/** Stands for: no value, or too few samples for it. */
export const NONE = '–';

export type FormatUnit = ExportedUnit | '1/s' | 'ratio';

export function formatValue(value: number | null | undefined, unit: FormatUnit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  switch (unit) {
    case 's':
      return formatSeconds(value);
    case 'bytes':
      return formatBytes(value);
    case 'ratio':
      return formatPercent(value);
    case '1/s':
      return `${formatCount(value)}/s`;
    case '1':
      return formatCount(value);
  }
}

/** 8.31 ms, 250 µs, 1.02 s, 12 min. */
export function formatSeconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size >= 7200) return `${digits(value / 3600)} h`;
  if (size >= 120) return `${digits(value / 60)} min`;
  if (size >= 0.9995) return `${digits(value)} s`;
  if (size >= 0.9995e-3) return `${digits(value * 1e3)} ms`;
  if (size >= 0.9995e-6) return `${digits(value * 1e6)} µs`;
  return `${digits(value * 1e9)} ns`;
}

export function formatBytes(value: number): string {
  const size = Math.abs(value);
  if (size >= 1073741824) return `${digits(value / 1073741824)} GiB`;
  if (size >= 1048576) return `${digits(value / 1048576)} MiB`;
  if (size >= 1024) return `${digits(value / 1024)} KiB`;
  return `${digits(value)} B`;
}

/** Plain up to four digits, then k, M, G. */
export function formatCount(value: number): string {
  const size = Math.abs(value);
  if (size >= 9.995e8) return `${digits(value / 1e9)} G`;
  if (size >= 9.995e5) return `${digits(value / 1e6)} M`;
  if (size >= 9999.5) return `${digits(value / 1e3)} k`;
  return Number.isInteger(value) ? String(value) : digits(value);
}

/** A part of a whole: 46.7 %, 100 %. */
export function formatShare(ratio: number): string {
  return `${digits(ratio * 100)} %`;
}

/**
 * A ratio that is meant to be near 1, as availability is. Near 100 % the distance to it is what
 * counts: 99.982 %.
 */
export function formatPercent(ratio: number): string {
  const value = ratio * 100;
  if (value > 99 && value < 100) {
    const missing = 100 - value;
    const decimals = missing < 0.01 ? 4 : missing < 0.1 ? 3 : 2;
    return `${Number(value.toFixed(decimals))} %`;
  }
  return `${digits(value)} %`;
}

/** Three significant digits, trailing zeros kept, never an exponent: 8.30, 25.0, 812, 1024. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  return value.toFixed(3);
}
