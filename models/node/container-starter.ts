/**
 * Starting the containers of a pod: sandbox, network, then one container after the other: image,
 * create, start (kuberuntime_manager.go SyncPod, startContainer).
 *
 * A call that the runtime takes longer for than runtimeRequestTimeout (a sandbox twice that,
 * cri-client remote_runtime.go) has failed. Until it is through with it, the runtime refuses what
 * the kubelet tries again, so the failure is looked at when the call ends.
 */
import { createSampler, type Sampler } from '../../src/dist/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import { Backoff } from './backoff.ts';
import type { PullOutcome } from './image-puller.ts';
import { type ContainerRun, isFinalInit, type PodWorker } from './pod-worker.ts';
import type { PodWorkers } from './pod-workers.ts';

const SANDBOX = 0;
const CNI = 1;
const CREATED = 2;
const STARTED = 3;
const AGAIN = 4;
const KINDS = 8;

export class ContainerStarter {
  readonly #pods: PodWorkers;
  readonly #sim: ModelContext['sim'];
  readonly #doneType: number;
  readonly #sandbox: Sampler;
  readonly #cni: Sampler;
  readonly #create: Sampler;
  readonly #start: Sampler;
  readonly #crash: { readonly initialNs: number; readonly maxNs: number };
  readonly #image: { readonly initialNs: number; readonly maxNs: number };
  readonly #timeoutNs: number;

  constructor(ctx: ModelContext, name: string, pods: PodWorkers) {
    const { sim, constants } = ctx;
    const { runtime } = pods.links.group;
    this.#pods = pods;
    this.#sim = sim;
    this.#timeoutNs = pods.links.group.kubelet.runtimeTimeoutNs;
    this.#sandbox = createSampler(runtime.sandbox, sim.stream(`${name}/sandbox`));
    this.#cni = createSampler(runtime.cni, sim.stream(`${name}/cni`));
    this.#create = createSampler(runtime.create, sim.stream(`${name}/create`));
    this.#start = createSampler(runtime.start, sim.stream(`${name}/start`));
    this.#crash = {
      initialNs: constants.get('kubelet.crashBackoffNs'),
      maxNs: constants.get('kubelet.crashBackoffMaxNs'),
    };
    this.#image = {
      initialNs: constants.get('kubelet.imageBackoffNs'),
      maxNs: constants.get('kubelet.imageBackoffMaxNs'),
    };
    this.#doneType = sim.eventType(`${name}/runtimeDone`, (slot, code) => this.#done(slot, code));
  }

  /** Volumes are mounted: the sandbox is next. */
  sandbox(worker: PodWorker): void {
    const { links } = this.#pods;
    if (!worker.pod.spec.hostNetwork && !links.hasNetwork(worker.member)) {
      this.#awaitNetwork(worker);
      return;
    }
    worker.volumesMissing = 0;
    links.observer.podStage(worker.pod.meta.uid, 'volumesMounted', this.#sim.nowNs);
    this.#run(worker, SANDBOX, this.#sandbox);
  }

  /** kubelet.go SyncPod: an error, so the worker tries again after its back-off. */
  #awaitNetwork(worker: PodWorker): void {
    this.#pods.links.record(worker, 'NetworkNotReady');
    this.#sandboxLater(worker);
  }

  #sandboxLater(worker: PodWorker): void {
    worker.step = this.#pods.nextSerial();
    const delayNs = this.#pods.retryDelayNs();
    this.#sim.schedule(delayNs, this.#doneType, worker.slot, worker.step * KINDS + AGAIN);
  }

  /** Whether its back-offs allow a start; says why it waits where they do not. */
  mayStart(run: ContainerRun, nowNs: number): boolean {
    if (run.pullBackoff?.isWaiting(nowNs, run.pullFailedNs)) {
      run.waiting = 'ImagePullBackOff';
      return false;
    }
    if (run.state === 'exited' && run.backoff?.isWaiting(nowNs, run.exitedNs)) {
      run.waiting = 'CrashLoopBackOff';
      return false;
    }
    return true;
  }

  start(worker: PodWorker, index: number): void {
    const { links } = this.#pods;
    const run = this.#pods.runsOf(worker)[index];
    if (run.state === 'exited') {
      run.backoff ??= new Backoff(this.#crash);
      run.backoff.next(run.exitedNs);
    }
    worker.busy = true;
    worker.starting = index;
    const { image, imagePullPolicy } = run.container;
    const present = links.images.isPresent(worker.member, image);
    if (imagePullPolicy === 'Never' && !present) {
      this.#failed(worker, run, 'ErrImageNeverPull');
    } else if (imagePullPolicy === 'Always' || !present) {
      links.record(worker, 'Pulling', run.container.name);
      if (Number.isNaN(worker.pullSinceNs)) worker.pullSinceNs = this.#sim.nowNs;
      worker.step = this.#pods.nextSerial();
      links.images.pull(worker.member, image, worker.slot, worker.step);
    } else {
      this.#createNext(worker);
    }
  }

  /** A pull ended. */
  pulled(slot: number, step: number, outcome: PullOutcome): void {
    const worker = this.#pods.workerOf(slot);
    if (worker === null || worker.step !== step || worker.starting < 0) return;
    const run = this.#pods.runsOf(worker)[worker.starting];
    const { nowNs } = this.#sim;
    if (outcome === 'failed') {
      run.pullBackoff ??= new Backoff(this.#image);
      run.pullBackoff.next(nowNs);
      run.pullFailedNs = nowNs;
      this.#failed(worker, run, 'ErrImagePull');
      return;
    }
    worker.pulledUntilNs = nowNs;
    this.#pods.links.pulledImage(worker.member, run.container.image);
    this.#createNext(worker);
  }

  #failed(worker: PodWorker, run: ContainerRun, reason: ContainerRun['waiting']): void {
    run.waiting = reason;
    this.#pods.links.record(worker, 'Failed', run.container.name);
    const index = worker.starting;
    worker.starting = -1;
    worker.retry = true;
    this.#pods.setStatus(worker);
    // One that fails does not keep the others from starting, unless they come after it.
    if (run.isInit) this.#pods.endSync(worker);
    else this.#pods.next(worker, index + 1);
  }

  #createNext(worker: PodWorker): void {
    const runs = this.#pods.runsOf(worker);
    this.#pods.links.record(worker, 'Pulled', runs[worker.starting].container.name);
    if (worker.starting === runs.length - 1) {
      const { observer } = this.#pods.links;
      observer.podStage(worker.pod.meta.uid, 'imagesPulled', this.#sim.nowNs);
    }
    this.#run(worker, CREATED, this.#create);
  }

  #run(worker: PodWorker, kind: number, sampler: Sampler): void {
    worker.step = this.#pods.nextSerial();
    worker.operationNs = this.#sim.nowNs;
    const serviceNs = sampler.next(this.#sim.nowNs);
    const code = worker.step * KINDS + kind;
    const { runtime } = this.#pods.links;
    runtime.request(worker.member, serviceNs, this.#doneType, worker.slot, code);
  }

  #done(slot: number, code: number): void {
    const worker = this.#pods.workerOf(slot);
    if (worker === null || worker.step !== Math.floor(code / KINDS)) return;
    const { nowNs } = this.#sim;
    const { metrics, links } = this.#pods;
    const kind = code % KINDS;
    if (kind !== AGAIN && this.#timedOut(worker, kind)) return;
    switch (kind) {
      case SANDBOX:
        if (!worker.pod.spec.hostNetwork) {
          const sinceNs = worker.operationNs;
          this.#run(worker, CNI, this.#cni);
          worker.operationNs = sinceNs;
          return;
        }
        this.#hasSandbox(worker);
        return;
      case CNI:
        this.#hasSandbox(worker);
        return;
      case AGAIN:
        this.sandbox(worker);
        return;
      case CREATED:
        metrics.operation('create_container', nowNs - worker.operationNs);
        links.record(worker, 'Created', this.#nameOf(worker));
        this.#run(worker, STARTED, this.#start);
        return;
      default:
        metrics.operation('start_container', nowNs - worker.operationNs);
        links.record(worker, 'Started', this.#nameOf(worker));
        this.#started(worker);
    }
  }

  #timedOut(worker: PodWorker, kind: number): boolean {
    const ofSandbox = kind === SANDBOX || kind === CNI;
    const tookNs = this.#sim.nowNs - worker.operationNs;
    if (tookNs <= (ofSandbox ? 2 : 1) * this.#timeoutNs) return false;
    if (ofSandbox) {
      this.#pods.links.record(worker, 'FailedCreatePodSandBox');
      this.#sandboxLater(worker);
      return true;
    }
    const run = this.#pods.runsOf(worker)[worker.starting];
    this.#failed(worker, run, kind === CREATED ? 'CreateContainerError' : 'RunContainerError');
    return true;
  }

  /** The container that is being started. */
  #nameOf(worker: PodWorker): string {
    return this.#pods.runsOf(worker)[worker.starting].container.name;
  }

  #hasSandbox(worker: PodWorker): void {
    const { metrics, links } = this.#pods;
    metrics.operation('run_podsandbox', this.#sim.nowNs - worker.operationNs);
    links.observer.podStage(worker.pod.meta.uid, 'sandboxReady', this.#sim.nowNs);
    worker.hasSandbox = true;
    worker.state = 'running';
    links.pleg.changed(worker.member, worker.slot);
    this.#pods.next(worker, 0);
  }

  #started(worker: PodWorker): void {
    const runs = this.#pods.runsOf(worker);
    const index = worker.starting;
    const run = runs[index];
    worker.starting = -1;
    if (run.state === 'exited') run.restarts++;
    this.#pods.running(worker, run);
    if (index === runs.length - 1 && Number.isNaN(worker.startedNs)) {
      worker.startedNs = this.#sim.nowNs;
      const { observer } = this.#pods.links;
      observer.podStage(worker.pod.meta.uid, 'containersStarted', worker.startedNs);
    }
    // The same sync goes on with the next one, unless that has to wait for this one's end.
    if (isFinalInit(run)) this.#pods.endSync(worker);
    else this.#pods.next(worker, index + 1);
  }
}
