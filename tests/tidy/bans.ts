/**
 * What is banned, where, and what takes its place. The simulation must give the same bytes on every
 * engine: nothing of the machine (clock, locale, processor's mathematics, scheduling) may get in.
 */
import ts from 'typescript';
import { type Finding, finding, nodes, type SourceFile } from './sources.ts';

interface Ban {
  readonly names: readonly string[];
  readonly instead: string;
}

/** Globals by name, wherever they are referred to. */
const GLOBALS: readonly Ban[] = [
  { names: ['Date', 'performance'], instead: 'sim.nowNs; wall clocks belong to src/cli' },
  {
    names: [
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
      'requestAnimationFrame',
      'requestIdleCallback',
    ],
    instead: 'sim.schedule or a Watchdog',
  },
  { names: ['Promise'], instead: 'events, or a process (a generator); run.advance is synchronous' },
  {
    names: ['process', 'Buffer', 'require', '__dirname'],
    instead: 'src/host: this room runs in browsers',
  },
  { names: ['console'], instead: 'return what there is to say; src/cli prints' },
  { names: ['Intl'], instead: 'src/output/format.ts' },
  {
    names: ['fetch', 'XMLHttpRequest', 'WebSocket', 'navigator', 'crypto'],
    instead: 'a reader passed in',
  },
  {
    names: ['WeakRef', 'FinalizationRegistry'],
    instead: 'plain references: collection has no time',
  },
  { names: ['Atomics', 'SharedArrayBuffer'], instead: 'messages between executors' },
  { names: ['eval', 'Function'], instead: 'plain code' },
];

/** Methods by name, on whatever. */
const METHODS: readonly Ban[] = [
  { names: ['localeCompare'], instead: 'a < b ? -1 : a > b ? 1 : 0' },
  {
    names: [
      'toLocaleString',
      'toLocaleUpperCase',
      'toLocaleLowerCase',
      'toLocaleDateString',
      'toLocaleTimeString',
    ],
    instead: 'src/output/format.ts, toUpperCase, toLowerCase',
  },
];

/** The functions of Math that give the same bits on every engine. */
const MATH_SAFE = new Set([
  'abs',
  'floor',
  'ceil',
  'round',
  'trunc',
  'sign',
  'min',
  'max',
  'sqrt',
  'imul',
  'clz32',
  'fround',
]);

/** Rooms that talk to the machine. Everything else of src/ and models/ is bound by all bans. */
export const FREE_ROOMS = ['src/cli', 'src/executor', 'src/host'];

function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent) || ts.isTypeReferenceNode(parent)) return false;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  const named =
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isGetAccessorDeclaration(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isParameter(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isFunctionDeclaration(parent);
  return !(named && parent.name === node) && !ts.isImportSpecifier(parent);
}

function bindsName(name: ts.BindingName, text: string): boolean {
  if (ts.isIdentifier(name)) return name.text === text;
  return name.elements.some((e) => ts.isBindingElement(e) && bindsName(e.name, text));
}

function declares(statement: ts.Node, text: string): boolean {
  if (ts.isVariableStatement(statement)) return declares(statement.declarationList, text);
  if (ts.isVariableDeclarationList(statement))
    return statement.declarations.some((d) => bindsName(d.name, text));
  if (ts.isFunctionDeclaration(statement)) return statement.name?.text === text;
  return false;
}

/** True where the name is one of ours: a parameter or variable of a scope around it. */
function isOurs(node: ts.Identifier): boolean {
  for (let scope: ts.Node = node.parent; scope !== undefined; scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some((p) => bindsName(p.name, node.text)))
      return true;
    if (ts.isForStatement(scope) || ts.isForOfStatement(scope)) {
      const { initializer } = scope;
      if (initializer !== undefined && declares(initializer, node.text)) return true;
    }
    if (ts.isBlock(scope) || ts.isSourceFile(scope)) {
      if (scope.statements.some((statement) => declares(statement, node.text))) return true;
    }
  }
  return false;
}

function checkIdentifier(file: SourceFile, node: ts.Identifier): Finding[] {
  const ban = GLOBALS.find(({ names }) => names.includes(node.text));
  if (ban === undefined || !isReference(node) || isOurs(node)) return [];
  return [finding(file, node, `${node.text} is banned: use ${ban.instead}`)];
}

function checkProperty(file: SourceFile, node: ts.PropertyAccessExpression): Finding[] {
  const name = node.name.text;
  const ban = METHODS.find(({ names }) => names.includes(name));
  if (ban !== undefined) return [finding(file, node, `.${name} is banned: use ${ban.instead}`)];
  if (!ts.isIdentifier(node.expression) || node.expression.text !== 'Math') return [];
  if (name === 'random')
    return [finding(file, node, 'Math.random is banned: use sim.stream(name)')];
  // Constants (Math.PI, Math.LN2) are in upper case and exact.
  if (MATH_SAFE.has(name) || name === name.toUpperCase()) return [];
  return [finding(file, node, `Math.${name} differs between engines: use src/core/math.ts`)];
}

/** `2 ** 53` and `2 ** -30` are exact everywhere and say what they mean. */
function isPowerOfTwo(node: ts.Node): boolean {
  if (!ts.isBinaryExpression(node) || node.left.getText() !== '2') return false;
  return /^-?\d+$/.test(node.right.getText());
}

function checkNode(file: SourceFile, node: ts.Node): Finding[] {
  if (ts.isIdentifier(node)) return checkIdentifier(file, node);
  if (ts.isPropertyAccessExpression(node)) return checkProperty(file, node);
  if (
    (node.kind === ts.SyntaxKind.AsteriskAsteriskToken && !isPowerOfTwo(node.parent)) ||
    node.kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken
  )
    return [finding(file, node, '** differs between engines: use pow of src/core/math.ts')];
  if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node))
    return [finding(file, node, 'async is banned: use events; run.advance is synchronous')];
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name)) {
    if (node.initializer !== undefined && node.initializer.getText(file.tree) === 'Math')
      return [finding(file, node, 'write Math.name, so that this check can see it')];
  }
  return [];
}

/** Everything of the machine in one file. */
export function checkBans(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  for (const node of nodes(file.tree)) found.push(...checkNode(file, node));
  return found;
}
