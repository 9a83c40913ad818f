/**
 * HTML and SVG as values. Text is data: a string among the children is escaped, and so is every
 * attribute; only what `el` made is markup.
 */

export interface Markup {
  readonly markup: string;
}

export type Child = Markup | string | number | null | readonly Child[];

/** Values that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Characters that XML 1.0 has no way to write become the replacement character. */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character])
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

/** Elements of HTML without an end tag; SVG's have one, as XML wants it and HTML reads it too. */
const VOID = ['meta', 'br', 'hr', 'input', 'link'];

export function el(name: string, attributes: Attributes, ...children: readonly Child[]): Markup {
  let tag = name;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    tag += ` ${key}="${escapeText(typeof value === 'number' ? coordinate(value) : value)}"`;
  }
  if (VOID.includes(name)) return { markup: `<${tag}>` };
  const inside = children.map(textOf).join('');
  return { markup: `<${tag}>${inside}</${name}>` };
}

/** Several in a row, without an element around them. */
export function fragment(...children: readonly Child[]): Markup {
  return { markup: children.map(textOf).join('') };
}

/** Style sheets: ours alone, never text of a scenario. */
export function styleSheet(css: string): Markup {
  return { markup: `<style>${css}</style>` };
}

function textOf(child: Child): string {
  if (child === null) return '';
  if (typeof child === 'string') return escapeText(child);
  if (typeof child === 'number') return coordinate(child);
  if ('markup' in child) return child.markup;
  return child.map(textOf).join('');
}

/** Hundredths of a pixel are enough, and keep files small. */
function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}
