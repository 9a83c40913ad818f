/** From results to pictures and a page: SVG and HTML as text, safe in a browser. */
export { reportHtml } from './document.ts';
export type { ReportInput } from './inputs.ts';
export { type Picture, svgFile } from './picture.ts';
export { reportPictures } from './pictures.ts';
