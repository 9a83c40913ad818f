/** A validator of the part of JSON Schema that the generated schema uses; the rest is an error. */

type Schema = Readonly<Record<string, unknown>>;

const KNOWN = [
  '$schema',
  '$ref',
  '$defs',
  'title',
  'description',
  'default',
  'examples',
  'type',
  'enum',
  'const',
  'pattern',
  'properties',
  'additionalProperties',
  'required',
  'items',
  'minItems',
  'maxItems',
  'anyOf',
  'oneOf',
];

/** The reasons why a value does not fit, as paths with words; empty where it fits. */
export function schemaErrors(
  value: unknown,
  schema: Schema,
  root: Schema = schema,
  at = '$',
): string[] {
  for (const key of Object.keys(schema)) {
    if (!KNOWN.includes(key)) throw new Error(`the oracle does not know the keyword ${key}`);
  }
  const errors: string[] = [];
  const sub = (child: unknown, x: unknown, where: string) =>
    schemaErrors(x, child as Schema, root, where);
  if (typeof schema.$ref === 'string') {
    const target = schema.$ref.replace('#/$defs/', '');
    const definitions = root.$defs as Record<string, Schema>;
    if (definitions[target] === undefined) throw new Error(`no definition ${target}`);
    errors.push(...sub(definitions[target], value, at));
  }
  if (schema.type !== undefined && ![schema.type].flat().includes(typeName(value))) {
    const integer = typeName(value) === 'integer' && [schema.type].flat().includes('number');
    if (!integer)
      return [...errors, `${at}: ${typeName(value)} is not ${[schema.type].flat().join(' or ')}`];
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value))
    errors.push(`${at}: not in the list`);
  if ('const' in schema && schema.const !== value) errors.push(`${at}: not ${schema.const}`);
  if (typeof schema.pattern === 'string' && typeof value === 'string') {
    if (!new RegExp(schema.pattern, 'u').test(value))
      errors.push(`${at}: ${value} is not ${schema.pattern}`);
  }
  if (Array.isArray(value)) {
    if (value.length < ((schema.minItems as number) ?? 0)) errors.push(`${at}: too short`);
    if (value.length > ((schema.maxItems as number) ?? Infinity)) errors.push(`${at}: too long`);
    if (schema.items !== undefined)
      for (const [i, x] of value.entries()) errors.push(...sub(schema.items, x, `${at}[${i}]`));
  } else if (typeof value === 'object' && value !== null) {
    const properties = (schema.properties ?? {}) as Record<string, Schema>;
    for (const name of (schema.required as string[]) ?? []) {
      if (!(name in value)) errors.push(`${at}: ${name} is missing`);
    }
    for (const [name, x] of Object.entries(value)) {
      if (Object.hasOwn(properties, name))
        errors.push(...sub(properties[name], x, `${at}.${name}`));
      else if (schema.additionalProperties === false) errors.push(`${at}.${name}: unknown`);
      else if (typeof schema.additionalProperties === 'object') {
        errors.push(...sub(schema.additionalProperties, x, `${at}.${name}`));
      }
    }
  }
  for (const key of ['anyOf', 'oneOf'] as const) {
    if (!Array.isArray(schema[key])) continue;
    const all = schema[key].map((child) => sub(child, value, at));
    const fits = all.filter((found) => found.length === 0).length;
    if (fits === 0) errors.push(`${at}: none of ${key}: ${all.map((x) => x[0]).join(' | ')}`);
    if (key === 'oneOf' && fits > 1) errors.push(`${at}: ${fits} of oneOf fit`);
  }
  return errors;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
