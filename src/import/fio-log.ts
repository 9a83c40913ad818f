/**
 * Reads the logs of `fio --write_lat_log=PREFIX` (PREFIX_clat.N.log, PREFIX_lat.N.log):
 * `time in ms, latency, direction, block size, ...`, one line an I/O.
 *
 * fio logs reads (0), writes (1) and trims (2), and never a sync: fio 3.33, stat.c, calls
 * `add_sync_lat_sample` for the summary only. So with --sync=dsync a line is the durable write
 * itself, while with --fdatasync=1 the lines are writes into the page cache, and an fdatasync shows
 * only as the gap to the next line, to the millisecond of the time stamps. That is too coarse for a
 * distribution and fine for stalls; which of the two it is, the fio JSON of the same run tells.
 *
 * Evidence: both kinds were recorded with fio 3.33 on ext4; tests/testdata/calibrate has them.
 */

import { LATENCY_NS_MAX, type Latencies, latenciesOfSamples } from './latencies.ts';
import { linesOf } from './lines.ts';
import type { Report } from './problems.ts';
import { type LatencySeries, STALL_NS_MIN } from './stalls.ts';
import type { CalibrateInput, TimeUnit } from './types.ts';
import { nsPer } from './units.ts';

const NS_PER_MS = 1e6;
/** A hundred days, the longest run that a simulation may have. */
const SPAN_MS_MAX = 8_640_000_000;
const DIRECTION_WRITE = 1;
const DIRECTION_TRIM = 2;
/** A run whose I/Os fill less of its time than this paused between them, or synced unlogged. */
const BUSY_SHARE_MIN = 0.5;
/** The same as a test that needs no care: I/Os that fill nearly all of the run's time. */
const BUSY_SHARE_CLEAR = 0.9;
const EXPECTED =
  'lines "time in ms, latency, direction, block size", e.g. "17, 118647, 1, 2300, 0"';

export interface FioLog {
  readonly input: CalibrateInput;
  readonly timesMs: Float64Array;
  readonly latenciesNs: Float64Array;
}

/** How the run was made, from the fio JSON beside the log. */
export interface FioLogRun {
  /** 'sync': --fdatasync or --fsync; 'write': --sync=dsync or the like. */
  readonly durableBy: 'sync' | 'write';
  /** True where the run paused on purpose (thinktime, rate): gaps are then not syncs. */
  readonly paced: boolean;
}

export interface FioLogResult {
  /** Null where the lines are page-cache writes: the distribution is in the JSON then. */
  readonly latencies: Latencies | null;
  readonly series: LatencySeries | null;
}

/** True where the first lines look like a fio log rather than a CSV. */
export function looksLikeFioLog(text: string): boolean {
  const lines = text.slice(0, 4096).split('\n', 6);
  // The last one may be cut by the slice.
  if (text.length > 4096) lines.pop();
  const filled = lines.filter((line) => line.trim() !== '');
  return (
    filled.length > 0 &&
    filled.every((line) => /^\s*\d+, -?\d+, [0-9], \d+(, .*)?$/.test(line.trimEnd()))
  );
}

export function parseFioLog(
  input: CalibrateInput,
  unit: TimeUnit | undefined,
  report: Report,
): FioLog | null {
  if (refuseKind(input, report)) return null;
  const unitNs = unit === undefined ? 1 : nsPer(unit);
  let originMs = Number.NaN;
  const timesMs: number[] = [];
  const values: number[] = [];
  let skipped = 0;
  let sized = 0;
  let lineNumber = 0;
  for (const line of linesOf(input.text)) {
    lineNumber++;
    if (line.trim() === '') continue;
    const cells = line.split(',');
    const [time, value, direction, bytes] = cells.map(Number);
    // With --log_unix_epoch times are those of day.
    if (Number.isNaN(originMs)) originMs = time;
    const fits = value >= 0 && value * unitNs <= LATENCY_NS_MAX;
    const good = fits && Math.abs(time - originMs) < SPAN_MS_MAX;
    if (cells.length < 4 || !good || !(direction >= 0)) {
      report.problem({
        code: 'WT6041',
        input: input.name,
        line: lineNumber,
        message: `'${line.slice(0, 60)}' is no line of a fio latency log`,
        expected: EXPECTED,
        hint: 'Give the log as fio wrote it; a last line that was cut off can be deleted.',
      });
      continue;
    }
    if (direction !== DIRECTION_WRITE && direction <= DIRECTION_TRIM) {
      skipped++;
      continue;
    }
    if (bytes > 0) sized++;
    timesMs.push(time - originMs);
    values.push(value);
  }
  if (report.failed) return null;
  if (values.length < 2) {
    report.problem({
      code: 'WT6042',
      input: input.name,
      message: `the log has ${values.length} writes and ${skipped} reads or trims`,
      expected: 'at least two writes (third column 1)',
      hint: 'Use --rw=write.',
    });
    return null;
  }
  // With --log_avg_msec a line stands for many I/Os, and fio writes their size as 0.
  if (sized === 0) {
    report.problem({
      code: 'WT6043',
      input: input.name,
      message: 'every line has the size 0: the log holds averages over windows',
      expected: 'one line for each I/O',
      hint: 'Run fio without --log_avg_msec.',
    });
    return null;
  }
  const inferredNs = nsPer(unit ?? inferUnit(input, timesMs, values, report));
  return {
    input,
    timesMs: Float64Array.from(timesMs),
    latenciesNs: Float64Array.from(values, (value) => Math.round(value * inferredNs)),
  };
}

function refuseKind(input: CalibrateInput, report: Report): boolean {
  const kind = /_(bw|iops|slat|clat_hist)\.\d+\.log/.exec(input.name);
  if (kind === null) return false;
  report.problem({
    code: 'WT6040',
    input: input.name,
    message: `a log of kind '${kind[1]}' holds no completion latencies`,
    expected: 'a log of kind clat or lat, e.g. disk_clat.1.log',
    hint: 'Run fio with --write_lat_log=disk and give disk_clat.1.log.',
  });
  return true;
}

/** fio 2 logged µs. I/Os one after the other cannot take longer than the run. */
function inferUnit(
  input: CalibrateInput,
  timesMs: readonly number[],
  values: readonly number[],
  report: Report,
): TimeUnit {
  const spanNs = (timesMs[timesMs.length - 1] - timesMs[0] + 1) * NS_PER_MS;
  let sum = 0;
  for (let i = 1; i < values.length; i++) sum += values[i];
  const fitsAsUs = sum * 1e3 <= spanNs * 1.05;
  if (fitsAsUs && sum < spanNs * 0.002) {
    report.warning(
      input.name,
      'log-unit',
      'read as µs: as nanoseconds the I/Os would fill less than 0.2 % of the run, which is how a ' +
        'log of fio before 3.0 looks',
      'Say --unit ns or --unit us.',
    );
    return 'us';
  }
  return 'ns';
}

export function readFioLog(
  log: FioLog,
  run: FioLogRun | null,
  report: Report,
): FioLogResult | null {
  const { name } = log.input;
  const durableBy = run?.durableBy ?? (isBusy(log) ? 'write' : null);
  if (durableBy === 'write') {
    return { latencies: latenciesOfSamples(log.latenciesNs), series: directSeries(log) };
  }
  if (durableBy === null) {
    report.problem({
      code: 'WT6042',
      input: name,
      message:
        'the writes of this log fill less than half of its time: either the run paused between ' +
        'them, or each was followed by an fdatasync, which fio does not log',
      expected: 'the fio JSON of the same run beside the log',
      hint:
        'Give both files, or measure with --sync=dsync instead of --fdatasync=1: then each line ' +
        'is a durable write.',
    });
    return null;
  }
  if (run?.paced === true) {
    report.warning(
      name,
      'paced-log',
      'the run had a rate or a think time, so the gaps between its writes are not its syncs: the ' +
        'log is not used',
      'Measure with --sync=dsync, or without --rate and --thinktime.',
    );
    return { latencies: null, series: null };
  }
  report.info(
    name,
    'gaps',
    'the log holds writes into the page cache; each fdatasync is the gap to the next line, known ' +
      'to 1 ms: stalls are taken from it, the distribution from the JSON',
  );
  return { latencies: null, series: gapSeries(log) };
}

/** Whether the I/Os themselves fill the time of the run; a long stall must not tip the balance. */
function isBusy(log: FioLog): boolean {
  const spanNs = (log.timesMs[log.timesMs.length - 1] - log.timesMs[0]) * NS_PER_MS;
  let busyNs = 0;
  let stalledNs = 0;
  // The first I/O began before the first time stamp.
  for (let i = 1; i < log.latenciesNs.length; i++) {
    busyNs += log.latenciesNs[i];
    if (log.latenciesNs[i] >= STALL_NS_MIN) stalledNs += log.latenciesNs[i];
  }
  if (busyNs >= spanNs * BUSY_SHARE_CLEAR) return true;
  return busyNs - stalledNs >= (spanNs - stalledNs) * BUSY_SHARE_MIN;
}

/** A line is written at completion: it started its latency earlier. */
function directSeries(log: FioLog): LatencySeries {
  const startsNs = log.timesMs.map((time, i) => time * NS_PER_MS - log.latenciesNs[i]);
  return { startsNs, latenciesNs: log.latenciesNs, resolutionNs: 0 };
}

/** From one completion to the next: the fdatasync of the first and the write of the second. */
function gapSeries(log: FioLog): LatencySeries {
  const count = log.timesMs.length - 1;
  const startsNs = new Float64Array(count);
  const latenciesNs = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    startsNs[i] = log.timesMs[i] * NS_PER_MS;
    latenciesNs[i] = Math.max(0, (log.timesMs[i + 1] - log.timesMs[i]) * NS_PER_MS);
  }
  return { startsNs, latenciesNs, resolutionNs: NS_PER_MS };
}
