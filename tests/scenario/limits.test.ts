import * as assert from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  initTemplate,
  type Problem,
  parseScenario,
  problemCodes,
  renderProblem,
} from '../../src/scenario/index.ts';

const test = suite('scenario files that nobody meant');
const HEAD = 'apiVersion: wavetank/v1alpha1\nkind: Scenario\nmetadata: { name: x }\n';

function problemsOf(text: string): readonly Problem[] {
  return parseScenario(text, { file: 'x.yaml' }).problems;
}

function codesOf(text: string): string[] {
  return problemsOf(text).map((problem) => problem.code);
}

test('A file of 100 MB is refused before it is parsed.', () => {
  const problems = problemsOf('a: b\n'.repeat(20_000_000));
  assert.deepEqual(
    problems.map((p) => p.code),
    ['WT1013'],
  );
  assert.equal(problems[0].message, 'the file has 100 MB');
});

test('Aliases that multiply are stopped at the limit.', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 30; i++) {
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  }
  assert.deepEqual(codesOf(HEAD + lines.join('\n')), ['WT1014']);
});

test('Merge keys that multiply are stopped at the limit.', () => {
  const lines = ['a0: &a0 { k: [x, x, x, x, x, x, x, x] }'];
  for (let i = 1; i < 30; i++) {
    const keys = Array.from({ length: 9 }, (_, k) => `k${k}: *a${i - 1}`).join(', ');
    lines.push(`a${i}: &a${i} { <<: *a${i - 1}, ${keys} }`);
  }
  assert.deepEqual(codesOf(HEAD + lines.join('\n')), ['WT1014']);
});

test('Lists and mappings nested without end are stopped, whatever their depth.', () => {
  for (const depth of [101, 150, 5000, 1_000_000]) {
    const flow = `${HEAD}a: ${'['.repeat(depth)}${']'.repeat(depth)}`;
    const flowMaps = `${HEAD}a: ${'{ a: '.repeat(depth)}`;
    const dashes = `${HEAD}a:\n  ${'- '.repeat(depth)}`;
    for (const text of [flow, flowMaps, dashes]) assert.equal(codesOf(text)[0], 'WT1014');
  }
  const steps = Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`);
  assert.deepEqual(codesOf(HEAD + steps.join('\n')), ['WT1014']);
});

test('Binary files and texts that are not UTF-8 are named as such.', () => {
  assert.deepEqual(codesOf(`${HEAD}\0`), ['WT1012']);
  assert.deepEqual(codesOf(`${HEAD}# caf\uFFFD`), ['WT1012']);
  assert.deepEqual(codesOf('k\0i\0n\0d\0'), ['WT1012']);
});

test('A byte order mark and CRLF change nothing but are counted in no column.', () => {
  const text = `${HEAD}horizon: 60\n`;
  const [plain] = problemsOf(text);
  const [marked] = problemsOf(`\uFEFF${text.replace(/\n/g, '\r\n')}`);
  assert.deepEqual([marked.line, marked.column], [plain.line, plain.column]);
  assert.deepEqual([plain.line, plain.column], [4, 10]);
});

test('The first hundred mistakes are shown, and that there are more.', () => {
  const lines = Array.from({ length: 300 }, (_, i) => `field${i}: 1`);
  const problems = problemsOf(HEAD + lines.join('\n'));
  assert.equal(problems.length, 101);
  assert.equal(problems[100].code, 'WT1019');
  assert.equal(problems[100].message, '200 more mistakes are not shown');
});

test('Many keys in one mapping cost linear time.', () => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `  k${i}: 1us`);
  assert.deepEqual(codesOf(`${HEAD}constants:\n${lines.join('\n')}`), []);
});

test('Keys with the names of inherited properties are unknown like any other.', () => {
  const codes = codesOf(`${HEAD}toString: 1\n__proto__: 2\nconstructor: { a: b }\n`);
  assert.deepEqual(codes, ['WT1002', 'WT1002', 'WT1002']);
});

/** Whatever is wrong, it is said with a known code and a place inside the text. */
function checkProblems(text: string, problems: readonly Problem[]): void {
  const lines = text.split('\n');
  for (const problem of problems) {
    assert.ok(Object.hasOwn(problemCodes, problem.code));
    assert.ok(problem.message !== '' && !problem.message.includes('undefined'), problem.message);
    assert.ok(!renderProblem(problem).includes('undefined'), renderProblem(problem));
    if (problem.line === 0) continue;
    assert.ok(problem.line <= lines.length, `line ${problem.line} of ${lines.length}`);
    assert.ok(problem.column <= lines[problem.line - 1].length + 1, renderProblem(problem));
  }
}

test('A template that is cut off or changed anywhere is read or refused, never thrown at.', () => {
  const template = initTemplate();
  const piece = fc.constantFrom(
    '',
    ':',
    '- ',
    '{',
    ']',
    '"',
    '&a ',
    '*a',
    '\n',
    '\t',
    '5',
    'null',
    '<<: ',
  );
  const index = fc.nat({ max: template.length });
  fc.assert(
    fc.property(index, fc.nat({ max: 30 }), piece, (at, length, text) => {
      const changed = template.slice(0, at) + text + template.slice(at + length);
      checkProblems(changed, problemsOf(changed));
      const cut = template.slice(0, at);
      checkProblems(cut, problemsOf(cut));
    }),
    { numRuns: 150 },
  );
});

test('A mapping of anything in place of any field is read or refused, and never throws.', () => {
  const fields = [
    'horizon',
    'warmup',
    'etcd',
    'hosts',
    'network',
    'workload',
    'faults',
    'thresholds',
  ];
  const inner = [
    'members',
    'disk',
    'fsync',
    'name',
    'at',
    'op',
    'kill',
    'extraArgs',
    'overrides',
    'x',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>('5ms', 'etcd/0', 7, null, true, '', 'put', '10/s', -1, 'forever'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...inner), tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 4 }), (content) => {
      // JSON is YAML.
      const text = JSON.stringify({
        apiVersion: 'wavetank/v1alpha1',
        kind: 'Scenario',
        metadata: { name: 'x' },
        ...content,
      });
      checkProblems(text, problemsOf(text));
    }),
    { numRuns: 300 },
  );
});

test.run();
