/** `wavetank report`: what a folder of results says, as one page, as pictures, on the terminal. */
import { join } from 'node:path';
import { sortRuns, summarize } from '../../analyze/index.ts';
import { writeFileAtomically, writeFilesAtomically } from '../../host/index.ts';
import { type ReportInput, reportHtml, reportPictures, svgFile } from '../../report/index.ts';
import { knownConstants } from '../../run/index.ts';
import { printConfig } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type ResultSet, readResults } from '../workbench/result-set.ts';

export interface ReportCommandOptions {
  readonly out?: string;
  readonly svg?: string;
  readonly plot: boolean;
}

/** The summary of a folder, as the command that wrote it had it. */
export function reportInput(set: ResultSet): ReportInput {
  const { points, version, modelRevision, command } = set;
  const results = sortRuns(points.flatMap(({ runs }) => runs));
  const summary = summarize(results, points, { version, modelRevision, command });
  const constants = knownConstants();
  return {
    summary,
    results,
    points,
    scenarioText: printConfig(points[0].scenario, { constants }),
  };
}

export function reportCommand(folder: string, options: ReportCommandOptions, io: Io): number {
  const input = reportInput(readResults(folder));
  const out = options.out ?? join(folder, 'report.html');
  writeFileAtomically(out, reportHtml(input));
  // The page has made its pictures itself: again only for whom asks for them apart from it.
  const pictures = options.plot || options.svg !== undefined ? reportPictures(input) : [];
  if (options.plot) {
    io.out(pictures.flatMap(({ plot }) => plot.map((line) => `${line}\n`)).join(''));
  }
  if (options.svg !== undefined) {
    const files = pictures.map((one) => ({ name: `${one.id}.svg`, text: svgFile(one) }));
    writeFilesAtomically(options.svg, files);
    io.err(`${files.length} pictures in ${options.svg}\n`);
  }
  if (!options.plot) io.out(`${out}\n`);
  return EXIT.good;
}
