/**
 * Writes docs/claims.md: `npx tsx scripts/generate-claims.ts`. A claim stands in the file of the
 * experiment that decides it, its figures in that experiment's golden thresholds.csv: where one of
 * them was missed, or was never run, the page says that nothing is shown.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type Io, nodeIo } from '../src/cli/io.ts';
import { loadScenario } from '../src/cli/load.ts';
import { type FormatUnit, formatValue } from '../src/output/format.ts';
import { markdownTable } from '../src/output/index.ts';
import type { Experiment } from '../src/scenario/index.ts';

type Claim = Experiment['claims'][number];
type ClaimFigure = Claim['figures'][number];

/** A row of thresholds.csv, by column. */
export type ThresholdRow = Readonly<Record<string, string>>;

export interface JudgedClaim {
  readonly claim: string;
  readonly verdict: string;
  /** What came out, a text a figure. */
  readonly figures: readonly string[];
}

/** The claim with the figures of one result; `rows` of its thresholds.csv. */
export function judgeClaim(claim: Claim, rows: readonly ThresholdRow[]): JudgedClaim {
  const judged = claim.figures.map((figure) => judgeFigure(figure, rows));
  const shown = judged.every(({ holds }) => holds);
  const condition = claim.condition === '' ? '' : ` ${claim.condition}`;
  const word = claim.verdict === 'true only if' ? '**true only if**' : `**${claim.verdict}**`;
  return {
    claim: claim.claim,
    verdict: shown ? `${word}${condition}` : '**not shown**: a threshold was missed',
    figures: judged.map(({ text }) => text),
  };
}

/** Whether the figure holds, and what came out, in words. */
export function judgeFigure(figure: ClaimFigure, rows: readonly ThresholdRow[]) {
  const own = rows.filter(
    (row) =>
      figure.points.includes(Number(row.point)) &&
      row.metric === figure.metric &&
      row.expect === figure.expect &&
      row.window === figure.window,
  );
  const holds = own.length > 0 && own.every(({ verdict }) => verdict === 'pass');
  const values = own.filter(({ value }) => value !== '').map(({ value }) => Number(value));
  if (own.length === 0) return { holds, text: `${figure.shows}: not run` };
  const unit = own[0].unit as FormatUnit;
  const low = formatValue(Math.min(...values), unit);
  const high = formatValue(Math.max(...values), unit);
  const span = low === high ? low : `${low} to ${high}`;
  const found = values.length === 0 ? 'nothing of the kind' : span;
  return { holds, text: `${figure.shows}: ${found} (${holds ? '' : 'missed '}${figure.expect})` };
}

const HEAD = `# Claims

What is often said of Kubernetes control planes, and what the simulator says of it. Written by \`npx tsx scripts/generate-claims.ts\` from the experiments and their committed results (\`results/golden/*/thresholds.csv\`): a verdict stands only while all its figures hold. Each figure is the lowest and the highest value over the points of the sweep where it is judged, with what was expected of it.

*True only if* names the condition; *undecided* the input that decides and that we do not know.
`;

/** The page, from the experiments under `root`; `io` reads what they name. */
export function claimsPage(root: string, io: Io): string {
  const rows = experimentsWith('claims', root, io).flatMap(({ name, experiment, thresholds }) =>
    experiment.claims.map((claim) => ({ ...judgeClaim(claim, thresholds), name })),
  );
  const table = markdownTable(
    ['claim', 'verdict', 'what decides', 'experiment'],
    rows.map(({ claim, verdict, figures, name }) => [
      claim,
      verdict,
      figures.join('; '),
      `[${name}](../experiments/${name}/README.md)`,
    ]),
  );
  return `${HEAD}\n${table.join('\n')}\n`;
}

interface JudgedExperiment {
  readonly name: string;
  readonly experiment: Experiment;
  /** Rows of its committed thresholds.csv. */
  readonly thresholds: readonly ThresholdRow[];
}

/** Experiments that have such a list, in order of their names; the others are not loaded. */
export function experimentsWith(
  list: 'claims' | 'symptoms',
  root: string,
  io: Io,
): JudgedExperiment[] {
  return experimentNames(root).flatMap((name) => {
    const file = join(root, 'experiments', name, 'experiment.yaml');
    if (!new RegExp(`^${list}:`, 'm').test(readFileSync(file, 'utf8'))) return [];
    const experiment = loadScenario(file, { set: [] }, io)?.experiment ?? null;
    if (experiment === null) throw new Error(`${file} cannot be read`);
    return [{ name, experiment, thresholds: goldenThresholds(root, name) }];
  });
}

/** Rows of the committed thresholds.csv of an experiment; none where it has not been run. */
function goldenThresholds(root: string, name: string): ThresholdRow[] {
  const golden = join(root, 'results', 'golden', name, 'thresholds.csv');
  return existsSync(golden) ? parse(readFileSync(golden, 'utf8'), { columns: true }) : [];
}

/** Folders of experiments, in order. */
function experimentNames(root: string): string[] {
  return readdirSync(join(root, 'experiments'))
    .filter((name) => existsSync(join(root, 'experiments', name, 'experiment.yaml')))
    .sort();
}

if (process.argv[1]?.endsWith('generate-claims.ts')) {
  const io = nodeIo();
  writeFileSync(join(io.packageRoot, 'docs', 'claims.md'), claimsPage(io.packageRoot, io));
}
