/** Tables in Markdown: of the summary, the reference, the benches. */

export interface MarkdownColumn {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

/** Cells are Markdown already; one line a row. */
export function markdownTable(
  columns: readonly (MarkdownColumn | string)[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const heads = columns.map((column) => (typeof column === 'string' ? column : column.head));
  const rules = columns.map((column) =>
    typeof column !== 'string' && column.align === 'right' ? '---:' : '---',
  );
  return [
    `| ${heads.join(' | ')} |`,
    `| ${rules.join(' | ')} |`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ];
}
