import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { podStages } from '../../models/objects/index.ts';
import { type Summary, summarize } from '../../src/analyze/index.ts';
import { renderText } from '../../src/output/index.ts';
import type { PodCounts, PodReport, TimelineReport } from '../../src/run/index.ts';
import { buildRun, MS, makeScenario, S, type Script } from '../support/run-result.ts';

const test = suite('the report of a Kubernetes cluster');

const OPTIONS = { version: '0.1.0', modelRevision: 1 };
const NONE: PodCounts = {
  created: 0,
  started: 0,
  unscheduled: 0,
  starting: 0,
  deletedEarly: 0,
  failed: 0,
  notCreated: 0,
};

function pod(uid: number, changes: Partial<PodReport> & { readonly boundNs?: number }): PodReport {
  const { boundNs = null, ...rest } = changes;
  const stagesNs = podStages.map((stage) => (stage === 'bound' ? boundNs : null));
  const path = `default/web-${uid}`;
  return { uid, path, nodeName: 'node-0', stagesNs, attempts: 1, last: null, ...rest };
}

const nowhere = (uid: number, plugin: string, reason: string): PodReport =>
  pod(uid, {
    nodeName: '',
    last: {
      atNs: S,
      nodeName: '',
      nodesTotal: 10,
      nodesExamined: 10,
      nodesFeasible: 0,
      removed: [
        { plugin: 'TaintToleration', reason: 'untolerated taint', nodes: 1 },
        { plugin, reason, nodes: 9 },
      ],
      top: [],
      preemption: '',
    },
  });

function summaryOf(timeline: Partial<TimelineReport>, script?: Script): Summary {
  const scenario = makeScenario();
  const run = buildRun(scenario, {
    script,
    timeline: { counts: NONE, pods: [], messages: [], ...timeline },
  });
  return summarize([run], [{ scenario }], OPTIONS);
}

/** Cells of the row behind the row that begins with these words. */
function rowAfter(text: string, head: string): string[] {
  const rows = text.split('\n').map((line) => line.trim().split(/\s{2,}/));
  return rows[rows.findIndex((row) => row[0] === head) + 1];
}

test('counts of pods stand there always, also where all of them are none', () => {
  const text = renderText(summaryOf({}));
  assert.deepEqual(rowAfter(text, 'created'), ['0', '0', '0', '0', '0', '0', '0']);
});

test('pods without a node are told with the filter that removed most nodes', () => {
  const cpu = [1, 2, 3].map((uid) => nowhere(uid, 'NodeResourcesFit', 'Insufficient cpu'));
  const taint = nowhere(4, 'NodeAffinity', 'no match');
  const counts = { ...NONE, created: 6, started: 1, unscheduled: 4, starting: 1 };
  const summary = summaryOf({ counts, pods: [...cpu, taint] });
  assert.deepEqual(summary.points[0].pods?.reasons, [
    { reason: 'NodeResourcesFit: Insufficient cpu', pods: 3 },
    { reason: 'NodeAffinity: no match', pods: 1 },
  ]);
  const text = renderText(summary);
  assert.deepEqual(rowAfter(text, 'created'), ['6', '1', '4', '1', '0', '0', '0']);
  assert.ok(text.includes('No node for 3 pods, most nodes removed by NodeResourcesFit'));
});

test('scheduling throughput is that between the first and the last binding', () => {
  // 11 bindings, 100 ms apart: 10 in 1 s; any second, half open, has 10 of them.
  const pods = Array.from({ length: 11 }, (_, i) => pod(i, { boundNs: 2 * S + i * 100 * MS }));
  const { pods: found } = summaryOf({ pods }).points[0];
  assert.equal(found?.bindingsPerSecond, 10);
  assert.equal(found?.bindingsPerSecondMax, 10);
  assert.equal(summaryOf({ pods: [pods[0]] }).points[0].pods?.bindingsPerSecond, null);
});

const traffic: Script = (m, advanceTo) => {
  const labels = { verb: 'LIST', resource: 'pods', subresource: '', scope: 'cluster' };
  const list = m.tally('apiserver_request_sli_duration_seconds', labels);
  const path = { verb: 'LIST', resource: 'pods' };
  const stage = (name: string) =>
    m.tally('wavetank_api_request_stage_duration_seconds', { ...path, stage: name });
  const stages = [stage('etcd'), stage('encode')];
  const refused = { verb: 'POST', resource: 'pods', subresource: '', scope: 'resource' };
  const counters = ['201', '403', '429'].map((code) =>
    m.counter('apiserver_request_total', { ...refused, code }),
  );
  const level = { priority_level: 'workload-low', flow_schema: 'global-default' };
  const rejected = m.counter('apiserver_flowcontrol_rejected_requests_total', {
    ...level,
    reason: 'queue-full',
  });
  const limiter = (component: string) =>
    m.tally('rest_client_rate_limiter_duration_seconds', { component, verb: 'POST' });
  const limiters = [limiter('kube-controller-manager'), limiter('kube-scheduler')];
  advanceTo(2 * S);
  for (let i = 0; i < 200; i++) list.record(40 * MS);
  stages[0].record(3 * S);
  stages[1].record(S);
  counters[0].add(90);
  counters[1].add(2);
  counters[2].add(5);
  rejected.add(5);
  limiters[0].record(800 * MS);
  limiters[1].record(0);
};

test('calls are told with where their time goes, refusals with who refused them', () => {
  const summary = summaryOf({}, traffic);
  assert.equal(summary.points[0].pods?.rejected, 7);
  const text = renderText(summary);
  const row = rowAfter(text, 'call');
  assert.deepEqual(row.slice(0, 2), ['LIST pods', 'cluster']);
  assert.equal(row.at(-1), 'etcd 75.0 %');
  assert.ok(text.includes('of them answered 2 with 403, 5 with 429.'));
  assert.ok(
    text.includes(
      'Rejected by priority and fairness: 5 at priority level workload-low (queue-full)',
    ),
  );
});

test('a client that waits for its own limit is told as a bottleneck, one that does not is not', () => {
  const text = renderText(summaryOf({}, traffic));
  assert.deepEqual(rowAfter(text, 'component').slice(0, 2), ['kube-controller-manager', 'POST']);
  assert.ok(!text.includes('kube-scheduler'));
  assert.ok(!renderText(summaryOf({})).includes('throttle themselves'));
});

test('the table of an experiment has the pods of every point', () => {
  const scenario = makeScenario();
  const counts = { ...NONE, created: 5, started: 4, unscheduled: 1 };
  const timeline = { counts, pods: [], messages: [] };
  const runs = [0, 1].map((point) => buildRun(scenario, { point, timeline }));
  const points = ['10', '20'].map((nodes) => ({ scenario, axes: { nodes } }));
  const text = renderText(summarize(runs, points, OPTIONS));
  assert.deepEqual(rowAfter(text, 'nodes').slice(0, 3), ['10', '4', '1']);
});

test.run();
