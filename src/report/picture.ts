/** A picture: drawing, words for who does not see it, and the numbers behind it as a table. */
import { el, type Markup, styleSheet } from './markup.ts';
import { PICTURE_STYLE } from './style.ts';

export interface PictureTable {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Picture {
  /** Of the file and of the element: lower case, digits, dashes. */
  readonly id: string;
  readonly title: string;
  /** A sentence or two: what is drawn over what, and what stands out. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly drawing: Markup;
  readonly table: PictureTable;
  /** Takes the whole width of the page. */
  readonly wide?: boolean;
  /** The same in characters; [] where a terminal cannot show it. */
  readonly plot: readonly string[];
}

/** Title and description are its first children, as screen readers want them. */
export function svgOf(picture: Picture): Markup {
  const { id, width, height } = picture;
  return el(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-desc`,
    },
    el('title', { id: `${id}-title` }, picture.title),
    el('desc', { id: `${id}-desc` }, picture.description),
    picture.drawing,
  );
}

/** A file of its own. */
export function svgFile(picture: Picture): string {
  const { width, height, drawing } = picture;
  const styled = { markup: `${styleSheet(PICTURE_STYLE).markup}${drawing.markup}` };
  const svg = svgOf({ ...picture, drawing: styled }).markup;
  const sized = svg.replace('<svg ', `<svg width="${width}" height="${height}" `);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${sized}\n`;
}

/** Letters and digits of any text, for ids and file names. */
export function slug(text: string): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-+|-+$/g, '').slice(0, 60);
}
