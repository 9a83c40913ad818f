/** Loads and agents as read to what the models take. */

import {
  type ResourceName,
  resourceNames,
  type User,
  type Verb,
} from '../../../models/objects/index.ts';
import type { Checker } from '../checker.ts';
import type { AgentValue, LoadValue } from '../fields/kubernetes-load.ts';
import type { AgentScenario, LoadScenario } from '../kubernetes-types.ts';
import { objectSetOf, templateOf } from './pods.ts';

/** Users by name, as their certificates and tokens say. */
export function userOf(name: string, agent: string): User {
  if (name === 'kubernetes-admin') {
    return { name, groups: ['system:masters'], agent, authentication: 'x509' };
  }
  const account = /^system:serviceaccount:([^:]+):/.exec(name);
  if (account !== null) {
    return {
      name,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`],
      agent,
      authentication: 'serviceAccountToken',
    };
  }
  return { name, groups: ['system:authenticated'], agent, authentication: 'x509' };
}

function resourceOf(text: string, path: string, checker: Checker): ResourceName {
  const found = resourceNames.find((name) => name === text);
  if (found !== undefined) return found;
  checker.unknown(path, `there is no resource ${text}`, text, resourceNames, '');
  return 'pods';
}

export function loadOf(
  value: LoadValue,
  path: string,
  checker: Checker,
  priorities: ReadonlyMap<string, number>,
): LoadScenario {
  const base = {
    name: value.name,
    startNs: value.start,
    stopNs: value.stop,
    user: userOf(value.user, `load/${value.name}`),
    qps: value.qps,
    burst: value.burst,
  };
  if (value.create !== undefined) {
    const set = objectSetOf(
      { ...value.create, name: value.create.name ?? value.name },
      `${path}.create`,
      checker,
      priorities,
    );
    return { ...base, kind: 'create', set, ratePerSecond: value.rate };
  }
  if (value.churn !== undefined) {
    const { churn } = value;
    return {
      ...base,
      kind: 'churn',
      template: templateOf(churn.template, value.name, 'Deployment', {
        path: `${path}.churn.template`,
        checker,
        priorities,
      }),
      podsPerSecond: churn.pods,
      replicas: churn.replicas,
      lifetimeNs: churn.lifetime,
      namespaces: churn.namespaces,
      arrivals: churn.arrivals,
    };
  }
  const change = changeOf(value, path, checker, priorities);
  if (change !== null) return { ...base, ...change };
  if (value.kubectl !== undefined) {
    const command = value.kubectl.trim().split(/\s+/);
    return { ...base, kind: 'kubectl', command, everyNs: value.every };
  }
  return { ...base, ...requestsOf(value, path, checker) };
}

function changeOf(
  value: LoadValue,
  path: string,
  checker: Checker,
  priorities: ReadonlyMap<string, number>,
) {
  const none = { replicas: 0, replicasMax: 0, template: null, overNs: value.over };
  if (value.scale !== undefined) {
    const { target, replicas, replicasMax = replicas } = value.scale;
    if (replicasMax < replicas) {
      checker.at(`${path}.scale.replicasMax`, 'WT1105', 'is below replicas', {
        expected: `${replicas} or more`,
      });
    }
    return { ...none, kind: 'scale' as const, target, replicas, replicasMax };
  }
  if (value.rollout !== undefined) {
    const { target, template } = value.rollout;
    if (template === undefined) return { ...none, kind: 'rollout' as const, target };
    const place = { path: `${path}.rollout.template`, checker, priorities };
    const changed = templateOf(template, target, 'Deployment', place);
    // The labels of before are kept: its selector names them.
    return {
      ...none,
      kind: 'rollout' as const,
      target,
      template: { ...changed, labels: template.labels },
    };
  }
  if (value.delete !== undefined) {
    return { ...none, kind: 'delete' as const, target: value.delete.target };
  }
  return null;
}

function requestsOf(value: LoadValue, path: string, checker: Checker) {
  const requests = value.requests;
  if (requests !== undefined && requests.rate === undefined && requests.clients === undefined) {
    checker.at(`${path}.requests`, 'WT1105', 'rate or clients is missing', {
      expected: 'rate: 10/s (open loop) or clients: 4 (closed loop)',
    });
  }
  const resource =
    requests === undefined
      ? 'pods'
      : resourceOf(requests.resource, `${path}.requests.resource`, checker);
  return {
    kind: 'requests' as const,
    // The field's choices are verbs.
    verb: (requests?.verb ?? 'get') as Verb,
    resource,
    subresource: '' as const,
    scope: requests?.scope ?? 'cluster',
    consistency: requests?.consistency ?? 'consistent',
    limit: requests?.limit ?? 0,
    selects: requests?.selects ?? 1,
    ratePerSecond: requests?.rate ?? 0,
    clients: requests?.rate === undefined ? (requests?.clients ?? 1) : 0,
    arrivals: 'poisson' as const,
    bytes: requests?.size ?? 1000,
  };
}

export function agentOf(value: AgentValue, path: string, checker: Checker): AgentScenario {
  return {
    name: value.name,
    kind: value.kind,
    count: value.count,
    lists: value.lists.map((name, i) => resourceOf(name, `${path}.lists[${i}]`, checker)),
    watches: value.watches,
    relistNs: value.relist,
    consistency: value.consistency,
    ownNodeOnly: value.ownNodeOnly,
    user: userOf(value.user, value.name),
  };
}
