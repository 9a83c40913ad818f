/**
 * Where each pod's start-up time went: stamps of components, turned into tallies and into a report
 * of single pods.
 *
 * One idea: a pod that is created in the run has a row of times, one column a stage; when it has
 * been observed running its row is counted once. The newest rows are kept for the report.
 *
 * The start-up SLI is SIG Scalability's (community sig-scalability/slos/pod_startup_latency.md):
 * from creation to being reported as started to a watcher, of pods that were schedulable when they
 * were created and whose images were there; pods that pulled or had init containers are counted
 * apart.
 */
import { assert } from '../../src/core/index.ts';
import type { Counter, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import {
  type ClusterObserver,
  controllerOf,
  type KubeObject,
  type Pod,
  type PodStage,
  podStages,
  type SchedulingAttempt,
} from '../objects/index.ts';

/** Rows that are kept for the report; while more pods are on their way there are more rows. */
const PODS_MAX = 20_000;
const MESSAGES_MAX = 400;
const STAGES = podStages.length;
const stageIndex: Readonly<Record<PodStage, number>> = Object.freeze(
  Object.fromEntries(podStages.map((stage, i) => [stage, i])),
) as Readonly<Record<PodStage, number>>;

/** Upper bounds of kubelet_pod_start_sli_duration_seconds (pkg/kubelet/metrics). */
const START_BUCKETS = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800,
  2700, 3600,
];

export interface PodReport {
  readonly uid: number;
  readonly path: string;
  readonly nodeName: string;
  /** Simulated time by stage, in the order of `podStages`; null where it was not reached. */
  readonly stagesNs: readonly (number | null)[];
  readonly attempts: number;
  readonly last: SchedulingAttempt | null;
}

export interface MessageReport {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly atNs: number;
}

/** What became of the pods that were created in the run, warm-up included. */
export interface PodCounts {
  readonly created: number;
  /** Seen ready, or succeeded, by a watcher. */
  readonly started: number;
  /** Not given a node by the end, and still there. */
  readonly unscheduled: number;
  /** Given a node, and not started by the end. */
  readonly starting: number;
  /** Deleted before they had started. */
  readonly deletedEarly: number;
  /** Seen in phase Failed. */
  readonly failed: number;
  /** Asked for by workloads at the end, and not there: not in `created`. */
  readonly notCreated: number;
}

export interface TimelineReport {
  readonly counts: PodCounts;
  /** The newest. */
  readonly pods: readonly PodReport[];
  readonly messages: readonly MessageReport[];
}

interface Row {
  readonly uid: number;
  readonly path: string;
  readonly stateless: boolean;
  attempts: number;
  nodeName: string;
  last: SchedulingAttempt | null;
  deleted: boolean;
  failed: boolean;
}

export class Timeline implements ClusterObserver {
  readonly #ctx: ModelContext;
  readonly #rows = new Map<number, number>();
  readonly #table: (Row | undefined)[] = [];
  #times = new Float64Array(PODS_MAX * STAGES).fill(Number.NaN);
  #next = 0;
  #created = 0;
  #started = 0;
  #failed = 0;
  /** When what a workload or pod comes from was asked for, by uid. */
  readonly #requestedNs = new Map<number, number>();
  /** Objects whose messages are wanted: the first one that was asked for, and its dependents. */
  readonly #followed = new Set<number>();
  #followsOne = false;
  readonly #messages: MessageReport[] = [];
  readonly #startup: Tally;
  readonly #startupOther: Tally;
  readonly #stage: readonly Tally[];
  readonly #observed: Counter;

  constructor(ctx: ModelContext) {
    this.#ctx = ctx;
    const { metrics } = ctx;
    const startup = (kind: string): Tally =>
      metrics.tally(
        'wavetank_pod_startup_duration_seconds',
        { kind },
        {
          unit: 'ns',
          help: 'From creation of a pod to a watcher that sees it started (SIG Scalability SLI).',
          buckets: START_BUCKETS,
        },
      );
    this.#startup = startup('stateless');
    this.#startupOther = startup('other');
    // Under this name and label `op` a stage appears in stages.csv and in the summary.
    this.#stage = podStages.map((stage) =>
      metrics.tally(
        'wavetank_request_stage_duration_seconds',
        { op: 'pod start-up', stage },
        { unit: 'ns', help: 'Time of requests, and of pods that start, by stage.' },
      ),
    );
    this.#observed = metrics.counter(
      'wavetank_pods_started_total',
      {},
      {
        help: 'Pods that were created in the run and seen started.',
      },
    );
  }

  /** Somebody outside of the cluster asks for this object now. */
  requested(object: KubeObject, atNs: number): void {
    const { uid } = object.meta;
    this.#requestedNs.set(uid, atNs);
    if (!this.#followsOne && object.resource !== 'pods') {
      this.#followsOne = true;
      this.#followed.add(uid);
    }
  }

  created(object: KubeObject, atNs: number): void {
    const { uid } = object.meta;
    const owner = controllerOf(object);
    const ownUid = this.#requestedNs.has(uid) ? uid : (owner?.uid ?? 0);
    const requestedNs = this.#requestedNs.get(ownUid) ?? Number.NaN;
    if (owner !== null && this.#followed.has(owner.uid)) this.#followed.add(uid);
    if (object.resource === 'pods') {
      // Made by storage as a pod: see ObjectTypes.
      this.#begin(object as Pod, requestedNs);
      this.podStage(uid, 'created', atNs);
    } else if (!Number.isNaN(requestedNs)) this.#requestedNs.set(uid, requestedNs);
  }

  #begin(pod: Pod, requestedNs: number): void {
    const { uid } = pod.meta;
    if (this.#rows.has(uid)) return;
    const at = this.#freeRow();
    const old = this.#table[at];
    if (old !== undefined) this.#rows.delete(old.uid);
    const { containers, initContainers } = pod.spec;
    const pulls = containers.some((c) => c.imagePullPolicy === 'Always');
    const stateless = initContainers.length === 0 && !pulls;
    this.#table[at] = {
      uid,
      path: pod.meta.path,
      stateless,
      attempts: 0,
      nodeName: pod.nodeName,
      last: null,
      deleted: false,
      failed: false,
    };
    this.#rows.set(uid, at);
    this.#created++;
    this.#times.fill(Number.NaN, at * STAGES, (at + 1) * STAGES);
    this.#times[at * STAGES + stageIndex.requested] = requestedNs;
  }

  /** The oldest row, where its pod has started; else a new one. */
  #freeRow(): number {
    const { length } = this.#table;
    const at = this.#next;
    this.#next = (at + 1) % Math.max(PODS_MAX, length);
    const taken = this.#table[at] !== undefined;
    if (!taken || !Number.isNaN(this.#times[at * STAGES + stageIndex.observed])) return at;
    if ((length + 1) * STAGES > this.#times.length) {
      const larger = new Float64Array(this.#times.length * 2).fill(Number.NaN);
      larger.set(this.#times);
      this.#times = larger;
    }
    return length;
  }

  podStage(uid: number, stage: PodStage, atNs: number): void {
    const row = this.#rows.get(uid);
    if (row === undefined) return;
    const at = row * STAGES + stageIndex[stage];
    const first = Number.isNaN(this.#times[at]);
    if (stage !== 'popped' && !first) return;
    this.#times[at] = atNs;
    if (stage === 'observed') this.#finish(row);
  }

  /** A watcher has seen its deletion. */
  podDeleted(uid: number): void {
    const row = this.#rowOf(uid);
    if (row !== undefined) row.deleted = true;
  }

  /** A watcher has seen it in phase Failed. */
  podFailed(uid: number): void {
    const row = this.#rowOf(uid);
    if (row === undefined || row.failed) return;
    row.failed = true;
    this.#failed++;
  }

  schedulingAttempt(uid: number, attempt: SchedulingAttempt): void {
    const row = this.#rowOf(uid);
    if (row === undefined) return;
    row.attempts++;
    row.nodeName = attempt.nodeName;
    row.last = attempt;
  }

  message(from: string, to: string, text: string, atNs: number, aboutUid: number): void {
    if (!this.wantsMessages(aboutUid)) return;
    this.#messages.push({ from, to, text, atNs });
  }

  wantsMessages(aboutUid: number): boolean {
    return this.#followed.has(aboutUid) && this.#messages.length < MESSAGES_MAX;
  }

  report(notCreated = 0): TimelineReport {
    const pods: PodReport[] = [];
    for (const [uid, at] of this.#rows) {
      const row = this.#table[at];
      assert(row !== undefined, 'a pod of the timeline has no row');
      const times = this.#times.subarray(at * STAGES, (at + 1) * STAGES);
      pods.push({
        uid,
        path: row.path,
        nodeName: row.nodeName,
        stagesNs: Array.from(times, (t) => (Number.isNaN(t) ? null : t)),
        attempts: row.attempts,
        last: row.last,
      });
    }
    const messages = [...this.#messages].sort((a, b) => a.atNs - b.atNs);
    return { counts: this.#counts(notCreated), pods: pods.slice(-PODS_MAX), messages };
  }

  #counts(notCreated: number): PodCounts {
    let unscheduled = 0;
    let starting = 0;
    let deletedEarly = 0;
    for (const at of this.#rows.values()) {
      const reached = (stage: PodStage) =>
        !Number.isNaN(this.#times[at * STAGES + stageIndex[stage]]);
      if (!reached('created') || reached('observed')) continue;
      const row = this.#table[at];
      if (row?.deleted) deletedEarly++;
      else if (row?.failed) continue;
      else if (reached('scheduled')) starting++;
      else unscheduled++;
    }
    const [created, started, failed] = [this.#created, this.#started, this.#failed];
    return { created, started, unscheduled, starting, deletedEarly, failed, notCreated };
  }

  #rowOf(uid: number): Row | undefined {
    const at = this.#rows.get(uid);
    return at === undefined ? undefined : this.#table[at];
  }

  #finish(at: number): void {
    const times = this.#times.subarray(at * STAGES, (at + 1) * STAGES);
    const createdNs = times[stageIndex.created];
    if (Number.isNaN(createdNs)) return;
    const row = this.#table[at];
    assert(row !== undefined, 'a pod of the timeline has no row');
    const tally = row.stateless ? this.#startup : this.#startupOther;
    tally.record(this.#ctx.sim.nowNs - createdNs);
    this.#observed.add();
    this.#started++;
    let before = Number.NaN;
    for (let stage = 0; stage < STAGES; stage++) {
      const t = times[stage];
      if (Number.isNaN(t)) continue;
      if (!Number.isNaN(before)) this.#stage[stage].record(Math.max(0, t - before));
      before = Number.isNaN(before) ? t : Math.max(before, t);
    }
  }
}
