/** A PodSpec that is a value, not a text: what is wrong with it, and what it asks for. */

import { IDLE_BEHAVIOUR, type PodSpec } from '../../../models/objects/index.ts';
import type { MapEntry, Node } from '../document.ts';
import { Cursor } from './cursor.ts';
import { podSpecOf } from './pod-spec.ts';
import { imageOf } from './pods.ts';

const NOWHERE = { source: { file: '', text: '' }, start: 0, end: 0 };

function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(nodeOf), span: NOWHERE };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, inner]): MapEntry => ({ key, keySpan: NOWHERE, value: nodeOf(inner) }),
    );
    return { kind: 'map', entries, span: NOWHERE };
  }
  const text = value === null || value === undefined ? '' : String(value);
  const isNull = value === null || value === undefined;
  return { kind: 'scalar', text, quoted: typeof value === 'string', isNull, span: NOWHERE };
}

export interface ReadPodSpec {
  readonly spec: PodSpec;
  /** `path: message`, in the order found. */
  readonly problems: readonly string[];
}

/** Priority classes are not looked up: resolve them first. */
export function readPodSpec(
  value: unknown,
  labels: Readonly<Record<string, string>>,
  path = 'spec',
): ReadPodSpec {
  const problems = new Set<string>();
  const cursor = new Cursor(nodeOf(value), path, (_code, at, _span, message) => {
    problems.add(`${at}: ${message}`);
  });
  const spec = podSpecOf(cursor, {
    labels,
    priorityOf: () => 0,
    imageOf: (name) => imageOf({ name, size: 50e6, layers: 5, shared: '' }),
    behaviourOf: () => IDLE_BEHAVIOUR,
    restartPolicy: 'Always',
  });
  return { spec, problems: [...problems] };
}
