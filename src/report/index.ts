/** From results to pictures, a page and other tools' formats: text, safe in a browser. */
export { reportHtml } from './document.ts';
export type { ReportInput } from './inputs.ts';
export { type OpenMetricsOptions, openMetrics } from './open-metrics.ts';
export { perfettoTrace } from './perfetto.ts';
export { type Picture, svgFile, svgOf } from './picture.ts';
export { reportPictures } from './pictures.ts';
export { inlineScript, type WhatIfScripts, whatIfPage } from './what-if-page.ts';
