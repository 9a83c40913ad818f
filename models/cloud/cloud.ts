/**
 * The cloud behind a cluster: calls that take time and are rationed, a token bucket for each kind
 * of call, as clouds document it (Amazon EC2 API throttling: a bucket of 100, refilled at 20/s).
 *
 * Left out: quotas of resources, eventual consistency, errors other than throttling, regions.
 */
import type { Waitable } from '../../src/core/index.ts';
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
] as const;
export type CloudCall = (typeof cloudCalls)[number];

interface Kind {
  readonly bucket: TokenBucket;
  readonly latency: Sampler;
  readonly calls: Counter;
  readonly duration: Tally;
}

export class Cloud {
  readonly #ctx: ModelContext;
  readonly #kinds = new Map<CloudCall, Kind>();
  readonly #boot: Sampler;

  constructor(ctx: ModelContext, scenario: CloudScenario) {
    this.#ctx = ctx;
    const { metrics, sim } = ctx;
    const latencies = {
      describe: scenario.describeLatency,
      createRoute: scenario.routeLatency,
      createLoadBalancer: scenario.loadBalancerLatency,
      createInstance: scenario.describeLatency,
      deleteInstance: scenario.describeLatency,
    };
    for (const call of cloudCalls) {
      this.#kinds.set(call, {
        bucket: new TokenBucket(ctx, `cloud/${call}`, {
          ratePerSecond: scenario.apiQps,
          burst: scenario.apiBurst,
        }),
        latency: createSampler(latencies[call], sim.stream(`cloud/${call}`)),
        calls: metrics.counter(
          'wavetank_cloud_calls_total',
          { call },
          {
            help: 'Calls of the cloud by kind.',
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
  }

  /** One call, for a process: waits for the limit, then for the answer. */
  *call(call: CloudCall): Generator<number | Waitable, void, void> {
    const kind = this.#kinds.get(call);
    if (kind === undefined) throw new Error(`the cloud has no call ${call}`);
    const { sim } = this.#ctx;
    const beganNs = sim.nowNs;
    yield kind.bucket.taken(1);
    yield kind.latency.next(sim.nowNs);
    kind.calls.add();
    kind.duration.record(sim.nowNs - beganNs);
  }

  /** From the order of an instance to its kubelet. */
  bootNs(): number {
    return this.#boot.next(this.#ctx.sim.nowNs);
  }
}
