/** Metrics of the clients of one component (client-go tools/metrics), whatever their number. */
import type { Counter, Metrics, Tally } from '../../src/metrics/index.ts';
import type { Verb } from '../objects/index.ts';

/** component-base metrics/prometheus/restclient. */
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

const METHODS: Readonly<Record<Verb, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  apply: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

/** Of one verb; what is asked for every time is found without a Map. */
class VerbMetrics {
  readonly verb: Verb;
  duration: Tally | null = null;
  limit: Tally | null = null;
  /** By code. */
  readonly codes: (Counter | undefined)[] = [];

  constructor(verb: Verb) {
    this.verb = verb;
  }
}

export class ClientMetrics {
  readonly #metrics: Metrics;
  readonly #component: string;
  readonly #verbs: VerbMetrics[] = [];
  /** Of the last verb: most are followed by their like. */
  #last: VerbMetrics | null = null;

  constructor(metrics: Metrics, component: string) {
    this.#metrics = metrics;
    this.#component = component;
  }

  /** An answer, or the failure (code 0) of one try. */
  answered(verb: Verb, code: number, durationNs: number, members: number): void {
    const of = this.#of(verb);
    of.duration ??= this.#tally('rest_client_request_duration_seconds', verb);
    if (members === 1) of.duration.record(durationNs);
    else of.duration.recordMany(durationNs, members);
    const counter = of.codes[code] ?? this.#counter(of, code);
    counter.add(members);
  }

  limited(verb: Verb, waitNs: number, members: number): void {
    const of = this.#of(verb);
    of.limit ??= this.#tally('rest_client_rate_limiter_duration_seconds', verb);
    if (members === 1) of.limit.record(waitNs);
    else of.limit.recordMany(waitNs, members);
  }

  #of(verb: Verb): VerbMetrics {
    const last = this.#last;
    if (last !== null && last.verb === verb) return last;
    for (const known of this.#verbs) {
      if (known.verb !== verb) continue;
      this.#last = known;
      return known;
    }
    const made = new VerbMetrics(verb);
    this.#verbs.push(made);
    return made;
  }

  #tally(name: string, verb: Verb): Tally {
    const labels = { component: this.#component, verb: METHODS[verb] };
    return this.#metrics.tally(name, labels, { buckets: BUCKETS, series: false });
  }

  #counter(of: VerbMetrics, code: number): Counter {
    const method = METHODS[of.verb];
    const labels = {
      component: this.#component,
      code: code === 0 ? '<error>' : `${code}`,
      method,
    };
    const counter = this.#metrics.counter('rest_client_requests_total', labels, { series: false });
    of.codes[code] = counter;
    return counter;
  }
}
