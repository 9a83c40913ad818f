/** Nodes and fields in words, for messages and the reference. */
import type { Node } from './document.ts';
import type { Field } from './field.ts';
import type { Span } from './problem.ts';
import { unitWords } from './units.ts';

/** What a value looks like, for messages. */
export function describeNode(node: Node): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  return node.isNull ? 'nothing' : node.quoted ? JSON.stringify(node.text) : node.text;
}

/** What a field takes, for messages and the reference. */
export function typeWords(field: Field): string {
  const infinite = field.infinite === undefined ? '' : `, or ${field.infinite}`;
  switch (field.type) {
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false';
    case 'enum':
      return (field.values ?? []).length === 1
        ? (field.values ?? [])[0]
        : `one of ${(field.values ?? []).join(', ')}`;
    case 'integer':
      return `a whole number${infinite}`;
    case 'distribution':
      return `${unitWords[field.unit ?? 'duration']}, or a distribution`;
    case 'pair':
      return 'a list of two names';
    case 'groups':
      return 'lists of names, such as [[etcd/0], [etcd/1, etcd/2]], or one name';
    case 'flags':
      return 'a mapping of flags to their values';
    case 'constants':
      return 'a mapping of constants to their values';
    case 'overrides':
      return 'a mapping of paths to values';
    case 'any':
      return 'a value';
    case 'group':
    case 'map':
      return 'a mapping';
    case 'list':
      return 'a list';
    default:
      return unitWords[field.type] + infinite;
  }
}

/** Where to point for a mapping as a whole: its first key, or its opening brace. */
export function headSpan(node: Node): Span {
  if (node.kind === 'map' && node.entries.length > 0) {
    const { start, source } = node.span;
    if (source.text[start] !== '{') return node.entries[0].keySpan;
    return { source, start, end: start + 1 };
  }
  return node.span;
}
