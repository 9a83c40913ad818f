/**
 * The audit log of an API server to loads of requests: one for each user, agent, verb, resource,
 * scope and consistency, at its mean rate. Names are hashed where they are read; those of
 * Kubernetes' own components stay, as flow schemas go by them.
 */

import { type ResourceName, resourceNames, type Verb } from '../../../models/objects/index.ts';
import { hashText } from '../../core/index.ts';
import type { LoadScenario } from '../../scenario/index.ts';
import type { Place } from '../kubernetes/documents.ts';
import { at, type Json, jsonBytes, keyOf, listOf, textOf } from '../kubernetes/json.ts';
import type { Tally } from '../kubernetes/tally.ts';
import { TRACE_KIND } from './arrivals.ts';
import type { TraceOptions } from './types.ts';

type Requests = Extract<LoadScenario, { readonly kind: 'requests' }>;
const VERBS: readonly Verb[] = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
];
/** A watch is logged when it begins, everything else when it is answered. */
const STAGE: Readonly<Record<string, string>> = { watch: 'ResponseStarted' };
const NS_PER_MS = 1e6;
const KEPT_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

interface Kind {
  readonly user: Requests['user'];
  readonly verb: Verb;
  readonly resource: ResourceName;
  readonly subresource: Requests['subresource'];
  readonly scope: Requests['scope'];
  readonly consistency: Requests['consistency'];
  readonly limit: number;
  readonly selects: number;
}

interface Counted {
  readonly kind: Kind;
  count: number;
  bytes: number;
}

interface Line {
  readonly atNs: number;
  readonly key: string;
}

export class AuditLog {
  readonly #tally: Tally;
  readonly #options: TraceOptions;
  readonly #kinds = new Map<string, Counted>();
  readonly #lines: Line[] = [];
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(tally: Tally, options: TraceOptions) {
    this.#tally = tally;
    this.#options = options;
  }

  add(value: Json, place: Place): void {
    this.#tally.read(TRACE_KIND, 0);
    const verb = VERBS.find((known) => known === textOf(at(value, 'verb')));
    const name = textOf(at(value, 'objectRef', 'resource'));
    const atNs = timeOf(textOf(at(value, 'requestReceivedTimestamp')));
    if (at(value, 'auditID') === undefined || Number.isNaN(atNs)) {
      this.#tally.refuse(TRACE_KIND, 'not an event of an audit log', place, '');
      return;
    }
    if (verb === undefined || name === '') {
      this.#tally.skipped(TRACE_KIND, 'a request for no resource, or with a verb of its own');
      return;
    }
    const stage = textOf(at(value, 'stage'));
    if (stage !== (STAGE[verb] ?? 'ResponseComplete')) {
      this.#tally.skipped(TRACE_KIND, 'another stage of a request that is counted');
      return;
    }
    const kind = kindOf(value, verb, name);
    const key = keyOf(kind as never);
    const counted = this.#kinds.get(key) ?? { kind, count: 0, bytes: 0 };
    counted.count++;
    const body = at(value, 'requestObject');
    counted.bytes += body === undefined ? 1000 : jsonBytes(body);
    this.#kinds.set(key, counted);
    this.#first = Math.min(this.#first, atNs);
    this.#last = Math.max(this.#last, atNs);
    this.#lines.push({ atNs, key });
  }

  get spanNs(): number {
    const { windowNs, timeScale } = this.#options;
    const [from, to] = windowNs ?? [0, Number.POSITIVE_INFINITY];
    const all = this.#lines.length === 0 ? 0 : this.#last - this.#first;
    return Math.max(0, Math.round((Math.min(all, to) - from) / timeScale));
  }

  finish(): LoadScenario[] {
    const { windowNs, scale } = this.#options;
    const [from, to] = windowNs ?? [0, Number.POSITIVE_INFINITY];
    const counts = new Map<string, number>();
    for (const { atNs, key } of this.#lines) {
      const offset = atNs - this.#first;
      if (offset < from || offset >= to) {
        this.#tally.skipped(TRACE_KIND, offset < from ? 'before the window' : 'after the window');
        continue;
      }
      this.#tally.used(TRACE_KIND);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // Of a log of one moment the rate is not known: a second stands for it.
    const seconds = this.spanNs > 0 ? this.spanNs / 1e9 : 1;
    return [...this.#kinds].flatMap(([key, { kind, count: all, bytes }], i): LoadScenario[] => {
      const count = counts.get(key) ?? 0;
      if (count === 0) return [];
      return [
        {
          ...kind,
          name: `audit-${i}-${kind.verb}-${kind.resource}`,
          kind: 'requests',
          startNs: 0,
          stopNs: Number.POSITIVE_INFINITY,
          qps: Number.POSITIVE_INFINITY,
          burst: 100,
          ratePerSecond: (count * scale) / seconds,
          clients: 0,
          arrivals: 'poisson',
          bytes: Math.round(bytes / all),
        },
      ];
    });
  }
}

function kindOf(value: Json, verb: Verb, name: string): Kind {
  const uri = textOf(at(value, 'requestURI'));
  const query = new Map(
    (uri.split('?')[1] ?? '').split('&').map((pair): [string, string] => {
      const [key, text = ''] = pair.split('=');
      return [key, text];
    }),
  );
  const object = textOf(at(value, 'objectRef', 'name'));
  const namespace = textOf(at(value, 'objectRef', 'namespace'));
  const version = query.get('resourceVersion') ?? '';
  const one = query.get('fieldSelector') ?? '';
  // A field selector leaves one object, or those of one node; how many a label leaves is not known.
  const selects = one === '' ? 1 : 0.001;
  return {
    user: userOf(value),
    verb,
    resource: resourceNames.find((known) => known === name) ?? 'customresources',
    subresource: textOf(at(value, 'objectRef', 'subresource')) === 'status' ? 'status' : '',
    scope: object !== '' ? 'resource' : namespace !== '' ? 'namespace' : 'cluster',
    consistency: version === '' ? 'consistent' : 'any',
    limit: Number(query.get('limit') ?? 0) || 0,
    selects,
  };
}

function userOf(value: Json): Requests['user'] {
  const name = textOf(at(value, 'user', 'username'));
  const groups = listOf(at(value, 'user', 'groups')).map((group) => textOf(group));
  const agent = textOf(at(value, 'userAgent')).split(/[ /]/)[0];
  return {
    name: hashedUser(name),
    groups: groups.map(hashedGroup),
    agent: `agent-${shortHash(agent)}`,
    authentication: name.startsWith('system:serviceaccount:') ? 'serviceAccountToken' : 'x509',
  };
}

export function hashedUser(name: string): string {
  const account = /^system:serviceaccount:([^:]+):(.*)$/.exec(name);
  if (account !== null) {
    const [, namespace, own] = account;
    const kept = namespace === 'kube-system' ? own : shortHash(own);
    return `system:serviceaccount:${hashedNamespace(namespace)}:${kept}`;
  }
  const node = /^system:node:(.*)$/.exec(name);
  if (node !== null) return `system:node:${shortHash(node[1])}`;
  return name.startsWith('system:') || name === 'kubernetes-admin'
    ? name
    : `user-${shortHash(name)}`;
}

function hashedGroup(group: string): string {
  const accounts = /^system:serviceaccounts:(.*)$/.exec(group);
  if (accounts !== null) return `system:serviceaccounts:${hashedNamespace(accounts[1])}`;
  return group.startsWith('system:') ? group : `group-${shortHash(group)}`;
}

function hashedNamespace(namespace: string): string {
  return KEPT_NAMESPACES.includes(namespace) ? namespace : shortHash(namespace);
}

function shortHash(text: string): string {
  return hashText(text).slice(0, 8);
}

/** ns since 1970 of an RFC 3339 time, to the microsecond; the calendar by hand. NaN: none. */
export function timeOf(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  // Days from civil (Howard Hinnant, chrono-Compatible Low-Level Date Algorithms).
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const days =
    era * 146_097 +
    ofEra * 365 +
    Math.floor(ofEra / 4) -
    Math.floor(ofEra / 100) +
    ofYear -
    719_468;
  const seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
  const micro = Number((match[7] ?? '0').padEnd(6, '0').slice(0, 6));
  return (seconds * 1000 + micro / 1000) * NS_PER_MS;
}
