/**
 * One pod on its node, as its kubelet sees it: what has happened to its containers, what its status
 * says, and which part of it the API has. Plain state; `pod-workers.ts` moves it.
 */
import type { Container, Pod, PodStatus } from '../objects/index.ts';
import type { Backoff } from './backoff.ts';

/**
 * starting: volumes, sandbox. syncing: containers are being started. running: nothing is under way.
 * terminating: containers are being stopped. finished: none will run again; its sandbox may.
 */
export type WorkerState = 'starting' | 'running' | 'terminating' | 'finished';

export interface ContainerRun {
  readonly container: Container;
  readonly isInit: boolean;
  state: 'waiting' | 'running' | 'exited';
  /** Unique number of this life of the container; events of others are void. */
  serial: number;
  startNs: number;
  /** The kubelet's PLEG has shown it to run; NaN before. */
  seenNs: number;
  exitedNs: number;
  exitCode: number;
  restarts: number;
  ready: boolean;
  /** Null until it failed once. */
  backoff: Backoff | null;
  /** Null until a pull for it failed. */
  pullBackoff: Backoff | null;
  pullFailedNs: number;
  /** Why it waits, where it is not the first start. */
  waiting:
    | ''
    | 'CrashLoopBackOff'
    | 'ErrImagePull'
    | 'ImagePullBackOff'
    | 'ErrImageNeverPull'
    | 'CreateContainerError'
    | 'RunContainerError';
}

export class PodWorker {
  readonly slot: number;
  readonly member: number;
  /** Unique among all workers of the run. */
  readonly serial: number;
  /** Last version that the kubelet's watch showed. */
  pod: Pod;
  state: WorkerState = 'starting';
  /** Null for a pod that has been running since before the start, until something happens. */
  runs: ContainerRun[] | null = null;
  /** A sync is under way; what it is doing belongs to this number. */
  step = 0;
  busy = false;
  /** Something was seen while the worker was busy. */
  resync = false;
  /** Something failed in the sync under way, or may not start yet. */
  retry = false;
  /** Index of the run that is being pulled or started. */
  starting = -1;
  /** Volumes that are not there yet. */
  volumesMissing = 0;
  /** Failed requests for a token. */
  tokenTries = 0;
  hasSandbox = false;
  /** Counts against the node's resources. */
  admitted = false;
  readonly receivedNs: number;
  beganNs = Number.NaN;
  /** Time spent in pulls, of one pod's start-up. */
  pullSinceNs = Number.NaN;
  pulledUntilNs = Number.NaN;
  initDoneNs = Number.NaN;
  startedNs = Number.NaN;
  /** Its containers run and are ready. */
  serves = false;
  /** It is one of the running pods. */
  counted = false;
  /** Its start-up was measured. */
  measured = false;
  /** Why it ends by the kubelet's own decision: 'Evicted', 'OutOfcpu', ...; '' otherwise. */
  verdict = '';
  /** Gone from the API: nothing is reported any more. */
  removed = false;
  /** Its volumes and cgroups are gone as well. */
  torn = false;
  /** The runtime has stopped its containers and sandbox. */
  stopped = false;
  /** Grace of the termination under way. */
  graceNs = Number.POSITIVE_INFINITY;
  /** When the operation of the runtime that is under way was asked for. */
  operationNs = 0;

  /** What the kubelet wants the status to be; `version` counts its changes. */
  status: PodStatus;
  version = 0;
  /** Version that the API has, and when the first one that it has not was made. */
  sentVersion = 0;
  dirtySinceNs = Number.NaN;
  queued = false;

  constructor(slot: number, member: number, serial: number, pod: Pod, nowNs: number) {
    this.slot = slot;
    this.member = member;
    this.serial = serial;
    this.pod = pod;
    this.status = pod.status;
    this.receivedNs = nowNs;
  }
}

export function makeRuns(pod: Pod): ContainerRun[] {
  const { initContainers, containers } = pod.spec;
  return [
    ...initContainers.map((container) => makeRun(container, true)),
    ...containers.map((container) => makeRun(container, false)),
  ];
}

function makeRun(container: Container, isInit: boolean): ContainerRun {
  return {
    container,
    isInit,
    state: 'waiting',
    serial: 0,
    startNs: Number.NaN,
    seenNs: Number.NaN,
    exitedNs: Number.NaN,
    exitCode: 0,
    restarts: 0,
    ready: false,
    backoff: null,
    pullBackoff: null,
    pullFailedNs: Number.NaN,
    waiting: '',
  };
}

/** Ends by itself and must have done so before the next may start. */
export function isFinalInit(run: ContainerRun): boolean {
  return run.isInit && run.container.behaviour.runsForNs < Number.POSITIVE_INFINITY;
}

/** kuberuntime ShouldContainerBeRestarted, for a container that has exited. */
export function restarts(run: ContainerRun, pod: Pod): boolean {
  const { restartPolicy } = pod.spec;
  if (isFinalInit(run)) return run.exitCode !== 0 && restartPolicy !== 'Never';
  return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && run.exitCode !== 0);
}

/** pkg/kubelet getPhase, and what else a status says of the containers. */
export function statusOf(
  worker: PodWorker,
  runs: readonly ContainerRun[],
  nowNs: number,
): PodStatus {
  const { pod, status } = worker;
  let running = 0;
  let waiting = 0;
  let failed = 0;
  let unready = 0;
  let restartCount = 0;
  let reason = '';
  let initPending = false;
  for (const run of runs) {
    restartCount += run.restarts;
    if (run.waiting !== '' && reason === '') reason = run.waiting;
    if (run.isInit) {
      if (isFinalInit(run) && !(run.state === 'exited' && run.exitCode === 0)) {
        if (run.state === 'exited' && !restarts(run, pod)) failed++;
        else initPending = true;
      }
      continue;
    }
    if (!run.ready) unready++;
    if (run.state === 'running' && !Number.isNaN(run.seenNs)) running++;
    else if (run.state === 'exited' && !restarts(run, pod)) failed += run.exitCode === 0 ? 0 : 1;
    else if (run.restarts === 0 && run.state !== 'exited') waiting++;
    else running++;
  }
  const ended = worker.state === 'finished';
  const phase = ended
    ? failed > 0 || worker.verdict !== ''
      ? 'Failed'
      : 'Succeeded'
    : initPending || waiting > 0
      ? 'Pending'
      : running > 0
        ? 'Running'
        : status.phase;
  const ready = !ended && phase === 'Running' && unready === 0;
  return {
    ...status,
    phase,
    ready,
    readySinceNs: ready ? (status.ready ? status.readySinceNs : nowNs) : Number.NaN,
    hasIP: worker.hasSandbox || status.hasIP,
    restarts: restartCount,
    reason: worker.verdict !== '' ? worker.verdict : reason,
  };
}

/** Whether the API must hear of it. */
export function sameStatus(a: PodStatus, b: PodStatus): boolean {
  return (
    a.phase === b.phase &&
    a.ready === b.ready &&
    a.hasIP === b.hasIP &&
    a.restarts === b.restarts &&
    a.reason === b.reason &&
    (a.startNs === b.startNs || (Number.isNaN(a.startNs) && Number.isNaN(b.startNs)))
  );
}

/** None will run again: an init container failed for good, or all others have ended. */
export function hasEnded(worker: PodWorker, runs: readonly ContainerRun[]): boolean {
  let left = 0;
  for (const run of runs) {
    const isOver = run.state === 'exited' && !restarts(run, worker.pod);
    if (isFinalInit(run)) {
      if (isOver && run.exitCode !== 0) return true;
      if (run.state !== 'exited') left++;
    } else if (!run.isInit && !isOver) left++;
  }
  return left === 0;
}
