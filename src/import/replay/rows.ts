/** Rows of a CSV as it comes in, a block of lines at a time. Rows do not span lines. */
import { parse } from 'csv-parse/browser/esm/sync';

export type TraceRow = Readonly<Record<string, string>>;

const BLOCK_CHARS = 1024 * 1024;

/** Called with each row and its line, from 2 on: the first holds the names of the columns. */
export function readRows(
  chunks: Iterable<string>,
  onRow: (row: TraceRow, line: number) => void,
  onBroken: (message: string, line: number) => void,
): void {
  let header: string[] | null = null;
  let line = 1;
  let rest = '';
  const block = (text: string): boolean => {
    let rows: string[][];
    try {
      rows = parse(text, {
        relax_column_count: true,
        skip_empty_lines: true,
        trim: true,
        bom: true,
      });
    } catch (error) {
      onBroken(error instanceof Error ? error.message : String(error), line);
      return false;
    }
    for (const cells of rows) {
      if (header === null) header = cells.map((cell) => cell.toLowerCase());
      else if (cells.length > header.length)
        onBroken(`${cells.length} columns for ${header.length}`, line);
      else {
        const names = header;
        onRow(Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])), line);
      }
      line++;
    }
    return true;
  };
  for (const chunk of chunks) {
    rest += chunk;
    if (rest.length < BLOCK_CHARS) continue;
    const end = rest.lastIndexOf('\n') + 1;
    if (!block(rest.slice(0, end))) return;
    rest = rest.slice(end);
  }
  block(rest);
}
