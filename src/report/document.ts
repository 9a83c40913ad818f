/**
 * The report: one HTML file that needs nothing else. No script, no network: its policy forbids
 * both, and everything that a scenario says is text.
 */
import { type ExitStatus, exitStatusOf } from '../analyze/index.ts';
import {
  type Block,
  buildReport,
  type ReportColumn,
  type Section,
  type Span,
} from '../output/index.ts';
import { axesName, type ReportInput, type ReportPoint, reportPoints } from './inputs.ts';
import { type Child, el, fragment, type Markup } from './markup.ts';
import { htmlFile } from './page.ts';
import { type Picture, slug, svgOf } from './picture.ts';
import { type DetailedPoint, type PictureGroup, pictureLayout } from './pictures.ts';
import { PAGE_STYLE } from './style.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const VERDICTS: Readonly<Record<ExitStatus, readonly [text: string, tone: string]>> = {
  0: ['✓ every threshold holds', 'good'],
  98: ['? undecided', 'warn'],
  99: ['✗ a threshold fails', 'bad'],
};

/** The whole file. */
export function reportHtml(input: ReportInput): string {
  const points = reportPoints(input);
  const report = buildReport(input.summary);
  const { groups, detailed } = pictureLayout(input);
  const sections = [
    ...opening(report.sections, groups),
    ...detailed.map(pointSection),
    ...closing(report.sections),
    sourceSection(input, points),
  ];
  return htmlFile(
    { title: input.summary.name, policy: POLICY, style: PAGE_STYLE },
    el('a', { class: 'skip', href: '#content' }, 'Skip to the content'),
    el(
      'div',
      { class: 'page' },
      header(input, report.facts),
      contents(sections),
      el('main', { id: 'content' }, ...sections.map(({ markup }) => markup)),
    ),
  );
}

interface PageSection {
  readonly id: string;
  readonly title: string;
  readonly markup: Markup;
}

function header({ summary }: ReportInput, facts: readonly string[]): Markup {
  const verdicts = summary.points.flatMap((point) => point.thresholds.map((t) => t.verdict));
  const [text, tone] =
    verdicts.length === 0 ? ['no thresholds', 'dim'] : VERDICTS[exitStatusOf(verdicts)];
  const passed = verdicts.filter((verdict) => verdict === 'pass').length;
  const count = verdicts.length === 0 ? '' : ` · ${passed} of ${verdicts.length} pass`;
  return el(
    'header',
    {},
    el('h1', {}, summary.name),
    facts.map((fact) => el('p', { class: 'soft' }, fact)),
    el(
      'p',
      {},
      el('span', { class: `verdict ${tone}` }, text),
      el('span', { class: 'soft' }, count),
    ),
  );
}

function contents(sections: readonly PageSection[]): Markup {
  const links = sections.map(({ id, title }) => el('li', {}, el('a', { href: `#${id}` }, title)));
  return el('nav', { 'aria-label': 'Contents' }, el('ul', {}, links));
}

function section(title: string, ...children: readonly Child[]): PageSection {
  const id = `section-${slug(title)}`;
  const heading = el('h2', { id }, title);
  return { id, title, markup: el('section', { 'aria-labelledby': id }, heading, children) };
}

/** Tables of the summary, each with the pictures that show the same. */
function opening(sections: readonly Section[], groups: readonly PictureGroup[]): PageSection[] {
  const body = sections.filter(({ title }) => !LAST.includes(title));
  const left = [...groups];
  const take = (title: string): PictureGroup[] => {
    const found = left.filter((group) => group.beside === title);
    for (const group of found) left.splice(left.indexOf(group), 1);
    return found;
  };
  const made = body.map(({ title, blocks }, i) => {
    const beside = [...take(title), ...(i === 0 ? take('') : [])];
    return { title, blocks, beside };
  });
  const all = made.map(({ title, blocks, beside }) =>
    section(
      title,
      blocks.map(blockMarkup),
      beside.map((group) => grid(group.pictures)),
    ),
  );
  const more = left.map((group) => section(group.title, grid(group.pictures)));
  // What was asked comes first: the verdicts of one scenario, the curves of a sweep.
  return [...all.slice(0, 1), ...more, ...all.slice(1)];
}

const LAST = ['Warnings', 'Not as validated', 'Files, and the command that repeats it'];

function closing(sections: readonly Section[]): PageSection[] {
  return sections
    .filter(({ title }) => LAST.slice(0, 2).includes(title))
    .map(({ title, blocks }) => section(title, blocks.map(blockMarkup)));
}

function pointSection({ point, pictures }: DetailedPoint): PageSection {
  const title = point.name === '' ? `Point ${point.summary.point}` : point.name;
  return section(title, grid(pictures));
}

function sourceSection(input: ReportInput, points: readonly ReportPoint[]): PageSection {
  const first = points[0];
  const which = first.name === '' ? '' : ` Of the first point (${first.name}).`;
  return section(
    'Scenario, and the command that repeats it',
    input.summary.command === '' ? null : el('pre', {}, el('code', {}, input.summary.command)),
    el('p', {}, `Every default is filled in.${which}`),
    el(
      'details',
      {},
      el('summary', {}, 'The scenario as YAML'),
      el('pre', { tabindex: 0 }, el('code', {}, input.scenarioText)),
    ),
    digests(input),
  );
}

function digests({ summary }: ReportInput): Markup {
  const rows = summary.points.flatMap(({ axes, runs }) =>
    runs.map((run) => [axesName(axes), String(run.replication), run.seed, run.digest]),
  );
  const heads = ['point', 'replication', 'seed', 'digest'];
  return el(
    'details',
    {},
    el('summary', {}, 'Seeds and digests of the runs'),
    plainTable('Seeds and digests of the runs', { heads, rows }),
  );
}

function blockMarkup(block: Block): Markup {
  switch (block.kind) {
    case 'table':
      return tableMarkup(block.columns, block.rows);
    case 'lines':
      return fragment(block.lines.map((row) => el('p', {}, row.map(spanMarkup))));
    case 'verbatim':
      return el('pre', { tabindex: 0 }, block.lines.join('\n'));
  }
}

function spanMarkup({ text, tone }: Span): Child {
  return tone === 'plain' ? text : el('span', { class: tone }, text);
}

const WIDE_FROM = 34;

function tableMarkup(columns: readonly ReportColumn[], rows: readonly (readonly Span[])[]): Markup {
  const side = (i: number): string | undefined =>
    columns[i].align === 'right' ? 'right' : undefined;
  const heads = columns.map(({ head }, i) => el('th', { scope: 'col', class: side(i) }, head));
  const body = rows.map((row) =>
    row.map((cell, i) => {
      const wide = cell.text.length >= WIDE_FROM ? 'wide' : undefined;
      return el('td', { class: side(i) ?? wide }, spanMarkup(cell));
    }),
  );
  const name = columns[0].head === '' ? 'table' : columns[0].head;
  return scrollingTable(`table: ${name}`, heads, body);
}

function grid(pictures: readonly Picture[]): Markup {
  return el('div', { class: 'pictures' }, pictures.map(figure));
}

/** The picture, and the numbers behind it. */
function figure(picture: Picture): Markup {
  return el(
    'figure',
    { class: picture.wide ? 'wide' : undefined },
    el('figcaption', {}, picture.title),
    el('div', { class: 'scroll' }, svgOf(picture)),
    el('details', {}, el('summary', {}, 'Numbers'), plainTable(picture.title, picture.table)),
  );
}

function plainTable(name: string, { heads, rows }: Picture['table']): Markup {
  return scrollingTable(
    name,
    heads.map((text) => el('th', { scope: 'col' }, text)),
    rows.map((row) => row.map((text) => el('td', {}, text))),
  );
}

/** Wider than its place, it scrolls, by keyboard as well. */
function scrollingTable(
  name: string,
  heads: readonly Markup[],
  rows: readonly (readonly Markup[])[],
): Markup {
  const body = rows.map((cells) => el('tr', {}, cells));
  const table = el('table', {}, el('thead', {}, el('tr', {}, heads)), el('tbody', {}, body));
  return el('div', { class: 'scroll', role: 'region', 'aria-label': name, tabindex: 0 }, table);
}
