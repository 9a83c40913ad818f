/**
 * Pod workers of a pool of kubelets: from the watch that brings a pod to its final DELETE
 * (pkg/kubelet: kubelet.go SyncPod, pod_workers.go; kuberuntime SyncPod). The one idea: a worker
 * does one thing at a time; what the kubelet learns meanwhile (PLEG, probes) waits until the sync
 * ends and makes the next one.
 *
 * *Left out:* static pods, ephemeral containers, in-place resize, lifecycle hooks of start, the
 * workers' periodic resync (it changes nothing), cores of the node.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import { isBeingDeleted, isTerminal, type Pod } from '../objects/index.ts';
import { ContainerStarter } from './container-starter.ts';
import { admissionVerdict } from './node-usage.ts';
import type { PodMetrics } from './pod-metrics.ts';
import { PodStopper } from './pod-stopper.ts';
import {
  type ContainerRun,
  hasEnded,
  isFinalInit,
  makeRuns,
  PodWorker,
  restarts,
  sameStatus,
  statusOf,
} from './pod-worker.ts';
import type { PoolLinks } from './pool-links.ts';
import { killedAtNs, readyAtNs } from './probes.ts';
import { isOverwritten } from './status-manager.ts';

const BEGIN = 0;
const RETRY = 1;
const EXIT = 0;
const READY = 1;
const KILL = 2;
const OOM = 3;
const KILLED = 4;
const CRASH = 5;
/** Room for the kind of an event beside a serial. */
const KINDS = 8;
/** A container that uses more memory than its limit is killed this soon after its start. */
const OOM_AFTER_NS = 1e9;

/** Which containers crash, and how soon after they started, ns. */
export interface CrashLoops {
  runsNs(pod: Pod): number | null;
}

export class PodWorkers {
  readonly links: PoolLinks;
  readonly metrics: PodMetrics;
  readonly starter: ContainerStarter;
  readonly stopper: PodStopper;
  readonly #sim: ModelContext['sim'];
  readonly #workers: (PodWorker | null)[] = [];
  readonly #free: number[] = [];
  readonly #byUid = new Map<number, PodWorker>();
  readonly #none: ReadonlySet<PodWorker> = new Set();
  readonly #ofMember = new Map<number, Set<PodWorker>>();
  readonly #stepType: number;
  readonly #containerType: number;
  readonly #syncPodNs: number;
  readonly #retryNs: number;
  #serial = 0;
  /** Who says of pods that their containers end soon after each start. */
  #crashes: readonly CrashLoops[] = [];

  constructor(ctx: ModelContext, name: string, links: PoolLinks, metrics: PodMetrics) {
    this.links = links;
    this.metrics = metrics;
    this.#sim = ctx.sim;
    this.#syncPodNs = ctx.constants.get('kubelet.syncPodNs');
    this.#retryNs = ctx.constants.get('kubelet.workerRetryNs');
    this.starter = new ContainerStarter(ctx, name, this);
    this.stopper = new PodStopper(ctx, name, this);
    this.#stepType = ctx.sim.eventType(`${name}/podStep`, (slot, code) => this.#step(slot, code));
    this.#containerType = ctx.sim.eventType(`${name}/container`, (slot, code) =>
      this.#container(slot, code),
    );
  }

  /** Slots, taken or free. */
  get slots(): number {
    return this.#workers.length;
  }

  workerOf(slot: number): PodWorker | null {
    return this.#workers[slot] ?? null;
  }

  /** One of the pods, by a draw in (0, 1); null where it hits a slot that is free. */
  atRandom(draw: number): PodWorker | null {
    return this.#workers[Math.floor(draw * this.slots)] ?? null;
  }

  ofMember(member: number): ReadonlySet<PodWorker> {
    return this.#ofMember.get(member) ?? this.#none;
  }

  nextSerial(): number {
    this.#serial = (this.#serial + 1) % 2 ** 27;
    return this.#serial;
  }

  // --- what the kubelet's watch shows -----------------------------------------------------------

  /** A new version of a pod of the member. */
  onPod(member: number, pod: Pod): void {
    const worker = this.#byUid.get(pod.meta.uid);
    if (worker === undefined) {
      this.#add(member, pod);
      return;
    }
    worker.pod = pod;
    this.metrics.observed(worker, this.#sim.nowNs);
    if (isOverwritten(worker)) this.links.status.disagrees(worker);
    if (isBeingDeleted(pod) && !worker.removed)
      this.stopper.terminate(worker, pod.meta.deletionGraceNs);
  }

  /** The pod is not in the API any more. */
  onGone(uid: number): void {
    const worker = this.#byUid.get(uid);
    if (worker === undefined) return;
    worker.removed = true;
    if (worker.torn) this.release(worker);
    else this.stopper.terminate(worker, worker.pod.spec.terminationGraceNs);
  }

  /** A complete list: `resumed` where the cluster has been running before. */
  replace(member: number, pods: readonly Pod[], resumed: boolean): void {
    const seen = new Set<number>();
    for (const pod of pods) {
      seen.add(pod.meta.uid);
      if (resumed && pod.status.phase === 'Running' && !isBeingDeleted(pod)) {
        this.#resume(member, pod);
      } else {
        this.onPod(member, pod);
      }
    }
    for (const worker of [...this.ofMember(member)]) {
      if (!seen.has(worker.pod.meta.uid)) this.onGone(worker.pod.meta.uid);
    }
  }

  /** The node died with all its pods, or its kubelet alone (`keeps`: containers go on). */
  crash(member: number, keeps = false): void {
    for (const worker of [...this.ofMember(member)]) this.release(worker, keeps);
    this.links.status.clear(member);
    this.links.volumes.clear(member);
    this.links.images.clear(member);
    this.links.runtime.clear(member);
    this.links.usage.clear(member);
  }

  /** Evicted by the kubelet itself, at once. */
  evict(worker: PodWorker): void {
    if (worker.verdict !== '' || worker.state === 'finished') return;
    worker.verdict = 'Evicted';
    this.links.record(worker, 'Evicted');
    this.stopper.terminate(worker, 0);
  }

  /** From now on containers of these pods crash; those that run now as well. */
  addCrashes(crashes: CrashLoops): void {
    this.#crashes = [...this.#crashes, crashes];
    for (const worker of this.#workers) {
      if (worker === null || worker.state !== 'running') continue;
      const runsNs = crashes.runsNs(worker.pod);
      if (runsNs === null) continue;
      for (const run of this.runsOf(worker)) {
        if (run.state !== 'running') continue;
        this.#containerAt(worker, run, CRASH, this.#sim.nowNs + runsNs);
      }
    }
  }

  /** Containers that start from now on stay. */
  removeCrashes(crashes: CrashLoops): void {
    this.#crashes = this.#crashes.filter((other) => other !== crashes);
  }

  #add(member: number, pod: Pod): void {
    const { nowNs } = this.#sim;
    const worker = this.#make(member, pod);
    this.links.observer.podStage(pod.meta.uid, 'received', nowNs);
    if (isTerminal(pod) || isBeingDeleted(pod)) {
      // Nothing of it runs here; if it is to go, the API waits for this kubelet's word.
      worker.state = 'finished';
      worker.torn = true;
      this.metrics.neverServes(worker);
      if (isBeingDeleted(pod)) this.links.status.update(worker);
      return;
    }
    const verdict =
      this.links.evictionVerdict(member, pod) ||
      admissionVerdict(this.links.usage, this.links.group, member, pod);
    if (verdict !== '') {
      worker.verdict = verdict;
      worker.state = 'finished';
      worker.torn = true;
      this.links.record(worker, verdict);
      this.setStatus(worker);
      return;
    }
    this.links.usage.admit(member, pod.spec.requests);
    worker.admitted = true;
    worker.runs = makeRuns(pod);
    worker.step = this.nextSerial();
    this.#sim.schedule(this.#syncPodNs, this.#stepType, worker.slot, worker.step * KINDS + BEGIN);
  }

  #resume(member: number, pod: Pod): void {
    const worker = this.#make(member, pod);
    worker.state = 'running';
    worker.hasSandbox = true;
    worker.admitted = true;
    worker.measured = true;
    worker.beganNs = Math.max(0, pod.status.startNs) || 0;
    const { links } = this;
    links.usage.admit(member, pod.spec.requests);
    for (const { behaviour } of pod.spec.containers) {
      links.usage.use(member, behaviour.memoryUseBytes);
    }
    links.pleg.containers(member, pod.spec.containers.length);
    links.volumes.resume(worker);
    worker.counted = true;
    this.metrics.running(1);
    // While its kubelet was away the node controller may have called it not ready.
    if (!pod.status.ready) {
      worker.status = { ...pod.status, ready: true, readySinceNs: this.#sim.nowNs };
      links.status.disagrees(worker);
    }
    this.metrics.serves(worker, true);
    if (pod.spec.containers.some(endsByItself)) this.runsOf(worker);
  }

  /** The containers of a pod; those of one that was there before the start run since its start. */
  runsOf(worker: PodWorker): ContainerRun[] {
    if (worker.runs !== null) return worker.runs;
    const { nowNs } = this.#sim;
    const { startNs, ready } = worker.status;
    worker.runs = makeRuns(worker.pod);
    for (const run of worker.runs) {
      run.startNs = Number.isNaN(startNs) ? 0 : startNs;
      run.seenNs = run.startNs;
      run.serial = this.nextSerial();
      run.state = isFinalInit(run) ? 'exited' : 'running';
      run.ready = ready;
      const endNs = run.startNs + run.container.behaviour.runsForNs;
      if (run.state === 'running' && endNs < Number.POSITIVE_INFINITY) {
        this.#containerAt(worker, run, EXIT, Math.max(nowNs, endNs));
      }
    }
    return worker.runs;
  }

  #make(member: number, pod: Pod): PodWorker {
    const slot = this.#free.pop() ?? this.#workers.length;
    const worker = new PodWorker(slot, member, this.nextSerial(), pod, this.#sim.nowNs);
    this.#workers[slot] = worker;
    this.#byUid.set(pod.meta.uid, worker);
    let mine = this.#ofMember.get(member);
    if (mine === undefined) {
      mine = new Set();
      this.#ofMember.set(member, mine);
    }
    mine.add(worker);
    return worker;
  }

  /** The kubelet forgets the pod; `keeps`: its containers go on. */
  release(worker: PodWorker, keeps = false): void {
    if (this.#workers[worker.slot] !== worker) return;
    if (keeps) worker.serves = false;
    else this.metrics.serves(worker, false);
    this.metrics.ended(worker);
    this.leaveNode(worker);
    this.#workers[worker.slot] = null;
    this.#free.push(worker.slot);
    this.#byUid.delete(worker.pod.meta.uid);
    const mine = this.#ofMember.get(worker.member);
    mine?.delete(worker);
    if (mine?.size === 0) this.#ofMember.delete(worker.member);
  }

  /** It does not count against the resources of its node any more. */
  leaveNode(worker: PodWorker): void {
    if (!worker.admitted) return;
    worker.admitted = false;
    this.links.usage.leave(worker.member, worker.pod.spec.requests);
    const runs = worker.runs;
    if (runs === null) {
      // Running since before the start.
      for (const container of worker.pod.spec.containers) {
        this.links.usage.use(worker.member, -container.behaviour.memoryUseBytes);
        this.links.pleg.containers(worker.member, -1);
      }
      return;
    }
    for (const run of runs) if (run.state === 'running') this.exited(worker, run, 137);
  }

  // --- syncs ------------------------------------------------------------------------------------

  #step(slot: number, code: number): void {
    const worker = this.workerOf(slot);
    if (worker === null || worker.step !== Math.floor(code / KINDS)) return;
    if (code % KINDS === RETRY) {
      this.sync(worker);
      return;
    }
    worker.beganNs = this.#sim.nowNs;
    worker.busy = true;
    this.links.observer.podStage(worker.pod.meta.uid, 'started', worker.beganNs);
    this.metrics.began(worker);
    worker.status = { ...worker.status, startNs: worker.beganNs };
    worker.version++;
    this.links.status.update(worker);
    this.links.volumes.begin(worker);
  }

  /** PLEG shows what happened to the pod. */
  seen(slot: number): void {
    const worker = this.workerOf(slot);
    if (worker === null || worker.runs === null) return;
    if (worker.state === 'terminating') {
      this.stopper.seen(worker);
      return;
    }
    const { nowNs } = this.#sim;
    for (const run of worker.runs) {
      if (run.state !== 'running' || !Number.isNaN(run.seenNs)) continue;
      run.seenNs = nowNs;
      const times = { workersNs: worker.beganNs, startNs: run.startNs, seenNs: nowNs };
      const readyNs = readyAtNs(run.container, times);
      const killNs = killedAtNs(run.container, times);
      if (readyNs <= nowNs) run.ready = true;
      else if (readyNs < killNs) this.#containerAt(worker, run, READY, readyNs);
      if (killNs < Number.POSITIVE_INFINITY) this.#containerAt(worker, run, KILL, killNs);
    }
    this.sync(worker);
  }

  /** Looks what is to be done, and does the first of it. */
  sync(worker: PodWorker): void {
    if (worker.busy) {
      worker.resync = true;
      return;
    }
    if (worker.state !== 'running') return;
    const runs = this.runsOf(worker);
    if (hasEnded(worker, runs)) {
      this.stopper.finish(worker);
      return;
    }
    this.setStatus(worker);
    this.next(worker, 0);
  }

  /** Starts the first container from `from` on that should run and may; else the sync is over. */
  next(worker: PodWorker, from: number): void {
    const runs = this.runsOf(worker);
    const { nowNs } = this.#sim;
    for (let i = from; i < runs.length; i++) {
      const run = runs[i];
      const done = isFinalInit(run) && run.state === 'exited' && run.exitCode === 0;
      if (done || (run.state === 'running' && !isFinalInit(run))) continue;
      const wanted =
        run.state === 'waiting' || (run.state === 'exited' && restarts(run, worker.pod));
      if (wanted) {
        if (this.starter.mayStart(run, nowNs)) {
          this.starter.start(worker, i);
          return;
        }
        worker.retry = true;
        this.links.record(worker, 'BackOff', run.container.name);
      }
      // What comes after an init container waits for its end.
      if (run.isInit) break;
    }
    this.endSync(worker);
  }

  /** A sync in which something failed, or may not start yet, is repeated. */
  endSync(worker: PodWorker): void {
    worker.busy = false;
    if (worker.retry) {
      worker.retry = false;
      this.setStatus(worker);
      this.retryLater(worker);
    }
    if (worker.resync) {
      worker.resync = false;
      this.sync(worker);
    }
  }

  /** pod_workers.go: a sync that failed is repeated after 10 to 15 s. */
  retryLater(worker: PodWorker): void {
    worker.step = this.nextSerial();
    const delayNs = this.retryDelayNs();
    this.#sim.schedule(delayNs, this.#stepType, worker.slot, worker.step * KINDS + RETRY);
  }

  retryDelayNs(): number {
    return Math.floor(this.#retryNs * (1 + 0.5 * this.links.draw()));
  }

  /** What the kubelet believes now; the API hears of it where it differs. */
  setStatus(worker: PodWorker): void {
    const { nowNs } = this.#sim;
    const before = worker.status;
    const status = statusOf(worker, worker.runs ?? [], nowNs);
    // The API may have said so all along, of a pod that came back with a restored etcd.
    this.metrics.serves(worker, status.ready && worker.state !== 'terminating');
    if (sameStatus(before, status)) return;
    worker.status = status;
    worker.version++;
    if (status.phase === 'Running' && before.phase !== 'Running') this.metrics.started(worker);
    if (status.ready) this.links.observer.podStage(worker.pod.meta.uid, 'ready', nowNs);
    this.links.status.update(worker);
  }

  // --- containers -------------------------------------------------------------------------------

  /** The process of a container runs from now on. */
  running(worker: PodWorker, run: ContainerRun): void {
    const { nowNs } = this.#sim;
    const { behaviour, limits } = run.container;
    run.state = 'running';
    run.waiting = '';
    run.serial = this.nextSerial();
    run.startNs = nowNs;
    run.seenNs = Number.NaN;
    run.ready = false;
    this.links.pleg.containers(worker.member, 1);
    this.links.usage.use(worker.member, behaviour.memoryUseBytes);
    this.links.memoryChanged(worker.member);
    const isLimited = limits !== null && limits.memoryBytes > 0;
    if (isLimited && behaviour.memoryUseBytes > limits.memoryBytes) {
      this.#containerAt(worker, run, OOM, nowNs + OOM_AFTER_NS);
    } else if (behaviour.runsForNs < Number.POSITIVE_INFINITY) {
      this.#containerAt(worker, run, EXIT, nowNs + behaviour.runsForNs);
    }
    for (const crashes of this.#crashes) {
      const crashNs = crashes.runsNs(worker.pod);
      if (crashNs !== null) this.#containerAt(worker, run, CRASH, nowNs + crashNs);
    }
    this.links.pleg.changed(worker.member, worker.slot);
  }

  exited(worker: PodWorker, run: ContainerRun, exitCode: number): void {
    run.state = 'exited';
    run.serial = 0;
    run.ready = false;
    run.exitCode = exitCode;
    run.exitedNs = this.#sim.nowNs;
    if (!isFinalInit(run)) this.metrics.serves(worker, false);
    this.links.pleg.containers(worker.member, -1);
    this.links.usage.use(worker.member, -run.container.behaviour.memoryUseBytes);
  }

  #containerAt(worker: PodWorker, run: ContainerRun, kind: number, atNs: number): void {
    this.#sim.scheduleAt(atNs, this.#containerType, worker.slot, run.serial * KINDS + kind);
  }

  #container(slot: number, code: number): void {
    const worker = this.workerOf(slot);
    const serial = Math.floor(code / KINDS);
    const run = worker?.runs?.find((r) => r.serial === serial && r.state === 'running');
    if (worker === null || run === undefined) return;
    switch (code % KINDS) {
      case READY:
        run.ready = true;
        if (worker.state === 'running') this.setStatus(worker);
        return;
      case KILL: {
        this.links.record(worker, 'Unhealthy', run.container.name);
        this.links.record(worker, 'Killing', run.container.name);
        const { stopsAfterNs } = run.container.behaviour;
        const waitNs = Math.min(stopsAfterNs, worker.pod.spec.terminationGraceNs);
        this.#containerAt(worker, run, KILLED, this.#sim.nowNs + waitNs);
        return;
      }
      default: {
        this.exited(worker, run, exitCodeOf(run, code % KINDS));
        this.links.pleg.changed(worker.member, slot);
      }
    }
  }
}

function exitCodeOf({ container }: ContainerRun, kind: number): number {
  if (kind === EXIT) return container.behaviour.exitCode;
  return kind === CRASH ? 1 : 137;
}

function endsByItself({ behaviour }: { behaviour: { runsForNs: number } }): boolean {
  return behaviour.runsForNs < Number.POSITIVE_INFINITY;
}
