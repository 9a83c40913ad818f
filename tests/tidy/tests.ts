/** What a test file must have: suites that are run, tests that assert, nothing that varies. */
import { posix } from 'node:path';
import ts from 'typescript';
import { imports } from './rooms.ts';
import { type Finding, finding, nodes, type SourceFile } from './sources.ts';

/** Words by which tests are kept from passing everywhere, every time. */
const CLOCKS = ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance', 'fetch'];
/** These drive real processes or threads and need a real clock to give up by. */
const MAY_WAIT: Readonly<Record<string, string>> = {
  'tests/executor/executors.test.ts': 'waits for threads',
  'tests/cli/spawn.test.ts': 'waits for a process to be interrupted',
};

function calledName(node: ts.CallExpression): string {
  const text = node.expression.getText();
  return text.split(/[.(<]/)[0];
}

function asserts(node: ts.Node, helpers: ReadonlySet<string>): boolean {
  for (const inner of nodes(node)) {
    if (!ts.isCallExpression(inner)) continue;
    const name = calledName(inner);
    if (name === 'assert' || name === 'assertNone' || helpers.has(name)) return true;
    if (/^fc\.assert/.test(inner.expression.getText())) return true;
  }
  return false;
}

function functionsOf(file: SourceFile): Map<string, ts.Node> {
  const found = new Map<string, ts.Node>();
  for (const node of nodes(file.tree)) {
    const named =
      ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isClassDeclaration(node);
    if (named && node.name !== undefined) found.set(node.name.getText(file.tree), node);
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined) {
      if (ts.isArrowFunction(node.initializer) && ts.isIdentifier(node.name))
        found.set(node.name.text, node.initializer);
    }
  }
  return found;
}

/** Functions of a test's own file and of the test files it imports that assert something. */
export function assertingHelpers(
  file: SourceFile,
  all: ReadonlyMap<string, SourceFile>,
  seen: Set<string> = new Set(),
): Set<string> {
  const helpers = new Set<string>();
  seen.add(file.path);
  for (const { specifier } of imports(file)) {
    if (!specifier.startsWith('.')) continue;
    const path = posix.join(posix.dirname(file.path), specifier);
    const imported = all.get(path);
    if (imported === undefined || !path.startsWith('tests/') || seen.has(path)) continue;
    for (const name of assertingHelpers(imported, all, seen)) helpers.add(name);
  }
  const functions = functionsOf(file);
  for (let before = -1; before !== helpers.size; ) {
    before = helpers.size;
    for (const [name, body] of functions) if (asserts(body, helpers)) helpers.add(name);
  }
  return helpers;
}

/**
 * `test('name', body)`, or a function of the file that makes such tests out of what it is given.
 */
function testsOf(file: SourceFile): ts.CallExpression[] {
  const isTest = (node: ts.Node, makers: readonly string[]): node is ts.CallExpression => {
    if (!ts.isCallExpression(node) || node.arguments.length < 2) return false;
    const callee = node.expression.getText(file.tree);
    const [title] = node.arguments;
    const named =
      ts.isStringLiteralLike(title) ||
      ts.isTemplateExpression(title) ||
      ts.isPropertyAccessExpression(title);
    return named && (/^\w*[tT]est(\.skip)?$/.test(callee) || makers.includes(callee));
  };
  const makers = [...functionsOf(file)].filter(([, body]) =>
    [...nodes(body)].some(
      (node) => ts.isCallExpression(node) && node.expression.getText(file.tree) === 'test',
    ),
  );
  const names = makers.map(([name]) => name);
  const within = new Set(makers.flatMap(([, body]) => [...nodes(body)]));
  return [...nodes(file.tree)].filter(
    (node): node is ts.CallExpression => isTest(node, names) && !within.has(node),
  );
}

/** The last thing a test file does is to run its suites; uvu is silent where it does not. */
export function checkRuns(file: SourceFile): Finding[] {
  const last = file.tree.statements.at(-1);
  if (last !== undefined && /^\w+\.run\(\);$/.test(last.getText(file.tree))) return [];
  return [finding(file, last ?? file.tree, 'the last statement must be test.run();')];
}

export function checkAsserts(
  file: SourceFile,
  all: ReadonlyMap<string, SourceFile> = new Map(),
): Finding[] {
  const found: Finding[] = [];
  const helpers = assertingHelpers(file, all);
  let tests = 0;
  for (const node of testsOf(file)) {
    tests++;
    const body = node.arguments[1];
    const named = ts.isIdentifier(body) && helpers.has(body.text);
    if (!named && !asserts(body, helpers))
      found.push(finding(file, node, 'a test without an assertion cannot fail'));
  }
  if (tests === 0) found.push(finding(file, file.tree, 'no test in a test file'));
  return found;
}

export function checkVarying(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  for (const node of nodes(file.tree)) {
    if (ts.isPropertyAccessExpression(node)) {
      const text = node.getText(file.tree);
      if (text === 'Math.random')
        found.push(finding(file, node, 'Math.random in a test: use fast-check or a Stream'));
      if (/^\w*test\.only$/i.test(text))
        found.push(finding(file, node, 'test.only hides the other tests'));
    }
    if (!ts.isIdentifier(node) || !CLOCKS.includes(node.text) || file.path in MAY_WAIT) continue;
    const { parent } = node;
    const called = ts.isCallExpression(parent) || ts.isNewExpression(parent);
    const read = ts.isPropertyAccessExpression(parent) && parent.expression === node;
    if ((called && parent.expression === node) || read)
      found.push(finding(file, node, `${node.text} in a test: no sleeps, no network, no clock`));
  }
  return found;
}
