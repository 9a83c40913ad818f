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

export class ClientMetrics {
  readonly #metrics: Metrics;
  readonly #component: string;
  readonly #durations = new Map<Verb, Tally>();
  readonly #limits = new Map<Verb, Tally>();
  readonly #codes = new Map<string, Map<number, Counter>>();

  constructor(metrics: Metrics, component: string) {
    this.#metrics = metrics;
    this.#component = component;
  }

  /** An answer, or the failure (code 0) of one try. */
  answered(verb: Verb, code: number, durationNs: number, members: number): void {
    const name = 'rest_client_request_duration_seconds';
    this.#tally(this.#durations, name, verb).recordMany(durationNs, members);
    this.#counter(METHODS[verb], code).add(members);
  }

  limited(verb: Verb, waitNs: number, members: number): void {
    const name = 'rest_client_rate_limiter_duration_seconds';
    this.#tally(this.#limits, name, verb).recordMany(waitNs, members);
  }

  #tally(tallies: Map<Verb, Tally>, name: string, verb: Verb): Tally {
    const known = tallies.get(verb);
    if (known !== undefined) return known;
    const labels = { component: this.#component, verb: METHODS[verb] };
    const tally = this.#metrics.tally(name, labels, { buckets: BUCKETS, series: false });
    tallies.set(verb, tally);
    return tally;
  }

  #counter(method: string, code: number): Counter {
    let codes = this.#codes.get(method);
    if (codes === undefined) {
      codes = new Map();
      this.#codes.set(method, codes);
    }
    const known = codes.get(code);
    if (known !== undefined) return known;
    const labels = {
      component: this.#component,
      code: code === 0 ? '<error>' : `${code}`,
      method,
    };
    const counter = this.#metrics.counter('rest_client_requests_total', labels, { series: false });
    codes.set(code, counter);
    return counter;
  }
}
