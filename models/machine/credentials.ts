/**
 * Certificates and tokens, by the wall clocks of those who look at them.
 *
 * The one idea: whatever nobody has limited is good for ever, so a run in which nothing expires and
 * no clock errs keeps nothing and looks at nothing. Who is asked to trust compares the validity
 * with the wall clock of the machine that it runs on. Nodes have a clock of their own from the
 * first fault that names it; until then theirs is right.
 *
 * *Left out:* revocation, authorities that expire, caches of what was verified before.
 */
import type { ModelContext } from '../../src/resource/index.ts';
import type { ClockScenario } from '../../src/scenario/types.ts';
import { Clock } from './clock.ts';
import type { Host } from './host.ts';

/** By wall clocks, ns; both ends included. */
export interface Validity {
  readonly notBeforeNs: number;
  readonly notAfterNs: number;
}

/** The clock of a node at its start. */
const IDEAL: ClockScenario = {
  shape: 'ideal',
  offsetNs: 0,
  driftPpm: 0,
  amplitudeNs: 0,
  periodNs: 0,
  stepNs: 0,
  stepAtNs: 0,
  ntp: 'none',
  ntpPollNs: 64e9,
  ntpMaxSlewPpm: 500,
};
/** Clocks that differ by less from true time are taken as right where tokens are issued. */
const RIGHT_NS = 1e9;

export class Credentials {
  readonly #ctx: ModelContext;
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #validities = new Map<string, Validity>();
  readonly #nodeClocks = new Map<string, Clock>();

  constructor(ctx: ModelContext, hosts: ReadonlyMap<string, Host>) {
    this.#ctx = ctx;
    this.#hosts = hosts;
  }

  /** Something is not good for ever. */
  get isUsed(): boolean {
    return this.#validities.size > 0;
  }

  /** Some machine's wall clock is wrong by a second or more. */
  get isSkewed(): boolean {
    const { nowNs } = this.#ctx.sim;
    for (const { clock } of this.#hosts.values()) {
      if (Math.abs(clock.wallNs() - nowNs) >= RIGHT_NS) return true;
    }
    return false;
  }

  /** Limits a certificate or a token; null: good for ever again. */
  limit(key: string, validity: Validity | null): void {
    if (validity === null) this.#validities.delete(key);
    else this.#validities.set(key, validity);
  }

  /** Whether somebody whose clock shows `wallNs` takes it, with `leewayNs` at both ends. */
  isGood(key: string, wallNs: number, leewayNs = 0): boolean {
    const validity = this.#validities.get(key);
    if (validity === undefined) return true;
    return wallNs + leewayNs >= validity.notBeforeNs && wallNs - leewayNs <= validity.notAfterNs;
  }

  /** Of a machine by its name, of a node as `node/NAME`; true time for everybody else. */
  wallNs(owner: string): number {
    const clock = this.#hosts.get(owner)?.clock ?? this.#nodeClocks.get(owner);
    return clock === undefined ? this.#ctx.sim.nowNs : clock.wallNs();
  }

  /** For faults: the clock of a node, from now on its own. */
  nodeClock(node: string): Clock {
    const owner = `node/${node}`;
    let clock = this.#nodeClocks.get(owner);
    if (clock === undefined) {
      clock = new Clock(this.#ctx, `${owner}/clock`, IDEAL);
      this.#nodeClocks.set(owner, clock);
    }
    return clock;
  }
}
