/**
 * Ending pods: SIGTERM (after preStop, inside the grace period), SIGKILL at its end, the runtime's
 * stop, a relist that shows it, status, volumes and cgroups, and the final DELETE with grace 0
 * (pkg/kubelet: SyncTerminatingPod, SyncTerminatedPod). Also pods that end by themselves.
 */
import { createSampler, type Sampler } from '../../src/dist/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { PodWorker } from './pod-worker.ts';
import type { PodWorkers } from './pod-workers.ts';

const EXITED = 0;
const STOPPED = 1;
const TORN = 2;
const KINDS = 8;

export class PodStopper {
  readonly #pods: PodWorkers;
  readonly #sim: ModelContext['sim'];
  readonly #type: number;
  readonly #stop: Sampler;
  readonly #teardownNs: number;

  constructor(ctx: ModelContext, name: string, pods: PodWorkers) {
    this.#pods = pods;
    this.#sim = ctx.sim;
    this.#teardownNs = ctx.constants.get('kubelet.teardownNs');
    this.#stop = createSampler(pods.links.group.runtime.stop, ctx.sim.stream(`${name}/stop`));
    this.#type = ctx.sim.eventType(`${name}/stop`, (slot, code) => this.#step(slot, code));
  }

  /** The pod is to end, within `graceNs`. */
  terminate(worker: PodWorker, graceNs: number): void {
    if (worker.state === 'terminating') {
      // A shorter grace (a forced deletion) ends the wait; SIGKILL comes with it.
      if (graceNs < worker.graceNs) this.#wait(worker, graceNs);
      return;
    }
    if (worker.state === 'finished') {
      if (worker.torn) this.#torn(worker);
      return;
    }
    const runs = this.#pods.runsOf(worker);
    worker.state = 'terminating';
    worker.volumesMissing = 0;
    worker.starting = -1;
    for (const { state, container } of runs) {
      if (state === 'running') this.#pods.links.record(worker, 'Killing', container.name);
    }
    this.#wait(worker, graceNs);
  }

  /** Nothing of it will run again: Succeeded or Failed. */
  finish(worker: PodWorker): void {
    worker.state = 'finished';
    worker.step = this.#pods.nextSerial();
    worker.busy = false;
    this.#pods.setStatus(worker);
    this.#pods.metrics.ended(worker);
    this.#pods.leaveNode(worker);
    this.#stopSandbox(worker);
  }

  /** A relist shows that its containers have ended. */
  seen(worker: PodWorker): void {
    if (!worker.stopped) return;
    worker.state = 'finished';
    this.#pods.metrics.ended(worker);
    if (!worker.removed) this.#pods.setStatus(worker);
    this.#pods.leaveNode(worker);
    this.#schedule(worker, TORN, this.#teardownNs);
  }

  #wait(worker: PodWorker, graceNs: number): void {
    worker.graceNs = graceNs;
    let waitNs = 0;
    for (const { state, container } of this.#pods.runsOf(worker)) {
      if (state !== 'running') continue;
      waitNs = Math.max(waitNs, Math.min(container.behaviour.stopsAfterNs, graceNs));
    }
    this.#schedule(worker, EXITED, waitNs);
  }

  #schedule(worker: PodWorker, kind: number, delayNs: number): void {
    worker.step = this.#pods.nextSerial();
    this.#sim.schedule(delayNs, this.#type, worker.slot, worker.step * KINDS + kind);
  }

  #step(slot: number, code: number): void {
    const worker = this.#pods.workerOf(slot);
    if (worker === null || worker.step !== Math.floor(code / KINDS)) return;
    switch (code % KINDS) {
      case EXITED:
        for (const run of this.#pods.runsOf(worker)) {
          if (run.state !== 'running') continue;
          const killed = run.container.behaviour.stopsAfterNs > worker.graceNs;
          this.#pods.exited(worker, run, killed ? 137 : 0);
        }
        this.#stopSandbox(worker);
        return;
      case STOPPED:
        this.#pods.metrics.operation('stop_podsandbox', this.#sim.nowNs - worker.operationNs);
        worker.hasSandbox = false;
        worker.stopped = true;
        if (worker.state === 'finished') this.#schedule(worker, TORN, this.#teardownNs);
        else this.#pods.links.pleg.changed(worker.member, worker.slot);
        return;
      default:
        this.#torn(worker);
    }
  }

  #stopSandbox(worker: PodWorker): void {
    if (!worker.hasSandbox) {
      // It never got that far: nothing to stop, nothing to see.
      worker.stopped = true;
      if (worker.state === 'finished') this.#schedule(worker, TORN, this.#teardownNs);
      else this.seen(worker);
      return;
    }
    worker.step = this.#pods.nextSerial();
    worker.operationNs = this.#sim.nowNs;
    const code = worker.step * KINDS + STOPPED;
    const serviceNs = this.#stop.next(this.#sim.nowNs);
    this.#pods.links.runtime.request(worker.member, serviceNs, this.#type, worker.slot, code);
  }

  #torn(worker: PodWorker): void {
    worker.torn = true;
    if (worker.removed) this.#pods.release(worker);
    else this.#pods.links.status.update(worker);
  }
}
