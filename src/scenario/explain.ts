/** What the field table says of a path, as text: for `wavetank explain` and the reference page. */
import { problemCodes } from './codes.ts';
import { etcdFlags, modelledFlags } from './etcd-flags.ts';
import type { Field, Fields, Group } from './field.ts';
import { distributionGroup } from './fields/distribution.ts';
import { experimentGroup } from './fields/experiment.ts';
import { scenarioGroup } from './fields/scenario.ts';
import { nearestName } from './nearest.ts';
import { splitPath } from './path.ts';
import { profileGroup } from './profile.ts';
import { groupOf } from './read.ts';
import { typeWords } from './words.ts';

export type Explanation =
  | { readonly found: true; readonly text: string }
  | { readonly found: false; readonly message: string; readonly nearest: string };

/** The kinds of files that there are. */
export const fileGroups: readonly Group[] = [scenarioGroup, experimentGroup, profileGroup];

/** Where a path may begin, besides the fields of a scenario. */
const roots: Readonly<Record<string, Group>> = {
  scenario: scenarioGroup,
  experiment: experimentGroup,
  diskProfile: profileGroup,
  distribution: distributionGroup('duration') as Group,
};

/** The group inside a field, through lists and mappings, or null for a single value. */
export function groupInside(field: Field): Group | null {
  switch (field.type) {
    case 'group':
      return groupOf(field);
    case 'distribution':
      return distributionGroup(field.unit ?? 'duration');
    case 'list':
    case 'map':
      return field.item === undefined ? null : groupInside(field.item);
    default:
      return null;
  }
}

/** What a field takes, in a few words. */
export function typeOf(field: Field): string {
  if (field.type === 'list' && field.item !== undefined) {
    const group = groupInside(field.item);
    return group === null ? `a list, each item ${typeOf(field.item)}` : `a list of ${group.name}`;
  }
  if (field.type === 'map') return `a mapping of ${field.keys ?? 'name'} to fields`;
  if (field.type === 'group') return 'fields';
  return typeWords(field);
}

export function defaultOf(field: Field): string {
  if (field.required === true) return 'required';
  return field.defaultNote ?? (field.default === '' ? 'empty' : (field.default ?? ''));
}

function boundsOf(field: Field): string {
  const { min, max } = field;
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? '' : `at most ${max}`;
}

/** Pairs of a label and a text, for those that have one. */
export function factsOf(field: Field): readonly (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [
    ['type', typeOf(field)],
    ['default', defaultOf(field)],
    ['range', boundsOf(field)],
    ['only with', field.only?.join(', ') ?? ''],
    ['mirrors', field.flag ?? ''],
    ['example', field.example ?? ''],
  ];
  return facts.filter(([, text]) => text !== '');
}

/**
 * A path such as `etcd.disk.fsync`, a field's bare name, a flag of etcd, or a code such as
 * WT1002.
 */
export function explain(path: string): Explanation {
  const word = path.trim();
  if (Object.hasOwn(problemCodes, word)) {
    const { title, text } = problemCodes[word as keyof typeof problemCodes];
    return { found: true, text: `${word}  ${title}\n  ${text}` };
  }
  if (word === '') return { found: true, text: fileGroups.map(groupText).join('\n\n') };
  if (Object.hasOwn(roots, word)) return { found: true, text: groupText(roots[word]) };
  const steps = splitPath(word.replace(/\[\]|\[\d+\]/g, ''));
  if (steps === null) return { found: false, message: `\`${word}\` is not a path`, nearest: '' };
  const names = steps.map((step) => step.name);
  if (names.length > 1 && Object.hasOwn(roots, names[0]))
    return explainIn(roots[names[0]], names.slice(1), `${names[0]}.`);
  if (names.length > 0 && !Object.hasOwn(scenarioGroup.fields, names[0])) {
    const inExperiment = Object.hasOwn(experimentGroup.fields, names[0]);
    if (!inExperiment && names.length === 1) return explainName(word);
    if (inExperiment) return explainIn(experimentGroup, names);
  }
  return explainIn(scenarioGroup, names);
}

function explainIn(root: Group, names: readonly string[], prefix = ''): Explanation {
  let group: Group | null = root;
  let field: Field | undefined;
  for (const [i, name] of names.entries()) {
    if (field?.type === 'flags') return explainFlag(name);
    const fields: Fields = group?.fields ?? {};
    if (Object.hasOwn(fields, name)) {
      field = fields[name];
      group = groupInside(field);
    } else if (field?.type === 'map' || field?.type === 'list') {
      // The key of a mapping, or the name of an item, stands for all of them.
      field = field.item;
    } else return notThere(name, names.slice(0, i), group, root);
  }
  return {
    found: true,
    text: field === undefined ? groupText(root) : fieldText(prefix + names.join('.'), field),
  };
}

function notThere(
  name: string,
  above: readonly string[],
  group: Group | null,
  root: Group,
): Explanation {
  const where = above.join('.') || root.name;
  if (group === null) return { found: false, message: `${where} is a single value`, nearest: '' };
  const names = Object.keys(group.fields);
  const nearest = nearestName(name, names);
  return {
    found: false,
    message: `there is no field ${name} in ${where}`,
    nearest: nearest === '' ? elsewhere(name, where) : nearest,
  };
}

export interface PathEntry {
  readonly path: string;
  readonly field: Field;
}

/** Every field of a file by its path; what is inside distributions is not listed. */
export function allPaths(root: Group): readonly PathEntry[] {
  const paths: PathEntry[] = [];
  const visit = (group: Group, prefix: string) => {
    for (const [name, field] of Object.entries(group.fields)) {
      const path = prefix + name;
      paths.push({ path, field });
      const inside = field.type === 'distribution' || field.deferred ? null : groupInside(field);
      const suffix = field.type === 'list' ? '[]' : field.type === 'map' ? '.*' : '';
      if (inside !== null) visit(inside, `${path}${suffix}.`);
    }
  };
  visit(root, '');
  return paths;
}

/** All fields of a name, shortest path first, as a path is most often short of its middle. */
function pathsEndingIn(name: string): readonly PathEntry[] {
  const entries = Object.entries(roots).flatMap(([root, group]) =>
    allPaths(group).map(({ path, field }) => {
      return {
        path: root === 'distribution' || root === 'diskProfile' ? `${root}.${path}` : path,
        field,
      };
    }),
  );
  const fits = entries.filter(({ path }) => lastName(path) === name);
  return fits
    .filter(({ path }, i) => fits.findIndex((f) => f.path === path) === i)
    .sort((a, b) => a.path.split('.').length - b.path.split('.').length);
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/**
 * The path of a field or flag that was looked for in the wrong place, best near that one; or
 * ''.
 */
export function elsewhere(name: string, near: string): string {
  if (etcdFlags.has(name)) return `etcd.extraArgs.${name}`;
  const here = pathsEndingIn(name).filter(
    ({ path }) => !/^(distribution|diskProfile)\./.test(path),
  );
  const begin = /^\w*/.exec(near)?.[0] ?? '';
  return (here.find(({ path }) => path.startsWith(begin)) ?? here[0])?.path ?? '';
}

function explainName(name: string): Explanation {
  const flag = name.replace(/^--/, '');
  if (etcdFlags.has(flag)) return explainFlag(flag);
  const entries = pathsEndingIn(name);
  if (entries.length === 1)
    return { found: true, text: fieldText(entries[0].path, entries[0].field) };
  if (entries.length > 1) {
    const width = Math.max(...entries.map(({ path }) => path.length));
    const lines = entries.map(({ path, field }) => `${path.padEnd(width)}  ${field.description}`);
    return { found: true, text: lines.join('\n') };
  }
  const words = Object.values(roots).flatMap((group) =>
    allPaths(group).map(({ path }) => lastName(path)),
  );
  const nearest = nearestName(name, [...new Set([...words, ...etcdFlags.keys()])]);
  return { found: false, message: `there is no field ${name}`, nearest };
}

function explainFlag(name: string): Explanation {
  const flag = etcdFlags.get(name);
  if (flag === undefined) {
    const nearest = nearestName(name, [...etcdFlags.keys()]);
    return { found: false, message: `etcd has no flag --${name}`, nearest };
  }
  const modelled = modelledFlags[name];
  const lines = [
    `etcd.extraArgs.${name}`,
    `  ${modelled?.text ?? 'Known to etcd; without effect on the models.'}`,
    `  type      ${flag.type}, in etcd's own unit`,
    ...(modelled === undefined ? [] : [`  default   ${modelled.value}`]),
    `  versions  ${flag.since} to ${flag.until}`,
  ];
  return { found: true, text: lines.join('\n') };
}

function fieldText(path: string, field: Field): string {
  const facts = factsOf(field);
  const width = Math.max(...facts.map(([label]) => label.length));
  const lines = [path, `  ${field.description}`];
  for (const [label, text] of facts) lines.push(`  ${label.padEnd(width)}  ${text}`);
  const group = groupInside(field);
  if (group !== null) lines.push('', ...fieldLines(group));
  if (field.type === 'flags') lines.push('', ...flagLines());
  return lines.join('\n');
}

function groupText(group: Group): string {
  return [group.name, `  ${group.description}`, '', ...fieldLines(group)].join('\n');
}

function fieldLines(group: Group): string[] {
  const width = Math.max(...Object.keys(group.fields).map((name) => name.length));
  const lines: string[] = [];
  if (group.choose !== undefined) {
    const exactly = group.choose.required ? 'exactly' : 'at most';
    lines.push(`  ${exactly} one of: ${group.choose.among.join(', ')}`, '');
  }
  for (const [name, field] of Object.entries(group.fields)) {
    const value = defaultOf(field);
    lines.push(`  ${name.padEnd(width)}  ${field.description}${value === '' ? '' : ` [${value}]`}`);
  }
  return lines;
}

function flagLines(): string[] {
  const width = Math.max(...Object.keys(modelledFlags).map((name) => name.length));
  return Object.entries(modelledFlags).map(
    ([name, { text, value }]) => `  ${name.padEnd(width)}  ${text} [${value}]`,
  );
}
