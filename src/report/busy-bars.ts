/** Bottlenecks: the busiest resources, and where requests wait. */
import { barChart } from './bar-chart.ts';
import type { ReportPoint } from './inputs.ts';
import { type Picture, slug } from './picture.ts';

const SHOWN = 10;

export function busyBars(point: ReportPoint, prefix: string): Picture[] {
  const { ranking } = point.summary.bottlenecks;
  if (ranking.length === 0) return [];
  const of = prefix === '' ? '' : ` (${prefix})`;
  const waiting = [...ranking].sort((a, b) => a.waitRank - b.waitRank).slice(0, SHOWN);
  const busy = barChart({
    id: slug(`busy ${prefix}`),
    title: `Busiest resources${of}`,
    label: 'share of the servers in use, mean of the measured time',
    unit: 'ratio',
    parts: ['in use'],
    bars: ranking
      .slice(0, SHOWN)
      .map(({ name, utilization }) => ({ name, values: [utilization.mean] })),
    to: 1,
  });
  const waits = waiting.filter(({ waitShare }) => waitShare > 0.0005);
  if (waits.length === 0) return [busy];
  const wait = barChart({
    id: slug(`waits ${prefix}`),
    title: `Where work waits${of}`,
    label: 'share of all waiting in queues',
    unit: 'ratio',
    parts: ['of all waiting'],
    bars: waits.map(({ name, waitShare }) => ({ name, values: [waitShare] })),
    to: 1,
  });
  return [busy, wait];
}
