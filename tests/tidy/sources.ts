/**
 * The files of the project as the tidy checks read them: once, parsed by the TypeScript compiler.
 */
import * as assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Not ours, or not committed. results/golden holds data that a command wrote. */
const SKIPPED = ['node_modules', '.git', 'build', 'coverage', 'results', 'LICENSE'];
const CODE_FOLDERS = ['src', 'models', 'tests', 'bench', 'scripts', 'web'];

export interface SourceFile {
  /** Relative to the project, with '/'. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** Something that a check minds: where, and what to do instead. */
export interface Finding {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

export function paths(folder = ''): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (SKIPPED.includes(path) || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) found.push(...paths(path));
    else found.push(path);
  }
  return found.sort();
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function parse(path: string, text: string): SourceFile {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) };
}

/** Every file of code below these folders (all without an argument). */
export function sources(...folders: string[]): SourceFile[] {
  return (folders.length > 0 ? folders : CODE_FOLDERS)
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => paths(folder))
    .filter((path) => /\.(ts|mts|mjs)$/.test(path) && !path.startsWith('tests/testdata/'))
    .map((path) => parse(path, read(path)));
}

export function finding(file: SourceFile, node: ts.Node, message: string): Finding {
  const { line } = file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree));
  return { path: file.path, line: line + 1, message };
}

/** Every node of a file, parents before children. */
export function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  for (const child of children) yield* nodes(child);
}

/** Fails with one line for every finding. */
export function assertNone(findings: readonly Finding[]): void {
  const lines = findings.map((f) => `${f.path}:${f.line}  ${f.message}`);
  if (lines.length > 0) assert.fail(`\n${lines.join('\n')}`);
}
