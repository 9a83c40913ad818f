/**
 * Random Kubernetes sections that are valid, made by the field table itself: a field that is added
 * there is printed and read back here without anybody thinking of it.
 */
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Field, Group } from '../../src/scenario/field.ts';
import { kubernetesGroup } from '../../src/scenario/fields/kubernetes.ts';
import { latency } from './arbitrary.ts';

type Plain = unknown;

/** Where any value of the type would not do: what stands in the field `GROUP.FIELD`. */
const special: Readonly<Record<string, fc.Arbitrary<Plain> | null>> = {
  'kubernetes.version': fc.constantFrom('1.28', '1.31.2', 'v1.35', 1.37),
  'kubernetes.nodeGroups': fc.constant(null),
  'kubernetes.load': fc.constant(null),
  'kubernetes.objects': fc.constant(null),
  'kubernetes.clusterAutoscaler': fc.option(
    fc.record({
      groups: fc.constant([{ group: 'pool0', max: 5 }]),
      scaleDownUtilization: fc.constantFrom('50%', 0.333),
    }),
    { nil: undefined },
  ),
  'kubeAPIServer.replicas': fc.constant(1),
  'kubeScheduler.replicas': fc.constant(1),
  'kubeControllerManager.replicas': fc.constant(1),
  'nodeGroup.names': fc.constant([]),
  'nodeGroup.cpu': fc.constantFrom<Plain>(4, 0.75, '3920m'),
  'nodeGroup.memory': fc.constantFrom('16GiB', '31.5GB'),
  'nodeGroup.reservedCpu': fc.constantFrom<Plain>('70m', 0.05),
  'nodeGroup.reservedMemory': fc.constantFrom('1GiB', 0),
  'objects.target': fc.constant('set0'),
  'scale.target': fc.constant('set0'),
  'scale.replicas': fc.constantFrom(0, 3),
  'scale.replicasMax': fc.constantFrom(3, 9),
  'rollout.target': fc.constant('set0'),
  'delete.target': fc.constant('set0'),
};

/** Not required by the table: an open loop has a rate in place of it. */
const needed = ['requests.clients'];

export function fieldValue(field: Field, path: string): fc.Arbitrary<Plain> {
  const own = special[path];
  if (own) return own;
  const texts = [field.default, field.example, field.min, field.infinite]
    .filter((text) => text !== undefined)
    .map((text) => (text === '' ? '' : (parse(text) as Plain)));
  switch (field.type) {
    case 'group':
      return groupValue((field.group as () => Group)());
    case 'list':
      return fc.array(fieldValue(field.item as Field, ''), { maxLength: 2 });
    case 'map':
      return fc.dictionary(
        fc.constantFrom('a', 'b.io/c', 'true'),
        fieldValue(field.item as Field, ''),
        { maxKeys: 2 },
      );
    case 'flags':
      return fc.constantFrom({}, ...texts, { v: '2' });
    case 'boolean':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...(field.values ?? []));
    case 'distribution':
      return latency;
    default:
      return texts.length === 0 ? fc.constant('a') : fc.constantFrom(...texts);
  }
}

function groupValue(group: Group): fc.Arbitrary<Plain> {
  const among = group.choose?.among ?? [];
  const fields: Record<string, fc.Arbitrary<Plain>> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(group.fields)) {
    const path = `${group.name}.${name}`;
    if (among.includes(name) || special[path] === null) continue;
    fields[name] = fieldValue(field, path);
    if (field.required === true || needed.includes(path)) required.push(name);
  }
  const rest = withoutRivals(group, fc.record(fields, { requiredKeys: required }));
  const choices = among.filter((name) => special[`${group.name}.${name}`] !== null);
  if (choices.length === 0) return rest;
  const chosen = fc
    .constantFrom(...choices)
    .chain((name) =>
      fieldValue(group.fields[name], `${group.name}.${name}`).map((value) => ({ [name]: value })),
    );
  return fc.tuple(rest, chosen).map(([a, b]) => ({ ...(a as object), ...b }));
}

/** What one field stands in place of is not given beside it. */
function withoutRivals({ instead }: Group, values: fc.Arbitrary<Plain>): fc.Arbitrary<Plain> {
  if (instead === undefined) return values;
  const { field, beside } = instead;
  return values.map((value) => {
    const given = Object.entries(value as object);
    if (!given.some(([name]) => name === field)) return value;
    return Object.fromEntries(
      given.filter(([name]) => name === field || beside.includes(name)),
    ) as Plain;
  });
}

const { nodeGroups, objects, load } = kubernetesGroup.fields;

const named = (field: Field, prefix: string, minLength: number): fc.Arbitrary<Plain> =>
  fc
    .array(fieldValue(field.item as Field, ''), { minLength, maxLength: 3 })
    .map((items) => items.map((item, i) => ({ ...(item as object), name: `${prefix}${i}` })));

/** Groups `pool0`, ..., object sets `set0`, ... that loads may name. */
export const kubernetesValue: fc.Arbitrary<Plain> = fc
  .tuple(
    groupValue(kubernetesGroup),
    named(nodeGroups, 'pool', 1),
    named(objects, 'set', 1),
    named(load, 'load', 0),
  )
  .map(([value, groups, sets, loads]) => ({
    // An autoscaler orders from a cloud.
    ...('clusterAutoscaler' in (value as object) ? { cloudControllerManager: {} } : {}),
    ...(value as object),
    nodeGroups: groups,
    objects: sets,
    load: loads,
  }));
