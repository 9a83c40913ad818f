/** From results to the files of a folder and the text on the screen. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '../analyze/index.ts';
import type { OutputFile } from '../host/index.ts';
import {
  type CsvFile,
  csvFiles,
  fileEntry,
  manifest,
  type OutputInput,
  renderJson,
  renderMarkdown,
  renderText,
  runsCsv,
  sequenceDiagram,
} from '../output/index.ts';
import { knownConstants } from '../run/index.ts';
import { printConfig } from '../scenario/index.ts';
import type { Executed } from './execute.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Loaded } from './load.ts';

export type OutputFormat = 'text' | 'json' | 'csv' | 'markdown';

/** results/<name>, with nothing in it that a file system would mind. */
export function defaultFolder(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+|-+$/g, '');
  return join('results', safe === '' ? 'unnamed' : safe);
}

/** Every scenario with all defaults filled in, as YAML documents. */
export function printedConfig(loaded: Loaded): string {
  const constants = knownConstants();
  return loaded.points.map(({ scenario }) => printConfig(scenario, { constants })).join('---\n');
}

/** Every CSV, or those that were asked for, and the manifest that vouches for them. */
export function outputFiles(
  input: OutputInput,
  loaded: Loaded,
  executed: Executed,
  names?: readonly string[],
): OutputFile[] {
  const files = chosenFiles(csvFiles(input), names);
  const diagram = sequenceDiagram(input.results[0]?.timeline?.messages ?? []);
  if (diagram !== '') files.push({ name: 'sequence.mmd', text: [diagram] });
  const volatile = { wallSeconds: executed.wallMs / 1000, executor: executed.executor };
  return [...files, manifestFile(input.summary, loaded, files, volatile)];
}

/** A file in pieces, which are there as often as they are looked at. */
interface WholeFile {
  readonly name: string;
  readonly text: readonly string[];
}

/** Those that were asked for, without their ending; all where nothing was. */
export function chosenFiles(files: readonly CsvFile[], names?: readonly string[]): WholeFile[] {
  return files
    .filter(({ name }) => names?.includes(name.replace(/\.csv$/, '')) ?? true)
    .map((csv) => ({ name: csv.name, text: [...csv.chunks()] }));
}

/** manifest.json, which vouches for `files`; what is volatile gets the machine beside it. */
export function manifestFile(
  summary: Summary,
  loaded: Loaded,
  files: readonly WholeFile[],
  volatile: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly text: string } {
  const text = manifest({
    summary,
    scenario: printedConfig(loaded),
    profiles: loaded.files,
    files: files.map(({ name, text }) => fileEntry(name, text)),
    volatile: {
      finishedAt: new Date().toISOString(),
      ...volatile,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model ?? '',
      cores: cpus().length,
    },
  });
  return { name: 'manifest.json', text };
}

export function render(
  input: OutputInput,
  folder: string,
  names: readonly string[],
  output: OutputFormat,
  io: Io,
): string {
  switch (output) {
    case 'json':
      return renderJson(input.summary);
    case 'csv':
      return runsCsv(input);
    case 'markdown':
      return renderMarkdown(input.summary, { folder, files: names });
    case 'text':
      return renderText(input.summary, { folder, files: names, colors: io.outColors });
  }
}

/** What the experiment itself says of its verdict. */
export function verdictLine(
  summary: Pick<Summary, 'interrupted' | 'exitStatus'>,
  loaded: Loaded,
): string {
  const verdict = loaded.experiment?.verdict;
  if (verdict === undefined || summary.interrupted) return '';
  const text = summary.exitStatus === EXIT.good ? verdict.good : verdict.bad;
  return text === '' ? '' : `\n${text}\n`;
}
