/** docs/reference/outputs.md: every file and column, from the tables that write them. */

import { tables } from './csv-files.ts';
import { markdownTable } from './markdown-table.ts';

const HEAD = [
  '<!-- Generated from the tables of src/output by tests/output/reference.test.ts with WAVETANK_UPDATE=1; the same test keeps it in step. -->',
  '',
  '# Outputs',
  '',
  '`wavetank run` writes these files into one folder. CSV is the product; the summary on the terminal, Markdown and JSON are made of the same data.',
  '',
  '- UTF-8, LF, comma, one header line, quoting as in RFC 4180. Numbers are the shortest decimals that read back to the same double; no locale. An empty field is no value: it does not apply, did not happen, or there were too few samples (a percentile needs 30 beyond it).',
  '- The same scenario, seed and version give the same bytes, whatever machine, worker count or order of completion. Rows are sorted as each file says; text is compared by code units.',
  "- Durations are in seconds, with the real component's metric names; metrics that no real component has begin with `wavetank_`. Figures leave out warm-up, time series and events do not.",
  '- A run is (`point`, `replication`): these two join the files. Axes and seeds are in `runs.csv`.',
  '- Labels are written `name=value`, separated by spaces and sorted by name; a value with a space is quoted.',
  "- A unit of `unit` means: that of the row's `unit` column.",
  '',
].join('\n');

const TAIL = `## manifest.json

Everything that repeats the run: \`version\` and \`modelRevision\` (numbers may differ where one of them does), \`command\`, \`seed\`, the resolved \`scenario\` with every default filled in, the text of the \`profiles\` that it names, seed, content key and digest of each of the \`runs\`, and name, length and hash of each of the \`files\`. What varies by machine (wall time, versions, processor) is under \`volatile\`; nothing else in the folder does.

## Standard output

\`-o text\` is the summary for people, \`-o markdown\` the same for a pull request, \`-o csv\` is \`runs.csv\`, \`-o json\` one document with everything that the summary is made of: means and 95 % Student intervals over replications, pooled percentiles, verdicts, stages, bottlenecks, outages, warnings.
`;

export function outputsReference(): string {
  const parts = [HEAD];
  for (const table of tables) {
    parts.push(`## ${table.file}\n\n${table.description}\n\nSorted by ${table.order}.\n`);
    const rows = table.columns.map((column) => [
      `\`${column.name}\``,
      column.unit,
      column.description,
    ]);
    parts.push(`${markdownTable(['column', 'unit', 'meaning'], rows).join('\n')}\n`);
  }
  parts.push(TAIL);
  return parts.join('\n');
}
