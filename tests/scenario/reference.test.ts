import * as assert from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import { parse } from 'yaml';
import { parseTree } from '../../src/scenario/document.ts';
import { etcdFlags, modelledFlags, replacedFlags } from '../../src/scenario/etcd-flags.ts';
import { allPaths, fileGroups, groupInside } from '../../src/scenario/explain.ts';
import type { Field, Group } from '../../src/scenario/field.ts';
import { distributionGroup } from '../../src/scenario/fields/distribution.ts';
import {
  explain,
  initTemplate,
  jsonSchema,
  parseScenario,
  problemCodes,
  referencePages,
} from '../../src/scenario/index.ts';
import { ProblemList } from '../../src/scenario/problem.ts';
import { Reader } from '../../src/scenario/read.ts';
import { schemaErrors } from '../oracles/json-schema.ts';
import { scenarioValue } from './arbitrary.ts';
import { profiles } from './story.ts';

const test = suite('field table');

/** Every group that there is, each once. */
function allGroups(): Group[] {
  const groups: Group[] = [];
  const visit = (group: Group) => {
    if (groups.includes(group)) return;
    groups.push(group);
    for (const field of Object.values(group.fields)) {
      const inside = groupInside(field);
      if (inside !== null) visit(inside);
    }
  };
  for (const group of fileGroups) visit(group);
  return groups;
}

const allFields = allGroups().flatMap((group) =>
  Object.entries(group.fields).map(([name, field]) => ({ name: `${group.name}.${name}`, field })),
);

test('The pages of docs/reference are as scripts/generate-reference.ts writes them.', () => {
  const folder = new URL('../../docs/reference/', import.meta.url);
  for (const [name, text] of Object.entries(referencePages())) {
    assert.equal(readFileSync(new URL(name, folder), 'utf8'), text, name);
  }
});

/** Reads a text as the value of a field and gives the problems. */
function problemsOf(field: Field, text: string): string[] {
  const problems = new ProblemList();
  const reader = new Reader({
    problems,
    profiles,
    distributions: new Map(),
    reader: () => ({ text: '1\n' }),
  });
  const node = parseTree({ file: 'example', text }, problems);
  if (node !== null) reader.value(field, node, 'x');
  return problems.finish().map((problem) => `${problem.code} ${problem.message}`);
}

test('Every example and every default of every field can be read.', () => {
  assert.ok(allFields.length > 150);
  for (const { name, field } of allFields) {
    for (const text of [field.example, field.default]) {
      if (text === undefined || text === '') continue;
      const quoted = field.type === 'string' && !/^['"]/.test(text) ? JSON.stringify(text) : text;
      assert.deepEqual(problemsOf(field, quoted), [], `${name}: ${text}`);
    }
  }
});

test('Every field is described in a sentence and has an example, a default or fields.', () => {
  for (const { name, field } of allFields) {
    assert.match(field.description, /^[a-zA-Z`/0-9].*[.)]$/, name);
    const holds = groupInside(field) !== null && field.type !== 'distribution';
    const shown = field.example ?? field.default ?? field.defaultNote;
    assert.ok(holds || shown !== undefined || field.required, `${name} has no example`);
  }
});

test('Groups have different names, and shorthands and choices name their own fields.', () => {
  const groups = allGroups();
  const names = groups.map((group) => group.name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, fields, choose, shorthand, listShorthand } of groups) {
    for (const key of [...(choose?.among ?? []), shorthand, listShorthand]) {
      assert.ok(key === undefined || Object.hasOwn(fields, key), `${name}.${key}`);
    }
  }
});

test('Every path is explained, by itself and through lists and mappings.', () => {
  for (const group of fileGroups.slice(0, 2)) {
    const prefix = group.name === 'experiment' ? 'experiment.' : '';
    for (const { path, field } of allPaths(group)) {
      const explained = explain(prefix + path);
      assert.ok(explained.found, path);
      assert.ok(explained.text.includes(field.description), path);
    }
  }
  for (const path of Object.keys(distributionGroup('duration').fields)) {
    assert.ok(explain(`etcd.disk.fsync.${path}`).found);
  }
  for (const code of Object.keys(problemCodes)) assert.ok(explain(code).found);
  for (const flag of etcdFlags.keys()) assert.ok(explain(`etcd.extraArgs.${flag}`).found);
});

test('A path that is not there is told with the nearest one.', () => {
  assert.deepEqual(explain('etcd.membres'), {
    found: false,
    message: 'there is no field membres in etcd',
    nearest: 'members',
  });
  assert.deepEqual(explain('etcd.members.x'), {
    found: false,
    message: 'etcd.members is a single value',
    nearest: '',
  });
  for (const path of [
    '',
    '..',
    '[',
    'a[',
    'etcd..x',
    '"',
    'toString',
    '__proto__',
    'etcd.toString',
  ]) {
    const explained = explain(path);
    assert.ok(path === '' ? explained.found : !explained.found, path);
  }
});

test('Flags that are modelled or replaced are flags of etcd.', () => {
  for (const flag of Object.keys(modelledFlags)) assert.ok(etcdFlags.has(flag), flag);
  for (const flag of Object.keys(replacedFlags)) assert.ok(etcdFlags.has(flag), flag);
  assert.ok(etcdFlags.size > 130);
});

test('The scenario that `init` writes is valid and has no placeholder left.', () => {
  const text = initTemplate();
  assert.ok(!text.includes('{{'));
  assert.deepEqual(parseScenario(text, { file: 'x' }).problems, []);
});

test('The JSON Schema takes every scenario that the reader takes.', () => {
  const schema = jsonSchema();
  assert.deepEqual(schemaErrors(parse(initTemplate()), schema), []);
  fc.assert(
    fc.property(scenarioValue, (value) => {
      assert.deepEqual(schemaErrors(value, schema), []);
    }),
    { numRuns: 60 },
  );
});

test('The JSON Schema refuses what the reader refuses by form.', () => {
  const schema = jsonSchema();
  const head = { apiVersion: 'wavetank/v1alpha1', kind: 'Scenario', metadata: { name: 'x' } };
  assert.deepEqual(schemaErrors(head, schema), []);
  const bad = [
    { horizon: '60' },
    { horizont: '60s' },
    { etcd: { members: 'three' } },
    { etcd: { disk: { fsync: { constant: '1ms', exponential: '1ms' } } } },
    { workload: [{ name: 'a', op: 'putt', rate: '5/s' }] },
    { workload: [{ name: 'a', op: 'put' }] },
    { faults: [{ at: '5s' }] },
    { kind: 'Deployment' },
  ];
  for (const part of bad) {
    assert.notDeepEqual(schemaErrors({ ...head, ...part }, schema), [], JSON.stringify(part));
  }
});

test('Every code is met in a story or is listed here with the test that meets it.', () => {
  const folder = new URL('../testdata/scenario/', import.meta.url);
  const stories = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const elsewhere = ['WT1012', 'WT1013', 'WT1014', 'WT1019', 'WT1111', 'WT1602'];
  const missing = Object.keys(problemCodes).filter(
    (code) => !elsewhere.includes(code) && !stories.some((story) => story.includes(`\n${code} `)),
  );
  assert.deepEqual(missing, []);
});

test.run();
