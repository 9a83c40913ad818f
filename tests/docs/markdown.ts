/** Links, code blocks and commands of the Markdown files. */
import { posix } from 'node:path';
import { paths, read } from '../tidy/sources.ts';

export interface Page {
  readonly path: string;
  readonly text: string;
}

export interface Block {
  readonly path: string;
  /** 1-based line of the first line of code. */
  readonly line: number;
  /** 'sh', 'yaml', ...; '' where none is named or the block is indented. */
  readonly language: string;
  /** What stands in a comment right above, e.g. 'output of npx wavetank list, until Faults'. */
  readonly comment: string;
  readonly text: string;
}

export interface Command {
  readonly path: string;
  readonly line: number;
  /** Words after `wavetank`. */
  readonly argv: readonly string[];
  /** From a trailing `# exit code 99`; 0 without. */
  readonly exitCode: number;
}

/** Pages that people read; generated ones too. */
export function pages(): Page[] {
  return paths()
    .filter((path) => path.endsWith('.md') && !path.startsWith('tests/'))
    .map((path) => ({ path, text: read(path) }));
}

export function blocks({ path, text }: Page): Block[] {
  const found: Block[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(```+)\s*(\w*)/.exec(lines[i]);
    if (fence !== null) {
      const end = lines.indexOf(fence[1], i + 1);
      const comment = /^<!-- (.*) -->$/.exec(lines[i - 1] ?? '')?.[1] ?? '';
      const code = lines.slice(i + 1, end);
      found.push({ path, line: i + 2, language: fence[2], comment, text: `${code.join('\n')}\n` });
      i = end;
    } else if (/^ {4}\S/.test(lines[i]) && (lines[i - 1] ?? '') === '') {
      let end = i;
      while (/^ {4}/.test(lines[end] ?? '')) end++;
      const code = lines.slice(i, end).map((line) => line.slice(4));
      found.push({ path, line: i + 1, language: '', comment: '', text: `${code.join('\n')}\n` });
      i = end - 1;
    }
  }
  return found;
}

/** Words of a shell line: quotes kept together, comments left out. Nothing else of a shell. */
export function words(line: string): string[] {
  const found: string[] = [];
  for (const match of line.matchAll(/#.*$|((?:'[^']*'|"[^"]*"|[^\s'"#]|(?<=\S)#)+)/g)) {
    if (match[1] === undefined) break;
    found.push(match[1].replace(/'([^']*)'|"([^"]*)"/g, (_, a, b) => a ?? b));
  }
  return found;
}

/** Every `npx wavetank ...` line of the blocks of a page, in order. */
export function commands(page: Page): Command[] {
  const found: Command[] = [];
  for (const block of blocks(page)) {
    if (!['', 'sh', 'bash', 'console'].includes(block.language)) continue;
    const lines = block.text.replace(/\\\n\s*/g, '').split('\n');
    lines.forEach((line, i) => {
      const text = line.replace(/^\$ /, '');
      if (!/^(npx )?wavetank /.test(text)) return;
      const all = words(text);
      const code = /# exit code (\d+)/.exec(text)?.[1] ?? '0';
      found.push({
        path: page.path,
        line: block.line + i,
        argv: all.slice(all[0] === 'npx' ? 2 : 1),
        exitCode: Number(code),
      });
    });
  }
  return found;
}

export interface Link {
  readonly path: string;
  readonly line: number;
  /** The file, relative to the project. */
  readonly target: string;
  /** Without '#'; '' for the whole file. */
  readonly anchor: string;
}

/** Relative links, outside of code. */
export function links({ path, text }: Page): Link[] {
  const found: Link[] = [];
  let fenced = false;
  text.split('\n').forEach((line, i) => {
    if (/^```/.test(line)) fenced = !fenced;
    if (fenced) return;
    const prose = line.replace(/`[^`]*`(?!\])/g, '');
    for (const match of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(match[1])) continue;
      const [file, anchor = ''] = match[1].split('#');
      const target = file === '' ? path : posix.join(posix.dirname(path), file);
      found.push({ path, line: i + 1, target, anchor });
    }
  });
  return found;
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading] of text.matchAll(/^#+ +(.*)$/gm)) {
    const base = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-');
    let anchor = base;
    for (let n = 1; found.has(anchor); n++) anchor = `${base}-${n}`;
    found.add(anchor);
  }
  return found;
}

/**
 * Files of the project named in `code`, without placeholders; 'src/core' as well as
 * 'src/core/math.ts'.
 */
export function namedFiles({ path, text }: Page): Link[] {
  const found: Link[] = [];
  const pattern = /`((?:src|models|tests|bench|scripts|docs|examples|experiments)\/[\w./-]*)`/g;
  text.split('\n').forEach((line, i) => {
    for (const [, target] of line.matchAll(pattern))
      found.push({ path, line: i + 1, target: target.replace(/[./]$/, ''), anchor: '' });
  });
  return found;
}
