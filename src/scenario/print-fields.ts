/**
 * Values as read, written again by the field table that they were read with: what reads back to the
 * same values. What was left out and has no default stays out.
 */
import type { DistributionValue, Field, Group } from './field.ts';
import type { WrittenValue } from './kubernetes-types.ts';
import { distributionNode } from './print-distribution.ts';
import { groupOf } from './read.ts';
import { formatUnit, type UnitKind } from './units.ts';

type Values = Readonly<Record<string, unknown>>;

/** A mapping by its group. */
export function groupNode(group: Group, values: Values): Readonly<Record<string, WrittenValue>> {
  const node: Record<string, WrittenValue> = {};
  const instead = values[group.instead?.field ?? ''] === undefined ? undefined : group.instead;
  for (const [name, field] of Object.entries(group.fields)) {
    const value = values[name];
    // A field of another form of the group (a rate of what is created) says nothing here.
    const idle = field.only?.every((other) => values[other] === undefined) ?? false;
    const hidden = instead && name !== instead.field && !instead.beside.includes(name);
    if (value !== undefined && !idle && !hidden) node[name] = valueNode(field, value);
  }
  return node;
}

/** The casts hold by the reader: each value has the type of its field. */
function valueNode(field: Field, value: unknown): WrittenValue {
  switch (field.type) {
    case 'group':
      return groupNode(groupOf(field), value as Values);
    case 'list':
      return (value as readonly unknown[]).map((item) => valueNode(field.item as Field, item));
    case 'map':
    case 'flags': {
      const item: Field = field.item ?? { type: 'string', description: '' };
      const entries = Object.entries(value as Values);
      return Object.fromEntries(entries.map(([key, inner]) => [key, valueNode(item, inner)]));
    }
    case 'distribution':
      return distributionNode((value as DistributionValue).spec, field.unit ?? 'duration');
    case 'string':
    case 'boolean':
    case 'enum':
    case 'any':
      return value as WrittenValue;
    case 'pair':
    case 'groups':
    case 'constants':
    case 'overrides':
      throw new TypeError(`a ${field.type} is not written by the table`);
    default:
      return numberNode(field, value as number);
  }
}

function numberNode(field: Field, value: number): WrittenValue {
  if (field.infinite !== undefined && value === Number.POSITIVE_INFINITY) return field.infinite;
  if (field.type === 'integer' || field.type === 'number') return value;
  // Every type that is left is a kind of unit.
  return formatUnit(field.type as UnitKind, value);
}
