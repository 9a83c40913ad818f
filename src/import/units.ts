/** Units of time in column names, cells and flags. All results are nanoseconds. */
import type { TimeUnit } from './types.ts';

const NS_PER_UNIT: Readonly<Record<TimeUnit, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

const SPELLINGS: Readonly<Record<string, TimeUnit>> = {
  ns: 'ns',
  nsec: 'ns',
  nsecs: 'ns',
  nanosecond: 'ns',
  nanoseconds: 'ns',
  nanos: 'ns',
  us: 'us',
  usec: 'us',
  usecs: 'us',
  µs: 'us',
  μs: 'us',
  microsecond: 'us',
  microseconds: 'us',
  micros: 'us',
  ms: 'ms',
  msec: 'ms',
  msecs: 'ms',
  millisecond: 'ms',
  milliseconds: 'ms',
  millis: 'ms',
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
};

export function nsPer(unit: TimeUnit): number {
  return NS_PER_UNIT[unit];
}

/** 'msec' -> 'ms'; null where the word is no unit of time. */
export function unitOf(word: string): TimeUnit | null {
  const key = word.toLowerCase();
  return Object.hasOwn(SPELLINGS, key) ? SPELLINGS[key] : null;
}

/** 1234567 -> '1.23 ms'. For sentences, so three digits are enough; never parsed back. */
export function formatNs(ns: number): string {
  if (ns === Number.POSITIVE_INFINITY) return 'more than the last bucket';
  const steps: readonly [number, string][] = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ];
  for (const [size, name] of steps) {
    // 999.6 µs would round to '1000 µs': let the next larger unit have it.
    if (ns >= size * 0.9995) return `${significant(ns / size)} ${name}`;
  }
  return `${significant(ns)} ns`;
}

/** Three significant digits without exponent for 0.001 .. 1e15. */
export function significant(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** 18823948 -> '18,823,948'; locale-free. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** 0.000123 -> '0.0123 %'. */
export function formatShare(share: number): string {
  return `${significant(share * 100)} %`;
}
