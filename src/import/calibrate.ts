/**
 * Measured fsync latencies in, disk profile and verdict out. Never throws for what a user can hand
 * in: mistakes are problems with a code, oddities are findings.
 */
import type { DistributionSpec } from '../dist/index.ts';
import type { DiskProfile } from '../scenario/index.ts';
import { ASSUMED_STALL } from './assumed-stall.ts';
import { readCsv } from './csv-latencies.ts';
import { readEtcdMetrics } from './etcd-metrics.ts';
import { type FioRun, readFioJson } from './fio-json.ts';
import { type FioLog, type FioLogResult, parseFioLog, readFioLog } from './fio-log.ts';
import { reviewRuntime } from './fio-review.ts';
import { distributionOf, type Latencies, mergeLatencies, summarize } from './latencies.ts';
import { Report } from './problems.ts';
import { type Recognised, recognise } from './recognise.ts';
import {
  fitStalls,
  type LatencySeries,
  type SeriesFit,
  stallThresholdNs,
  withoutStalls,
} from './stalls.ts';
import type { CalibrateFormat, CalibrateInput, CalibrateOptions, Calibration } from './types.ts';
import { formatCount, formatNs, significant } from './units.ts';
import { judge } from './verdict.ts';

/** A series without a stall says that there are none only if it is at least this long. */
const CALM_SECONDS_MIN = 600;

/** Fewer stalls than this make a poor fit, and a finding says so. */
const EPISODES_MIN = 10;

/** What a format yields, before it becomes a profile. */
interface Measured {
  readonly latencies: Latencies;
  readonly series: readonly LatencySeries[];
  readonly commit: Latencies | null;
  readonly kind: 'service' | 'response';
  readonly durable: boolean;
  readonly observedFsyncsPerSecond: number | null;
  /** E.g. 'fio-3.33, fdatasync'. */
  readonly source: string;
}

export function calibrate(
  inputs: readonly CalibrateInput[],
  options: CalibrateOptions = {},
): Calibration {
  const report = new Report();
  checkOptions(options, report);
  if (inputs.length === 0) {
    report.problem({
      code: 'WT6005',
      input: '',
      message: 'no file was given',
      expected: 'at least one file of latencies',
      hint: 'docs/calibrate.md shows how to measure a disk.',
    });
  }
  const recognised: Recognised[] = [];
  for (const input of inputs) {
    const one = recognise(input, report);
    if (one !== null) recognised.push(one);
  }
  const format = formatOf(recognised, report);
  if (report.failed) return failure(format, report);
  const raw = measure(format, recognised, options, report);
  if (raw === null || report.failed) return failure(format, report);
  const kind = options.kind ?? raw.kind;
  // The load under which it was seen belongs to response times; an idle disk had none.
  const observed = kind === 'response' ? raw.observedFsyncsPerSecond : null;
  const measured = { ...raw, kind, observedFsyncsPerSecond: observed };
  return finish(format, inputs, measured, options, report);
}

function failure(format: CalibrateFormat, report: Report): Calibration {
  return {
    format,
    profile: null,
    summary: null,
    commit: null,
    stalls: null,
    verdict: null,
    findings: report.findings,
    problems: report.problems(),
  };
}

function checkOptions(options: CalibrateOptions, report: Report): void {
  const check = (name: string, value: number | undefined, unit: string): void => {
    if (value === undefined || (Number.isFinite(value) && value > 0)) return;
    report.problem({
      code: 'WT6006',
      input: '',
      message: `${name} is ${value}`,
      expected: `${unit}, more than 0`,
      hint: 'Leave it out if it is not known.',
    });
  };
  check('elapsedSeconds', options.elapsedSeconds, 'seconds');
  check('stallThresholdNs', options.stallThresholdNs, 'nanoseconds');
}

/** One format for all, but a fio JSON and the logs of its run belong together. */
function formatOf(recognised: readonly Recognised[], report: Report): CalibrateFormat {
  const formats = [...new Set(recognised.map((one) => one.format))].sort();
  if (formats.length === 0) return 'unknown';
  if (formats.length === 1) {
    if (formats[0] === 'csv' && recognised.length > 1) {
      report.problem({
        code: 'WT6004',
        input: recognised[1].input.name,
        message: `${recognised.length} CSV files`,
        expected: 'one CSV',
        hint: 'Calibrate disks one by one, or put the rows of one disk into one file.',
      });
    }
    return formats[0];
  }
  if (formats.join() === 'fio-json,fio-log') return 'fio-json';
  report.problem({
    code: 'WT6004',
    input: recognised[recognised.length - 1].input.name,
    message: `the inputs are of different kinds: ${recognised
      .map((one) => `'${one.input.name}' is ${one.format}`)
      .join(', ')}`,
    expected: 'files of one kind, or a fio JSON with the latency logs of the same run',
    hint: 'Calibrate each on its own.',
  });
  return 'unknown';
}

function measure(
  format: CalibrateFormat,
  recognised: readonly Recognised[],
  options: CalibrateOptions,
  report: Report,
): Measured | null {
  switch (format) {
    case 'fio-json':
    case 'fio-log':
      return measureFio(recognised, options, report);
    case 'prometheus':
      return measureEtcd(
        recognised.map((one) => one.input),
        options,
        report,
      );
    case 'csv':
      return measureCsv(recognised[0].input, options, report);
    case 'unknown':
      return null;
  }
}

function measureCsv(
  input: CalibrateInput,
  options: CalibrateOptions,
  report: Report,
): Measured | null {
  const csv = readCsv(input, options, report);
  if (csv === null) return null;
  if (options.kind === undefined) {
    report.info(
      input.name,
      'csv-kind',
      'taken as latencies of an idle disk (service)',
      'If the disk was in use by an etcd, say so: --kind response.',
    );
  }
  return {
    latencies: csv.latencies,
    series: csv.series === null ? [] : [csv.series],
    commit: null,
    kind: 'service',
    durable: true,
    observedFsyncsPerSecond: csvRate(csv.series),
    source: 'CSV of latencies',
  };
}

/** Fsyncs per second of the rows; null without a time column. */
function csvRate(series: LatencySeries | null): number | null {
  if (series === null || series.startsNs.length < 2) return null;
  const last = series.startsNs.length - 1;
  const spanNs = series.startsNs[last] + series.latenciesNs[last] - series.startsNs[0];
  return spanNs > 0 ? series.startsNs.length / (spanNs / 1e9) : null;
}

function measureEtcd(
  inputs: readonly CalibrateInput[],
  options: CalibrateOptions,
  report: Report,
): Measured | null {
  const metrics = readEtcdMetrics(inputs, options, report);
  if (metrics === null) return null;
  const version = metrics.version === null ? 'etcd' : `etcd ${metrics.version}`;
  const scrapes = inputs.length > 1 ? 'difference of two scrapes' : 'one scrape';
  const span = metrics.seconds === null ? '' : ` over ${significant(metrics.seconds)} s`;
  return {
    latencies: metrics.fsync,
    series: [],
    commit: metrics.commit,
    kind: 'response',
    durable: true,
    observedFsyncsPerSecond: metrics.fsyncsPerSecond,
    source: `/metrics of ${version}, ${scrapes}${span}`,
  };
}

function measureFio(
  recognised: readonly Recognised[],
  options: CalibrateOptions,
  report: Report,
): Measured | null {
  const runs: FioRun[] = [];
  const logs: FioLog[] = [];
  for (const one of recognised) {
    if (one.format === 'fio-json') {
      const run = readFioJson(one.input, one.json, options, report);
      if (run !== null) runs.push(run);
    } else if (!isDuplicateLog(one.input, recognised, report)) {
      const log = parseFioLog(one.input, options.unit, report);
      if (log !== null) logs.push(log);
    }
  }
  if (report.failed) return null;
  const run = runs.length === 0 ? null : runs[0];
  const read: FioLogResult[] = [];
  for (const log of logs) {
    const result = readFioLog(log, run, report);
    if (result !== null) read.push(result);
  }
  if (report.failed) return null;
  const series = read.map((one) => one.series).filter((one) => one !== null);
  const fromLogs = read.map((one) => one.latencies).filter((one) => one !== null);
  const parts = runs.length > 0 ? runs.map((one) => one.latencies) : fromLogs;
  if (run !== null && series.length === 0)
    reviewRuntime(recognised[0].input, run.runtimeSeconds, report);
  return {
    latencies: mergeLatencies(parts),
    series,
    commit: null,
    kind: 'service',
    durable: runs.every((one) => one.durable),
    observedFsyncsPerSecond: null,
    source: `${run?.version ?? 'fio'}, ${run?.method ?? 'synchronous writes'}`,
  };
}

/** fio writes the same I/Os to _lat and _clat: the second of them would count everything twice. */
function isDuplicateLog(
  input: CalibrateInput,
  all: readonly Recognised[],
  report: Report,
): boolean {
  if (!/_lat\.\d+\.log$/.test(input.name)) return false;
  const twin = input.name.replace(/_lat(\.\d+\.log)$/, '_clat$1');
  if (!all.some((one) => one.input.name === twin)) return false;
  report.info(input.name, 'duplicate-log', `holds the same I/Os as '${twin}': not used`);
  return true;
}

function finish(
  format: CalibrateFormat,
  inputs: readonly CalibrateInput[],
  measured: Measured,
  options: CalibrateOptions,
  report: Report,
): Calibration {
  const { series, latencies } = measured;
  const fitted =
    series.length === 0 || !measured.durable
      ? null
      : fitStalls(series, options.stallThresholdNs ?? stallThresholdNs(series));
  const { fsync, stallsAssumed } = distributionWithStalls(measured, fitted, options, {
    input: inputs[0].name,
    report,
  });
  const name = options.name ?? nameOf(inputs[0].name);
  const profile: DiskProfile = {
    name,
    description: options.description ?? describe(measured),
    kind: measured.kind,
    fsync,
    source: `${measured.source} (${inputs.map((input) => baseName(input.name)).join(', ')})`,
    stallsAssumed,
    observedFsyncsPerSecond: measured.observedFsyncsPerSecond,
  };
  return {
    format,
    profile,
    summary: summarize(latencies),
    commit: measured.commit === null ? null : summarize(measured.commit),
    stalls: fitted?.fit ?? null,
    verdict: judge({
      fsync: latencies,
      commit: measured.commit,
      stalls: fitted?.fit ?? null,
      durable: measured.durable,
      kind: measured.kind,
      fsyncsPerSecond: measured.observedFsyncsPerSecond,
    }),
    findings: report.findings,
    problems: [],
  };
}

function distributionWithStalls(
  measured: Measured,
  fitted: SeriesFit | null,
  options: CalibrateOptions,
  o: { input: string; report: Report },
): { readonly fsync: DistributionSpec; readonly stallsAssumed: boolean } {
  if (fitted?.stall != null) {
    const body = withoutStalls(measured.latencies, fitted.fit.thresholdNs);
    const seen = fitted.fit.episodes.length;
    if (seen < EPISODES_MIN) {
      o.report.warning(
        o.input,
        'few-stalls',
        `the stalls of the profile rest on ${seen === 1 ? 'one' : seen}: how often they come and ` +
          'how long they last is hardly known',
        'Measure for longer.',
      );
    }
    if (body.count > 0) {
      return {
        fsync: { kind: 'mixture', body: distributionOf(body), stall: fitted.stall },
        stallsAssumed: false,
      };
    }
  }
  const plain = distributionOf(measured.latencies);
  if (fitted !== null) {
    const seconds = fitted.fit.observedSeconds;
    const calm = seconds >= CALM_SECONDS_MIN;
    if (!calm) {
      o.report.info(
        o.input,
        'no-stall-seen',
        `no stall of ${formatNs(fitted.fit.thresholdNs)} or more in ${significant(seconds)} s: ` +
          'too short to say that there are none',
        `Measure for ${CALM_SECONDS_MIN / 60} minutes or more.`,
      );
    }
    return { fsync: plain, stallsAssumed: !calm };
  }
  if (options.assumeStalls !== true || measured.kind === 'response') {
    return { fsync: plain, stallsAssumed: true };
  }
  o.report.info(
    o.input,
    'stalls-added',
    'the assumed stall part was added: lengths of 50 ms to 2 s, about one in 200 s',
  );
  return {
    fsync: { kind: 'mixture', body: plain, stall: ASSUMED_STALL },
    stallsAssumed: true,
  };
}

function describe({ latencies, kind }: Measured): string {
  const { count, sumNs } = latencies;
  const average = sumNs === null ? '' : `, mean ${formatNs(sumNs / count)}`;
  const state = kind === 'service' ? 'on an idle disk' : 'on a disk in use by an etcd';
  return `${formatCount(count)} fsyncs ${state}${average}`;
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** 'runs/My disk.json' -> 'my-disk'. */
function nameOf(path: string): string {
  const stem = baseName(path).replace(/(_c?lat\.\d+)?\.[^.]*$/, '');
  const name = stem
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'disk' : name;
}
