/**
 * Colours and type of pictures and of the page. Light and dark by what the reader's system prefers;
 * paper is light. Eight colours that stay apart for people who do not see red and green alike
 * (after Okabe and Ito, https://jfly.uni-koeln.de/color/), always with a mark or a name beside them.
 */

export const SERIES_COLORS = 8;
/** Steps of utilization: below 30 %, 50 %, 70 %, 90 %, and above. */
export const HEAT_STEPS: readonly number[] = [0.3, 0.5, 0.7, 0.9];

const LIGHT = [
  '--paper:#fff;--ink:#1b1f24;--soft:#57606a;--rule:#d0d7de;--panel:#f6f8fa;--mark:#b3541e',
  '--s0:#0072b2;--s1:#d55e00;--s2:#007d5a;--s3:#b0508a;--s4:#8a6d00;--s5:#2f8fc4;--s6:#5a4fcf;--s7:#6e7781',
  '--h0:#dcefe6;--h1:#e9edc4;--h2:#f9e0a6;--h3:#f6bd8f;--h4:#ee9a94;--hot:#1b1f24',
  '--good:#116329;--bad:#b31d28;--warn:#7d4e00;--fault:#d55e00',
].join(';');

const DARK = [
  '--paper:#11151a;--ink:#e6edf3;--soft:#9aa5b1;--rule:#343c46;--panel:#1a2027;--mark:#ffa657',
  '--s0:#56b4e9;--s1:#ff9d4d;--s2:#3fc79a;--s3:#e78ac3;--s4:#e3c545;--s5:#8fd3ff;--s6:#a79bff;--s7:#9aa5b1',
  '--h0:#17372a;--h1:#36401c;--h2:#564313;--h3:#6e3e17;--h4:#7d2a2a;--hot:#fff',
  '--good:#56d364;--bad:#ff7b72;--warn:#e3b341;--fault:#ff9d4d',
].join(';');

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

const SERIES = range(SERIES_COLORS)
  .map((i) => `.s${i}{--c:var(--s${i})}`)
  .join('');
const HEAT = range(HEAT_STEPS.length + 1)
  .map((i) => `.h${i}{fill:var(--h${i})}`)
  .join('');

const PICTURE = `svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .soft{fill:var(--soft)}svg .small{font-size:11px}svg .strong{font-weight:600}
svg .end{text-anchor:end}svg .middle{text-anchor:middle}
svg .grid{stroke:var(--rule);stroke-width:1;fill:none}
svg .line{stroke:var(--c);stroke-width:1.8;fill:none;stroke-linejoin:round}
svg .dot{fill:var(--c)}svg .bar{fill:var(--c)}svg .whisker{stroke:var(--c);stroke-width:1.2}
svg .limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:6 4;fill:none}
svg .limit-text{fill:var(--bad)}svg .limit-text,svg .fault-text{paint-order:stroke;stroke:var(--paper);stroke-width:3px}
svg .fault{fill:var(--fault);opacity:.16}svg .fault-line{stroke:var(--fault);stroke-width:1.4}
svg .fault-text{fill:var(--mark)}
svg .event{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}
svg .box{fill:none;stroke:var(--rule)}svg .panel{fill:var(--panel);stroke:var(--rule)}
svg .hatch{opacity:.6}
${SERIES}${HEAT}`;

const THEME = `:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
@media print{:root{${LIGHT}}}`;

/** For an SVG file of its own: the same, with a ground, as nothing is behind it. */
export const PICTURE_STYLE = `${THEME}\n${PICTURE}\nsvg{background:var(--paper)}`;

const PAGE = `*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
.page{max-width:1180px;margin:0 auto;padding:1rem clamp(.75rem,3vw,2rem) 3rem}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .6rem}
h3{font-size:1rem;margin:1.4rem 0 .4rem}p{margin:.4rem 0}
h2{border-bottom:1px solid var(--rule);padding-bottom:.2rem}
h1,h2,h3,p,figcaption,code,td.wide{overflow-wrap:anywhere}
.soft,.dim{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.good,.bad,.warn,.strong{font-weight:600}
.verdict{display:inline-block;border:2px solid currentColor;border-radius:.4rem;padding:.15rem .7rem;font-size:1.1rem}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0;margin:.6rem 0}
a{color:var(--s0)}a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--s1);outline-offset:2px}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,470px),1fr));gap:1rem}
figure{margin:0;border:1px solid var(--rule);border-radius:.5rem;padding:.6rem;min-width:0;break-inside:avoid}
figure.wide{grid-column:1/-1}
figcaption{font-weight:600;margin-bottom:.3rem}
figure svg{display:block;width:100%;height:auto}
figure.wide .scroll svg{min-width:560px}
@media(max-width:560px){figure:not(.wide) svg text{font-size:14px}figure:not(.wide) svg .small{font-size:13px}figure{padding:.4rem}}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;margin:.4rem 0;font-variant-numeric:tabular-nums;font-size:.86rem}
th,td{padding:.22rem .6rem .22rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
th{font-weight:600;color:var(--soft);white-space:nowrap}.right{text-align:right;white-space:nowrap}
td{min-width:3.2em}td.wide{min-width:15em}
details{margin:.4rem 0}summary{cursor:pointer;color:var(--soft)}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:.4rem;padding:.6rem;overflow-x:auto;font-size:.82rem;line-height:1.4}
.skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;background:var(--paper);padding:.4rem}
@media print{body{font-size:10pt}nav,.skip{display:none}.scroll,pre{overflow:visible}pre{white-space:pre-wrap}
details::details-content{content-visibility:visible;display:block;height:auto}
.pictures{grid-template-columns:1fr 1fr}figure.wide .scroll svg{min-width:0}}`;

export const PAGE_STYLE = `${THEME}\n${PAGE}\n${PICTURE}`;
