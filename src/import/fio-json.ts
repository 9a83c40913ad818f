/**
 * Reads `fio --output-format=json` and `json+`: the latencies of fdatasync, and what the options of
 * the run say about how far they stand for etcd's write-ahead log.
 *
 * Evidence: the structure was read off fio 3.33 (Debian 12): `jobs[].sync.lat_ns` holds fdatasync,
 * with `bins` (midpoint of the bin -> count) under json+ and `percentile` always; fio's stat.c,
 * plat_idx_to_val, gives the bins. fio 2 wrote µs under `lat` and `clat` without a suffix.
 */

import { FIO_COMMAND, isOn, reviewJobs, reviewOptions } from './fio-review.ts';
import {
  type Bucket,
  disjoint,
  fioBinWidthNs,
  LATENCY_NS_MAX,
  type Latencies,
  latenciesOf,
  mergeLatencies,
} from './latencies.ts';
import type { Report } from './problems.ts';
import type { CalibrateInput, CalibrateOptions } from './types.ts';

/** A JSON object of which nothing is known yet. */
type Json = Readonly<Record<string, unknown>>;

export interface FioRun {
  readonly latencies: Latencies;
  /** Seconds of the longest job; null where fio does not say. */
  readonly runtimeSeconds: number | null;
  readonly version: string;
  /** 'fdatasync', 'fsync' or 'writes with sync=dsync'; for the source of the profile. */
  readonly method: string;
  readonly durableBy: 'sync' | 'write';
  /** True where the run paused on purpose (thinktime, rate). */
  readonly paced: boolean;
  /** False where page-cache writes were measured: nothing of them holds for etcd's WAL. */
  readonly durable: boolean;
}

interface FioJob {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly json: Json;
}

interface JobLatencies {
  readonly latencies: Latencies;
  readonly from: 'sync' | 'write';
}

/** More than any run counts, and exact in a double. */
const COUNT_MAX = 1e15;
const UNIT_SUFFIXES: readonly (readonly [string, number])[] = [
  ['_ns', 1],
  ['_us', 1e3],
  ['_usec', 1e3],
  ['_ms', 1e6],
  ['_msec', 1e6],
  // fio before 3.0 wrote microseconds under the bare name.
  ['', 1e3],
];

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What fio wrote to JSON; warnings may stand before it. Null, with a problem, where it is none. */
export function parseFioText(input: CalibrateInput, report: Report): Json | null {
  const start = input.text.search(/^\s*[{[]/m);
  const text = start < 0 ? input.text : input.text.slice(start);
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch (error) {
    report.problem({ code: 'WT6010', input: input.name, ...brokenJson(text, error) });
    return null;
  }
  report.problem({
    code: 'WT6011',
    input: input.name,
    message: 'the JSON is a list, not the object that fio writes',
    expected: 'an object with a list "jobs"',
    hint: FIO_COMMAND,
  });
  return null;
}

function brokenJson(
  text: string,
  error: unknown,
): { message: string; expected: string; hint: string } {
  const expected = 'one whole JSON object, as fio writes it';
  if (/:\s*-?(nan|inf)\b/i.test(text)) {
    return {
      message: 'the JSON holds nan or inf, which is not JSON: fio divided by zero samples',
      expected,
      hint: 'Let the run write more (--size=22m), then calibrate its output.',
    };
  }
  if (!/\}\s*$/.test(text)) {
    return {
      message: 'the JSON ends in the middle: the file was cut off',
      expected,
      hint: 'Wait until fio has finished, or copy the file again.',
    };
  }
  const detail = error instanceof Error ? error.message.slice(0, 120) : 'unknown error';
  return { message: `not valid JSON (${detail})`, expected, hint: FIO_COMMAND };
}

export function isFioJson(json: Json): boolean {
  return Array.isArray(json.jobs) || Array.isArray(json.client_stats);
}

export function readFioJson(
  input: CalibrateInput,
  json: Json,
  options: CalibrateOptions,
  report: Report,
): FioRun | null {
  const jobs = selectJobs(input, json, options, report);
  if (jobs.length === 0) return null;
  const measured: JobLatencies[] = [];
  for (const job of jobs) {
    const latencies = jobLatencies(input, job, report);
    if (latencies !== null) measured.push(latencies);
  }
  if (report.failed) return null;
  if (measured.length === 0) {
    report.problem({
      code: 'WT6012',
      input: input.name,
      message: 'no job of this run wrote or synced anything',
      expected: 'sync.lat_ns or write.clat_ns with samples',
      hint: `Measure writes with fdatasync: ${FIO_COMMAND}`,
    });
    return null;
  }
  const synced = measured.filter((m) => m.from === 'sync');
  const used = synced.length > 0 ? synced : measured;
  const options0 = jobs[0].options;
  const durable = synced.length > 0 || isDurableWrite(options0);
  reviewJobs(
    input,
    used.map((m) => m.latencies),
    Number(options0.numjobs ?? 1) || 1,
    report,
  );
  reviewOptions(input, options0, { fromSync: synced.length > 0, durable }, report);
  return {
    latencies: mergeLatencies(used.map((m) => m.latencies)),
    runtimeSeconds: runtimeOf(jobs),
    version: typeof json['fio version'] === 'string' ? json['fio version'] : 'fio',
    method: methodOf(options0, { fromSync: synced.length > 0, durable }),
    durableBy: synced.length > 0 ? 'sync' : 'write',
    paced: PACING.some((key) => isOn(options0[key])),
    durable,
  };
}

const PACING: readonly string[] = ['thinktime', 'rate', 'rate_iops'];

function methodOf(
  options: Readonly<Record<string, string>>,
  o: { fromSync: boolean; durable: boolean },
): string {
  if (!o.durable) return 'writes without sync';
  if (!o.fromSync) return `writes with sync=${options.sync}`;
  return isOn(options.fdatasync) || !isOn(options.fsync) ? 'fdatasync' : 'fsync';
}

function selectJobs(
  input: CalibrateInput,
  json: Json,
  options: CalibrateOptions,
  report: Report,
): FioJob[] {
  const list = Array.isArray(json.jobs) ? json.jobs : json.client_stats;
  const globals = isObject(json['global options']) ? json['global options'] : {};
  const jobs: FioJob[] = [];
  // A server run ends its list with a job 'All clients' that repeats the others.
  for (const job of Array.isArray(list) ? list : []) {
    if (!isObject(job) || job.jobname === 'All clients') continue;
    const own = isObject(job['job options']) ? job['job options'] : {};
    const merged: Record<string, string> = {};
    for (const [key, value] of [...Object.entries(globals), ...Object.entries(own)]) {
      merged[key] = String(value);
    }
    jobs.push({ name: String(job.jobname ?? ''), options: merged, json: job });
  }
  const wanted = options.job;
  if (wanted === undefined) {
    if (jobs.length === 0) {
      report.problem({
        code: 'WT6012',
        input: input.name,
        message: 'the list of jobs is empty',
        expected: 'at least one job',
        hint: FIO_COMMAND,
      });
    }
    return jobs;
  }
  const selected = jobs.filter((job) => job.name === wanted);
  if (selected.length === 0) {
    report.problem({
      code: 'WT6014',
      input: input.name,
      message: `no job is named '${wanted}'`,
      expected: `one of ${jobs.map((job) => `'${job.name}'`).join(', ')}`,
      hint: 'Leave the job out to use all jobs that synced.',
    });
  }
  return selected;
}

function jobLatencies(input: CalibrateInput, job: FioJob, report: Report): JobLatencies | null {
  const where = `job '${job.name}'`;
  if (typeof job.json.error === 'number' && job.json.error !== 0) {
    report.problem({
      code: 'WT6012',
      input: input.name,
      message: `${where} failed with error ${job.json.error}`,
      expected: 'a run that ended without error',
      hint: 'fio prints the reason: often a full disk or a folder that cannot be written.',
    });
    return null;
  }
  if (isObject(job.json.sync)) {
    const sync = readStat(input, `${where}, sync`, job.json.sync, ['lat'], report);
    if (sync !== null) return { latencies: sync, from: 'sync' };
  }
  if (isObject(job.json.write)) {
    const write = readStat(input, `${where}, write`, job.json.write, ['clat', 'lat'], report);
    if (write !== null) return { latencies: write, from: 'write' };
  }
  return null;
}

/** The first of the named statistics that has samples. */
function readStat(
  input: CalibrateInput,
  where: string,
  section: Json,
  names: readonly string[],
  report: Report,
): Latencies | null {
  for (const name of names) {
    for (const [suffix, unitNs] of UNIT_SUFFIXES) {
      const stat = section[name + suffix];
      if (!isObject(stat)) continue;
      const count = stat.N ?? stat.samples ?? section.total_ios;
      const path = `${where}.${name}${suffix}`;
      const latencies = latenciesOfStat(input, path, stat, { unitNs, count }, report);
      if (latencies !== null) return latencies;
    }
  }
  return null;
}

function latenciesOfStat(
  input: CalibrateInput,
  where: string,
  stat: Json,
  o: { unitNs: number; count: unknown },
  report: Report,
): Latencies | null {
  const bad = (field: string, value: unknown): null => {
    report.problem({
      code: 'WT6013',
      input: input.name,
      message: `${where}: ${field} is ${String(value).slice(0, 40)}`,
      expected: 'a number, not negative, that fits the others; a latency of at most an hour',
      hint: 'Calibrate the file as fio wrote it.',
    });
    return null;
  };
  const latencyMax = LATENCY_NS_MAX / o.unitNs;
  for (const field of ['min', 'max', 'mean']) {
    if (!isMagnitude(stat[field], latencyMax)) return bad(field, stat[field]);
  }
  const { min, max, mean } = stat as { min: number; max: number; mean: number };
  const bins = isObject(stat.bins) ? Object.entries(stat.bins) : [];
  let buckets: Bucket[] = [];
  if (bins.length > 0) {
    for (const [value, count] of bins) {
      if (value.trim() === '' || !isMagnitude(Number(value), latencyMax)) {
        return bad('a bin', value);
      }
      if (!isMagnitude(count, COUNT_MAX)) return bad(`the count of bin ${value}`, count);
    }
    buckets = bucketsOfBins(bins, o.unitNs);
  } else {
    const count = o.count ?? 0;
    if (!isMagnitude(count, COUNT_MAX)) return bad('N', count);
    if (count === 0) return null;
    const percentiles = percentilesOf(stat.percentile);
    for (const [p, value] of percentiles) {
      const known = p > 0 && p <= 100 && isMagnitude(value, latencyMax);
      if (!known) return bad(`percentile ${p}`, value);
    }
    buckets = bucketsOfPercentiles(percentiles, { count, min, max, unitNs: o.unitNs });
    report.warning(
      input.name,
      'percentiles-only',
      `${where} has ${percentiles.length} percentiles but no bins: the distribution is linear ` +
        'between them, and its tail is only as fine as they are',
      'Use --output-format=json+ instead of json.',
    );
  }
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  if (total === 0) return null;
  if (min > mean || mean > max) return bad(`mean, of latencies from ${min} to ${max},`, mean);
  return latenciesOf(buckets, {
    sumNs: mean * o.unitNs * total,
    minNs: min * o.unitNs,
    maxNs: max * o.unitNs,
  });
}

function isMagnitude(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}

/** fio names a bin by its midpoint, so its edges lie half a width to either side. */
function bucketsOfBins(bins: readonly (readonly [string, unknown])[], unitNs: number): Bucket[] {
  const buckets = bins.map(([name, count]) => {
    const value = Number(name);
    const width = fioBinWidthNs(value);
    // Bins of width 1 are exact values.
    const half = width === 1 ? 0 : width / 2;
    return {
      lowerNs: (value - half) * unitNs,
      upperNs: (value + half) * unitNs,
      count: Number(count),
    };
  });
  return disjoint(buckets);
}

function percentilesOf(value: unknown): (readonly [number, unknown])[] {
  if (!isObject(value)) return [];
  return Object.entries(value)
    .map(([p, latency]) => [Number(p), latency] as const)
    .sort((a, b) => a[0] - b[0]);
}

/**
 * Between two percentiles lie (p2 - p1) n latencies, spread evenly; below the first one and above
 * the last one, the recorded minimum and maximum end them.
 */
function bucketsOfPercentiles(
  percentiles: readonly (readonly [number, unknown])[],
  o: { count: number; min: number; max: number; unitNs: number },
): Bucket[] {
  const buckets: Bucket[] = [];
  let lower = o.min;
  let seen = 0;
  for (const [p, value] of [...percentiles, [100, o.max] as const]) {
    // A percentile is the midpoint of a bin and may lie past the exact maximum.
    const upper = Math.min(Math.max(value as number, lower), o.max);
    const next = Math.round((o.count * p) / 100);
    buckets.push({ lowerNs: lower * o.unitNs, upperNs: upper * o.unitNs, count: next - seen });
    lower = upper;
    seen = next;
  }
  return buckets;
}

function runtimeOf(jobs: readonly FioJob[]): number | null {
  let longest: number | null = null;
  for (const job of jobs) {
    const write = isObject(job.json.write) ? job.json.write : {};
    const runtimeMs = write.runtime ?? job.json.job_runtime;
    if (!isMagnitude(runtimeMs, COUNT_MAX) || runtimeMs === 0) continue;
    longest = Math.max(longest ?? 0, runtimeMs / 1000);
  }
  return longest;
}

function isDurableWrite(options: Readonly<Record<string, string>>): boolean {
  return isOn(options.sync);
}
