/**
 * The process of a component on its host: its CPU, its memory, its death and its next life.
 *
 * The one idea: whatever a component does ends up as a job of its process on the cores of its host,
 * or as an event that asks this class first; so a process that is stopped does nothing, one that is
 * frozen does it later, and one that is killed forgets what it was doing.
 *
 * Left out: CPU and disk reads of the start itself, systemd's StartLimitBurst, liveness probes (the
 * owner calls `crash`).
 * Sources: kubernetes pkg/kubelet/kuberuntime (back-off of containers 10 s x 2 to 5 min, forgotten
 * after 10 min), systemd.service(5).
 */
import { assert, NO_EVENT, type Process, type Waitable } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Host, MemoryId, ProcessId } from '../machine/index.ts';
import { ProcessRunner } from './process-runner.ts';
import type { ComponentProcessOptions, ProcessState } from './types.ts';

/** client-go flowcontrol.NewBackOff(10 s, 300 s) in kubernetes pkg/kubelet/kubelet.go. */
const BACKOFF_FIRST_NS = 10e9;
const BACKOFF_MAX_NS = 300e9;

export class ComponentProcess {
  readonly name: string;
  readonly host: Host;
  readonly options: ComponentProcessOptions;
  /** Raised by every start and every end: what belongs to an earlier life is void. */
  life = 0;
  restarts = 0;
  readonly #ctx: ModelContext;
  readonly #cpu: ProcessId;
  readonly #memory: MemoryId;
  readonly #runner: ProcessRunner;
  readonly #startType: number;
  readonly #startListeners: (() => void)[] = [];
  readonly #stopListeners: ((reason: string) => void)[] = [];
  #isUp = true;
  #isPaused = false;
  #backoffNs = 0;
  #lastStartNs = 0;
  #next = NO_EVENT;

  constructor(ctx: ModelContext, host: Host, o: ComponentProcessOptions) {
    this.name = o.name;
    this.host = host;
    this.options = o;
    this.#ctx = ctx;
    const { cpuWeight: weight, cpuQuotaCores: quotaCores } = o;
    this.#cpu = host.cpu.process(o.name, { weight, quotaCores, inOrder: true });
    this.#memory = host.memory.process(o.name, {
      limitBytes: o.memoryLimitBytes,
      onOomKill: () => this.exit('OOMKilled'),
    });
    this.#runner = new ProcessRunner(ctx.sim, this);
    this.#startType = ctx.sim.eventType(`${o.name}/start`, () => this.#start());
    host.onState((state) => {
      if (state === 'down' && this.#isUp) {
        ctx.metrics.event(ctx.sim.nowNs, 'exit', this.name, 'host down');
        this.#end('host down');
      } else if (state === 'down') this.#cancelStart();
      else if (state === 'up' && !this.#isUp && this.#next === NO_EVENT) this.#startLater(0);
    });
  }

  get state(): ProcessState {
    if (!this.#isUp) return 'down';
    return this.#isPaused || this.host.state === 'paused' ? 'paused' : 'running';
  }

  get isRunning(): boolean {
    return this.#isUp;
  }

  /** It runs in an instant: neither it nor its host stands still. */
  get isFrozen(): boolean {
    return this.#isPaused || this.host.state === 'paused';
  }

  /** Called when a later life begins; the first one is begun by the owner. */
  onStart(listener: () => void): void {
    this.#startListeners.push(listener);
  }

  /** Called when it ends, for whatever reason. */
  onStop(listener: (reason: string) => void): void {
    this.#stopListeners.push(listener);
  }

  /** Runs `workNs` of CPU time, in parallel to its other jobs, then (doneType, a, b). */
  execute(workNs: number, doneType: number, a: number, b: number): void {
    if (!this.#isUp) assert(false, `${this.name} is down and cannot execute`);
    this.host.cpu.execute(this.#cpu, workNs, doneType, a, b);
  }

  /** The same for processes: `yield component.work(50_000)`. */
  work(workNs: number): Waitable {
    return { wait: (_sim, type, a, b) => this.execute(workNs, type, a, b) };
  }

  /** Where it is frozen: hands over (type, a, b) once it is not, and answers true. */
  defer(type: number, a: number, b: number): boolean {
    if (!this.isFrozen) return false;
    this.execute(0, type, a, b);
    return true;
  }

  /** Runs a generator that ends with this life; `done` where it comes to its end. */
  spawn(process: Process, done?: () => void): void {
    if (!this.#isUp) assert(false, `${this.name} is down and cannot spawn`);
    this.#runner.spawn(process, done);
  }

  setMemory(bytes: number): void {
    if (this.#isUp) this.host.memory.set(this.#memory, bytes);
  }

  addMemory(deltaBytes: number): void {
    if (this.#isUp) this.host.memory.add(this.#memory, deltaBytes);
  }

  /** CPU time that it has had, ns. */
  get usedNs(): number {
    return this.host.cpu.usedNs(this.#cpu);
  }

  /** SIGSTOP. */
  pause(): void {
    if (!this.#isUp || this.#isPaused) return;
    this.#isPaused = true;
    this.host.cpu.pause(this.#cpu);
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.host.cpu.resume(this.#cpu);
  }

  /** SIGKILL; its supervisor starts it again. */
  crash(): void {
    this.exit('killed');
  }

  /** It ends, and its supervisor starts it again after its back-off. */
  exit(reason: string): void {
    if (!this.#isUp) return;
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, 'exit', this.name, reason);
    this.#end(reason);
    if (this.host.state !== 'down') this.#startLater(this.#supervisorDelayNs());
  }

  /** It ends and stays so until `start`. */
  stop(): void {
    if (this.#isUp) this.#end('stopped');
    this.#cancelStart();
  }

  start(): void {
    if (!this.#isUp) this.#startLater(0);
  }

  #end(reason: string): void {
    this.#cancelStart();
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#isPaused = false;
    this.life++;
    this.host.cpu.drop(this.#cpu);
    this.host.memory.set(this.#memory, 0);
    this.#runner.killAll();
    for (const listener of this.#stopListeners) listener(reason);
  }

  #startLater(delayNs: number): void {
    this.#cancelStart();
    const { constants, sim } = this.#ctx;
    const startNs = Math.round(constants.get('component.startNs'));
    this.#next = sim.schedule(delayNs + startNs, this.#startType);
  }

  #cancelStart(): void {
    if (this.#next !== NO_EVENT) this.#ctx.sim.cancel(this.#next);
    this.#next = NO_EVENT;
  }

  #start(): void {
    this.#next = NO_EVENT;
    if (this.host.state === 'down') return;
    this.#isUp = true;
    this.life++;
    this.restarts++;
    this.#lastStartNs = this.#ctx.sim.nowNs;
    this.#ctx.metrics.event(this.#lastStartNs, 'start', this.name, '');
    for (const listener of this.#startListeners) listener();
  }

  /** The first restart is at once, the next after 10 s, 20 s, ... */
  #supervisorDelayNs(): number {
    const { constants, sim } = this.#ctx;
    if (this.options.supervisor === 'systemd') {
      return Math.round(constants.get('component.systemdRestartNs'));
    }
    const seenNs = Math.round(constants.get('component.restartNs'));
    const healthy = sim.nowNs - this.#lastStartNs > 2 * BACKOFF_MAX_NS;
    if (this.restarts === 0 || healthy) this.#backoffNs = 0;
    const delayNs = this.#backoffNs;
    this.#backoffNs = Math.min(BACKOFF_MAX_NS, Math.max(BACKOFF_FIRST_NS, 2 * delayNs));
    return seenNs + delayNs;
  }
}
