/**
 * The field table as a JSON Schema (draft 2020-12), for editors. Checks across fields are not
 * in it.
 */

import { fileGroups, groupInside } from './explain.ts';
import type { Field, Group } from './field.ts';
import { typeWords } from './words.ts';

export type JsonSchema = { readonly [key: string]: unknown };

const NUMBER = '[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?';

/** Values that a bare YAML number, and a text, may have. */
const patterns: Readonly<Record<string, { readonly pattern: string; readonly bare: boolean }>> = {
  duration: { pattern: `^(${NUMBER}\\s*(ns|us|µs|μs|ms|s|m|h|d))+$`, bare: false },
  bytes: { pattern: `^${NUMBER}\\s*([kKMGT]?B|[KMGT]iB|[KMG]i)?$`, bare: true },
  rate: { pattern: `^${NUMBER}\\s*k?/(s|min|h)$`, bare: false },
  ratio: { pattern: `^${NUMBER}\\s*%?$`, bare: true },
  ppm: { pattern: `^${NUMBER}\\s*(ppm|ppb|%)$`, bare: false },
  bandwidth: { pattern: `^${NUMBER}\\s*([kKMG]?(B|bit)|[KMG]iB)/s$`, bare: false },
  cpu: { pattern: `^${NUMBER}\\s*m?$`, bare: true },
  number: { pattern: `^${NUMBER}\\s*[kMG]?$`, bare: true },
  integer: { pattern: `^${NUMBER}\\s*[kMG]?$`, bare: true },
};

const text: JsonSchema = { type: ['string', 'number', 'boolean'] };

/** The schema of all kinds of files; every group is one definition. */
export function jsonSchema(): JsonSchema {
  const definitions = new Map<string, JsonSchema>();
  const kinds = fileGroups.map((group) => reference(group, definitions));
  const sorted = [...definitions].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'wavetank scenario files',
    oneOf: kinds,
    $defs: Object.fromEntries(sorted),
  };
}

type Definitions = Map<string, JsonSchema>;

/** A group as a definition of its name; names are unique, which a test keeps true. */
function reference(group: Group, definitions: Definitions): JsonSchema {
  const name = group.name;
  if (!definitions.has(name)) {
    definitions.set(name, {}); // taken, as groups may contain themselves
    definitions.set(name, groupSchema(group, definitions));
  }
  return { $ref: `#/$defs/${name}` };
}

function groupSchema(group: Group, definitions: Definitions): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(group.fields)) {
    properties[name] = { description: describe(field), ...fieldSchema(field, definitions) };
    if (field.required === true) required.push(name);
  }
  const { choose } = group;
  const alternatives = choose?.among.map((name) => ({ required: [name] }));
  const mapping: JsonSchema = {
    type: group.shorthand === undefined ? ['object', 'null'] : 'object',
    additionalProperties: false,
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(choose?.required === true ? { oneOf: alternatives } : {}),
  };
  const forms = [mapping];
  for (const short of [group.shorthand, group.listShorthand]) {
    const field = short === undefined ? undefined : group.fields[short];
    if (field !== undefined) forms.push(fieldSchema(field, definitions));
  }
  const schema = forms.length === 1 ? mapping : { anyOf: forms };
  return { description: group.description, ...schema };
}

function describe(field: Field): string {
  return field.flag === undefined ? field.description : `${field.description} (${field.flag})`;
}

function fieldSchema(field: Field, definitions: Definitions): JsonSchema {
  switch (field.type) {
    case 'string':
      return text;
    case 'boolean':
      return { type: 'boolean' };
    case 'enum':
      return { enum: [...(field.values ?? [])] };
    case 'pair':
      return { type: 'array', items: text, minItems: 2, maxItems: 2 };
    case 'groups':
      return {
        anyOf: [text, { type: 'array', items: { anyOf: [text, { type: 'array', items: text }] } }],
      };
    case 'flags':
      return { type: ['object', 'null'], additionalProperties: text };
    case 'constants':
      return { type: ['object', 'null'], additionalProperties: { type: ['string', 'number'] } };
    case 'overrides':
      return { type: ['object', 'null'] };
    case 'any':
      return {};
    case 'distribution':
      return reference(groupInside(field) as Group, definitions);
    case 'group': {
      const group = groupInside(field);
      return group === null ? {} : reference(group, definitions);
    }
    case 'list':
    case 'map': {
      const item = field.item === undefined ? {} : fieldSchema(field.item, definitions);
      return field.type === 'list'
        ? { type: ['array', 'null'], items: item }
        : { type: ['object', 'null'], additionalProperties: item };
    }
    default:
      return numberSchema(field);
  }
}

function numberSchema(field: Field): JsonSchema {
  const { pattern, bare } = patterns[field.type];
  const forms: JsonSchema[] = [{ type: 'string', pattern }];
  if (bare) forms.push({ type: field.type === 'integer' ? 'integer' : 'number' });
  if (field.infinite !== undefined) forms.push({ const: field.infinite });
  const schema = forms.length === 1 ? forms[0] : { anyOf: forms };
  const standard = field.default === undefined ? {} : { default: field.default };
  return { ...schema, ...standard, examples: [field.example ?? typeWords(field)] };
}
