/** From a summary to its report: one point in depth, or an experiment as a table of points. */
import {
  logfmt,
  type MetricSummary,
  overloadedSince,
  type PointSummary,
  REQUEST_METRIC,
  REQUESTS_METRIC,
  type Summary,
  type ThresholdResult,
  VALIDATED_CONDITIONS,
} from '../analyze/index.ts';
import { availabilityOf, figureValue, metricsNamed, requestSpan, spread } from './figures.ts';
import { formatCount, formatPercent, formatSeconds, formatShare, NONE } from './format.ts';
import { kubernetesSections, POD_HEADS, podSpans } from './kubernetes-sections.ts';
import { plot } from './plot.ts';
import {
  type Block,
  left,
  lines,
  type Report,
  type ReportColumn,
  right,
  type Section,
  type Span,
  span,
  table,
} from './report.ts';
import {
  bottlenecksSection,
  componentsSection,
  faultsSection,
  requestName,
  requestsSection,
  stagesSection,
  thresholdsSection,
  verdictSpan,
} from './sections.ts';

export interface ReportOptions {
  /** Folder and names of the files that were written; none by default. */
  readonly folder?: string;
  readonly files?: readonly string[];
}

const NS_PER_S = 1e9;
/** Request kinds with columns of their own in the table of an experiment. */
const REQUESTS_SHOWN = 3;

export function buildReport(summary: Summary, options: ReportOptions = {}): Report {
  const body = summary.points.length === 1 ? pointSections(summary.points[0]) : experiment(summary);
  return {
    title: summary.name,
    facts: [...(summary.description === '' ? [] : [summary.description]), factsOf(summary)],
    sections: [
      ...body,
      ...warningsSection(summary),
      ...conditionsSection(summary),
      ...filesSection(summary, options),
    ],
  };
}

function factsOf(summary: Summary): string {
  const measured = (summary.horizonNs - summary.warmupNs) / NS_PER_S;
  const points = summary.points.length;
  return [
    `wavetank ${summary.version}`,
    `seed ${summary.seed}`,
    ...(points > 1 ? [`${points} points`] : []),
    `${summary.replications} ${summary.replications === 1 ? 'replication' : 'replications'}`,
    `${formatSeconds(measured)} after ${formatSeconds(summary.warmupNs / NS_PER_S)} of warm-up`,
    `${formatCount(summary.eventCount)} events`,
    ...(summary.interrupted ? ['INTERRUPTED'] : []),
  ].join(' · ');
}

function pointSections(point: PointSummary): Section[] {
  return [
    ...thresholdsSection(point.thresholds),
    ...kubernetesSections(point),
    ...requestsSection(point),
    ...stagesSection(point),
    ...bottlenecksSection(point),
    ...faultsSection(point),
    ...componentsSection(point),
  ];
}

function experiment(summary: Summary): Section[] {
  return [...pointsSection(summary), ...curveSection(summary), ...experimentThresholds(summary)];
}

/** Kinds of requests of all points, in order of name. */
function requestKinds(summary: Summary): MetricSummary[] {
  const kinds = new Map<string, MetricSummary>();
  for (const point of summary.points) {
    for (const metric of metricsNamed(point, REQUEST_METRIC)) {
      if ((metric.pooled.count ?? 0) > 0 && !kinds.has(metric.labelText)) {
        kinds.set(metric.labelText, metric);
      }
    }
  }
  return [...kinds.values()];
}

function pointsSection(summary: Summary): Section[] {
  const kinds = requestKinds(summary).slice(0, REQUESTS_SHOWN);
  const columns: ReportColumn[] = summary.axes.map((axis) => right(axis));
  for (const kind of kinds) {
    const name = kinds.length > 1 ? `${requestName(kind)} ` : '';
    columns.push(right(`${name}rate`), right(`${name}answered`), right(`${name}p50`));
    columns.push(right(`${name}p99`), right('95 %'));
  }
  const withPods = summary.points.some((point) => point.pods !== undefined);
  if (withPods) columns.push(...POD_HEADS.map(right));
  columns.push(left('busiest'), right('busy'), left('verdict'));
  const rows = summary.points.map((point) => [
    ...summary.axes.map((axis) => span(String(point.axes[axis] ?? NONE), 'strong')),
    ...kinds.flatMap((kind) => spansOfRequest(point, kind)),
    ...(withPods ? podSpans(point) : []),
    ...lastSpans(point),
  ]);
  return [{ title: 'Points', blocks: [table(columns, rows)] }];
}

function spansOfRequest(point: PointSummary, kind: MetricSummary): Span[] {
  const runs = point.runs.length;
  const metric = point.metrics.find(
    (m) => m.name === REQUEST_METRIC && m.labelText === kind.labelText,
  );
  if (metric === undefined)
    return ['rate', 'answered', 'p50', 'p99', ''].map(() => span(NONE, 'dim'));
  const availability = availabilityOf(point, REQUESTS_METRIC, metric.labels);
  const p99 = requestSpan(point, metric, 'p99');
  return [
    requestSpan(point, metric, 'rate'),
    span(availability === null ? NONE : formatPercent(availability)),
    requestSpan(point, metric, 'p50'),
    p99,
    span(p99.text === NONE ? '' : spread(metric.estimates.p99, runs), 'dim'),
  ];
}

function lastSpans(point: PointSummary): Span[] {
  const [first] = point.bottlenecks.ranking;
  const order = ['fail', 'overloaded', 'no-data', 'inconclusive', 'pass'] as const;
  const worst = order.find((verdict) => point.thresholds.some((t) => t.verdict === verdict));
  return [
    span(first?.name ?? NONE),
    span(first === undefined ? NONE : formatShare(first.utilization.mean)),
    point.overload.overloaded
      ? verdictSpan('overloaded')
      : worst === undefined
        ? span(NONE, 'dim')
        : verdictSpan(worst),
  ];
}

/** p99 over the axis, where there is one axis and a curve to see. */
function curveSection(summary: Summary): Section[] {
  if (summary.axes.length !== 1 || summary.points.length < 3) return [];
  const [axis] = summary.axes;
  const [kind] = requestKinds(summary);
  if (kind === undefined) return [];
  const values = summary.points.map((point) => {
    const metric = point.metrics.find(
      (m) => m.name === REQUEST_METRIC && m.labelText === kind.labelText,
    );
    const steady =
      metric !== undefined && overloadedSince(point.overload, metric.labelText) === Infinity;
    return steady ? figureValue(metric, 'p99', point.runs.length) : null;
  });
  const drawn = plot({
    title: `p99 of ${requestName(kind)}`,
    labels: summary.points.map((point) => String(point.axes[axis] ?? '')),
    values,
    axis,
    format: formatSeconds,
  });
  if (drawn.length === 0) return [];
  return [{ title: 'Curve', blocks: [{ kind: 'verbatim', lines: drawn }] }];
}

/** A row for each threshold: at how many of its points it holds, and where it first does not. */
function experimentThresholds(summary: Summary): Section[] {
  const groups = new Map<string, { threshold: ThresholdResult; point: PointSummary }[]>();
  for (const point of summary.points) {
    for (const threshold of point.thresholds) {
      const key = [threshold.metric, threshold.expect, threshold.window].join(' ');
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      group.push({ threshold, point });
    }
  }
  if (groups.size === 0) return [];
  const rows = [...groups.values()].map((group) => {
    const passed = group.filter(({ threshold }) => threshold.verdict === 'pass').length;
    const broken = group.find(({ threshold }) => threshold.verdict !== 'pass');
    const [{ threshold }] = group;
    return [
      span(`${passed} of ${group.length}`, passed === group.length ? 'good' : 'bad'),
      span(threshold.expect, 'strong'),
      span(threshold.window),
      span(threshold.metric, 'dim'),
      span(broken === undefined ? '' : logfmt(broken.point.axes)),
    ];
  });
  const columns = ['holds at', 'expected', 'window', 'metric', 'first not at'].map(left);
  return [{ title: 'Thresholds', blocks: [table(columns, rows)] }];
}

function warningsSection(summary: Summary): Section[] {
  if (summary.warnings.length === 0) return [];
  const several = summary.points.length > 1;
  const rows = summary.warnings.flatMap((warning) => {
    const all = warning.points.length === summary.points.length;
    const at = !several || all ? '' : ` (points ${listOf(warning.points)})`;
    return [
      [span('! ', 'warn'), span(`${warning.message}${at}`)],
      [span(`  ${warning.hint}`, 'dim')],
    ];
  });
  return [{ title: 'Warnings', blocks: [lines(...rows)] }];
}

const POINTS_LISTED = 8;

function listOf(points: readonly number[]): string {
  const shown = points.slice(0, POINTS_LISTED).join(', ');
  return points.length > POINTS_LISTED ? `${shown}, ...` : shown;
}

function conditionsSection(summary: Summary): Section[] {
  const rows = summary.conditions.map((condition) => [span(`- ${condition}`, 'dim')]);
  const head = [span(`Held against: ${VALIDATED_CONDITIONS}.`, 'dim')];
  return [{ title: 'Not as validated', blocks: [lines(head, ...rows)] }];
}

function filesSection(summary: Summary, options: ReportOptions): Section[] {
  const blocks: Block[] = [];
  const { folder = '', files = [] } = options;
  if (files.length > 0) {
    blocks.push(lines([span(`${folder === '' ? '' : `${folder}: `}${files.join(' ')}`)]));
  }
  if (summary.command !== '') {
    blocks.push({ kind: 'verbatim', lines: [summary.command] });
  }
  return blocks.length === 0 ? [] : [{ title: 'Files, and the command that repeats it', blocks }];
}
