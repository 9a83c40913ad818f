/** Sections of the report of one point: what an SRE looks at, in the order in which they ask. */
import {
  isSuccess,
  type MetricSummary,
  overloadedSince,
  POD_STARTUP,
  type PointOutage,
  type PointSummary,
  QUEUE_MEAN_MIN,
  REQUEST_METRIC,
  REQUESTS_METRIC,
  SLOW_STAGE_METRIC,
  STAGE_METRIC,
  type ThresholdResult,
  UTILIZATION_HIGH,
  type Verdict,
} from '../analyze/index.ts';
import {
  availabilityOf,
  figureSpan,
  figureValue,
  metricsNamed,
  relativeSpread,
  requestSpan,
  spread,
} from './figures.ts';
import {
  formatCount,
  formatPercent,
  formatSeconds,
  formatShare,
  formatValue,
  NONE,
} from './format.ts';
import { isKubernetesComponent } from './kubernetes-sections.ts';
import {
  type Block,
  left,
  lines,
  right,
  type Section,
  type Span,
  span,
  type Tone,
  table,
} from './report.ts';

const NS_PER_S = 1e9;
/** Rows shown of long rankings; the rest is in the files. */
const RANKING_ROWS = 5;
const STAGE_SHARE_MIN = 0.01;
const EXCESS_SHARE_MIN = 0.05;

const VERDICTS: Readonly<Record<Verdict, { readonly text: string; readonly tone: Tone }>> = {
  pass: { text: '✓ pass', tone: 'good' },
  fail: { text: '✗ fail', tone: 'bad' },
  inconclusive: { text: '? inconclusive', tone: 'warn' },
  'no-data': { text: '? no data', tone: 'warn' },
  overloaded: { text: '! overloaded', tone: 'bad' },
};

export function verdictSpan(verdict: Verdict): Span {
  const { text, tone } = VERDICTS[verdict];
  return span(text, tone);
}

export function thresholdsSection(thresholds: readonly ThresholdResult[]): Section[] {
  if (thresholds.length === 0) return [];
  const rows = thresholds.map((t) => [
    verdictSpan(t.verdict),
    span(t.expect, 'strong'),
    span(formatValue(t.value, t.unit), t.value === null ? 'dim' : 'plain'),
    span(relativeSpread(t.value, t.low, t.high), 'dim'),
    span(t.window),
    span(t.metric, 'dim'),
  ]);
  const heads = ['verdict', 'expected', 'value', '95 %', 'window', 'metric'];
  const columns = heads.map((head) => (head === 'value' || head === '95 %' ? right : left)(head));
  const notes = thresholds
    .filter((t) => t.note !== '')
    .map((t) => [span(`${t.expect} (${t.window}): ${t.note}.`, 'dim')]);
  return [
    {
      title: 'Thresholds',
      blocks: [table(columns, rows), ...(notes.length > 0 ? [lines(...notes)] : [])],
    },
  ];
}

/** What clients saw: a row for each workload and operation. */
export function requestsSection(point: PointSummary): Section[] {
  const runs = point.runs.length;
  const rows: Span[][] = [];
  for (const metric of metricsNamed(point, REQUEST_METRIC)) {
    if ((metric.pooled.count ?? 0) === 0) continue;
    const availability = availabilityOf(point, REQUESTS_METRIC, metric.labels);
    const overloaded = overloadedSince(point.overload, metric.labelText) < Infinity;
    rows.push([
      span(requestName(metric), 'strong'),
      requestSpan(point, metric, 'rate'),
      span(availability === null ? NONE : formatPercent(availability)),
      ...(['p50', 'p90', 'p99'] as const).map((figure) => requestSpan(point, metric, figure)),
      span(overloaded ? '' : spread(metric.estimates.p99, runs), 'dim'),
      requestSpan(point, metric, 'p999'),
      requestSpan(point, metric, 'max'),
    ]);
  }
  if (rows.length === 0) return [];
  const failures = failuresOf(point);
  const heads = ['rate', 'answered', 'p50', 'p90', 'p99', '95 %', 'p99.9', 'max'];
  const blocks = [table([left('request'), ...heads.map(right)], rows)];
  if (failures.length > 0) blocks.push(lines(...failures.map((text) => [span(text)])));
  return [{ title: 'Requests', blocks }];
}

/** 'put (writers) not answered: 4 timeout, 2 dropped', by outcome, mean of a replication. */
function failuresOf(point: PointSummary): string[] {
  const groups = new Map<string, string[]>();
  for (const metric of metricsNamed(point, REQUESTS_METRIC)) {
    const count = metric.estimates.count?.mean ?? 0;
    if (isSuccess(metric.labels) || count === 0) continue;
    const name = requestName(metric);
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(`${formatCount(count)} ${metric.labels.outcome ?? 'failed'}`);
  }
  const each = point.runs.length > 1 ? ' (mean of a replication)' : '';
  return [...groups].map(([name, counts]) => `${name} not answered: ${counts.join(', ')}${each}.`);
}

/** 'put (writers)'. */
export function requestName(metric: MetricSummary): string {
  const { op, workload } = metric.labels;
  return workload === undefined ? (op ?? metric.labelText) : `${op} (${workload})`;
}

const SHOWN_ELSEWHERE = [REQUEST_METRIC, STAGE_METRIC, SLOW_STAGE_METRIC];

/** Latencies and sizes inside the components; of several members the worst. */
export function componentsSection(point: PointSummary): Section[] {
  const runs = point.runs.length;
  const groups = new Map<string, MetricSummary[]>();
  for (const metric of point.metrics) {
    const hidden =
      SHOWN_ELSEWHERE.includes(metric.name) ||
      metric.name.startsWith('wavetank_resource_') ||
      (point.pods !== undefined && !isKubernetesComponent(metric));
    if (metric.kind !== 'tally' || hidden || (metric.pooled.count ?? 0) === 0) continue;
    const group = groups.get(metric.name);
    if (group === undefined) groups.set(metric.name, [metric]);
    else group.push(metric);
  }
  const rows = [...groups.values()].map((group) => {
    const metric = worstOf(group, runs);
    const of = group.length > 1 ? ` (worst of ${group.length})` : '';
    return [
      span(metric.name),
      span(`${metric.labelText}${of}`, 'dim'),
      span(formatCount(metric.pooled.count ?? 0)),
      ...(['p50', 'p90', 'p99', 'p999', 'max'] as const).map((f) => figureSpan(metric, f, runs)),
    ];
  });
  if (rows.length === 0) return [];
  const heads = ['count', 'p50', 'p90', 'p99', 'p99.9', 'max'];
  const columns = [left('metric'), left('labels'), ...heads.map(right)];
  return [{ title: 'Components', blocks: [table(columns, rows)] }];
}

function worstOf(group: readonly MetricSummary[], runs: number): MetricSummary {
  const weight = (metric: MetricSummary): number =>
    figureValue(metric, 'p99', runs) ?? metric.pooled.mean ?? 0;
  let worst = group[0];
  for (const metric of group) if (weight(metric) > weight(worst)) worst = metric;
  return worst;
}

export function stagesSection(point: PointSummary): Section[] {
  const blocks: Block[] = [];
  for (const operation of point.stages) {
    // In its own section, in causal order.
    if (operation.op === POD_STARTUP) continue;
    const shown = operation.rows.filter(
      (row) => row.share >= STAGE_SHARE_MIN || (row.excessShare ?? 0) >= EXCESS_SHARE_MIN,
    );
    if (shown.length === 0) continue;
    const rows = shown.map((row) => [
      span(row.stage),
      span(formatSeconds(row.mean)),
      span(formatValue(row.p50, 's'), row.p50 === null ? 'dim' : 'plain'),
      span(formatValue(row.p99, 's'), row.p99 === null ? 'dim' : 'plain'),
      span(formatShare(row.share), row.share >= 0.3 ? 'strong' : 'plain'),
      span(formatValue(row.slowMean, 's')),
      span(
        row.excessShare === null ? NONE : formatShare(row.excessShare),
        (row.excessShare ?? 0) >= 0.3 ? 'strong' : 'plain',
      ),
    ]);
    const heads = ['mean', 'p50', 'p99', 'of all time', 'mean if slow', 'of the excess'];
    blocks.push(table([left(operation.op), ...heads.map(right)], rows));
    if (operation.slowBecauseOf.length > 0) {
      const reasons = operation.slowBecauseOf.join(', then ');
      blocks.push(lines([span(`Slow ${operation.op} requests are slow because of: ${reasons}.`)]));
    }
  }
  return blocks.length === 0 ? [] : [{ title: 'Where the time goes', blocks }];
}

export function bottlenecksSection(point: PointSummary): Section[] {
  const { ranking, busiest, nextBusiest, mostWaiting } = point.bottlenecks;
  if (ranking.length === 0) return [];
  const rows = ranking.slice(0, RANKING_ROWS).map((rank) => {
    const { mean, low, high } = rank.utilization;
    const waits = rank.queueMean >= QUEUE_MEAN_MIN;
    const tone: Tone = mean > UTILIZATION_HIGH ? (waits ? 'bad' : 'warn') : 'plain';
    return [
      span(rank.name),
      span(formatShare(mean), tone),
      span(relativeSpread(mean, low, high), 'dim'),
      span(formatShare(rank.waitShare)),
      span(formatSeconds(rank.waitMeanSeconds)),
      span(formatSeconds(rank.waitMaxSeconds)),
      span(formatCount(rank.queueMax)),
    ];
  });
  const heads = ['busy', '95 %', 'of all waiting', 'mean wait', 'longest', 'longest queue'];
  const next = nextBusiest === '' ? '' : `, next ${nextBusiest}`;
  const most = mostWaiting === '' ? 'Nothing waits.' : `Most waiting: ${mostWaiting}.`;
  return [
    {
      title: 'Bottlenecks',
      blocks: [
        table([left('resource'), ...heads.map(right)], rows),
        lines([span(`Busiest: ${busiest}${next}. ${most}`)]),
      ],
    },
  ];
}

/** A row for each fault, over its occurrences in all replications. */
export function faultsSection(point: PointSummary): Section[] {
  const groups = new Map<string, PointOutage[]>();
  for (const outage of point.outages) {
    const group = groups.get(outage.fault);
    if (group === undefined) groups.set(outage.fault, [outage]);
    else group.push(outage);
  }
  const changes = point.leaderChanges;
  const elections = lines([span(`Leader changes in the measured time: ${formatCount(changes)}.`)]);
  if (groups.size === 0) {
    return changes > 0 ? [{ title: 'Leadership', blocks: [elections] }] : [];
  }
  const runs = point.runs.length;
  const rows = [...groups].map(([fault, outages]) => {
    const after = (time: (o: PointOutage) => number): Span =>
      meanSeconds(outages.map((o) => time(o) - o.atNs));
    const each = (count: (o: PointOutage) => number): Span => {
      let total = 0;
      for (const outage of outages) total += count(outage);
      return span(formatCount(total / runs), total === 0 ? 'dim' : 'plain');
    };
    return [
      span(fault, 'strong'),
      span(formatSeconds(Math.min(...outages.map((o) => o.atNs)) / NS_PER_S)),
      after((o) => o.detectedNs),
      after((o) => o.firstErrorNs),
      after((o) => o.firstSuccessNs),
      after((o) => o.backWithinNs ?? Number.NaN),
      span(formatSeconds(Math.max(...outages.map((o) => o.longestGapNs || 0)) / NS_PER_S)),
      each((o) => Object.values(o.failed).reduce((a, b) => a + b, 0)),
      each((o) => o.ambiguous),
      each((o) => o.elections),
      each((o) => o.restarts),
      each((o) => o.objectsLost),
    ];
  });
  const heads = [
    'at',
    'noticed after',
    'first error',
    'success again',
    'within limits',
    'longest gap',
    'failed',
    'ambiguous',
    'elections',
    'restarts',
    'lost',
  ];
  const faults = table([left('fault'), ...heads.map(right)], rows);
  return [{ title: 'Faults', blocks: changes > 0 ? [faults, elections] : [faults] }];
}

/** Mean of those that happened. */
function meanSeconds(values: readonly number[]): Span {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return span(NONE, 'dim');
  let total = 0;
  for (const value of known) total += value;
  return span(formatSeconds(total / known.length / NS_PER_S));
}
