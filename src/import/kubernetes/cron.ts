/**
 * The mean time between two runs of a cron expression: how many minutes, hours and days it names.
 */

const MACROS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const NAMES = [
  'jan feb mar apr may jun jul aug sep oct nov dec',
  'sun mon tue wed thu fri sat',
].map((text) => text.split(' '));
const DAY_S = 86_400;
const DAYS_PER_MONTH = 30.4;

/** Seconds; null where it cannot be read. */
export function cronPeriodS(text: string): number | null {
  const trimmed = text.trim().replace(/^(CRON_)?TZ=\S+\s+/, '');
  const every = /^@every (\d+)(s|m|h)$/.exec(trimmed);
  if (every !== null)
    return Number(every[1]) * { s: 1, m: 60, h: 3600 }[every[2] as 's' | 'm' | 'h'];
  const fields = (MACROS[trimmed] ?? trimmed).split(/\s+/);
  if (fields.length !== 5) return null;
  const counts = fields.map((field, i) => countOf(field, i));
  if (counts.some((count) => count === null || count < 1)) return null;
  const [minutes, hours, days, months, weekdays] = counts.map((count) => count ?? 1);
  const anyDay = fields[2] === '*' || fields[2] === '?';
  const anyWeekday = fields[4] === '*' || fields[4] === '?';
  let share = 1;
  if (!anyWeekday) share = Math.min(7, weekdays) / 7;
  // Where both are given, either of them will do.
  if (!anyDay) share = Math.min(1, (anyWeekday ? 0 : share) + days / DAYS_PER_MONTH);
  return DAY_S / (minutes * hours * share * (months / 12));
}

/** How many values a field names. */
function countOf(field: string, index: number): number | null {
  const [low, high] = RANGES[index];
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const match = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part);
    if (match === null) return null;
    const any = match[1] === '*' || match[1] === '?';
    const from = any ? low : numberNamed(match[1], index);
    const step = Number(match[3] ?? 1);
    const open = any || (match[3] !== undefined && match[2] === undefined);
    const to = match[2] !== undefined ? numberNamed(match[2], index) : open ? high : from;
    if (!(from >= low && to <= high && from <= to && step >= 1)) return null;
    for (let value = from; value <= to; value += step) {
      found.add(index === 4 ? value % 7 : value);
    }
  }
  return found.size;
}

function numberNamed(text: string, index: number): number {
  if (/^\d+$/.test(text)) return Number(text);
  const at = index === 3 ? NAMES[0].indexOf(text.toLowerCase()) + 1 : -1;
  const day = index === 4 ? NAMES[1].indexOf(text.toLowerCase()) : -1;
  return at > 0 ? at : day >= 0 ? day : Number.NaN;
}
