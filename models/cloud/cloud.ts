/**
 * The cloud behind a cluster: calls that take time and are rationed, a token bucket for each kind
 * of call, as clouds document it (Amazon EC2 API throttling: a bucket of 100, refilled at 20/s).
 * In good times the provider's own limiter keeps to that rate: calls wait. While the API is down,
 * or throttled below what the provider knows, calls are refused after a round trip; the SDK asks
 * three times more, after 0.5 s to 1 s that double (aws-sdk-go client/default_retryer.go), and then
 * its caller gets the error.
 *
 * Left out: quotas of resources, eventual consistency, regions.
 */
import type { Stream, Waitable } from '../../src/core/index.ts';
import { createSampler, type Sampler } from '../../src/dist/index.ts';
import type { Counter, Tally } from '../../src/metrics/index.ts';
import { type ModelContext, TokenBucket } from '../../src/resource/index.ts';
import type { CloudScenario } from '../../src/scenario/types.ts';

export const cloudCalls = [
  'describe',
  'createRoute',
  'createLoadBalancer',
  'createInstance',
  'deleteInstance',
  'createVolume',
  'deleteVolume',
  'attachVolume',
  'detachVolume',
] as const;
export type CloudCall = (typeof cloudCalls)[number];

/** Why a call failed; '' = it did not. */
export type CloudError = '' | 'Unavailable' | 'RequestLimitExceeded';

/** Three retries, as the SDK counts. */
const TRIES_MAX = 4;
const RETRY_NS = 500e6;
const NS_PER_S = 1e9;

interface Kind {
  readonly bucket: TokenBucket;
  /** While throttled: when the next call is allowed. */
  allowedNs: number;
  readonly latency: Sampler;
  readonly calls: Counter;
  readonly errors: Counter;
  readonly duration: Tally;
}

export class Cloud {
  readonly #ctx: ModelContext;
  /** Names of nodes that have a route: what ListRoutes gives. */
  readonly routes = new Set<string>();
  readonly #kinds = new Map<CloudCall, Kind>();
  readonly #boot: Sampler;
  readonly #refusal: Sampler;
  readonly #retries: Stream;
  #isDown = false;
  /** Calls of each kind a second; Infinity: as the scenario says. */
  #throttleQps = Number.POSITIVE_INFINITY;

  constructor(ctx: ModelContext, scenario: CloudScenario) {
    this.#ctx = ctx;
    const { metrics, sim } = ctx;
    const latencies = {
      describe: scenario.describeLatency,
      createRoute: scenario.routeLatency,
      createLoadBalancer: scenario.loadBalancerLatency,
      createInstance: scenario.describeLatency,
      deleteInstance: scenario.describeLatency,
      createVolume: scenario.volumeProvision,
      deleteVolume: scenario.volumeProvision,
      attachVolume: scenario.volumeAttach,
      detachVolume: scenario.volumeAttach,
    };
    // One limit for attaching and detaching (attachQps).
    const attaching = new TokenBucket(ctx, 'cloud/attachVolume', {
      ratePerSecond: scenario.volumeAttachQps,
      burst: Math.max(1, Math.floor(scenario.volumeAttachQps)),
    });
    const bucketOf = (call: CloudCall) =>
      new TokenBucket(ctx, `cloud/${call}`, {
        ratePerSecond: scenario.apiQps,
        burst: scenario.apiBurst,
      });
    for (const call of cloudCalls) {
      this.#kinds.set(call, {
        bucket: isAttaching(call) ? attaching : bucketOf(call),
        allowedNs: 0,
        latency: createSampler(latencies[call], sim.stream(`cloud/${call}`)),
        calls: metrics.counter(
          'wavetank_cloud_calls_total',
          { call },
          {
            help: 'Calls of the cloud by kind.',
          },
        ),
        errors: metrics.counter(
          'wavetank_cloud_call_errors_total',
          { call },
          {
            help: 'Tries of calls that the cloud refused, or did not serve.',
          },
        ),
        duration: metrics.tally(
          'wavetank_cloud_call_duration_seconds',
          { call },
          {
            unit: 'ns',
            help: 'Calls of the cloud, waiting for its rate limit included.',
          },
        ),
      });
    }
    this.#boot = createSampler(scenario.instanceBoot, sim.stream('cloud/boot'));
    this.#refusal = createSampler(scenario.describeLatency, sim.stream('cloud/refusal'));
    this.#retries = sim.stream('cloud/retries');
  }

  /** Every call fails until it is up again. */
  setDown(isDown: boolean): void {
    this.#isDown = isDown;
  }

  /** No more than so many calls of each kind a second are served; null: as the scenario says. */
  setThrottle(qps: number | null): void {
    this.#throttleQps = qps ?? Number.POSITIVE_INFINITY;
    for (const kind of this.#kinds.values()) kind.allowedNs = this.#ctx.sim.nowNs;
  }

  /** One call, for a process: waits for the limit, then for the answer; '' or why it failed. */
  *call(call: CloudCall): Generator<number | Waitable, CloudError, void> {
    const kind = this.#kinds.get(call);
    if (kind === undefined) throw new Error(`the cloud has no call ${call}`);
    const { sim } = this.#ctx;
    const beganNs = sim.nowNs;
    yield kind.bucket.taken(1);
    for (let failed = 1; ; failed++) {
      const error = this.#refused(kind);
      if (error === '') break;
      kind.errors.add();
      yield this.#refusal.next(sim.nowNs);
      if (failed === TRIES_MAX) return error;
      const factor = 1 << (failed - 1);
      yield Math.floor(RETRY_NS * factor * (1 + this.#retries.uniform()));
    }
    yield kind.latency.next(sim.nowNs);
    kind.calls.add();
    kind.duration.record(sim.nowNs - beganNs);
    return '';
  }

  #refused(kind: Kind): CloudError {
    if (this.#isDown) return 'Unavailable';
    const { nowNs } = this.#ctx.sim;
    if (this.#throttleQps === Number.POSITIVE_INFINITY) return '';
    if (nowNs < kind.allowedNs) return 'RequestLimitExceeded';
    kind.allowedNs = nowNs + Math.round(NS_PER_S / this.#throttleQps);
    return '';
  }

  /** From the order of an instance to its kubelet. */
  bootNs(): number {
    return this.#boot.next(this.#ctx.sim.nowNs);
  }
}

function isAttaching(call: CloudCall): boolean {
  return call === 'attachVolume' || call === 'detachVolume';
}
