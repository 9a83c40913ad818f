/**
 * Kinds of requests: one object per verb, resource, subresource and scope, with what all requests
 * of a kind share: how they are counted and what they cost.
 */
import type { Counter, Metrics, Tally } from '../../src/metrics/index.ts';
import type { ApiCall, ResourceInfo, ResourceName } from '../objects/index.ts';
import { resourceInfo } from '../objects/index.ts';

export const DURATION_BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];
const WATCH_LIST_BUCKETS = [...DURATION_BUCKETS, 90, 120, 180, 300];
const SIZE_BUCKETS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** Where a request's time goes, in causal order. */
export const requestStages = [
  'authn',
  'apf',
  'authz',
  'webhook',
  'admission',
  'etcd',
  'cache',
  'encode',
] as const;
export type RequestStage = (typeof requestStages)[number];

export type Scope = 'resource' | 'namespace' | 'cluster' | '';

const VERBS: Readonly<Record<ApiCall['verb'], string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  apply: 'APPLY',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};

export class RequestKind {
  /** Small and unique within a server. */
  readonly index: number;
  readonly verb: ApiCall['verb'];
  readonly info: ResourceInfo;
  readonly subresource: string;
  readonly scope: Scope;
  /** Counts against the changing requests in flight. */
  readonly mutating: boolean;
  /** Watches, logs, exec: no seat, no deadline, no SLI. */
  readonly longRunning: boolean;
  readonly json: boolean;
  readonly duration: Tally | null;
  readonly sliDuration: Tally | null;
  readonly watchList: Tally | null;
  readonly sizes: Tally | null;
  readonly #stages: (Tally | undefined)[] = requestStages.map(() => undefined);
  readonly #stageLabels: Readonly<Record<string, string>>;
  readonly #metrics: Metrics;
  readonly #instance: string;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #codes = new Map<number, readonly Counter[]>();

  constructor(metrics: Metrics, instance: string, call: ApiCall, scope: Scope, index: number) {
    this.index = index;
    this.verb = call.verb;
    this.info = resourceInfo(call.resource);
    this.subresource = call.subresource ?? '';
    this.scope = scope;
    const { verb, subresource } = this;
    this.mutating = verb !== 'get' && verb !== 'list' && verb !== 'watch';
    this.longRunning = verb === 'watch' || subresource === 'log' || subresource === 'exec';
    this.json = this.info.encoding === 'json';
    this.#metrics = metrics;
    this.#instance = instance;
    const probe = subresource === 'healthz';
    const resource = probe ? '' : call.resource;
    const name = VERBS[verb];
    const labels = { verb: name, resource, subresource: probe ? '/readyz' : subresource, scope };
    this.#labels = labels;
    const o = { buckets: DURATION_BUCKETS };
    const timed = !this.longRunning;
    this.duration = timed ? metrics.tally('apiserver_request_duration_seconds', labels, o) : null;
    this.sliDuration = timed
      ? metrics.tally('apiserver_request_sli_duration_seconds', labels, {
          buckets: DURATION_BUCKETS.slice(2),
        })
      : null;
    this.watchList =
      verb === 'watch'
        ? metrics.tally(
            'apiserver_watch_list_duration_seconds',
            { resource, scope },
            {
              buckets: WATCH_LIST_BUCKETS,
            },
          )
        : null;
    this.sizes =
      verb === 'list' || verb === 'get'
        ? metrics.tally('apiserver_response_sizes', labels, {
            buckets: SIZE_BUCKETS,
            unit: 'bytes',
          })
        : null;
    const path = subresource === '' || probe ? resource : `${resource}/${subresource}`;
    this.#stageLabels = { verb: name, resource: path };
  }

  /** Time of one stage; stages that took none are not recorded. */
  stage(index: number, ns: number, requests: number): void {
    const tally = this.#stages[index] ?? this.#newStage(index);
    if (requests === 1) tally.record(ns);
    else tally.recordMany(ns, requests);
  }

  #newStage(index: number): Tally {
    const tally = this.#metrics.tally(
      'wavetank_api_request_stage_duration_seconds',
      { ...this.#stageLabels, stage: requestStages[index] },
      { series: false },
    );
    this.#stages[index] = tally;
    return tally;
  }

  count(code: number, requests: number): void {
    let counters = this.#codes.get(code);
    if (counters === undefined) {
      counters = this.#newCounters(code);
      this.#codes.set(code, counters);
    }
    for (const counter of counters) counter.add(requests);
  }

  /** What a server ends in self-defence is counted once more. */
  #newCounters(code: number): readonly Counter[] {
    const labels = { ...this.#labels, code: String(code), instance: this.#instance };
    const total = this.#metrics.counter('apiserver_request_total', labels);
    if (code !== 429 && code !== 504) return [total];
    return [total, this.#metrics.counter('apiserver_request_terminations_total', labels)];
  }
}

const VERB_INDEX: Readonly<Record<ApiCall['verb'], number>> = {
  get: 0,
  list: 1,
  watch: 2,
  create: 3,
  update: 4,
  patch: 5,
  apply: 6,
  delete: 7,
  deletecollection: 8,
};
const SUBRESOURCE_INDEX: Readonly<Record<string, number>> = {
  '': 0,
  status: 1,
  binding: 2,
  eviction: 3,
  scale: 4,
  token: 5,
  log: 6,
  exec: 7,
  healthz: 8,
};
const SCOPES: readonly Scope[] = ['resource', 'namespace', 'cluster', ''];

/** All kinds of one server, made when first asked for. */
export class RequestKinds {
  readonly #metrics: Metrics;
  readonly #instance: string;
  #count = 0;
  readonly #byResource = new Map<ResourceName, (RequestKind | undefined)[]>();

  constructor(metrics: Metrics, instance: string) {
    this.#metrics = metrics;
    this.#instance = instance;
  }

  of(call: ApiCall): RequestKind {
    const subresource = call.subresource ?? '';
    const scope = scopeOf(call, subresource);
    const at = (VERB_INDEX[call.verb] * 9 + SUBRESOURCE_INDEX[subresource]) * 4 + scope;
    let kinds = this.#byResource.get(call.resource);
    if (kinds === undefined) {
      kinds = new Array<RequestKind | undefined>(9 * 9 * 4).fill(undefined);
      this.#byResource.set(call.resource, kinds);
    }
    let kind = kinds[at];
    if (kind === undefined) {
      kind = new RequestKind(this.#metrics, this.#instance, call, SCOPES[scope], this.#count++);
      kinds[at] = kind;
    }
    return kind;
  }
}

/** endpoints/metrics.go `CleanScope`: a create counts as of one object. */
function scopeOf(call: ApiCall, subresource: string): number {
  if (subresource === 'healthz') return 3;
  const { verb } = call;
  if (verb !== 'list' && verb !== 'watch' && verb !== 'deletecollection') return 0;
  if (call.fieldSelector?.field === 'metadata.name') return 0;
  return (call.namespace ?? '') === '' ? 2 : 1;
}
