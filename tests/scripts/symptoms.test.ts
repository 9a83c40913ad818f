import * as assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import type { ThresholdRow } from '../../scripts/generate-claims.ts';
import { symptomSection, symptomsPage } from '../../scripts/generate-symptoms.ts';
import { nodeIo } from '../../src/cli/io.ts';
import { parseScenario } from '../../src/scenario/index.ts';

const test = suite('symptoms');

const FILE = `apiVersion: wavetank/v1alpha1
kind: Experiment
metadata: { name: lost }
question: Who lost the leader?
base: { etcd: { members: 3 } }
sweep: [{ name: cause, points: { none: {}, disk: {}, pause: {} } }]
symptoms:
  - { name: lost, symptom: The leader is lost. }
thresholds:
  - metric: etcd_server_leader_changes_seen_total
    expect: count > 0
    symptom: lost
    cause: the disk stalls
    shows: leader changes
    where: { cause: disk }
  - metric: etcd_server_has_leader
    expect: min > 0
    symptom: lost
    where: { cause: [none, pause] }
  - metric: etcd_server_proposals_failed_total
    expect: count == 0
    symptom: lost
    cause: the disk stalls
    where: { cause: disk }
`;

function symptomsOf(text: string) {
  const { experiment, problems } = parseScenario(text, { file: 'lost.yaml' });
  return { symptoms: experiment?.symptoms ?? [], codes: problems.map(({ code }) => code) };
}

const row: ThresholdRow = {
  point: '1',
  metric: 'etcd_server_leader_changes_seen_total',
  expect: 'count > 0',
  window: 'all',
  unit: '1',
  value: '2',
  verdict: 'pass',
};

test('A symptom has causes in the order of the thresholds, each with its figures and points.', () => {
  const { symptoms, codes } = symptomsOf(FILE);
  assert.deepEqual(codes, []);
  assert.deepEqual(
    symptoms[0].causes.map(({ cause, figures }) => [cause, figures.map(({ points }) => points)]),
    [
      ['the disk stalls', [[1], [1]]],
      ['none, pause', [[0, 2]]],
    ],
  );
});

test('A section shows the figures of a cause, and what was not run or was missed.', () => {
  const [symptom] = symptomsOf(FILE).symptoms;
  const section = symptomSection(symptom, [row], 'lost');
  assert.match(section, /^\n## The leader is lost\.\n/);
  assert.match(section, /\| the disk stalls \| leader changes: 2 \(count > 0\); .*: not run \|/);
  const missed = symptomSection(symptom, [{ ...row, value: '0', verdict: 'fail' }], 'lost');
  assert.match(missed, /leader changes: 0 \(missed count > 0\)/);
});

test('An unknown symptom, and one without a cause, are mistakes.', () => {
  const unknown = FILE.replace('name: lost, symptom', 'name: last, symptom');
  assert.deepEqual(symptomsOf(unknown).codes, ['WT1606', 'WT1605', 'WT1605', 'WT1605']);
});

test('docs/symptoms.md is as scripts/generate-symptoms.ts writes it.', () => {
  const io = nodeIo();
  const page = readFileSync(join(io.packageRoot, 'docs', 'symptoms.md'), 'utf8');
  assert.equal(page, symptomsPage(io.packageRoot, io));
});

test.run();
