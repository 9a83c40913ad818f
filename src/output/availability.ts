/** Availability over a period: its files, and what is printed. */
import type { Colors } from './colors.ts';
import { type CsvFile, csvFile } from './csv-files.ts';
import { formatSeconds, formatValue, NONE } from './format.ts';
import {
  type AvailabilityReport,
  availabilityEstimateRows,
  availabilityEstimatesTable,
  availabilityRows,
  availabilityTable,
  windowRows,
  windowsTable,
} from './tables/availability.ts';
import { axesText } from './tables/shared.ts';
import { thresholdsRows, thresholdsTable } from './tables/thresholds.ts';
import { columnsOf, textTable } from './text-table.ts';

const NS_PER_S = 1e9;

export function availabilityCsv(report: AvailabilityReport): CsvFile[] {
  return [
    csvFile(thresholdsTable, () => thresholdsRows(report.points)),
    csvFile(availabilityEstimatesTable, () => availabilityEstimateRows(report)),
    csvFile(availabilityTable, () => availabilityRows(report)),
    csvFile(windowsTable, () => windowRows(report)),
  ];
}

/** Seven digits of a ratio near 1: 99.98765 %. */
function nines(ratio: number | null): string {
  return ratio === null ? NONE : `${(100 * ratio).toFixed(5)} %`;
}

export function renderAvailability(report: AvailabilityReport, colors: Colors): string {
  const base = report.periods.filter((period) => period.variant === '');
  const faults = base.reduce((sum, period) => sum + period.faults, 0);
  const windows = base.reduce((sum, period) => sum + period.windows.length, 0);
  const simulatedNs = base.reduce((sum, period) => sum + period.simulatedNs, 0);
  const wholeNs = base.reduce((sum, period) => sum + report.periodNs[period.point], 0);
  const heads = ['availability', '95 % interval', 'closed form', 'down', 'outages', 'longest'];
  const rows = report.estimates.map((e) => [
    axesText(e.axes),
    e.service,
    nines(e.availability.mean),
    e.availability.low === null
      ? NONE
      : `${nines(e.availability.low)} to ${nines(e.availability.high)}`,
    nines(e.closedForm?.availability ?? null),
    formatSeconds(e.downNs.mean / NS_PER_S),
    formatValue(e.outages.mean, '1'),
    formatSeconds(e.longestNs.max / NS_PER_S),
    ...[e.elasticities.mtbf, e.elasticities.mttr, e.elasticities.commonCause].map((value) =>
      value === null ? NONE : value.toFixed(2),
    ),
  ]);
  const columns = [
    ...columnsOf('left', 'point', 'service'),
    ...columnsOf('right', ...heads, 'to MTBF', 'to MTTR', 'to common cause'),
  ];
  return [
    colors.bold('Availability'),
    ...textTable(columns, rows, colors.dim),
    `  ${base.length} periods, together ${formatSeconds(wholeNs / NS_PER_S)}, with ${faults} faults. Simulated were ` +
      `${windows} windows around them, ${formatSeconds(simulatedNs / NS_PER_S)} in all;`,
    '  the rest is quiet, counts as up and was not simulated. It is up in a row of the time series',
    '  with at least one success. Down, to MTBF and so on: of one period; the last three columns',
    '  are elasticities of the time down. Figures depend on MTBF and MTTR, which are inputs.',
    '',
    ...thresholdLines(report, colors),
  ].join('\n');
}

function thresholdLines({ points }: AvailabilityReport, colors: Colors): string[] {
  const judged = points.flatMap(({ axes, thresholds }) =>
    thresholds.map((t) => [
      t.verdict,
      axesText(axes),
      t.metric,
      t.expect,
      t.value === null ? NONE : formatValue(t.value, t.unit),
    ]),
  );
  if (judged.length === 0) return [];
  const columns = columnsOf('left', 'verdict', 'point', 'metric', 'expected', 'value');
  return [colors.bold('Thresholds'), ...textTable(columns, judged, colors.dim), ''];
}
