/** Sizes, headers, types and state of a file of code. */
import ts from 'typescript';
import { type Finding, finding, nodes, type SourceFile } from './sources.ts';

export const FILE_LINES_MAX = 500;
export const FUNCTION_LINES_MAX = 70;
export const LINE_COLUMNS_MAX = 100;

export function checkFileLength({ path, text }: SourceFile): Finding[] {
  const lines = text.split('\n').length - 1;
  if (lines <= FILE_LINES_MAX) return [];
  return [{ path, line: lines, message: `${lines} lines, at most ${FILE_LINES_MAX}: split it` }];
}

/** Lines within a template of several lines: text, not code. */
function linesOfTemplates(file: SourceFile): Set<number> {
  const lines = new Set<number>();
  for (const node of nodes(file.tree)) {
    if (!ts.isNoSubstitutionTemplateLiteral(node) && !ts.isTemplateExpression(node)) continue;
    const from = file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line;
    const to = file.tree.getLineAndCharacterOfPosition(node.getEnd()).line;
    for (let line = from; line <= to; line++) lines.add(line);
  }
  return lines;
}

/** A line may be longer where it holds what does not break: a text, an expression, an address. */
function mayBeLong(line: string): boolean {
  return /^\s*(\/\/|\/?\*)/.test(line) ? line.includes('://') : /['"`/]/.test(line);
}

export function checkLineLength(file: SourceFile): Finding[] {
  const texts = linesOfTemplates(file);
  return file.text.split('\n').flatMap((line, i) => {
    const columns = [...line].length;
    if (columns <= LINE_COLUMNS_MAX || mayBeLong(line) || texts.has(i)) return [];
    const message = `${columns} columns, at most ${LINE_COLUMNS_MAX}: break the line`;
    return [{ path: file.path, line: i + 1, message }];
  });
}

function linesOf({ tree }: SourceFile, node: ts.Node): number {
  const from = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  return tree.getLineAndCharacterOfPosition(node.getEnd()).line - from + 1;
}

export function checkFunctionLength(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  for (const node of nodes(file.tree)) {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) continue;
    const lines = linesOf(file, node);
    if (lines <= FUNCTION_LINES_MAX) continue;
    const name =
      node.name?.getText(file.tree) ??
      (ts.isConstructorDeclaration(node) ? 'constructor' : 'function');
    const message = `${name}: ${lines} lines, at most ${FUNCTION_LINES_MAX}: name its parts`;
    found.push(finding(file, node, message));
  }
  return found;
}

/** The first thing in a file says what it is. */
export function checkHeader({ path, text }: SourceFile): Finding[] {
  if (/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(text)) return [];
  return [{ path, line: 1, message: 'no header comment: say what this file is, and its one idea' }];
}

/** What TypeScript would have to translate, and what switches its checks off. */
export function checkTypes(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  for (const node of nodes(file.tree)) {
    if (node.kind === ts.SyntaxKind.AnyKeyword)
      found.push(finding(file, node, 'any is banned: use unknown, or the type'));
    if (ts.isEnumDeclaration(node))
      found.push(finding(file, node, 'enum is banned: use a union of strings'));
    if (ts.isModuleDeclaration(node))
      found.push(finding(file, node, 'namespace is banned: use a module'));
    if (ts.isDecorator(node)) found.push(finding(file, node, 'decorators are banned: call it'));
    if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent))
      found.push(finding(file, node, 'parameter properties are banned: write the field'));
  }
  for (const match of file.text.matchAll(/@ts-(ignore|nocheck)/g)) {
    const line = file.text.slice(0, match.index).split('\n').length;
    found.push({ path: file.path, line, message: `${match[0]} is banned: mend the type` });
  }
  return found;
}

function isEmptyContainer(node: ts.Expression): boolean {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return isEmptyContainer(node.expression);
  if (ts.isArrayLiteralExpression(node)) return node.elements.length === 0;
  if (ts.isObjectLiteralExpression(node)) return node.properties.length === 0;
  if (!ts.isNewExpression(node)) return false;
  const name = node.expression.getText();
  return /^(Weak)?(Map|Set)$/.test(name) && (node.arguments?.length ?? 0) === 0;
}

/** Two runs in one process must not see each other: nothing at the top of a file may change. */
export function checkState(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  for (const statement of file.tree.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const { declarationList } = statement;
    if ((declarationList.flags & ts.NodeFlags.Const) === 0)
      found.push(
        finding(file, statement, 'state in module scope: put it into an object of the run'),
      );
    for (const declaration of declarationList.declarations) {
      if (declaration.initializer !== undefined && isEmptyContainer(declaration.initializer))
        found.push(finding(file, declaration, 'a container in module scope is state: move it'));
    }
  }
  return found;
}
