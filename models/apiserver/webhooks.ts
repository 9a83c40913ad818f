/**
 * Admission webhooks (kubernetes/apiserver pkg/admission/plugin/webhook): changing ones one after
 * the other in the order of their names, then once more those that asked for it; checking ones all
 * at once, and a failure is known when all have answered. What happens in a webhook is outside of
 * the modelled machines: a distribution, and an outage that somebody may switch on.
 *
 * A webhook for conversion is called once for the objects of an answer that are stored in another
 * version than clients speak (apiextensions pkg/apiserver/conversion): an estimate of its use, as
 * versions are not modelled.
 *
 * Left out: match conditions, object and namespace selectors, side effects, what a webhook changes,
 * ValidatingAdmissionPolicy (its CPU is in the cost of admission).
 */
import type { Stream } from '../../src/core/index.ts';
import { createSampler, type DistributionSpec, type Sampler } from '../../src/dist/index.ts';
import type { Counter, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiServerScenario, WebhookScenario } from '../../src/scenario/types.ts';
import type { RequestKind } from './kinds.ts';
import type { Request } from './request.ts';

export const WEBHOOK_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];

/**
 * 'timeout': a black hole; 'refused': nobody listens, known at once; 'error': it answers with an
 * error, after its usual time.
 */
export type WebhookOutage = 'none' | 'timeout' | 'refused' | 'error';

const KINDS: Readonly<Record<WebhookScenario['kind'], string>> = {
  mutating: 'admit',
  validating: 'validating',
  conversion: 'conversion',
};

const PLUGINS = {
  mutating: 'MutatingAdmissionWebhook',
  validating: 'ValidatingAdmissionWebhook',
} as const;

export class Webhook {
  readonly options: WebhookScenario;
  outage: WebhookOutage = 'none';
  readonly #stream: Stream;
  #latency: Sampler;
  readonly #admitted: Tally;
  readonly #rejected: Tally;
  readonly #failedOpen: Counter;
  readonly #failedClosed: Counter;

  constructor(ctx: ModelContext, instance: string, options: WebhookScenario) {
    this.options = options;
    const { name, kind } = options;
    const type = KINDS[kind];
    const tally = (rejected: string) =>
      ctx.metrics.tally(
        'apiserver_admission_webhook_admission_duration_seconds',
        { name, type, rejected },
        { buckets: WEBHOOK_BUCKETS },
      );
    this.#admitted = tally('false');
    this.#rejected = tally('true');
    const open = 'apiserver_admission_webhook_fail_open_count';
    this.#failedOpen = ctx.metrics.counter(open, { name, type });
    this.#failedClosed = ctx.metrics.counter('apiserver_admission_webhook_rejection_count', {
      name,
      type,
      error_type: 'calling_webhook_error',
    });
    this.#stream = ctx.sim.stream(`${instance}/webhook/${options.name}`);
    this.#latency = createSampler(options.latency, this.#stream);
  }

  /** Another latency from now on; null: its own again. */
  setLatency(latency: DistributionSpec | null): void {
    this.#latency = createSampler(latency ?? this.options.latency, this.#stream);
  }

  matches(kind: RequestKind): boolean {
    const { resources, verbs } = this.options;
    // Rules name resources, not their subresources.
    if (kind.subresource !== '') return false;
    const { name } = kind.info;
    const named = resources.some((r) => r === name);
    // Whoever means all resources seldom means the heartbeats: those must be named.
    if (!named && !(resources.includes('*') && name !== 'leases')) return false;
    const operation = operationOf(kind.verb);
    return operation !== null && verbs.some((v) => v === '*' || v === operation);
  }

  /** Time of one call that begins at `atNs`; negative: it failed after that time. */
  call(atNs: number): number {
    const { timeoutNs } = this.options;
    let ns = this.outage === 'refused' ? 0 : this.#latency.next(atNs);
    if (this.outage === 'timeout') ns = timeoutNs;
    const failed = this.outage !== 'none' || ns > timeoutNs;
    ns = Math.min(ns, timeoutNs);
    (failed ? this.#rejected : this.#admitted).record(ns);
    if (!failed) return ns;
    if (this.options.failurePolicy === 'Ignore') {
      this.#failedOpen.add();
      return ns;
    }
    this.#failedClosed.add();
    return -ns - 1;
  }
}

function operationOf(verb: RequestKind['verb']): 'create' | 'update' | 'delete' | null {
  switch (verb) {
    case 'create':
      return 'create';
    case 'update':
    case 'patch':
    case 'apply':
      return 'update';
    case 'delete':
    case 'deletecollection':
      return 'delete';
    default:
      return null;
  }
}

interface Matching {
  readonly mutating: readonly Webhook[];
  readonly validating: readonly Webhook[];
  /** Of the changing ones, those that are called again when a later one has run. */
  readonly again: readonly Webhook[];
}

const NONE: Matching = { mutating: [], validating: [], again: [] };

export interface Admission {
  ns: number;
  /** '' = admitted; else the name of the webhook that failed. */
  failed: string;
}

/** The webhooks of one server. */
export class WebhookTable {
  readonly all: readonly Webhook[];
  readonly #conversions: number;
  readonly #byKind = new Map<RequestKind, Matching>();
  readonly #admission: Admission = { ns: 0, failed: '' };

  constructor(ctx: ModelContext, instance: string, scenarios: readonly WebhookScenario[]) {
    const sorted = [...scenarios].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.all = sorted.map((scenario) => new Webhook(ctx, instance, scenario));
    this.#conversions = this.all.filter((w) => w.options.kind === 'conversion').length;
  }

  /** The webhook that converts custom resources between their versions; null = none. */
  conversionOf(kind: RequestKind): Webhook | null {
    if (this.#conversions === 0 || kind.longRunning) return null;
    for (const webhook of this.all) {
      const { resources } = webhook.options;
      if (webhook.options.kind !== 'conversion') continue;
      if (resources.some((name) => name === kind.info.name)) return webhook;
    }
    return null;
  }

  /** Calls that a request of this kind makes. */
  callsOf(request: Request): number {
    if (this.all.length === 0) return 0;
    const { mutating, validating, again } = this.#matching(request.kind);
    return mutating.length + validating.length + again.length;
  }

  /** Draws how long the webhooks take, and whether one of them fails. Read it at once. */
  admit(kind: RequestKind, nowNs: number): Admission {
    const { mutating, validating, again } = this.#matching(kind);
    const admission = this.#admission;
    admission.ns = 0;
    admission.failed = '';
    this.#serial(mutating, nowNs);
    if (admission.failed === '') this.#serial(again, nowNs);
    if (admission.failed !== '') return admission;
    let longest = 0;
    for (const webhook of validating) {
      const took = webhook.call(nowNs + admission.ns);
      if (took < 0) admission.failed = webhook.options.name;
      longest = Math.max(longest, took < 0 ? -took - 1 : took);
    }
    admission.ns += longest;
    return admission;
  }

  #serial(webhooks: readonly Webhook[], nowNs: number): void {
    const admission = this.#admission;
    for (const webhook of webhooks) {
      const took = webhook.call(nowNs + admission.ns);
      admission.ns += took < 0 ? -took - 1 : took;
      if (took >= 0) continue;
      admission.failed = webhook.options.name;
      return;
    }
  }

  #matching(kind: RequestKind): Matching {
    if (this.all.length === 0) return NONE;
    let found = this.#byKind.get(kind);
    if (found === undefined) {
      const matching = this.all.filter((webhook) => webhook.matches(kind));
      const mutating = matching.filter((w) => w.options.kind === 'mutating');
      found = {
        mutating,
        validating: matching.filter((w) => w.options.kind === 'validating'),
        again: mutating.filter((w, i) => w.options.reinvocation && i < mutating.length - 1),
      };
      this.#byKind.set(kind, found);
    }
    return found;
  }
}

/** Those that an admission plugin calls that is on; conversion is no admission. */
export function calledWebhooks(scenario: ApiServerScenario): WebhookScenario[] {
  const { webhooks, admissionPlugins } = scenario;
  return webhooks.filter(
    ({ kind }) => kind === 'conversion' || admissionPlugins.includes(PLUGINS[kind]),
  );
}
