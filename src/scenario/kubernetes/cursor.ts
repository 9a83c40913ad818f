/**
 * Reads objects in Kubernetes' own syntax from a tree: values by their type, mistakes with path and
 * place. What a field does not say, its caller's default says.
 */

import type { ProblemCode } from '../codes.ts';
import { entryOf, type Node } from '../document.ts';
import { nearestName } from '../nearest.ts';
import type { ProblemDetails, Span } from '../problem.ts';
import { describeNode, headSpan } from '../words.ts';
import { parseQuantity } from './quantity.ts';

const NAMES_SHOWN = 14;

export type CursorProblem = (
  code: ProblemCode,
  path: string,
  span: Span | null,
  message: string,
  details?: ProblemDetails,
) => void;

/** A place in the tree; null is written as nothing, as Kubernetes reads it. */
export class Cursor {
  readonly path: string;
  readonly #node: Node | undefined;
  readonly #span: Span | null;
  readonly #problem: CursorProblem;

  constructor(
    node: Node | undefined,
    path: string,
    problem: CursorProblem,
    span: Span | null = null,
  ) {
    this.#node = node?.kind === 'scalar' && node.isNull && !node.quoted ? undefined : node;
    this.path = path;
    this.#problem = problem;
    this.#span = node === undefined ? span : headSpan(node);
  }

  get given(): boolean {
    return this.#node !== undefined;
  }

  wrong(code: ProblemCode, message: string, details?: ProblemDetails): void {
    this.#problem(code, this.path, this.#span, message, details);
  }

  field(name: string): Cursor {
    const node = this.#node?.kind === 'map' ? entryOf(this.#node, name)?.value : undefined;
    return new Cursor(node, `${this.path}.${name}`, this.#problem, this.#span);
  }

  /** Says which fields there may be: `ignored` have no effect here, `missing` no model. */
  only(
    known: readonly string[],
    ignored: readonly string[] = [],
    missing: Readonly<Record<string, string>> = {},
  ): this {
    if (this.#node === undefined) return this;
    if (this.#node.kind !== 'map') {
      this.#expected('a mapping');
      return this;
    }
    for (const { key, keySpan, value } of this.#node.entries) {
      if (known.includes(key) || ignored.includes(key)) continue;
      if (value.kind === 'scalar' && value.isNull) continue;
      const path = `${this.path}.${key}`;
      if (Object.hasOwn(missing, key)) {
        this.#problem('WT1018', path, keySpan, `\`${key}\` has no model here`, {
          hint: missing[key],
        });
        continue;
      }
      this.#problem('WT1002', path, keySpan, `there is no field \`${key}\` here`, {
        expected: `one of ${known.slice(0, NAMES_SHOWN).join(', ')}${known.length > NAMES_SHOWN ? ', …' : ''}`,
        nearest: nearestName(key, [...known, ...ignored]),
      });
    }
    return this;
  }

  items(): readonly Cursor[] {
    if (this.#node === undefined) return [];
    if (this.#node.kind !== 'list') {
      this.#expected('a list');
      return [];
    }
    return this.#node.items.map(
      (item, i) => new Cursor(item, `${this.path}[${i}]`, this.#problem, this.#span),
    );
  }

  entries(): readonly (readonly [string, Cursor])[] {
    if (this.#node === undefined) return [];
    if (this.#node.kind !== 'map') {
      this.#expected('a mapping');
      return [];
    }
    return this.#node.entries.map(({ key }) => [key, this.field(key)] as const);
  }

  text(fallback = ''): string {
    return this.#scalar('text') ?? fallback;
  }

  /** Text that must be there. */
  name(): string {
    if (!this.given) this.wrong('WT1003', `\`${this.path}\` is missing`, { expected: 'text' });
    return this.text();
  }

  choice<const T extends string>(values: readonly T[], fallback: T): T {
    const text = this.#scalar(`one of ${values.join(', ')}`);
    if (text === undefined) return fallback;
    const found = values.find((value) => value === text);
    if (found === undefined) {
      this.wrong('WT1008', `\`${text}\` is not a choice`, {
        expected: `one of ${values.join(', ')}`,
        nearest: nearestName(text, values),
      });
    }
    return found ?? fallback;
  }

  boolean(fallback: boolean): boolean {
    return this.choice(['true', 'false'], fallback ? 'true' : 'false') === 'true';
  }

  integer(fallback: number, min = 0, max = 2 ** 31 - 1): number {
    const text = this.#scalar('a whole number');
    if (text === undefined) return fallback;
    if (!/^[+-]?\d+$/.test(text)) {
      this.wrong('WT1006', `\`${text}\` is not a whole number`, { expected: 'a whole number' });
      return fallback;
    }
    const value = Number(text);
    if (value >= min && value <= max) return value;
    this.wrong('WT1007', `${text} is out of range`, { expected: `${min} to ${max}` });
    return fallback;
  }

  /** In billionths; at least 0. */
  quantity(): bigint | undefined {
    const expected = 'a quantity such as 250m, 1.5 or 512Mi';
    const text = this.#scalar(expected);
    if (text === undefined) return undefined;
    const nano = parseQuantity(text);
    if (nano === null) this.wrong('WT1006', `\`${text}\` is not a quantity`, { expected });
    else if (nano < 0n) this.wrong('WT1007', `${text} is negative`, { expected: 'at least 0' });
    else return nano;
    return undefined;
  }

  /** Names to texts: labels, selectors. */
  texts(): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const [key, value] of this.entries()) texts[key] = value.text();
    return texts;
  }

  #scalar(expected: string): string | undefined {
    if (this.#node === undefined) return undefined;
    if (this.#node.kind === 'scalar') return this.#node.text;
    this.#expected(expected);
    return undefined;
  }

  #expected(expected: string): void {
    if (this.#node === undefined) return;
    const found = describeNode(this.#node);
    this.wrong('WT1004', `${expected} is expected here`, { expected, found });
  }
}
