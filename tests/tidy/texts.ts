/** What must not stand in any committed text, and what the lockfile must say. */
import type { Finding } from './sources.ts';

/** Written in pieces, so that this file does not find itself. */
const word = (...parts: string[]) => parts.join('');

interface BannedText {
  readonly pattern: RegExp;
  readonly instead: string;
}

const TEXTS: readonly BannedText[] = [
  {
    pattern: new RegExp(`(^|[^A-Za-z0-9_.])/(${word('wo', 'rk')}|${word('ro', 'ot')}|farm)/`),
    instead: 'a path of one machine: make it relative',
  },
  {
    pattern: /(^|[^A-Za-z0-9_.])\/(home|Users)\/[a-z]/,
    instead: 'a path of one machine: make it relative',
  },
  { pattern: new RegExp(`/${word('tm', 'p')}/[a-z]`), instead: 'os.tmpdir()' },
  {
    pattern: new RegExp(`\\.\\./${word('sha', 'red')}\\b`),
    instead: 'cite the public source',
  },
  {
    pattern: new RegExp(
      `\\b(this|the|an?) (${word('ses', 'sion')}|${word('assi', 'stant')})\\b`,
      'i',
    ),
    instead: 'the project alone',
  },
  {
    pattern: new RegExp(`\\b(${word('ses', 'sion')}|${word('is', 'sue')}) #?\\d`, 'i'),
    instead: 'the project alone; public issues as owner/repo#123',
  },
  {
    pattern: new RegExp(
      `\\b(${word('clau', 'de')}|${word('anthro', 'pic')}|${word('chat', 'gpt')})\\b`,
      'i',
    ),
    instead: 'the project alone',
  },
  {
    pattern: new RegExp(`\\b(${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('X', 'XX')})\\b`),
    instead: 'do it now, or say what is left out',
  },
];

export function checkTexts(path: string, text: string): Finding[] {
  const found: Finding[] = [];
  text.split('\n').forEach((line, i) => {
    for (const { pattern, instead } of TEXTS) {
      const match = pattern.exec(line);
      if (match !== null)
        found.push({ path, line: i + 1, message: `'${match[0].trim()}': ${instead}` });
    }
  });
  return found;
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The lockfile works with every registry, and with the real package of the queue. */
export function checkLockfile(text: string): string[] {
  const { packages } = JSON.parse(text) as { packages: Readonly<Record<string, LockEntry>> };
  const found: string[] = [];
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '' || entry.link) continue;
    if (entry.resolved !== undefined)
      found.push(`${path}: names a registry; set omit-lockfile-registry-resolved in .npmrc`);
    if (entry.integrity === undefined) found.push(`${path}: no integrity`);
    const bare = path.endsWith('node_modules/fast-priority-queue');
    if (bare && entry.name !== 'fastpriorityqueue')
      found.push(`${path}: the bare name is not a real package; use npm:fastpriorityqueue@0.8.0`);
  }
  if (packages[''].dependencies?.['fast-priority-queue'] !== 'npm:fastpriorityqueue@0.8.0')
    found.push('fast-priority-queue must be the alias npm:fastpriorityqueue@0.8.0');
  return found;
}
