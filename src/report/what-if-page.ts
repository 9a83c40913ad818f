/** The what-if page around its two scripts: one file that needs no server and no network. */
import { el, type Markup } from './markup.ts';
import { htmlFile } from './page.ts';
import { PAGE_STYLE } from './style.ts';

export interface WhatIfScripts {
  readonly page: string;
  readonly worker: string;
  /** SHA-256 of the page's script as it stands in the file, base64. */
  readonly pageHash: string;
}

const STYLE = `${PAGE_STYLE}
.split{display:grid;grid-template-columns:minmax(15rem,20rem) minmax(0,1fr);gap:1.5rem}
.control{display:grid;grid-template-columns:1fr auto;margin-bottom:.7rem}
.control input,.control small{grid-column:1/-1;width:100%}.control small{color:var(--soft)}
.control input,.fault-choice input{accent-color:var(--s0)}.fault-choice{display:block;margin:.3rem 0}
button{font:inherit;padding:.3rem .8rem;margin:.2rem .4rem .2rem 0}progress{width:100%}
main .pictures{grid-template-columns:repeat(auto-fill,minmax(min(100%,350px),1fr))}input:disabled{opacity:.4}
fieldset{border:1px solid var(--rule);border-radius:.5rem;margin:0 0 1rem}
#status{white-space:pre-wrap}input:focus-visible,button:focus-visible{outline:3px solid var(--s1);outline-offset:2px}
@media(max-width:760px){.split{grid-template-columns:minmax(0,1fr)}}`;

/** A script inside of HTML must not hold what would end it. */
export function inlineScript(code: string): string {
  return code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
}

export function whatIfPage({ page, worker, pageHash }: WhatIfScripts): string {
  const policy =
    `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${pageHash}'; ` +
    "worker-src blob:; base-uri 'none'; form-action 'none'";
  const script = (attributes: string, code: string): Markup => ({
    markup: `<script${attributes}>${code}</script>`,
  });
  return htmlFile(
    { title: 'What if?', policy, style: STYLE },
    content(),
    script(' type="text/plain" id="worker"', worker),
    script('', page),
  );
}

function content(): Markup {
  return el(
    'div',
    { class: 'page' },
    el('header', {}, el('h1', {}, 'What if?'), el('p', { class: 'soft' }, ABOUT)),
    el('div', { class: 'split' }, controls(), answers()),
  );
}

const ABOUT =
  'A Kubernetes control plane, simulated in this page: 12 s after 3 s of warm-up, one seed.';

function controls(): Markup {
  return el(
    'section',
    { 'aria-label': 'Settings' },
    el('fieldset', {}, el('legend', {}, 'Cluster and load'), el('div', { id: 'sliders' })),
    el('fieldset', {}, el('legend', {}, 'Faults'), el('div', { id: 'faults' })),
    el('button', { type: 'button', id: 'pin' }, 'Pin as baseline'),
    el('button', { type: 'button', id: 'copy' }, 'Copy as YAML'),
    el('span', { id: 'copied', role: 'status' }),
  );
}

function answers(): Markup {
  return el(
    'main',
    {},
    el('progress', { id: 'progress', max: 1, value: 0, 'aria-label': 'simulated so far' }),
    el('p', { id: 'status', role: 'status' }),
    el('div', { class: 'scroll' }, el('table', { id: 'figures', 'aria-label': 'Figures' })),
    el('p', { class: 'soft' }, 'digest ', el('code', { id: 'digest' })),
    el(
      'details',
      { id: 'source' },
      el('summary', {}, 'The scenario as YAML'),
      el('pre', { tabindex: 0 }, el('code', { id: 'yaml' })),
    ),
    el('div', { class: 'pictures', id: 'pictures' }),
  );
}
