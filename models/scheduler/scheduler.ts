/**
 * kube-scheduler, one replica: its process, clients, informers and election; it schedules while it
 * leads. Standbys keep their informers full, so that a new leader rebuilds its memory at once;
 * back-offs are forgotten.
 *
 * Left out: extenders, plugins out of tree, DynamicResources, HTTP endpoints.
 * Sources: kubernetes/cmd/kube-scheduler/app/server.go, pkg/scheduler/scheduler.go.
 */
import type { Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ComponentScenario, SchedulerScenario } from '../../src/scenario/types.ts';
import {
  type ApiClient,
  type ClientLibrary,
  type ComponentProcess,
  electorTimeoutNs,
  LeaderElector,
} from '../client-go/index.ts';
import type { Host } from '../machine/index.ts';
import type { ClusterObserver, Lease, Uids, User } from '../objects/index.ts';
import { ClusterView } from './cluster-view.ts';
import { cycleCosts } from './constants.ts';
import type { SchedulerPlugin } from './framework/own-score.ts';
import { SchedulerMetrics } from './metrics.ts';
import { SchedulingLoop } from './scheduling-loop.ts';
import { SchedulerState, type StateOptions } from './state.ts';
import { featuresOf } from './versions.ts';

export interface SchedulerOptions {
  readonly library: ClientLibrary;
  readonly host: Host;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  /** '1.35'. */
  readonly version: string;
  /** Addresses of the API servers (`ClientOptions.servers`). */
  readonly servers: readonly string[];
  /** Beside the built-in ones. */
  readonly plugins?: readonly SchedulerPlugin[];
}

const LEASE = 'kube-scheduler';
const USER: User = {
  name: 'system:kube-scheduler',
  groups: ['system:authenticated'],
  agent: 'kube-scheduler',
  authentication: 'x509',
};

export class Scheduler {
  readonly name: string;
  readonly process: ComponentProcess;
  readonly #ctx: ModelContext;
  readonly #o: SchedulerOptions;
  readonly #scenario: SchedulerScenario;
  readonly #elector: LeaderElector;
  readonly #factory: ReturnType<ClientLibrary['informers']>;
  readonly #view: ClusterView;
  readonly #loop: SchedulingLoop;
  readonly #stateOptions: StateOptions;
  readonly #resumption: Tally;

  constructor(
    ctx: ModelContext,
    scenario: SchedulerScenario,
    component: ComponentScenario,
    o: SchedulerOptions,
  ) {
    this.name = component.name;
    this.#ctx = ctx;
    this.#o = o;
    this.#scenario = scenario;
    const { library } = o;
    this.process = library.process(o.host, component);
    const client = this.#client('', Number.POSITIVE_INFINITY);
    this.#factory = library.informers(client, this.process);
    const features = featuresOf(o.version);
    this.#stateOptions = {
      scenario,
      features,
      plugins: o.plugins ?? [],
      costs: cycleCosts(ctx.constants),
      ties: ctx.sim.stream(`${this.name}/ties`),
      offsets: ctx.sim.stream(`${this.name}/preemption`),
    };
    this.#loop = new SchedulingLoop(ctx, {
      process: this.process,
      client,
      recorder: library.recorder(this.#client('/events', Number.POSITIVE_INFINITY)),
      observer: o.observer,
      metrics: new SchedulerMetrics(ctx, this.name),
      parallelism: scenario.parallelism,
      asyncPreemption: features.asyncPreemption,
      onFirstBound: () => this.#resumed(),
    });
    this.#resumption = ctx.metrics.tally(
      'wavetank_scheduling_resumed_seconds',
      {},
      {
        unit: 'ns',
        help: 'From the end of the scheduler that led to the first pod that its successor bound.',
      },
    );
    this.#view = this.#makeView();
    // ReleaseOnCancel is fixed in cmd/kube-scheduler/app/options/options.go (kubernetes#100305).
    const election = { ...scenario.leaderElection, releaseOnExit: true };
    this.#elector = new LeaderElector(library, {
      process: this.process,
      client: this.#client('/leader-election', electorTimeoutNs(election)),
      election,
      lease: LEASE,
      onStartedLeading: () => this.#begin(),
    });
    this.#factory.onSynced(() => this.#begin());
    this.process.onStop(() => this.#end());
    this.process.onStart(() => this.#run(false));
  }

  get isLeader(): boolean {
    return this.#elector.isLeader;
  }

  /** Gives the lease back where it was told to, as who ends in order does. */
  release(done: () => void): void {
    this.#elector.release(done);
  }

  /** Pods by queue; null while it does not schedule. */
  get queue() {
    return this.#loop.state?.queue ?? null;
  }

  /** The lease of the start, where this replica holds it. */
  initialLease(): Lease {
    return this.#elector.initialLease();
  }

  /** `preloaded`: the cluster has been running. */
  start(preloaded: boolean): void {
    this.#run(preloaded);
  }

  #run(preloaded: boolean): void {
    this.#factory.start(preloaded);
    this.#elector.start(preloaded);
  }

  /** Both must hold: it leads, and its caches are full. */
  #begin(): void {
    if (!this.#elector.isLeader || !this.#factory.hasSynced || this.#loop.state !== null) return;
    const state = new SchedulerState(this.#stateOptions);
    this.#view.attach(state);
    this.#loop.begin(state, this.#view);
  }

  #resumed(): void {
    const { vacantSinceNs } = this.#o.library.leadership(LEASE);
    if (!Number.isNaN(vacantSinceNs)) this.#resumption.record(this.#ctx.sim.nowNs - vacantSinceNs);
  }

  #end(): void {
    this.#view.detach();
    this.#loop.end();
  }

  #makeView(): ClusterView {
    const { sim } = this.#ctx;
    return new ClusterView(this.#factory, {
      get nowNs() {
        return sim.nowNs;
      },
      onQueued: (pod) => this.#o.observer.podStage(pod.meta.uid, 'queued', sim.nowNs),
      onChange: () => this.#loop.kick(),
    });
  }

  /** Each of its clients has its own bucket; they share connections. */
  #client(purpose: string, timeoutNs: number): ApiClient {
    return this.#o.library.client(
      {
        name: `${this.name}${purpose}`,
        user: USER,
        networkHost: this.#o.host.name,
        qps: this.#scenario.qps,
        burst: this.#scenario.burst,
        timeoutNs,
        servers: this.#o.servers,
        transport: this.name,
      },
      this.process,
    );
  }
}
