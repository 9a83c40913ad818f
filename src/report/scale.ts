/** Scales: from values to places, and the ticks that are worth a label. */
import { assert, log } from '../core/index.ts';

export type ScaleKind = 'linear' | 'log';

export interface Scale {
  readonly kind: ScaleKind;
  readonly min: number;
  readonly max: number;
  /** 0 at min, 1 at max. */
  readonly shareOf: (value: number) => number;
  readonly ticks: readonly number[];
}

const TICKS_ABOUT = 5;

/** From zero (or the smallest, where negative) to a round number above the largest. */
export function linearScale(values: readonly number[]): Scale {
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  const smallest = values.reduce((a, b) => Math.min(a, b), 0);
  const step = roundStep((largest - smallest || 1) / TICKS_ABOUT);
  const min = Math.floor(smallest / step + 1e-9) * step;
  const max = Math.max(min + step, Math.ceil(largest / step - 1e-9) * step);
  const ticks: number[] = [];
  for (let i = 0; min + i * step <= max + step / 2; i++) ticks.push(min + i * step);
  return { kind: 'linear', min, max, ticks, shareOf: (value) => (value - min) / (max - min) };
}

/** 1, 2 or 5 times a power of ten, at least as large. */
export function roundStep(size: number): number {
  assert(size > 0, `a step has a size, not ${size}`);
  const power = powerBelow(size);
  for (const times of [1, 2, 5]) if (times * power >= size * (1 - 1e-9)) return times * power;
  return 10 * power;
}

/** The largest power of ten that is not above it. */
function powerBelow(size: number): number {
  let power = 1;
  while (power > size) power /= 10;
  while (power * 10 <= size) power *= 10;
  return power;
}

/** Of positive values; ticks at 1, 2 and 5 of each decade, fewer over many decades. */
export function logScale(values: readonly number[]): Scale {
  const known = values.filter((value) => value > 0);
  assert(known.length > 0, 'a logarithmic scale needs a value above zero');
  const smallest = known.reduce((a, b) => Math.min(a, b), Infinity);
  const largest = known.reduce((a, b) => Math.max(a, b), 0);
  const candidates: number[] = [];
  for (let p = powerBelow(smallest); p <= largest * 10; p *= 10) candidates.push(p, 2 * p, 5 * p);
  const min = candidates.filter((tick) => tick <= smallest * (1 + 1e-9)).at(-1) ?? smallest;
  const above = candidates.find((tick) => tick >= largest * (1 - 1e-9)) ?? largest;
  const max = above > min ? above : min * 10;
  const inside = candidates.filter((tick) => tick >= min * 0.999 && tick <= max * 1.001);
  const decades = inside.filter((_, i) => candidates.indexOf(inside[i]) % 3 === 0);
  const ticks = inside.length > 8 && decades.length >= 2 ? decades : inside;
  const width = log(max / min);
  const shareOf = (value: number): number => (value > 0 ? log(value / min) / width : 0);
  return { kind: 'log', min, max, ticks, shareOf };
}
