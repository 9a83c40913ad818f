/** From results to text: CSV files, the manifest, the summary for terminal, Markdown and JSON. */
export { availabilityCsv, renderAvailability } from './availability.ts';
export { buildReport, type ReportOptions } from './build-report.ts';
export {
  bencherJson,
  type Checked,
  type CheckedChange,
  type CheckReport,
  checkMarkdown,
  githubBenchmark,
  junitXml,
} from './ci.ts';
export { type Colors, noColors, paintVerdict } from './colors.ts';
export { csvOf } from './csv.ts';
export { type CsvFile, csvFiles, csvText, runsCsv, tables } from './csv-files.ts';
export { type FormatUnit, formatSeconds, formatShare, formatValue } from './format.ts';
export { renderJson } from './json.ts';
export { fileEntry, type ManifestInput, manifest } from './manifest.ts';
export { renderMarkdown } from './markdown.ts';
export { type MarkdownColumn, markdownTable } from './markdown-table.ts';
export { type PlotOptions, plot } from './plot.ts';
export { outputsReference } from './reference.ts';
export type { Block, Report, ReportColumn, Section, Span, Tone } from './report.ts';
export { sequenceDiagram } from './sequence.ts';
export type { AvailabilityReport } from './tables/availability.ts';
export { type CapacityRow, capacityCsv } from './tables/capacity.ts';
export {
  comparisonCsv,
  type MetricComparisonRow,
  type StageComparisonRow,
  stageComparisonCsv,
} from './tables/comparison.ts';
export { PART_SEPARATOR } from './tables/pods.ts';
export { streamedRuns } from './tables/runs.ts';
export { type SensitivityRow, sensitivityCsv, sensitivityTable } from './tables/sensitivity.ts';
export type { OutputInput } from './tables/shared.ts';
export { renderText, type TextOptions } from './text.ts';
export { columnsOf, textTable } from './text-table.ts';
