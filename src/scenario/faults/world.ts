/** Verbs of the world around a control plane. */
import type { DistributionSpec } from '../../dist/index.ts';
import { distributionNode } from '../print-distribution.ts';
import { formatUnit } from '../units.ts';
import { type OfPart, partOf, type TargetClass, type VerbSpecs } from './verb.ts';

export type WorldAction = ServiceAction | NodeAction | OperatorAction;

export type ServiceAction =
  | {
      readonly kind: 'webhook';
      readonly webhook: string;
      readonly outage: 'none' | 'refused' | 'timeout' | 'error';
      /** null: as fast as ever. */
      readonly latency: DistributionSpec | null;
    }
  | {
      readonly kind: 'registry';
      readonly state: 'down' | 'slow';
      /** '': all of them. */
      readonly group: string;
      /** slow: of all nodes together. */
      readonly bytesPerSecond: number;
    }
  | { readonly kind: 'cloudApi'; readonly state: 'down' | 'throttled'; readonly qps: number }
  | { readonly kind: 'deadBackend'; readonly target: string };

export type NodeAction =
  | ({
      readonly kind: 'hangRuntime';
      readonly target: string;
      readonly hangs: 'everything' | 'lists';
    } & OfPart)
  | ({ readonly kind: 'cniDown'; readonly target: string } & OfPart)
  | ({
      readonly kind: 'pressure';
      readonly target: string;
      readonly of: 'memory' | 'disk' | 'pid';
      readonly takes: number;
    } & OfPart)
  | { readonly kind: 'crashLoop'; readonly set: string; readonly runs: DistributionSpec }
  | ({
      readonly kind: 'eventStorm';
      readonly target: string;
      readonly eventsPerSecond: number;
      readonly about: number;
    } & OfPart);

export type OperatorAction =
  | ({ readonly kind: 'cordon'; readonly target: string } & OfPart)
  | ({ readonly kind: 'uncordon'; readonly target: string } & OfPart)
  | ({
      readonly kind: 'drain';
      readonly target: string;
      readonly parallel: number;
      /** NaN: what each pod says. */
      readonly graceNs: number;
      readonly force: boolean;
      readonly ignoreDaemonSets: boolean;
      readonly disableEviction: boolean;
    } & OfPart);

const NODES: readonly TargetClass[] = ['node', 'zone'];

const serviceSpecs: VerbSpecs<ServiceAction> = {
  webhook: {
    targets: [],
    read: (fault) => ({
      kind: 'webhook',
      webhook: fault.webhook ?? '',
      outage: fault.outage ?? 'none',
      latency: fault.latency?.spec ?? null,
    }),
    check: ({ webhook, outage, latency }, { names, path, checker }) => {
      const known = names.kubernetes?.apiServer.webhooks.map(({ name }) => name) ?? [];
      if (!known.includes(webhook)) {
        checker.unknown(`${path}.webhook`, `there is no webhook ${webhook}`, webhook, known);
      }
      if ((outage === 'none') === (latency === null)) {
        checker.at(path, 'WT1009', 'webhook needs outage or latency, and not both', {
          hint: 'for example outage: timeout, or latency: 5s',
        });
      }
    },
    print: ({ webhook, outage, latency }) => ({
      webhook,
      ...(outage === 'none' ? {} : { outage }),
      ...(latency === null ? {} : { latency: distributionNode(latency, 'duration') }),
    }),
  },
  registry: {
    targets: [],
    read: (fault) => ({
      kind: 'registry',
      state: fault.registry ?? 'down',
      group: fault.group ?? '',
      bytesPerSecond: fault.bandwidth ?? Number.POSITIVE_INFINITY,
    }),
    check: ({ state, group, bytesPerSecond }, { names, path, checker }) => {
      const known = names.kubernetes?.nodeGroups.map(({ name }) => name) ?? [];
      if (known.length === 0) checker.at(`${path}.registry`, 'WT1109', 'there are no nodes here');
      if (group !== '' && !known.includes(group)) {
        checker.unknown(`${path}.group`, `there is no node group ${group}`, group, known);
      }
      const isSlow = state === 'slow';
      if (isSlow === (bytesPerSecond === Number.POSITIVE_INFINITY) || (isSlow && group !== '')) {
        checker.at(
          path,
          'WT1009',
          'a slow registry has a bandwidth for all; one that is down none',
          {
            hint: 'for example registry: slow, bandwidth: 10MB/s',
          },
        );
      }
    },
    print: ({ state, group, bytesPerSecond }) => ({
      registry: state,
      ...(group === '' ? {} : { group }),
      ...(state === 'down' ? {} : { bandwidth: formatUnit('bandwidth', bytesPerSecond) }),
    }),
  },
  cloudApi: {
    targets: [],
    read: (fault) => ({
      kind: 'cloudApi',
      state: fault.cloudApi ?? 'down',
      qps: fault.qps ?? Number.POSITIVE_INFINITY,
    }),
    check: ({ state, qps }, { names, path, checker }) => {
      if (names.kubernetes?.cloud == null) {
        checker.at(`${path}.cloudApi`, 'WT1109', 'this cluster has no cloud', {
          hint: 'give it a cloudControllerManager',
        });
      }
      if ((state === 'throttled') !== (qps === Number.POSITIVE_INFINITY)) return;
      checker.at(path, 'WT1009', 'cloudApi: throttled needs qps, and down has none', {
        hint: 'for example cloudApi: throttled, qps: 0.5',
      });
    },
    print: ({ state, qps }) => ({ cloudApi: state, ...(state === 'down' ? {} : { qps }) }),
  },
  deadBackend: {
    targets: ['apiServer'],
    read: (fault) => ({ kind: 'deadBackend', target: fault.deadBackend ?? '' }),
    check: (_, { names, path, checker }) => {
      if (names.kubernetes?.apiServer.loadBalancer === 'loadBalancer') return;
      checker.at(`${path}.deadBackend`, 'WT1109', 'there is no load balancer', {
        hint: 'a control plane of several replicas has one: kubeAPIServer.loadBalancer',
      });
    },
  },
};

const nodeSpecs: VerbSpecs<NodeAction> = {
  hangRuntime: {
    targets: NODES,
    read: (fault) => ({
      kind: 'hangRuntime',
      target: fault.hangRuntime ?? '',
      hangs: fault.hangs,
      ...partOf(fault),
    }),
    print: ({ hangs }) => ({ hangs }),
  },
  cniDown: {
    targets: NODES,
    read: (fault) => ({ kind: 'cniDown', target: fault.cniDown ?? '', ...partOf(fault) }),
  },
  pressure: {
    targets: NODES,
    read: (fault) => ({
      kind: 'pressure',
      target: fault.pressure ?? '',
      of: fault.of,
      takes: fault.takes,
      ...partOf(fault),
    }),
    print: ({ of, takes }) => ({ of, takes: formatUnit('ratio', takes) }),
  },
  crashLoop: {
    targets: [],
    read: (fault) => ({ kind: 'crashLoop', set: fault.crashLoop ?? '', runs: fault.runs.spec }),
    check: ({ set }, { names, path, checker }) => {
      const { objects = [], load = [] } = names.kubernetes ?? {};
      const sets = [...objects, ...load.flatMap((l) => (l.kind === 'create' ? [l.set] : []))];
      const known = sets.filter(({ template }) => template !== null).map(({ name }) => name);
      for (const { kind, name } of load) {
        if (kind === 'create' || kind === 'churn') known.push(name);
      }
      if (known.includes(set)) return;
      checker.unknown(`${path}.crashLoop`, `no pods are made by ${set}`, set, [...new Set(known)]);
    },
    print: ({ set, runs }) => ({ crashLoop: set, runs: distributionNode(runs, 'duration') }),
  },
  eventStorm: {
    targets: ['node', 'zone', 'component'],
    read: (fault) => ({
      kind: 'eventStorm',
      target: fault.eventStorm ?? '',
      eventsPerSecond: fault.eventRate,
      about: fault.about,
      ...partOf(fault),
    }),
    print: ({ eventsPerSecond, about }) => ({
      eventRate: formatUnit('rate', eventsPerSecond),
      about,
    }),
  },
};

const operatorSpecs: VerbSpecs<OperatorAction> = {
  cordon: {
    targets: NODES,
    read: (fault) => ({ kind: 'cordon', target: fault.cordon ?? '', ...partOf(fault) }),
  },
  uncordon: {
    targets: NODES,
    read: (fault) => ({ kind: 'uncordon', target: fault.uncordon ?? '', ...partOf(fault) }),
  },
  drain: {
    targets: NODES,
    read: (fault) => ({
      kind: 'drain',
      target: fault.drain ?? '',
      parallel: fault.parallel,
      graceNs: fault.grace ?? Number.NaN,
      force: fault.force,
      ignoreDaemonSets: fault.ignoreDaemonSets,
      disableEviction: fault.disableEviction,
      ...partOf(fault),
    }),
    print: ({ graceNs, parallel, force, ignoreDaemonSets, disableEviction }) => ({
      parallel,
      ...(Number.isNaN(graceNs) ? {} : { grace: formatUnit('duration', graceNs) }),
      force,
      ignoreDaemonSets,
      disableEviction,
    }),
  },
};

export const worldSpecs: VerbSpecs<WorldAction> = {
  ...serviceSpecs,
  ...nodeSpecs,
  ...operatorSpecs,
};
