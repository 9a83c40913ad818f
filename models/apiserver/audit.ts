/**
 * The audit log (kubernetes/apiserver plugin/pkg/audit, pkg/server/options/audit.go). Blocking: the
 * end of a request waits for its line, and lines are written one after the other. In batches: a
 * buffer of 10,000 events, and what finds it full is dropped. A log takes them one by one; a
 * webhook 400 at a time or what there is after 30 s, at most 10 batches a second, 15 in a burst.
 *
 * Left out: levels with bodies, policies (every request is logged once), truncation, rotation.
 */
import { NS_PER_S, type Simulation } from '../../src/core/index.ts';
import type { Counter } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiServerScenario } from '../../src/scenario/types.ts';
import type { Costs } from './costs.ts';

const BUFFER_EVENTS = 10_000;
const BATCH_EVENTS = 400;
const BATCH_WAIT_NS = 30 * NS_PER_S;
const THROTTLE_NS = NS_PER_S / 10;
const THROTTLE_BURST = 15;

export class Audit {
  readonly #sim: Simulation;
  readonly #mode: ApiServerScenario['audit'];
  readonly #writeNs: number;
  readonly #sendNs: number;
  readonly #events: Counter | null;
  readonly #dropped: Counter | null;
  readonly #batchType: number;
  /** Of a log: when the line before is written. */
  #freeNs = 0;
  /** Of a webhook: events in the buffer, and the next batch that is planned. */
  #buffered = 0;
  #plannedNs = Infinity;
  /** Batches that may still go at once, as of `#tokensNs`. */
  #tokens = THROTTLE_BURST;
  #tokensNs = 0;
  #life = 0;

  constructor(ctx: ModelContext, instance: string, scenario: ApiServerScenario, costs: Costs) {
    const { sim, metrics } = ctx;
    this.#sim = sim;
    this.#mode = scenario.audit;
    this.#writeNs = Math.round(costs.get('auditWriteNs'));
    this.#sendNs = Math.round(costs.get('auditWebhookWaitNs'));
    const off = scenario.audit === 'off';
    const counter = (name: string) => (off ? null : metrics.counter(name, { instance }));
    this.#events = counter('apiserver_audit_event_total');
    this.#dropped = counter('apiserver_audit_error_total');
    this.#batchType = sim.eventType(`${instance}/auditBatch`, (life) => {
      if (life === this.#life) this.#send();
    });
  }

  /** One request has ended; ns that its answer waits for that. */
  log(requests: number): number {
    if (this.#mode === 'off') return 0;
    this.#events?.add(requests);
    const nowNs = this.#sim.nowNs;
    if (this.#mode === 'log-blocking') {
      this.#freeNs = Math.max(this.#freeNs, nowNs) + requests * this.#writeNs;
      return this.#freeNs - nowNs;
    }
    const toLog = this.#mode === 'log-batch';
    const buffered = toLog ? this.#unwritten() : this.#buffered;
    const taken = Math.min(Math.max(0, BUFFER_EVENTS - buffered), requests);
    if (taken < requests) this.#dropped?.add(requests - taken);
    if (toLog) {
      this.#freeNs = Math.max(this.#freeNs, nowNs) + taken * this.#writeNs;
    } else {
      this.#buffered += taken;
      this.#plan();
    }
    return 0;
  }

  reset(): void {
    this.#life++;
    this.#freeNs = 0;
    this.#buffered = 0;
    this.#plannedNs = Infinity;
    this.#tokens = THROTTLE_BURST;
    this.#tokensNs = this.#sim.nowNs;
  }

  /** Lines that the log has still to write. */
  #unwritten(): number {
    if (this.#writeNs === 0) return 0;
    return Math.max(0, Math.ceil((this.#freeNs - this.#sim.nowNs) / this.#writeNs));
  }

  #plan(): void {
    if (this.#buffered === 0) return;
    const nowNs = this.#sim.nowNs;
    const dueNs =
      this.#buffered >= BATCH_EVENTS ? nowNs + this.#throttleNs() : nowNs + BATCH_WAIT_NS;
    if (dueNs >= this.#plannedNs) return;
    this.#plannedNs = dueNs;
    this.#sim.scheduleAt(dueNs, this.#batchType, this.#life, 0);
  }

  /** A batch goes; a slow backend takes them one after the other. */
  #send(): void {
    const nowNs = this.#sim.nowNs;
    if (nowNs !== this.#plannedNs) return;
    this.#plannedNs = Infinity;
    this.#tokens--;
    this.#buffered -= Math.min(this.#buffered, BATCH_EVENTS);
    if (this.#buffered < BATCH_EVENTS) {
      this.#plan();
      return;
    }
    this.#plannedNs = nowNs + Math.max(this.#sendNs, this.#throttleNs());
    this.#sim.scheduleAt(this.#plannedNs, this.#batchType, this.#life, 0);
  }

  /** Until the throttle lets the next batch go. */
  #throttleNs(): number {
    const nowNs = this.#sim.nowNs;
    const gained = Math.floor((nowNs - this.#tokensNs) / THROTTLE_NS);
    this.#tokens = Math.min(THROTTLE_BURST, this.#tokens + gained);
    this.#tokensNs += gained * THROTTLE_NS;
    return this.#tokens > 0 ? 0 : this.#tokensNs + THROTTLE_NS - nowNs;
  }
}
