/** Metrics of pods as kubelets measure them (pkg/kubelet/metrics, pkg/kubelet/util). */
import type { Counter, Level, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ClusterWitness } from '../objects/index.ts';
import type { PodWorker } from './pod-worker.ts';

/** metrics.go podStartupDurationBuckets. */
const START = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800,
  2700, 3600,
];
/** prometheus.DefBuckets. */
const DEFAULT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** ExponentialBuckets(.005, 2.5, 14). */
const RUNTIME: readonly number[] = [
  0.005, 0.0125, 0.03125, 0.078125, 0.1953125, 0.48828125, 1.220703125, 3.0517578125, 7.62939453125,
  19.073486328125, 47.6837158203125, 119.20928955078125, 298.0232238769531, 745.0580596923828,
];

export type RuntimeOperation =
  | 'run_podsandbox'
  | 'create_container'
  | 'start_container'
  | 'stop_podsandbox';

export class PodMetrics {
  readonly #sim: ModelContext['sim'];
  readonly #sli: Tally;
  readonly #total: Tally;
  readonly #start: Tally;
  readonly #workerStart: Tally;
  readonly #operations: Readonly<Record<RuntimeOperation, Tally>>;
  readonly #runningPods: Level;
  readonly #startedPods: Counter;
  readonly #witness: ClusterWitness;
  #running = 0;

  constructor({ sim, metrics }: ModelContext, witness: ClusterWitness) {
    this.#sim = sim;
    this.#witness = witness;
    const starts = { buckets: START };
    this.#sli = metrics.tally('kubelet_pod_start_sli_duration_seconds', {}, starts);
    this.#total = metrics.tally('kubelet_pod_start_total_duration_seconds', {}, starts);
    this.#start = metrics.tally('kubelet_pod_start_duration_seconds', {}, starts);
    this.#workerStart = metrics.tally(
      'kubelet_pod_worker_start_duration_seconds',
      {},
      { buckets: DEFAULT },
    );
    const operation = (operation_type: RuntimeOperation) =>
      metrics.tally(
        'kubelet_runtime_operations_duration_seconds',
        { operation_type },
        { buckets: RUNTIME },
      );
    this.#operations = {
      run_podsandbox: operation('run_podsandbox'),
      create_container: operation('create_container'),
      start_container: operation('start_container'),
      stop_podsandbox: operation('stop_podsandbox'),
    };
    this.#runningPods = metrics.level('kubelet_running_pods');
    this.#startedPods = metrics.counter('kubelet_started_pods_total');
  }

  began(worker: PodWorker): void {
    this.#startedPods.add();
    this.#workerStart.record(this.#sim.nowNs - worker.receivedNs);
  }

  operation(type: RuntimeOperation, durationNs: number): void {
    this.#operations[type].record(durationNs);
  }

  /** Its containers run, as the kubelet knows it. */
  started(worker: PodWorker): void {
    this.#start.record(this.#sim.nowNs - worker.receivedNs);
    worker.counted = true;
    this.running(1);
  }

  ended(worker: PodWorker): void {
    if (!worker.counted) return;
    worker.counted = false;
    this.running(-1);
  }

  /** Whether its containers run and are ready, as they are. */
  serves(worker: PodWorker, serves: boolean): void {
    if (worker.serves === serves) return;
    worker.serves = serves;
    this.#witness.podServes(worker.pod, serves);
  }

  /** The kubelet finds a pod of which nothing runs here. */
  neverServes(worker: PodWorker): void {
    this.#witness.podServes(worker.pod, false);
  }

  running(by: number): void {
    this.#running += by;
    this.#runningPods.set(this.#sim.nowNs, this.#running);
  }

  /** The kubelet's watch shows a version of the pod: its first Running one ends its start-up. */
  observed(worker: PodWorker, nowNs: number): void {
    const { pod, pullSinceNs, pulledUntilNs } = worker;
    if (worker.measured || pod.status.phase !== 'Running') return;
    worker.measured = true;
    const totalNs = nowNs - pod.meta.createdNs;
    const pullNs = Number.isNaN(pulledUntilNs) ? 0 : pulledUntilNs - pullSinceNs;
    this.#total.record(totalNs);
    this.#sli.record(Math.max(0, totalNs - pullNs));
  }
}
