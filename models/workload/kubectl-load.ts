/**
 * A command of kubectl, once or again and again: the next run begins when it is due, and not before
 * the last one has ended.
 */
import type { Counter, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { LoadScenario } from '../../src/scenario/types.ts';
import { type ApiClient, kubectl, kubectlProblem } from '../client-go/index.ts';

type Command = Extract<LoadScenario, { readonly command: readonly string[] }>;

export class KubectlLoad {
  readonly #ctx: ModelContext;
  readonly #load: Command;
  readonly #client: ApiClient;
  readonly #durations: Tally;
  readonly #requests: Counter;
  readonly #failures: Counter;
  readonly #nextType: number;
  #startNs = 0;

  constructor(ctx: ModelContext, load: Command, client: ApiClient) {
    this.#ctx = ctx;
    this.#load = load;
    this.#client = client;
    const labels = { load: load.name };
    const { metrics } = ctx;
    this.#durations = metrics.tally('wavetank_kubectl_duration_seconds', labels, {
      help: 'A command from its start to its end.',
    });
    this.#requests = metrics.counter('wavetank_kubectl_requests', labels, {
      help: 'Requests that commands made.',
    });
    this.#failures = metrics.counter('wavetank_kubectl_failures', labels, {
      help: 'Requests of commands that failed, those for what is not there apart.',
    });
    this.#nextType = ctx.sim.eventType(`load/${load.name}/kubectl`, () => this.#run());
  }

  start(): void {
    const { sim, metrics } = this.#ctx;
    const { startNs, command, name } = this.#load;
    const problem = kubectlProblem(command);
    if (problem !== null) metrics.event(0, 'commandRefused', name, problem);
    else if (startNs < sim.horizonNs) {
      this.#client.stop();
      sim.scheduleAt(startNs, this.#nextType);
    }
  }

  #run(): void {
    const { sim } = this.#ctx;
    const { command, name, stopNs } = this.#load;
    if (sim.nowNs >= stopNs) return;
    this.#startNs = sim.nowNs;
    sim.spawn(
      `load/${name}`,
      kubectl(this.#client, command, ({ requests, failures, failed }) => {
        const durationNs = sim.nowNs - this.#startNs;
        this.#durations.record(durationNs);
        this.#resultsOf(failed === '' ? 'ok' : failed).record(durationNs);
        this.#requests.add(requests);
        this.#failures.add(failures);
        this.#again();
      }),
    );
  }

  /** What the user sees, and after how long: made as results come. */
  #resultsOf(result: string): Tally {
    const labels = { load: this.#load.name, result };
    return this.#ctx.metrics.tally('wavetank_kubectl_result_seconds', labels, {
      help: 'Commands by what they end with: ok, the status that a server gave, or what the client found.',
    });
  }

  #again(): void {
    const { sim } = this.#ctx;
    const { everyNs } = this.#load;
    if (everyNs > 0) sim.scheduleAt(Math.max(sim.nowNs, this.#startNs + everyNs), this.#nextType);
  }
}
