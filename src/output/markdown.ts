/** The summary as Markdown: for a pull request, a wiki, a job summary. */
import type { Summary } from '../analyze/index.ts';
import { buildReport, type ReportOptions } from './build-report.ts';
import { markdownTable } from './markdown-table.ts';
import type { Block, Report, Span } from './report.ts';

export function renderMarkdown(summary: Summary, options: ReportOptions = {}): string {
  return reportMarkdown(buildReport(summary, options));
}

export function reportMarkdown(report: Report): string {
  const out = [`## ${escaped(report.title)}`, ''];
  for (const fact of report.facts) out.push(escaped(fact), '');
  for (const section of report.sections) {
    out.push(`### ${escaped(section.title)}`, '');
    for (const block of section.blocks) out.push(...blockLines(block), '');
  }
  while (out[out.length - 1] === '') out.pop();
  return `${out.join('\n')}\n`;
}

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case 'table': {
      const columns = block.columns.map(({ head, align }) => ({ head: escaped(head), align }));
      return markdownTable(
        columns,
        block.rows.map((row) => row.map(cell)),
      );
    }
    case 'lines':
      return block.lines.map((row) => {
        const text = row.map((one) => escaped(one.text)).join('');
        return text.startsWith('- ') ? text : `- ${text.replace(/^! /, '').trim()}`;
      });
    case 'verbatim':
      return ['```', ...block.lines, '```'];
  }
}

function cell(one: Span): string {
  const text = escaped(one.text);
  return one.tone === 'strong' && text !== '' ? `**${text}**` : text;
}

/** Characters that Markdown would read as its own; `_` inside of a word is not one of them. */
function escaped(text: string): string {
  return text.replace(/[\\`*|<]/g, '\\$&');
}
