import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { calledWebhooks } from '../../../models/apiserver/webhooks.ts';
import { parseScenario } from '../../../src/scenario/index.ts';

const test = suite('API server: admission plugins');

function namesWith(flags: string): string[] {
  const { scenario, problems } = parseScenario(
    `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: x }
horizon: 1s
etcd: { members: 1 }
kubernetes:
  kubeAPIServer:
    extraArgs: ${flags}
    webhooks:
      - { name: changes, kind: mutating }
      - { name: checks, kind: validating }
      - { name: converts, kind: conversion, resources: [customresources] }
`,
    { file: 'x.yaml' },
  );
  if (scenario?.kubernetes == null) throw new Error(JSON.stringify(problems));
  return calledWebhooks(scenario.kubernetes.apiServer).map(({ name }) => name);
}

test('webhooks are called by their plugins, which can be switched off', () => {
  assert.equal(namesWith('{}'), ['changes', 'checks', 'converts']);
  const off = '{ disable-admission-plugins: "MutatingAdmissionWebhook" }';
  assert.equal(namesWith(off), ['checks', 'converts']);
});

test.run();
