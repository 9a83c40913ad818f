/** The summary for a terminal. */
import type { Summary } from '../analyze/index.ts';
import { buildReport, type ReportOptions } from './build-report.ts';
import { type Colors, noColors } from './colors.ts';
import type { Block, Report, Span, Tone } from './report.ts';
import { type Paint, textTable } from './text-table.ts';

export interface TextOptions extends ReportOptions {
  readonly colors?: Colors;
}

export function renderText(summary: Summary, options: TextOptions = {}): string {
  return reportText(buildReport(summary, options), options.colors ?? noColors);
}

/** Every line ends in LF and none in a space. */
export function reportText(report: Report, colors: Colors): string {
  const out = [colors.bold(report.title), ...report.facts.map((fact) => colors.dim(fact))];
  for (const section of report.sections) {
    out.push('', colors.bold(section.title));
    for (const block of section.blocks) out.push(...blockLines(block, colors));
  }
  return `${out.join('\n')}\n`;
}

function blockLines(block: Block, colors: Colors): string[] {
  const paint = (one: Span): Paint => paintOf(one.tone, colors);
  switch (block.kind) {
    case 'table': {
      const rows = block.rows.map((row) => {
        return row.map((cell) => ({ text: cell.text, paint: paint(cell) }));
      });
      return textTable(block.columns, rows, colors.dim);
    }
    case 'lines':
      return block.lines.map((row) => `  ${row.map((one) => paint(one)(one.text)).join('')}`);
    case 'verbatim':
      return block.lines.map((line) => `  ${line}`);
  }
}

function paintOf(tone: Tone, colors: Colors): Paint {
  switch (tone) {
    case 'plain':
      return (text) => text;
    case 'strong':
      return colors.bold;
    case 'good':
      return colors.green;
    case 'bad':
      return colors.red;
    case 'warn':
      return colors.yellow;
    case 'dim':
      return colors.dim;
  }
}
