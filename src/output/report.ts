/** A report: what is shown of a summary, before it becomes text for a terminal or Markdown. */

export type Tone = 'plain' | 'strong' | 'good' | 'bad' | 'warn' | 'dim';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export interface ReportColumn {
  readonly head: string;
  readonly align: 'left' | 'right';
}

export type Block =
  | {
      readonly kind: 'table';
      readonly columns: readonly ReportColumn[];
      readonly rows: readonly (readonly Span[])[];
    }
  | { readonly kind: 'lines'; readonly lines: readonly (readonly Span[])[] }
  /** Text whose columns matter: a plot, a command. */
  | { readonly kind: 'verbatim'; readonly lines: readonly string[] };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Report {
  readonly title: string;
  /** Below the title: what was run. */
  readonly facts: readonly string[];
  readonly sections: readonly Section[];
}

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

export function left(head: string): ReportColumn {
  return { head, align: 'left' };
}

export function right(head: string): ReportColumn {
  return { head, align: 'right' };
}

export function table(columns: readonly ReportColumn[], rows: readonly (readonly Span[])[]): Block {
  return { kind: 'table', columns, rows };
}

export function lines(...rows: readonly (readonly Span[])[]): Block {
  return { kind: 'lines', lines: rows };
}
