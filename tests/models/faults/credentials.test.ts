/**
 * Certificates that expire and clocks that err, on a small cluster from end to end: who looks, when
 * it looks, and by whose clock.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { parseScenario } from '../../../src/scenario/index.ts';
import {
  clusterOf,
  codesOf,
  type Ended,
  simulate,
  type Value,
} from '../../run/kubernetes-support.ts';

const test = suite('models/faults: certificates and tokens');

const ZONES = ['a', 'b', 'c'];

function run(faults: readonly Value[], horizon: string, more: Value = {}): Ended {
  const kubernetes = {
    controlPlane: { replicas: 3, topology: 'stacked', zones: ZONES },
    nodeGroups: [{ name: 'worker', count: 3, zones: ZONES }],
    ...more,
  };
  return simulate(clusterOf(kubernetes, { horizon, etcd: { version: '3.6', members: 3 }, faults }));
}

const code = (ended: Ended, status: string) => codesOf(ended).get(status) ?? 0;

function at(ended: Ended, kind: string, subject = ''): number[] {
  return ended.result.metrics.events
    .filter((row) => row.kind === kind && row.subject.startsWith(subject))
    .map(({ timeNs }) => Math.floor(timeNs / 1e9));
}

// The lease was renewed 10 s before at the latest; it is overdue 40 s later (grace period of 1.35:
// 50 s since 1.32), looked at every 5 s.
test('a kubelet with an expired certificate gets 401 with each request, and its node is lost', () => {
  const ended = run([{ at: '5s', expireCertificate: 'kubelet/worker-1', for: '70s' }], '100s');
  assert.ok(code(ended, '401') >= 6 * 5);
  const [notReady, ...others] = at(ended, 'nodeNotReady');
  assert.ok(notReady >= 45 && notReady <= 60);
  assert.deepEqual(others, []);
  assert.equal(at(ended, 'nodeUntainted', 'worker-1').length, 1);
  assert.equal(ended.result.outages[0].failed['401'], code(ended, '401'));
});

// Renew deadline 10 s, then the lease of 15 s runs out, and another replica takes it.
test('a scheduler whose certificate has expired leaves, and another one leads', () => {
  const ended = run([{ at: '5s', expireCertificate: 'kube-scheduler/0' }], '40s');
  assert.equal(at(ended, 'exit', 'kube-scheduler/0').length, 1);
  const later = at(ended, 'leading', 'kube-scheduler').filter((second) => second > 0);
  assert.equal(later.length, 1);
  assert.ok(later[0] >= 17 && later[0] <= 25);
  assert.equal(code(ended, '<error>'), 0);
});

test('an expired certificate of API servers stops new connections, and none that are open', () => {
  const expired = { at: '5s', expireCertificate: 'kube-apiserver/all', certificate: 'server' };
  const open = run([expired], '40s');
  assert.deepEqual([...codesOf(open).keys()], ['200']);
  const dialled = run(
    [expired, { at: '10s', restart: 'kube-apiserver/0', graceful: false }],
    '40s',
  );
  const [, restart] = dialled.result.outages;
  assert.ok(restart.failed.tls > 0);
  assert.equal(restart.ambiguous, 0);
  assert.equal(code(dialled, '401'), 0);
  const servers = at(dialled, 'exit', 'kube-scheduler/0').length;
  assert.equal(servers, 1);
});

test('members whose peer certificates have expired stay together until one restarts', () => {
  const faults = [{ at: '5s', expireCertificate: 'etcd/all', certificate: 'peer' }];
  const quiet = run(faults, '30s');
  assert.deepEqual(at(quiet, 'campaign'), []);
  const ended = run([...faults, { at: '10s', restart: 'etcd/2', graceful: false }], '40s');
  // It starts, reaches nobody and stays a candidate; its API server has no etcd for reads.
  assert.deepEqual(at(ended, 'campaign'), [10]);
  assert.deepEqual(at(ended, 'elected'), []);
  assert.deepEqual(at(ended, 'replicaHealthy'), []);
  assert.equal(at(ended, 'replicaUnhealthy', 'kube-apiserver/2').length, 1);
  const renewed = run(
    [
      { ...faults[0], for: '15s' },
      { at: '10s', restart: 'etcd/2', graceful: false },
    ],
    '40s',
  );
  assert.equal(at(renewed, 'replicaUnhealthy').length, at(renewed, 'replicaHealthy').length);
});

test('an API server whose certificate for etcd has expired serves on until it has to connect', () => {
  const expired = { at: '5s', expireCertificate: 'kube-apiserver/0', certificate: 'client' };
  assert.deepEqual([...codesOf(run([expired], '40s')).keys()], ['200']);
  const ended = run([expired, { at: '10s', restart: 'kube-apiserver/0', graceful: false }], '60s');
  assert.equal(at(ended, 'replicaHealthy', 'kube-apiserver/0').length, 0);
  assert.ok(at(ended, 'replicaUnhealthy', 'kube-apiserver/0').length > 0);
});

// A token of an agent is renewed every 2876 to 2886 s: two of five have one in 20 minutes. A server
// 10 min ahead issues a third of them; others take those after 10 min less the leeway of a minute.
test('a token of an API server whose clock is ahead is refused by others until they are there', () => {
  const agents = Array.from({ length: 24 }, (_, i) => ({
    name: `agent-${i}`,
    kind: 'deployment',
    lists: ['services'],
    watches: false,
    relist: '60s',
  }));
  const skewed = (by: string, horizon: string) =>
    run([{ at: '5s', clockStep: 'control-plane/0', by }], horizon, {
      agents,
      nodeGroups: [{ name: 'worker', count: 1, zones: ['a'] }],
    });
  const refused = code(skewed('10m', '20m'), '401');
  // One list a minute, 9 minutes for each token that is refused.
  assert.ok(refused > 0 && refused % 9 <= 3 && refused <= 24 * 9, `${refused}`);
  assert.equal(code(skewed('50s', '5m'), '401'), 0);
});

test('new nodes are refused by API servers that are more than 5 min behind the signer', () => {
  const joins = {
    nodeGroups: [{ name: 'worker', count: 1, joining: 2, joinAt: '10s', zones: ['a'] }],
  };
  const ahead = (by: string) => run([{ at: '5s', clockStep: 'control-plane/0', by }], '90s', joins);
  assert.ok(code(ahead('10m'), '401') > 0);
  assert.equal(code(ahead('4m'), '401'), 0);
});

// 30 pods, synced every 75 s: 0.4 requests a second from 48 min ahead on; 80 a day else.
test('a kubelet whose clock is far ahead asks for a token with each sync of a pod', () => {
  const objects = [
    { kind: 'Deployment', name: 'web', replicas: 30, template: { cpu: '10m', memory: '8MiB' } },
  ];
  const group = { nodeGroups: [{ name: 'worker', count: 1, zones: ['a'] }], objects };
  const tokens = (by: string) =>
    code(run([{ at: '5s', clockStep: 'node/worker-0', by }], '305s', group), '201');
  const storm = tokens('1h');
  assert.ok(storm > 90 && storm < 150, `${storm}`);
  assert.ok(tokens('-1h') <= 6);
});

test('what has no such certificate is told', () => {
  const problems = (fault: string) =>
    parseScenario(
      `apiVersion: wavetank/v1alpha1\nkind: Scenario\nmetadata: { name: x }\netcd: { members: 3 }\nfaults: [${fault}]\n`,
      { file: 'x.yaml' },
    ).problems.map(({ message }) => message);
  assert.deepEqual(problems('{ at: 1s, expireCertificate: etcd/0, certificate: client }'), [
    'etcd/0 has no client certificate here',
  ]);
  assert.deepEqual(problems('{ at: 1s, expireCertificate: etcd/0 }'), []);
});

test.run();
