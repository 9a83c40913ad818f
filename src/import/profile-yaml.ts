/** A disk profile as the file that a scenario names: `disk: { fsync: { profile: ./my.yaml } }`. */
import { type DiskProfile, printDiskProfile } from '../scenario/index.ts';
import { quantileName, quantileText } from './report.ts';
import type { Calibration } from './types.ts';
import { formatCount } from './units.ts';

const COLUMNS_MAX = 96;

/**
 * The profile with a comment that says what it is; with the calibration beside it, the comment
 * holds the verdict and what was found odd. No clock: the same input gives the same file.
 */
export function profileYaml(profile: DiskProfile, calibration?: Calibration): string {
  const comments = [
    `Disk profile: ${profile.description}`,
    profile.kind === 'service'
      ? 'Service times: what one sync takes while nothing else uses the disk.'
      : 'Response times under a load: contention is in them, and going past that load is not.',
    profile.stallsAssumed
      ? 'Stalls were not measured as a series; results of elections say "stalls assumed".'
      : 'Stalls were fitted to a series.',
  ];
  const summary = calibration?.summary;
  if (summary != null) {
    const rows = summary.quantiles
      .filter((row) => row.estimateNs !== null)
      .map((row) => `${quantileName(row.p)} ${quantileText(row)}`);
    comments.push(`Measured: ${[`${formatCount(summary.count)} fsyncs`, ...rows].join(', ')}.`);
  }
  for (const rule of calibration?.verdict?.rules ?? []) {
    if (rule.level !== 'unknown') comments.push(rule.text);
  }
  for (const finding of calibration?.findings ?? []) {
    if (finding.level === 'warning') comments.push(`Note: ${finding.message}.`);
  }
  const head = comments.flatMap((comment) => wrap(comment.replace(/\s+/g, ' '), '# '));
  return `${head.join('\n')}\n${wrapLists(printDiskProfile(profile))}`;
}

function wrap(text: string, prefix: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && prefix.length + line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(prefix + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(prefix + line);
  return lines;
}

/** Hundreds of buckets, one on each line, would hide the rest: lines `- a` become `[ a, b ]`. */
function wrapLists(yaml: string): string {
  return yaml.replace(
    /^( *)(\w+):\n((?: *- [^\s{[]+\n){9,})/gm,
    (_, indent, key, items: string) => {
      const values = items
        .trimEnd()
        .split('\n')
        .map((line) => line.trim().slice(2));
      const inner = wrap(values.join(', '), `${indent}    `);
      return `${indent}${key}: [\n${inner.join('\n')}\n${indent}  ]\n`;
    },
  );
}
