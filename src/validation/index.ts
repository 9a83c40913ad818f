/** Simulated against measured: rows of a real etcd, and published results. */

export { type Section, validationMarkdown, validationSections } from './page.ts';
export {
  comparePublished,
  gce2017,
  type PublishedFigure,
  type PublishedSetting,
  type PublishedStep,
  publishedSettings,
  publishedSteps,
} from './published.ts';
export {
  type ValidationOptions,
  type ValidationReport,
  type ValidationStep,
  validateAgainst,
} from './report.ts';
export type { DataFile } from './rows.ts';
export { defaultSetup, type ValidationSetup } from './scenario.ts';
export { validationCsv } from './tables.ts';
