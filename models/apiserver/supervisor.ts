/**
 * Who starts a server again: systemd after its RestartSec, or the kubelet, which runs it as a
 * static
 * pod: at once after a container that ran for long, else with a back-off that doubles from 10 s to
 * 5 min (pkg/kubelet/kuberuntime, MaxContainerBackOff); and which kills it when /livez fails for
 * long (kubeadm: every 10 s, 15 s timeout, 8 failures; kubernetes#57405).
 */
import { NS_PER_S, type Simulation } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ComponentScenario } from '../../src/scenario/types.ts';
import type { HostState } from '../machine/index.ts';
import type { ApiResult, User } from '../objects/index.ts';
import type { ApiServer } from './api-server.ts';

/** systemd's DefaultRestartSec, and what units of control planes usually say. */
const SYSTEMD_RESTART_NS = 5 * NS_PER_S;
/** The kubelet notices by its next relist (1 s), and starts the container. */
const KUBELET_RESTART_NS = 2 * NS_PER_S;
const BACKOFF_FIRST_NS = 10 * NS_PER_S;
const BACKOFF_MAX_NS = 300 * NS_PER_S;
/** A container that ran for twice the longest back-off is forgiven. */
const BACKOFF_RESET_NS = 2 * BACKOFF_MAX_NS;
const PROBE_PERIOD_NS = 10 * NS_PER_S;
const PROBE_TIMEOUT_NS = 15 * NS_PER_S;
const PROBE_FAILURES = 8;
/** terminationGracePeriodSeconds of a static pod. */
const GRACE_NS = 30 * NS_PER_S;
/** A number that no client's connection has. */
const PROBE_CONNECTION = -2;

const PROBER: User = {
  name: 'system:anonymous',
  groups: ['system:unauthenticated'],
  agent: 'kube-probe',
  authentication: 'serviceAccountToken',
};

export class Supervisor {
  restarts = true;
  readonly #sim: Simulation;
  readonly #server: ApiServer;
  readonly #kind: ComponentScenario['supervisor'];
  readonly #restartType: number;
  readonly #probeType: number;
  readonly #probeEndType: number;
  readonly #graceType: number;
  #backoffNs = 0;
  #startedNs = 0;
  /** The probe under way, and failures in a row. */
  #probe = 0;
  #answered = true;
  #failures = 0;

  constructor(ctx: ModelContext, server: ApiServer, kind: ComponentScenario['supervisor']) {
    const { sim } = ctx;
    this.#sim = sim;
    this.#server = server;
    this.#kind = kind;
    this.#restartType = sim.eventType(`${server.name}/restart`, () => {
      if (!this.restarts || server.process.host.state !== 'up') return;
      this.#startedNs = sim.nowNs;
      this.#failures = 0;
      server.start(false);
    });
    this.#probeType = sim.eventType(`${server.name}/probe`, () => this.#beginProbe());
    this.#probeEndType = sim.eventType(`${server.name}/probeEnd`, (probe) => {
      if (probe === this.#probe && !this.#answered) this.#probed(false);
    });
    this.#graceType = sim.eventType(`${server.name}/grace`, (life) => {
      if (life === server.process.life) server.kill();
    });
    server.onStop(() => this.#ended());
    server.process.host.onState((state) => this.#onHost(state));
  }

  start(): void {
    if (this.#kind === 'kubelet') this.#sim.schedule(PROBE_PERIOD_NS, this.#probeType, 0, 0);
  }

  #onHost(state: HostState): void {
    if (state === 'down') {
      this.#server.kill();
    } else if (state === 'paused') {
      this.#server.pause();
    } else if (this.#server.state === 'down') {
      this.#backoffNs = 0;
      this.#ended();
    } else {
      this.#server.resume();
    }
  }

  #ended(): void {
    if (!this.restarts || this.#server.process.host.state !== 'up') return;
    this.#sim.schedule(this.#delayNs(), this.#restartType, 0, 0);
  }

  #delayNs(): number {
    if (this.#kind === 'systemd') return SYSTEMD_RESTART_NS;
    const ranNs = this.#sim.nowNs - this.#startedNs;
    const delayNs = ranNs >= BACKOFF_RESET_NS ? 0 : this.#backoffNs;
    this.#backoffNs = Math.min(Math.max(delayNs * 2, BACKOFF_FIRST_NS), BACKOFF_MAX_NS);
    return Math.max(delayNs, KUBELET_RESTART_NS);
  }

  #beginProbe(): void {
    this.#sim.schedule(PROBE_PERIOD_NS, this.#probeType, 0, 0);
    if (!this.#answered || this.#server.state !== 'running') return;
    const probe = ++this.#probe;
    this.#answered = false;
    this.#server.handle({
      call: { verb: 'get', resource: 'pods', subresource: 'healthz', path: 'livez' },
      user: PROBER,
      deadlineNs: this.#sim.nowNs + PROBE_TIMEOUT_NS,
      connection: PROBE_CONNECTION,
      sink: null,
      respond: (result: ApiResult) => {
        if (probe === this.#probe && !this.#answered) this.#probed(result.code === 200);
      },
    });
    this.#sim.schedule(PROBE_TIMEOUT_NS, this.#probeEndType, probe, 0);
  }

  #probed(success: boolean): void {
    this.#answered = true;
    this.#failures = success ? 0 : this.#failures + 1;
    if (this.#failures < PROBE_FAILURES) return;
    this.#failures = 0;
    this.#server.shutdown();
    this.#sim.schedule(GRACE_NS, this.#graceType, this.#server.process.life, 0);
  }
}
