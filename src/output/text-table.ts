/**
 * Columns of text without borders. cli-table3 draws tables, but needs Node's `os` and `util`
 * through its colours; what is left of it without borders and wrapping is this.
 */

export interface TextColumn {
  readonly head: string;
  readonly align: 'left' | 'right';
}

/** Columns with these heads. */
export function columnsOf(align: TextColumn['align'], ...heads: string[]): TextColumn[] {
  return heads.map((head) => ({ head, align }));
}

export type Paint = (text: string) => string;

/** One cell: its plain text, and the colour that is put on after padding. */
export type TextCell = string | { readonly text: string; readonly paint: Paint };

const GAP = '  ';

/** Lines without trailing spaces; the head is painted with `head`. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly TextCell[])[],
  head: Paint,
  indent = '  ',
): string[] {
  const widths = columns.map((column, i) => {
    let width = lengthOf(column.head);
    for (const row of rows) width = Math.max(width, lengthOf(plain(row[i] ?? '')));
    return width;
  });
  const line = (cells: readonly TextCell[]): string =>
    indent +
    columns
      .map((column, i) => {
        const cell = cells[i] ?? '';
        const last = i === columns.length - 1;
        return padded(cell, widths[i], column.align, last);
      })
      .join(GAP);
  const hasHead = columns.some((column) => column.head !== '');
  const heads = columns.map((column) => ({ text: column.head, paint: head }));
  return [...(hasHead ? [line(heads)] : []), ...rows.map(line)];
}

function plain(cell: TextCell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

/** Code points; everything that is printed here is one column wide. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function padded(cell: TextCell, width: number, align: TextColumn['align'], last: boolean): string {
  const text = plain(cell);
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)));
  const painted = typeof cell === 'string' || text === '' ? text : cell.paint(text);
  if (align === 'right') return space + painted;
  return last ? painted : painted + space;
}
