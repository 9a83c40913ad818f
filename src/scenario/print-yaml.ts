/** Plain values to YAML: blocks outside, short mappings and lists on one line. */
import { Document, isCollection, isMap, isPair, isSeq, visit } from 'yaml';
import type { WrittenValue } from './kubernetes-types.ts';

export type YamlValue = WrittenValue;

const LINE_MAX = 88;

/** Collections that fit on a line are written on one; the outermost level never is. */
export function printYaml(
  value: YamlValue,
  comments: Readonly<Record<string, string>> = {},
): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Collection(_key, node, path) {
      const depth = path.filter((parent) => isCollection(parent)).length;
      const flat = !node.items.some((item) =>
        isPair(item) ? isSeq(item.value) && item.value.items.length > 8 : isSeq(item),
      );
      const length = JSON.stringify(node.toJSON()).length;
      if (depth > 0 && length + 2 * depth < LINE_MAX && flat) {
        node.flow = true;
        return visit.SKIP;
      }
      return undefined;
    },
  });
  if (isMap(document.contents)) {
    for (const pair of document.contents.items) {
      const text = comments[String(pair.key)];
      // Keys made from plain strings are scalars, which carry comments.
      if (text !== undefined) (pair.key as { commentBefore?: string }).commentBefore = ` ${text}`;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
