/**
 * Priority levels and flow schemas that every cluster has (kubernetes/apiserver
 * pkg/apis/flowcontrol/bootstrap/default.go, v1), and those that a scenario puts over or beside
 * them.
 */

import type { FlowSchemaScenario, PriorityLevelScenario } from '../../../src/scenario/types.ts';
import type { ApiCall, Subresource, User } from '../../objects/index.ts';

export interface PriorityLevel {
  readonly name: string;
  /** Exempt: never limited; its demand still counts when seats are lent. */
  readonly exempt: boolean;
  readonly shares: number;
  readonly lendablePercent: number;
  /** Infinity = whatever others lend. */
  readonly borrowingLimitPercent: number;
  /** 0 = what finds no seat is rejected. */
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

export type Distinguisher = 'user' | 'namespace' | 'none';

export interface FlowSchema {
  readonly name: string;
  readonly level: string;
  /** Lower is asked first; equal ones by name. */
  readonly precedence: number;
  readonly distinguisher: Distinguisher;
  /** Decided once per user. */
  matchesUser(user: User): boolean;
  /** By its verb, resource and subresource alone, unless `looksAtNamespace`. */
  matchesCall(call: ApiCall): boolean;
  readonly looksAtNamespace: boolean;
}

const QUEUE_LENGTH_LIMIT = 50;

function level(
  name: string,
  shares: number,
  lendablePercent: number,
  queues: number,
  handSize: number,
): PriorityLevel {
  return {
    name,
    exempt: name === 'exempt',
    shares,
    lendablePercent,
    borrowingLimitPercent: Infinity,
    queues,
    handSize,
    queueLengthLimit: QUEUE_LENGTH_LIMIT,
  };
}

const LEVELS: readonly PriorityLevel[] = [
  level('exempt', 0, 0, 0, 0),
  level('system', 30, 33, 64, 6),
  level('node-high', 40, 25, 64, 6),
  level('leader-election', 10, 0, 16, 4),
  level('workload-high', 40, 50, 128, 6),
  level('workload-low', 100, 90, 128, 6),
  level('global-default', 20, 50, 128, 6),
  level('catch-all', 5, 0, 0, 0),
];

const everyCall = (): boolean => true;
const everyUser = (): boolean => true;

function isLeaderElection(call: ApiCall): boolean {
  const { verb, resource } = call;
  if (verb !== 'get' && verb !== 'create' && verb !== 'update') return false;
  if ((call.subresource ?? '') !== '') return false;
  if (resource === 'leases') return true;
  if (resource !== 'endpoints' && resource !== 'configmaps') return false;
  return namespaceOf(call) === 'kube-system';
}

function isEndpoints(call: ApiCall): boolean {
  const { verb } = call;
  return (
    call.resource === 'endpoints' && (verb === 'get' || verb === 'create' || verb === 'update')
  );
}

const NODE_SUBRESOURCES: readonly (Subresource | undefined)[] = [undefined, '', 'status'];

function isNodeHigh(call: ApiCall): boolean {
  if (call.resource === 'nodes') return NODE_SUBRESOURCES.includes(call.subresource);
  return call.resource === 'leases';
}

function inGroup(...groups: readonly string[]) {
  return (user: User): boolean => user.groups.some((group) => groups.includes(group));
}

function named(...names: readonly string[]) {
  return (user: User): boolean => names.includes(user.name);
}

const KCM = 'system:kube-controller-manager';
const SCHEDULER = 'system:kube-scheduler';
const KUBE_SYSTEM_ACCOUNT = 'system:serviceaccount:kube-system:';

function isKubeSystemAccount(user: User): boolean {
  return user.name.startsWith(KUBE_SYSTEM_ACCOUNT);
}

function isServiceAccount(user: User): boolean {
  return user.name.startsWith('system:serviceaccount:');
}

function schema(
  name: string,
  levelName: string,
  precedence: number,
  distinguisher: Distinguisher,
  matchesUser: (user: User) => boolean,
  matchesCall: (call: ApiCall) => boolean,
): FlowSchema {
  const looksAtNamespace = matchesCall === isLeaderElection;
  const level = levelName;
  return { name, level, precedence, distinguisher, matchesUser, matchesCall, looksAtNamespace };
}

const leaders = (user: User): boolean =>
  user.name === KCM || user.name === SCHEDULER || isKubeSystemAccount(user);
const endpointsControllers = named(
  KCM,
  `${KUBE_SYSTEM_ACCOUNT}endpoint-controller`,
  `${KUBE_SYSTEM_ACCOUNT}endpointslicemirroring-controller`,
);

const SCHEMAS: readonly FlowSchema[] = [
  schema('exempt', 'exempt', 1, 'none', inGroup('system:masters'), everyCall),
  schema('probes', 'exempt', 2, 'none', everyUser, (call) => call.subresource === 'healthz'),
  schema('system-leader-election', 'leader-election', 100, 'user', leaders, isLeaderElection),
  schema('endpoint-controller', 'workload-high', 150, 'user', endpointsControllers, isEndpoints),
  schema(
    'workload-leader-election',
    'leader-election',
    200,
    'user',
    isKubeSystemAccount,
    isLeaderElection,
  ),
  schema('system-node-high', 'node-high', 400, 'user', inGroup('system:nodes'), isNodeHigh),
  schema('system-nodes', 'system', 500, 'user', inGroup('system:nodes'), everyCall),
  schema('kube-controller-manager', 'workload-high', 800, 'namespace', named(KCM), everyCall),
  schema('kube-scheduler', 'workload-high', 800, 'namespace', named(SCHEDULER), everyCall),
  schema(
    'kube-system-service-accounts',
    'workload-high',
    900,
    'namespace',
    isKubeSystemAccount,
    everyCall,
  ),
  schema('service-accounts', 'workload-low', 9000, 'user', isServiceAccount, everyCall),
  schema('global-default', 'global-default', 9900, 'user', everyUser, everyCall),
  schema('catch-all', 'catch-all', 10_000, 'user', everyUser, everyCall),
];

/** Levels of a server: those of the bootstrap configuration, then the scenario's own. */
export function priorityLevels(given: readonly PriorityLevelScenario[]): PriorityLevel[] {
  const levels = [...LEVELS];
  for (const { limitResponse, ...g } of given) {
    const made: PriorityLevel = {
      ...g,
      exempt: g.name === 'exempt',
      queues: limitResponse === 'Queue' ? g.queues : 0,
    };
    const at = levels.findIndex((other) => other.name === g.name);
    if (at >= 0) levels[at] = made;
    else levels.push(made);
  }
  return levels;
}

/** Schemas in the order in which they are asked. */
export function flowSchemas(given: readonly FlowSchemaScenario[]): FlowSchema[] {
  const own = given.map((g) =>
    schema(
      g.name,
      g.priorityLevel,
      g.precedence,
      g.distinguisher,
      (user) =>
        g.users.includes('*') ||
        g.users.includes(user.name) ||
        user.groups.some((group) => g.groups.includes(group)),
      (call) =>
        g.verbs.some((verb) => verb === '*' || verb === call.verb) &&
        g.resources.some((resource) => resource === '*' || resource === call.resource),
    ),
  );
  const names = new Set(own.map((s) => s.name));
  const all = [...SCHEMAS.filter((s) => !names.has(s.name)), ...own];
  return all.sort((a, b) => a.precedence - b.precedence || (a.name < b.name ? -1 : 1));
}

/** Namespace that a call is about; '' = none, or all. */
export function namespaceOf(call: ApiCall): string {
  if (call.namespace !== undefined) return call.namespace;
  if (call.path !== undefined) {
    const slash = call.path.indexOf('/');
    return slash < 0 ? '' : call.path.slice(0, slash);
  }
  return call.object?.meta.namespace ?? '';
}
