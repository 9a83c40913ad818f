/**
 * Reads etcd's /metrics: the histograms of WAL fsyncs and backend commits, of one scrape (since the
 * start of etcd) or as the difference of two.
 *
 * These are response times of a disk in use: they include waiting for whatever else it did.
 *
 * Evidence: server/storage/wal/metrics.go and server/storage/backend/metrics.go of etcd 3.6: both
 * have buckets of 1 ms times 2^0..13. Up to 3.0 the first was etcd_wal_fsync_durations_seconds.
 */
import { type Bucket, type Latencies, latenciesOf, sumBoundsNs } from './latencies.ts';
import type { Report } from './problems.ts';
import { type PrometheusSample, parsePrometheus, parseValue } from './prometheus-text.ts';
import type { CalibrateInput, CalibrateOptions } from './types.ts';
import { formatCount, formatNs, formatShare } from './units.ts';

const WAL_FSYNC = 'etcd_disk_wal_fsync_duration_seconds';
const WAL_FSYNC_OLD = 'etcd_wal_fsync_durations_seconds';
const BACKEND_COMMIT = 'etcd_disk_backend_commit_duration_seconds';
const PROCESS_START = 'process_start_time_seconds';
const LAST_GC = 'go_memstats_last_gc_time_seconds';
const VERSION = 'etcd_server_version';
const NS_PER_S = 1e9;
/** More than any etcd counts, and exact in a double. */
const COUNT_MAX = 1e15;
const BOUND_SECONDS_MAX = 3600;
/** Go collects garbage at least every two minutes (runtime/proc.go, forcegcperiod). */
const GC_PERIOD_SECONDS = 120;
/** A span known to within one GC period is used where that is at most a tenth of it. */
const GC_SPAN_SECONDS_MIN = GC_PERIOD_SECONDS * 10;
const SCRAPE_COMMAND = 'curl -s http://127.0.0.1:2379/metrics > scrape.txt';

export interface EtcdMetrics {
  readonly fsync: Latencies;
  readonly commit: Latencies | null;
  readonly version: string | null;
  /** Null where the time between the scrapes is not known. */
  readonly fsyncsPerSecond: number | null;
  readonly seconds: number | null;
}

interface Scrape {
  readonly input: CalibrateInput;
  readonly fsync: Histogram;
  readonly commit: Histogram | null;
  readonly startSeconds: number | null;
  readonly lastGcSeconds: number | null;
  readonly timestampSeconds: number | null;
  readonly version: string | null;
}

/** Cumulative, as scraped. */
interface Histogram {
  readonly name: string;
  /** Seconds; the last one is Infinity. */
  readonly bounds: readonly number[];
  readonly cumulative: readonly number[];
  readonly sumSeconds: number | null;
  readonly line: number;
}

export function readEtcdMetrics(
  inputs: readonly CalibrateInput[],
  options: CalibrateOptions,
  report: Report,
): EtcdMetrics | null {
  const scrapes: Scrape[] = [];
  for (const input of inputs) {
    const scrape = readScrape(input, options, report);
    if (scrape !== null) scrapes.push(scrape);
  }
  if (report.failed || scrapes.length === 0) return null;
  for (let i = 1; i < scrapes.length; i++) checkOrder(scrapes[i - 1], scrapes[i], report);
  if (report.failed) return null;
  const first = scrapes.length > 1 ? scrapes[0] : null;
  const last = scrapes[scrapes.length - 1];
  const fsync = latenciesBetween(last.input, first?.fsync ?? null, last.fsync, report);
  const commit =
    last.commit === null
      ? null
      : latenciesBetween(last.input, first?.commit ?? null, last.commit, report);
  if (report.failed || fsync === null) return null;
  reviewBuckets(last.input, fsync, report);
  if (last.commit === null) {
    report.info(last.input.name, 'no-commit', `${BACKEND_COMMIT} is not in the text: not judged`);
  }
  if (first === null) {
    report.info(
      last.input.name,
      'since-start',
      'one scrape: the histogram holds everything since etcd started, quiet nights included',
      'Two scrapes, some minutes of the load of interest apart, give that load alone.',
    );
  }
  const seconds = secondsBetween(first, last, options, report);
  return {
    fsync,
    commit,
    version: last.version,
    fsyncsPerSecond: seconds === null ? null : fsync.count / seconds,
    seconds,
  };
}

function readScrape(
  input: CalibrateInput,
  options: CalibrateOptions,
  report: Report,
): Scrape | null {
  const names = [WAL_FSYNC, WAL_FSYNC_OLD, BACKEND_COMMIT];
  const wanted = (name: string): boolean =>
    names.some((n) => name === `${n}_bucket` || name === `${n}_sum` || name === `${n}_count`) ||
    name === PROCESS_START ||
    name === LAST_GC ||
    name === VERSION;
  const all = parsePrometheus(input.text, wanted);
  const samples = all.filter((sample) => hasLabels(sample, options.labels ?? {}));
  const old = !samples.some((s) => s.name.startsWith(WAL_FSYNC));
  const fsyncName =
    old && samples.some((s) => s.name.startsWith(WAL_FSYNC_OLD)) ? WAL_FSYNC_OLD : WAL_FSYNC;
  if (!samples.some((sample) => sample.name.startsWith(fsyncName))) {
    missingMetric(input, all, options, report);
    return null;
  }
  const fsync = readHistogram(input, fsyncName, samples, report);
  const hasCommit = samples.some((sample) => sample.name.startsWith(BACKEND_COMMIT));
  const commit = hasCommit ? readHistogram(input, BACKEND_COMMIT, samples, report) : null;
  if (fsync === null) return null;
  const gauge = (name: string): number | null => {
    const sample = samples.find((s) => s.name === name && Number.isFinite(s.value) && s.value > 0);
    return sample?.value ?? null;
  };
  const stamped = samples.find((sample) => sample.timestampMs !== null);
  return {
    input,
    fsync,
    commit,
    startSeconds: gauge(PROCESS_START),
    lastGcSeconds: gauge(LAST_GC),
    timestampSeconds: stamped === undefined ? null : (stamped.timestampMs ?? 0) / 1000,
    version: samples.find((s) => s.name === VERSION)?.labels.server_version ?? null,
  };
}

function hasLabels(sample: PrometheusSample, wanted: Readonly<Record<string, string>>): boolean {
  for (const [name, value] of Object.entries(wanted)) {
    if (sample.labels[name] !== value) return false;
  }
  return true;
}

function missingMetric(
  input: CalibrateInput,
  all: readonly PrometheusSample[],
  options: CalibrateOptions,
  report: Report,
): void {
  const elsewhere = all.some((sample) => sample.name.startsWith(WAL_FSYNC));
  let message = `${WAL_FSYNC} is not in the text`;
  let hint = `Scrape etcd itself: ${SCRAPE_COMMAND} (kubeadm: port 2381)`;
  if (elsewhere) {
    message = `${WAL_FSYNC} is there, but not with the labels asked for`;
    hint = `Labels asked for: ${Object.keys(options.labels ?? {}).join(', ')}.`;
  } else if (/^etcd_disk_wal_write_duration_seconds/m.test(input.text)) {
    hint = 'etcd_disk_wal_write_duration_seconds times the write, not the fsync.';
  } else if (/^apiserver_/m.test(input.text)) {
    message += ': these are the metrics of a kube-apiserver';
  } else if (/^node_disk_/m.test(input.text)) {
    message += ': these are the metrics of a node exporter';
  }
  report.problem({
    code: 'WT6020',
    input: input.name,
    message,
    expected: `the histogram ${WAL_FSYNC}`,
    hint,
  });
}

function readHistogram(
  input: CalibrateInput,
  name: string,
  samples: readonly PrometheusSample[],
  report: Report,
): Histogram | null {
  const own = samples.filter((sample) => sample.name.startsWith(`${name}_`));
  if (!isOneSeries(input, name, own, report)) return null;
  for (const sample of own) {
    if (sample.value >= 0 && sample.value <= COUNT_MAX) continue;
    report.problem({
      code: 'WT6027',
      input: input.name,
      line: sample.line,
      message: `${sample.name} has the value '${sample.valueText}'`,
      expected: 'a number from 0 to 1e15',
      hint: 'Scrape again; a counter never has such a value.',
    });
  }
  const buckets = own
    .filter((sample) => sample.name === `${name}_bucket`)
    .map((sample) => ({ sample, bound: parseValue(sample.labels.le ?? '') }));
  for (const { sample, bound } of buckets) {
    if (bound > 0 && (bound <= BOUND_SECONDS_MAX || bound === Number.POSITIVE_INFINITY)) continue;
    report.problem({
      code: 'WT6027',
      input: input.name,
      line: sample.line,
      message: `a bucket has the bound le="${sample.labels.le ?? ''}"`,
      expected: 'seconds, at most 3600, or +Inf',
      hint: 'Scrape again.',
    });
  }
  if (report.failed) return null;
  const count = own.find((sample) => sample.name === `${name}_count`)?.value;
  const bounds = buckets.map((bucket) => bucket.bound);
  const cumulative = buckets.map((bucket) => bucket.sample.value);
  if (bounds.length > 0 && bounds.at(-1) !== Number.POSITIVE_INFINITY && count !== undefined) {
    bounds.push(Number.POSITIVE_INFINITY);
    cumulative.push(count);
    report.info(input.name, 'no-inf', `${name} has no +Inf bucket; its _count stands for it`);
  }
  if (bounds.length < 2 || bounds.at(-1) !== Number.POSITIVE_INFINITY) {
    report.problem({
      code: 'WT6023',
      input: input.name,
      line: own[own.length - 1].line,
      message: `${name} ends after ${buckets.length} buckets`,
      expected: 'buckets up to le="+Inf", _sum and _count',
      hint: `The scrape was cut off: repeat it, ${SCRAPE_COMMAND}`,
    });
    return null;
  }
  if (!isAscending(input, name, { bounds, cumulative, buckets }, report)) return null;
  const total = cumulative[cumulative.length - 1];
  if (count !== undefined && count !== total) {
    report.info(
      input.name,
      'count-differs',
      `${name}: _count is ${formatCount(count)}, the +Inf bucket ${formatCount(total)}; ` +
        'the buckets are used',
    );
  }
  const sum = own.find((sample) => sample.name === `${name}_sum`)?.value ?? null;
  return { name, bounds, cumulative, sumSeconds: sum, line: own[0].line };
}

function isOneSeries(
  input: CalibrateInput,
  name: string,
  own: readonly PrometheusSample[],
  report: Report,
): boolean {
  const series = new Set<string>();
  for (const sample of own) {
    const labels = Object.entries(sample.labels).filter(([label]) => label !== 'le');
    labels.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    series.add(labels.map(([label, value]) => `${label}="${value}"`).join(','));
  }
  const seen = own.map((sample) => `${sample.name} ${sample.labels.le ?? ''}`);
  const twice = seen.length !== new Set(seen).size;
  if (series.size <= 1 && !twice) return true;
  const list = [...series]
    .slice(0, 8)
    .map((labels) => `{${labels}}`)
    .join(' ');
  report.problem({
    code: 'WT6021',
    input: input.name,
    line: own[0].line,
    message:
      series.size > 1
        ? `${name} is there for ${series.size} etcds: ${list}`
        : `${name} is there more than once with the same labels`,
    expected: 'the metrics of one etcd',
    hint:
      series.size > 1
        ? 'Pick one, e.g. --label instance=10.0.0.1:2379; each member has a disk of its own.'
        : 'Give two scrapes as two files.',
  });
  return false;
}

function isAscending(
  input: CalibrateInput,
  name: string,
  o: {
    bounds: readonly number[];
    cumulative: readonly number[];
    buckets: readonly { sample: PrometheusSample }[];
  },
  report: Report,
): boolean {
  const { bounds, cumulative } = o;
  for (let i = 1; i < bounds.length; i++) {
    if (bounds[i] > bounds[i - 1] && cumulative[i] >= cumulative[i - 1]) continue;
    report.problem({
      code: 'WT6022',
      input: input.name,
      line: o.buckets[Math.min(i, o.buckets.length - 1)].sample.line,
      message:
        bounds[i] > bounds[i - 1]
          ? `${name} goes down at le="${bounds[i]}": ${cumulative[i]} after ${cumulative[i - 1]}`
          : `${name}: le="${bounds[i]}" follows le="${bounds[i - 1]}"`,
      expected: 'cumulative counts: each bucket at least as large as the one before',
      hint: 'Give the text as etcd served it; counts for each bucket alone are no histogram.',
    });
    return false;
  }
  return true;
}

/** A counter that went down: etcd restarted, or the files stand the wrong way round. */
function checkOrder(earlier: Scrape, later: Scrape, report: Report): void {
  const input = later.input.name;
  const restarted =
    earlier.startSeconds !== null &&
    later.startSeconds !== null &&
    Math.abs(earlier.startSeconds - later.startSeconds) > 1;
  const pairs: (readonly [Histogram, Histogram])[] = [[earlier.fsync, later.fsync]];
  if (earlier.commit !== null && later.commit !== null) pairs.push([earlier.commit, later.commit]);
  for (const [a, b] of pairs) {
    if (a.bounds.length !== b.bounds.length || a.bounds.some((bound, i) => bound !== b.bounds[i])) {
      report.problem({
        code: 'WT6028',
        input,
        line: b.line,
        message: `${b.name} has other buckets than in '${earlier.input.name}'`,
        expected: 'two scrapes of the same etcd',
        hint: 'Scrape one etcd twice.',
      });
      return;
    }
    const down = b.cumulative.findIndex((value, i) => value < a.cumulative[i]);
    const sumDown = (b.sumSeconds ?? 0) < (a.sumSeconds ?? 0);
    if (!restarted && down < 0 && !sumDown) continue;
    const swapped = !restarted && b.cumulative.every((value, i) => value <= a.cumulative[i]);
    report.problem({
      code: 'WT6024',
      input,
      line: b.line,
      message: restarted
        ? `etcd was restarted between '${earlier.input.name}' and '${input}'`
        : `${b.name} is smaller than in '${earlier.input.name}'`,
      expected: 'counters that only grow from the first scrape to the last',
      hint: swapped
        ? 'Give the earlier scrape first; or etcd restarted, then calibrate the later one alone.'
        : 'Scrape the same etcd twice without a restart, or calibrate the later scrape alone.',
    });
    return;
  }
}

function latenciesBetween(
  input: CalibrateInput,
  earlier: Histogram | null,
  later: Histogram,
  report: Report,
): Latencies | null {
  const cumulative = later.cumulative.map((value, i) => value - (earlier?.cumulative[i] ?? 0));
  const buckets: Bucket[] = [];
  for (let i = 0; i < cumulative.length; i++) {
    const count = cumulative[i] - (i === 0 ? 0 : cumulative[i - 1]);
    if (count < 0) {
      report.problem({
        code: 'WT6022',
        input: input.name,
        line: later.line,
        message: `the difference of the scrapes goes down at le="${later.bounds[i]}"`,
        expected: 'each bucket to grow by at least as much as the one before',
        hint: 'Scrape the same etcd twice; members have histograms of their own.',
      });
      return null;
    }
    const lowerNs = i === 0 ? 0 : Math.round(later.bounds[i - 1] * NS_PER_S);
    const bound = later.bounds[i] * NS_PER_S;
    buckets.push({ lowerNs, upperNs: bound < Infinity ? Math.round(bound) : bound, count });
  }
  let sumNs: number | null = null;
  if (later.sumSeconds !== null && (earlier === null || earlier.sumSeconds !== null)) {
    sumNs = (later.sumSeconds - (earlier?.sumSeconds ?? 0)) * NS_PER_S;
  }
  const latencies = latenciesOf(buckets, { sumNs, minNs: null, maxNs: null });
  if (latencies.count === 0) {
    report.problem({
      code: 'WT6025',
      input: input.name,
      line: later.line,
      message:
        earlier === null
          ? `${later.name} has counted nothing yet`
          : `${later.name} counted nothing between the two scrapes`,
      expected: 'some thousand fsyncs',
      hint: 'Let etcd take writes for some minutes, then scrape.',
    });
    return null;
  }
  return checkSum(input, later, latencies, report);
}

/** The sum must be possible with these buckets; what it says of the mean is kept. */
function checkSum(
  input: CalibrateInput,
  histogram: Histogram,
  latencies: Latencies,
  report: Report,
): Latencies | null {
  if (latencies.sumNs === null) {
    report.warning(
      input.name,
      'no-sum',
      `${histogram.name}_sum is not there: the mean is only known to lie within the buckets`,
      'Scrape the whole text, _sum included.',
    );
    return latencies;
  }
  const { low, high } = sumBoundsNs(latencies);
  // Float64 sums of 1e8 values are good to 1e-9 of themselves; a part in a million is no mistake.
  if (latencies.sumNs >= low * (1 - 1e-6) && latencies.sumNs <= high * (1 + 1e-6)) return latencies;
  report.problem({
    code: 'WT6026',
    input: input.name,
    line: histogram.line,
    message:
      `${histogram.name}_sum gives a mean of ${formatNs(latencies.sumNs / latencies.count)}, ` +
      `and the buckets allow ${formatNs(low / latencies.count)} to ` +
      formatNs(high / latencies.count),
    expected: 'bounds and sum in seconds, of the same histogram',
    hint: 'Do not edit or convert the text; scrape again.',
  });
  return null;
}

function reviewBuckets(input: CalibrateInput, fsync: Latencies, report: Report): void {
  const share = fsync.lowersNs[0] === 0 ? fsync.counts[0] / fsync.count : 0;
  if (share > 0.5) {
    const rest = sumBoundsNs({
      ...fsync,
      lowersNs: fsync.lowersNs.slice(1),
      uppersNs: fsync.uppersNs.slice(1),
      counts: fsync.counts.slice(1),
    });
    const sum = fsync.sumNs ?? 0;
    const low = Math.max(0, (sum - rest.high) / fsync.counts[0]);
    const high = Math.min(fsync.uppersNs[0], (sum - rest.low) / fsync.counts[0]);
    const known =
      fsync.sumNs === null
        ? ''
        : `; by the sum, their mean is ${formatNs(low)} to ${formatNs(high)}`;
    report.warning(
      input.name,
      'first-bucket',
      `${formatShare(share)} of the fsyncs lie in the first bucket (up to ` +
        `${formatNs(fsync.uppersNs[0])}): how they lie below that is not known${known}`,
      'A fast disk is better measured with fio: see docs/calibrate.md.',
    );
  }
  const last = fsync.uppersNs.length - 1;
  if (fsync.uppersNs[last] === Number.POSITIVE_INFINITY) {
    report.warning(
      input.name,
      'beyond-last-bucket',
      `${formatCount(fsync.counts[last])} fsyncs took longer than the last bucket ` +
        `(${formatNs(fsync.lowersNs[last])}); how much longer is not known`,
    );
  }
}

function secondsBetween(
  first: Scrape | null,
  last: Scrape,
  options: CalibrateOptions,
  report: Report,
): number | null {
  if (options.elapsedSeconds !== undefined) return options.elapsedSeconds;
  const from = first === null ? last.startSeconds : first.timestampSeconds;
  if (from !== null && last.timestampSeconds !== null && last.timestampSeconds > from) {
    return last.timestampSeconds - from;
  }
  const gcFrom = first === null ? last.startSeconds : first.lastGcSeconds;
  if (gcFrom !== null && last.lastGcSeconds !== null) {
    const seconds = last.lastGcSeconds - gcFrom;
    if (seconds >= GC_SPAN_SECONDS_MIN) {
      report.info(
        last.input.name,
        'elapsed-by-gc',
        `the time covered, ${Math.round(seconds)} s, is taken from ${LAST_GC}: good to ` +
          `${GC_PERIOD_SECONDS} s`,
      );
      return seconds;
    }
  }
  report.info(
    last.input.name,
    'elapsed-unknown',
    'the time covered is not known, so neither is the load under which the disk was seen',
    'Say how much lies between the scrapes, or since the start of etcd: --elapsed 600s.',
  );
  return null;
}
