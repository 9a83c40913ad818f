/**
 * One replica of kube-controller-manager: while it leads, its controllers run; when it loses the
 * lease it exits, and its supervisor starts it again.
 *
 * Follows kubernetes/cmd/kube-controller-manager/app/controllermanager.go. A standby has no
 * informers: who takes over lists everything first, then works off what waited.
 * Left out: controllers that make no load here (certificates, tokens, clusterrole aggregation,
 * bootstrap signer), --controllers of the cloud provider.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import type { ComponentScenario, ControllerManagerScenario } from '../../src/scenario/types.ts';
import {
  type ClientLibrary,
  type ComponentProcess,
  electorTimeoutNs,
  LeaderElector,
} from '../client-go/index.ts';
import type { Host } from '../machine/index.ts';
import type { ClusterObserver, Lease, Uids } from '../objects/index.ts';
import { type ControllerHooks, startControllers } from './controllers.ts';
import { Runtime, Term } from './runtime.ts';

export interface ControllerManagerOptions {
  readonly library: ClientLibrary;
  readonly host: Host;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  /** '1.35'. */
  readonly version: string;
  /** Addresses of the API servers (`ClientOptions.servers`). */
  readonly servers: readonly string[];
  readonly hooks?: ControllerHooks;
}

const LEASE = 'kube-controller-manager';

export class ControllerManager {
  readonly name: string;
  readonly process: ComponentProcess;
  readonly #ctx: ModelContext;
  readonly #runtime: Runtime;
  readonly #hooks: ControllerHooks;
  readonly #elector: LeaderElector;
  #term: Term;
  /** When it was started in a cluster that had been running; NaN = it was not. */
  #preloadedNs = Number.NaN;

  constructor(
    ctx: ModelContext,
    scenario: ControllerManagerScenario,
    component: ComponentScenario,
    o: ControllerManagerOptions,
  ) {
    this.name = component.name;
    this.#ctx = ctx;
    this.process = o.library.process(o.host, component);
    this.#hooks = o.hooks ?? {};
    this.#runtime = new Runtime(ctx, this.process, scenario, o);
    this.#term = this.#newTerm();
    const election = scenario.leaderElection;
    const client = o.library.client(
      {
        name: `${this.name}/leader-election`,
        user: this.#runtime.user,
        networkHost: o.host.name,
        qps: scenario.qps,
        burst: scenario.burst,
        timeoutNs: electorTimeoutNs(election),
        servers: o.servers,
        transport: this.name,
      },
      this.process,
    );
    this.#elector = new LeaderElector(o.library, {
      process: this.process,
      client,
      election,
      lease: LEASE,
      onStartedLeading: () => {
        // A standby that takes over later lists everything.
        this.#runtime.factory.start(ctx.sim.nowNs === this.#preloadedNs);
      },
    });
    this.#runtime.factory.onSynced(() => this.#term.start());
    this.process.onStart(() => {
      this.#preloadedNs = Number.NaN;
      this.#term = this.#newTerm();
      this.#elector.start(false);
    });
  }

  get isLeader(): boolean {
    return this.#elector.isLeader;
  }

  /** Gives the lease back where it was told to, as who ends in order does. */
  release(done: () => void): void {
    this.#elector.release(done);
  }

  /** The lease of the start, where this replica holds it. */
  initialLease(): Lease {
    return this.#elector.initialLease();
  }

  /** `preloaded`: the cluster has been running, and who leads has its caches full. */
  start(preloaded: boolean): void {
    this.#preloadedNs = preloaded ? this.#ctx.sim.nowNs : Number.NaN;
    this.#elector.start(preloaded);
  }

  #newTerm(): Term {
    const term = new Term(this.#runtime);
    startControllers(term, this.#hooks);
    return term;
  }
}
