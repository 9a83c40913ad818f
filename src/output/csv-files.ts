/** All CSV files of a result, in pieces or whole. */
import { csvChunks, type Table } from './csv.ts';
import {
  availabilityEstimatesTable,
  availabilityTable,
  windowsTable,
} from './tables/availability.ts';
import { constantsRows, constantsTable } from './tables/constants.ts';
import { estimatesRows, estimatesTable } from './tables/estimates.ts';
import { eventsRows, eventsTable } from './tables/events.ts';
import { histogramsRows, histogramsTable } from './tables/histograms.ts';
import { metricsRows, metricsTable } from './tables/metrics.ts';
import { outagesRows, outagesTable } from './tables/outages.ts';
import { podsRows, podsTable } from './tables/pods.ts';
import { resourcesRows, resourcesTable } from './tables/resources.ts';
import { runsTable, runsTableOf } from './tables/runs.ts';
import type { OutputInput } from './tables/shared.ts';
import { stagesRows, stagesTable } from './tables/stages.ts';
import { thresholdsRows, thresholdsTable } from './tables/thresholds.ts';
import { timeseriesRows, timeseriesTable } from './tables/timeseries.ts';

export interface CsvFile {
  readonly name: string;
  /** The text in pieces, each time from the start. */
  chunks(): Iterable<string>;
}

/** What the reference needs of a table, whatever its rows are. */
export type TableShape = Pick<Table<never>, 'file' | 'description' | 'order' | 'columns'>;

/** In the order in which people should meet them. */
export const tables: readonly TableShape[] = [
  runsTable,
  estimatesTable,
  metricsTable,
  thresholdsTable,
  stagesTable,
  resourcesTable,
  podsTable,
  outagesTable,
  eventsTable,
  timeseriesTable,
  histogramsTable,
  constantsTable,
  availabilityEstimatesTable,
  availabilityTable,
  windowsTable,
];

/**
 * `input.results` sorted by point and replication. Always the same files (pods.csv where there is
 * Kubernetes); one without rows has its header.
 */
export function csvFiles(input: OutputInput): CsvFile[] {
  const hasPods = input.results.some((result) => result.timeline !== null);
  return [
    { name: runsTable.file, chunks: () => runsChunks(input) },
    csvFile(estimatesTable, () => estimatesRows(input)),
    csvFile(metricsTable, () => metricsRows(input)),
    csvFile(thresholdsTable, () => thresholdsRows(input.summary.points)),
    csvFile(stagesTable, () => stagesRows(input)),
    csvFile(resourcesTable, () => resourcesRows(input)),
    ...(hasPods ? [csvFile(podsTable, () => podsRows(input))] : []),
    csvFile(outagesTable, () => outagesRows(input)),
    csvFile(eventsTable, () => eventsRows(input)),
    csvFile(timeseriesTable, () => timeseriesRows(input)),
    csvFile(histogramsTable, () => histogramsRows(input)),
    csvFile(constantsTable, () => constantsRows(input)),
  ];
}

export function csvFile<Row>(table: Table<Row>, rows: () => Iterable<Row>): CsvFile {
  return { name: table.file, chunks: () => csvChunks(table, rows()) };
}

function runsChunks(input: OutputInput): Iterable<string> {
  const { table, rows } = runsTableOf(input);
  return csvChunks(table, rows);
}

/** runs.csv as one text: what `-o csv` prints. */
export function runsCsv(input: OutputInput): string {
  return csvText({ name: runsTable.file, chunks: () => runsChunks(input) });
}

export function csvText(csv: CsvFile): string {
  return [...csv.chunks()].join('');
}
