/** A page as one HTML file, with the rules of what it may fetch and run inside of it. */
import { type Child, el, styleSheet } from './markup.ts';

export interface Page {
  readonly title: string;
  /** Content-Security-Policy: of a file, which no server sends one for. */
  readonly policy: string;
  readonly style: string;
}

export function htmlFile({ title, policy, style }: Page, ...body: readonly Child[]): string {
  const head = el(
    'head',
    {},
    el('meta', { charset: 'utf-8' }),
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    el('meta', { name: 'viewport', content: 'width=device-width,initial-scale=1' }),
    el('title', {}, `${title} – wavetank`),
    styleSheet(style),
  );
  const html = el('html', { lang: 'en' }, head, el('body', {}, body));
  return `<!doctype html>\n${html.markup}\n`;
}
