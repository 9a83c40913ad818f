import * as assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { claimsPage, judgeClaim, type ThresholdRow } from '../../scripts/generate-claims.ts';
import { nodeIo } from '../../src/cli/io.ts';
import { parseScenario } from '../../src/scenario/index.ts';

const test = suite('claims');

const FILE = `apiVersion: wavetank/v1alpha1
kind: Experiment
metadata: { name: skew }
question: Does skew matter?
base: { etcd: { members: 3 } }
sweep: [{ name: clock, points: { right: {}, wrong: {} } }]
claims:
  - { name: storm, claim: Skew causes storms., verdict: 'false' }
thresholds:
  - metric: etcd_server_leader_changes_seen_total
    expect: count == 0
    claim: storm
    shows: leader changes
    where: { clock: wrong }
`;

function claimsOf(text: string) {
  const { experiment, problems } = parseScenario(text, { file: 'skew.yaml' });
  return { claims: experiment?.claims ?? [], codes: problems.map(({ code }) => code) };
}

const row: ThresholdRow = {
  point: '1',
  metric: 'etcd_server_leader_changes_seen_total',
  expect: 'count == 0',
  window: 'all',
  unit: '1',
  value: '0',
  verdict: 'pass',
};

test('A claim has the points at which its thresholds are judged.', () => {
  const { claims, codes } = claimsOf(FILE);
  assert.deepEqual(codes, []);
  assert.deepEqual(claims[0].figures[0].points, [1]);
});

test('A verdict stands while its figures hold, and falls with one of them.', () => {
  const [claim] = claimsOf(FILE).claims;
  const good = judgeClaim(claim, [{ ...row, point: '0', value: '7', verdict: 'fail' }, row]);
  assert.equal(good.verdict, '**false**');
  assert.deepEqual(good.figures, ['leader changes: 0 (count == 0)']);
  const missed = judgeClaim(claim, [{ ...row, value: '3', verdict: 'fail' }]);
  assert.match(missed.verdict, /not shown/);
  assert.deepEqual(missed.figures, ['leader changes: 3 (missed count == 0)']);
  assert.match(judgeClaim(claim, []).verdict, /not shown/);
});

test('A claim without thresholds, an unknown claim and a missing condition are mistakes.', () => {
  assert.deepEqual(claimsOf(FILE.replace('claim: storm', 'claim: strom')).codes.sort(), [
    'WT1605',
    'WT1606',
  ]);
  assert.deepEqual(claimsOf(FILE.replace("verdict: 'false'", 'verdict: undecided')).codes, [
    'WT1003',
  ]);
});

test('docs/claims.md is as scripts/generate-claims.ts writes it.', () => {
  const io = nodeIo();
  const page = readFileSync(join(io.packageRoot, 'docs', 'claims.md'), 'utf8');
  assert.equal(page, claimsPage(io.packageRoot, io));
});

test.run();
