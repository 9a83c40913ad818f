/** Which pictures a report has, and beside which of its tables they stand. */
import { busyBars } from './busy-bars.ts';
import { curves } from './curves.ts';
import { type ReportInput, type ReportPoint, reportPoints } from './inputs.ts';
import type { Picture } from './picture.ts';
import { spectra, spreadOut } from './spectra.ts';
import { stageBars } from './stage-bars.ts';
import { timeLines } from './time-lines.ts';
import { topology } from './topology.ts';

export interface PictureGroup {
  readonly title: string;
  /** Title of the section of the summary that it belongs to; a section of its own where absent. */
  readonly beside?: string;
  readonly pictures: readonly Picture[];
}

/** Points of a sweep that are shown in depth: those that fail first, then the ends. */
const DETAILED_MAX = 4;

function pictureGroups({ summary }: ReportInput, points: readonly ReportPoint[]): PictureGroup[] {
  const [first] = points;
  const single = points.length === 1;
  const replications = single && first.runs.length > 1 ? ' (first replication)' : '';
  const groups: PictureGroup[] = [
    { title: 'Over the axes', pictures: curves(points, summary.axes) },
    { title: 'The cluster', pictures: single ? topology(first, '') : [] },
    { title: `Over time${replications}`, pictures: single ? timeLines(first, '') : [] },
    { title: 'Percentiles', pictures: spectra(points) },
    { title: 'Stages', beside: 'Where the time goes', pictures: stageBars(points) },
    { title: 'Resources', beside: 'Bottlenecks', pictures: single ? busyBars(first, '') : [] },
  ];
  return groups.filter(({ pictures }) => pictures.length > 0);
}

export interface DetailedPoint {
  readonly point: ReportPoint;
  readonly pictures: readonly Picture[];
}

function detailedPoints(points: readonly ReportPoint[]): DetailedPoint[] {
  const bad = points.filter(({ summary }) => summary.thresholds.some((t) => t.verdict !== 'pass'));
  const chosen = new Set([
    ...spreadOut(bad, DETAILED_MAX / 2),
    ...spreadOut(points, DETAILED_MAX / 2),
  ]);
  return points
    .filter((point) => chosen.has(point))
    .map((point) => ({ point, pictures: picturesOf(point) }));
}

function picturesOf(point: ReportPoint): Picture[] {
  const { name } = point;
  return [...topology(point, name), ...busyBars(point, name), ...timeLines(point, name)];
}

export interface PictureLayout {
  readonly groups: readonly PictureGroup[];
  readonly detailed: readonly DetailedPoint[];
}

/** All pictures of a page; no two have the same id. */
export function pictureLayout(input: ReportInput): PictureLayout {
  const points = reportPoints(input);
  const seen = new Map<string, number>();
  // Names that are cut short may meet.
  const unique = (picture: Picture): Picture => {
    const times = (seen.get(picture.id) ?? 0) + 1;
    seen.set(picture.id, times);
    return times === 1 ? picture : { ...picture, id: `${picture.id}-${times}` };
  };
  const renamed = <T extends { readonly pictures: readonly Picture[] }>(all: readonly T[]): T[] =>
    all.map((one) => ({ ...one, pictures: one.pictures.map(unique) }));
  const groups = renamed(pictureGroups(input, points));
  return { groups, detailed: points.length > 1 ? renamed(detailedPoints(points)) : [] };
}

/** Every picture of a report; ids are names of files. */
export function reportPictures(input: ReportInput): Picture[] {
  const { groups, detailed } = pictureLayout(input);
  return [...groups, ...detailed].flatMap(({ pictures }) => pictures);
}
