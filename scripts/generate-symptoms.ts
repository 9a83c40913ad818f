/**
 * Writes docs/symptoms.md: `npx tsx scripts/generate-symptoms.ts`. A symptom and its causes stand
 * in the file of the experiment that shows them, the figures that tell them apart in the golden
 * thresholds.csv of that experiment.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Io, nodeIo } from '../src/cli/io.ts';
import { markdownTable } from '../src/output/index.ts';
import type { Experiment } from '../src/scenario/index.ts';
import { experimentsWith, judgeFigure, type ThresholdRow } from './generate-claims.ts';

type Symptom = Experiment['symptoms'][number];

const HEAD = `# Symptoms

What somebody sees, what may be behind it, and the figures that tell one cause from another. Written by \`npx tsx scripts/generate-symptoms.ts\` from the experiments and their committed results (\`results/golden/*/thresholds.csv\`): each figure is the lowest and the highest value over the points and seeds where it is judged, with what was expected of it in brackets.
`;

/** The section of one symptom; `rows` of the thresholds.csv of its experiment. */
export function symptomSection(symptom: Symptom, rows: readonly ThresholdRow[], from: string) {
  const table = markdownTable(
    ['cause', 'what tells it apart'],
    symptom.causes.map(({ cause, figures }) => [
      cause,
      figures.map((figure) => judgeFigure(figure, rows).text).join('; '),
    ]),
  );
  const link = `[${from}](../experiments/${from}/README.md)`;
  return `\n## ${symptom.symptom}\n\n${table.join('\n')}\n\nFrom ${link}.\n`;
}

/** The page, from the experiments under `root`; `io` reads what they name. */
export function symptomsPage(root: string, io: Io): string {
  let page = HEAD;
  for (const { name, experiment, thresholds } of experimentsWith('symptoms', root, io)) {
    for (const symptom of experiment.symptoms) page += symptomSection(symptom, thresholds, name);
  }
  return page;
}

if (process.argv[1]?.endsWith('generate-symptoms.ts')) {
  const io = nodeIo();
  writeFileSync(join(io.packageRoot, 'docs', 'symptoms.md'), symptomsPage(io.packageRoot, io));
}
