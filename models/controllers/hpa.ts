/**
 * The horizontal pod autoscaler: every 15 s it compares the CPU use of a target's pods with what it
 * should be, and sets the number of replicas.
 *
 * Follows kubernetes/pkg/controller/podautoscaler/{horizontal.go,replica_calculator.go}. Usage
 * comes from a stand-in of metrics-server: what a running pod's containers are said to use.
 * Left out: the calls to metrics-server (it would answer, not etcd), memory and custom metrics,
 * behaviour policies other than the defaults.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  type HorizontalPodAutoscaler,
  isBeingDeleted,
  isTerminal,
  type KubeObject,
  type LabelSelector,
  matches,
  type Pod,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  errorOf,
  getCall,
  INDEX_NAMESPACE,
  patchCall,
  perform,
  type Sync,
  send,
  statusCall,
  withStatus,
} from './environment.ts';

/** --horizontal-pod-autoscaler-cpu-initialization-period, -initial-readiness-delay. */
const CPU_INITIALIZATION_NS = 300e9;
const READINESS_DELAY_NS = 30e9;
/** Default scale-up behaviour: the larger of 4 pods and 100 % in 15 s. */
const SCALE_UP_PODS = 4;
const SCALE_UP_FACTOR = 2;
const SCALE_PATCH_BYTES = 300;

/** CPU use of a pod in milli-cores; NaN where metrics-server has none. */
export type CpuUsage = (pod: Pod, nowNs: number) => number;

export interface ReplicaCalculation {
  readonly replicas: number;
  readonly ratio: number;
}

interface Scalable extends KubeObject {
  readonly spec: { readonly replicas: number; readonly selector: LabelSelector };
}

export class HorizontalController implements Controller {
  readonly name = 'horizontalpodautoscaler';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #scalers: Informer<'horizontalpodautoscalers'>;
  readonly #queue: WorkQueue;
  readonly #usage: CpuUsage;
  /** Recommendations of the stabilization window, by scaler. */
  readonly #recommended = new Map<string, { readonly atNs: number; readonly replicas: number }[]>();

  constructor(env: ControllerEnvironment, usage: CpuUsage = declaredUsage) {
    this.#env = env;
    this.#usage = usage;
    this.#client = env.client('horizontal-pod-autoscaler');
    this.#recorder = env.recorder(this.#client);
    this.#scalers = env.informer('horizontalpodautoscalers');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers('horizontal-pod-autoscaler', 5),
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#pass(key),
    });
    const { hpaSyncPeriodNs } = env.scenario;
    this.#scalers.addHandlers({
      // A queue of fixed interval: a new one waits a period too.
      onAdd: (scaler) => this.#queue.addAfter(scaler.meta.path, hpaSyncPeriodNs),
      onDelete: (scaler) => this.#recommended.delete(scaler.meta.path),
    });
  }

  *#pass(key: string): Sync {
    const scaler = this.#scalers.get(key);
    if (scaler === undefined || isBeingDeleted(scaler)) return '';
    this.#queue.addAfter(key, this.#env.scenario.hpaSyncPeriodNs);
    // Errors are events; the next try is the next period's.
    yield* this.#reconcile(key, scaler);
    return '';
  }

  *#reconcile(key: string, scaler: HorizontalPodAutoscaler): Sync {
    const { target, minReplicas, maxReplicas } = scaler.spec;
    const scaleCall = { ...getCall(target.resource, target.path), subresource: 'scale' } as const;
    const scale = yield* send(this.#client, scaleCall);
    if (errorOf(scale) !== '' || scale.object === null) {
      this.#recorder.record(scaler, 'FailedGetScale');
      return errorOf(scale);
    }
    const object = scale.object as Scalable; // Whatever can be scaled has these.
    const current = object.spec.replicas;
    let desired = current;
    if (current > maxReplicas) desired = maxReplicas;
    else if (current < minReplicas) desired = minReplicas;
    else if (current > 0) {
      const pods = yield* this.#podsOf(scaler, object.spec.selector);
      desired = this.#recommend(key, scaler, current, pods);
    }
    if (desired !== current) {
      const call = patchCall(object, SCALE_PATCH_BYTES, (latest) => ({
        ...latest,
        resourceVersion: 0,
        meta: { ...latest.meta, generation: latest.meta.generation + 1 },
        spec: { ...latest.spec, replicas: desired },
      }));
      const error = yield* perform(this.#client, { ...call, subresource: 'scale' });
      this.#recorder.record(
        scaler,
        error === '' ? 'SuccessfulRescale' : 'FailedRescale',
        `${desired}`,
      );
      if (error !== '') return error;
    }
    const { currentReplicas, desiredReplicas } = scaler.status;
    if (currentReplicas === current && desiredReplicas === desired) return '';
    const next = withStatus(scaler, { currentReplicas: current, desiredReplicas: desired });
    return yield* perform(this.#client, statusCall(next, scaler));
  }

  *#podsOf(
    scaler: HorizontalPodAutoscaler,
    selector: LabelSelector,
  ): Generator<ReturnType<ControllerEnvironment['work']>, Pod[], void> {
    const all = [...this.#env.pods.byIndex(INDEX_NAMESPACE, scaler.meta.namespace)];
    yield this.#env.work(cost(this.#env, 'controllers.podNs') * (all.length + 1));
    return all.filter((pod) => matches(selector, pod.meta.labels));
  }

  /** computeReplicasForMetrics, then stabilization and limits (normalizeDesiredReplicas). */
  #recommend(
    key: string,
    scaler: HorizontalPodAutoscaler,
    current: number,
    pods: readonly Pod[],
  ): number {
    const { sim, scenario } = this.#env;
    const { minReplicas, maxReplicas, targetCpuUtilization } = scaler.spec;
    const target = { utilization: targetCpuUtilization, tolerance: scenario.hpaTolerance };
    const { replicas } = calculateReplicas(current, pods, target, this.#usage, sim.nowNs);
    // recordInitialRecommendation: nothing shrinks in the first window.
    const window = this.#recommended.get(key) ?? [{ atNs: sim.nowNs, replicas: current }];
    const fromNs = sim.nowNs - scenario.hpaDownscaleStabilizationNs;
    const kept = window.filter((entry) => entry.atNs > fromNs);
    kept.push({ atNs: sim.nowNs, replicas });
    this.#recommended.set(key, kept);
    let stable = replicas;
    for (const entry of kept) stable = Math.max(stable, entry.replicas);
    // Scale-up is not stabilized: only what keeps the present size counts.
    if (replicas < current) stable = Math.min(stable, current);
    else stable = replicas;
    const limit = Math.max(SCALE_UP_FACTOR * current, current + SCALE_UP_PODS);
    return Math.min(Math.max(stable, minReplicas), maxReplicas, limit);
  }
}

export interface UtilizationTarget {
  /** Of the requested CPU: a fraction. */
  readonly utilization: number;
  readonly tolerance: number;
}

/** GetResourceReplicas: pods without metrics count for the cautious side. */
export function calculateReplicas(
  current: number,
  pods: readonly Pod[],
  target: UtilizationTarget,
  usage: CpuUsage,
  nowNs: number,
): ReplicaCalculation {
  const measured: Pod[] = [];
  const unready: Pod[] = [];
  const missing: Pod[] = [];
  for (const pod of pods) {
    if (isBeingDeleted(pod) || isTerminal(pod)) continue;
    if (isUnready(pod, nowNs)) unready.push(pod);
    else if (Number.isNaN(usage(pod, nowNs))) missing.push(pod);
    else measured.push(pod);
  }
  const sum = { usage: 0, request: 0 };
  for (const pod of measured) {
    sum.usage += usage(pod, nowNs);
    sum.request += pod.spec.requests.cpuMilli;
  }
  if (sum.request === 0) return { replicas: current, ratio: 1 };
  const ratio = sum.usage / sum.request / target.utilization;
  const grows = ratio > 1;
  const counted = measured.length + (grows ? unready.length : 0) + missing.length;
  if (missing.length === 0 && (!grows || unready.length === 0)) {
    if (Math.abs(1 - ratio) <= target.tolerance) return { replicas: current, ratio };
    return { replicas: Math.ceil(ratio * measured.length), ratio };
  }
  // Missing ones: at target when shrinking, at nothing when growing; unready ones use nothing.
  for (const pod of missing) {
    const { cpuMilli } = pod.spec.requests;
    sum.request += cpuMilli;
    if (!grows) sum.usage += cpuMilli * target.utilization;
  }
  if (grows) for (const pod of unready) sum.request += pod.spec.requests.cpuMilli;
  const adjusted = sum.usage / sum.request / target.utilization;
  const turned = adjusted > 1 !== grows;
  if (Math.abs(1 - adjusted) <= target.tolerance || turned) return { replicas: current, ratio };
  const replicas = Math.ceil(adjusted * counted);
  const wrong = grows ? replicas < current : replicas > current;
  return { replicas: wrong ? current : replicas, ratio: adjusted };
}

/** groupPods: not yet to be believed, as it has just started. */
function isUnready(pod: Pod, nowNs: number): boolean {
  if (pod.status.phase === 'Pending' || Number.isNaN(pod.status.startNs)) return true;
  const ageNs = nowNs - pod.status.startNs;
  if (ageNs < CPU_INITIALIZATION_NS) return !pod.status.ready;
  const neverReady = Number.isNaN(pod.status.readySinceNs);
  return !pod.status.ready && neverReady && ageNs < READINESS_DELAY_NS;
}

/** The stand-in of metrics-server: what running containers are said to use. */
export function declaredUsage(pod: Pod): number {
  if (pod.status.phase !== 'Running') return Number.NaN;
  let milli = 0;
  for (const container of pod.spec.containers) milli += container.behaviour.cpuUseMilli;
  return milli;
}
