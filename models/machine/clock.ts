/**
 * The clocks of a host: a monotonic one (CLOCK_MONOTONIC) and a wall clock (CLOCK_REALTIME).
 *
 *   monotonic(t) = integral of (1 + driftPpm / 1e6) (1 + slewPpm / 1e6) dt
 *   wall(t)      = monotonic(t) + offset + steps + shape(t)
 *
 * Simulated time is true time. Drift and NTP slewing change the rate of both clocks, as adjtimex(2)
 * does to CLOCK_MONOTONIC; a step moves the wall clock alone. Shapes, after the idea of
 * TigerBeetle's testing/time.zig: ideal and linear (offset and drift only), periodic (a sine on the
 * wall clock), noisy (a random walk of the wall clock), step (the wall clock jumps once).
 *
 * NTP: each poll measures the error of the wall clock exactly; 'slew' corrects it within one poll
 * interval but not faster than ntpMaxSlewPpm, 'step' steps errors above machine.ntpStepThresholdNs
 * and slews smaller ones.
 *
 * Left out: the daemon's learning of the frequency error (a slewed clock keeps a saw tooth of drift
 * x poll), errors of the measurement by asymmetric paths, leap seconds, CLOCK_BOOTTIME,
 * temperature.
 * Evidence: tests/models/machine/clock.test.ts, by hand.
 */
import { assert, NS_PER_S, type Simulation, type Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ClockScenario } from '../../src/scenario/types.ts';
import { sineOfTurns } from './sine.ts';

const TWO_PI = 6.283185307179586;

export class Clock {
  readonly name: string;
  readonly options: ClockScenario;
  private readonly sim: Simulation;
  private readonly walk: Stream | null;
  private readonly listeners: (() => void)[] = [];
  private readonly stepThresholdNs: number;
  private driftPpm: number;
  private slewPpm = 0;
  /** What its time server is ahead of true time. */
  private serverErrorNs = 0;
  /** 'none' until a server that misleads is heard. */
  private ntp: ClockScenario['ntp'];
  /** Local ns per simulated ns. */
  private rate = 1;
  // Where the current rate began, in simulated and in local time.
  private baseSimNs = 0;
  private baseLocalNs = 0;
  /** Offset and steps of the wall clock against the monotonic one. */
  private wallOffsetNs: number;
  // The random walk between two whole seconds.
  private walkSecond = -1;
  private walkFromNs = 0;
  private walkToNs = 0;

  constructor(ctx: ModelContext, name: string, o: ClockScenario) {
    assert(o.shape !== 'periodic' || o.periodNs > 0, `${name}: a periodic clock needs a period`);
    assert(o.ntp === 'none' || o.ntpPollNs > 0, `${name}: NTP needs a poll interval`);
    this.name = name;
    this.options = o;
    this.sim = ctx.sim;
    this.walk = o.shape === 'noisy' ? ctx.sim.stream(`${name}/walk`) : null;
    this.stepThresholdNs = ctx.constants.get('machine.ntpStepThresholdNs');
    this.driftPpm = o.driftPpm;
    this.wallOffsetNs = o.offsetNs;
    this.ntp = o.ntp;
    this.setRate();
    if (o.shape === 'step' && o.stepNs !== 0) {
      const stepType = ctx.sim.eventType(`${name}/step`, () => this.step(o.stepNs));
      ctx.sim.scheduleAt(o.stepAtNs, stepType, 0, 0);
    }
    if (o.ntp !== 'none') this.startPolls();
  }

  /** Since the start of the run, by this host's oscillator. */
  monotonicNs(): number {
    return Math.floor(this.localNs());
  }

  /** As shown, where true time is simulated time; may go back. */
  wallNs(): number {
    return Math.floor(this.localNs() + this.wallOffsetNs + this.shapeNs());
  }

  /**
   * Simulated ns until a monotonic timer of this host that was armed now fires, at the present
   * rate.
   */
  toSimDelay(localDelayNs: number): number {
    if (this.rate === 1) return localDelayNs;
    return Math.ceil(localDelayNs / this.rate);
  }

  /** The wall clock jumps; the monotonic one does not notice. */
  step(byNs: number): void {
    this.wallOffsetNs += byNs;
    this.notify();
  }

  /** Sets the rate error of the oscillator. */
  drift(ppm: number): void {
    this.driftPpm = ppm;
    this.setRate();
    this.notify();
  }

  /**
   * Its time server says so much more than the truth from now on; 0: the truth again. A clock
   * without NTP gets a daemon that steps, as its owner trusts it to be right.
   */
  misleadNtp(byNs: number): void {
    this.serverErrorNs = byNs;
    if (this.ntp !== 'none') return;
    this.ntp = 'step';
    this.startPolls();
  }

  /** Rate error as built, in ppm: what a fault goes back to. */
  get builtDriftPpm(): number {
    return this.options.driftPpm;
  }

  /** Called after every step and every change of rate. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * A lower bound of the simulated ns until the wall clock has gone `wallDelayNs` further; at least
   * 1.
   */
  wallDelayAtLeast(wallDelayNs: number): number {
    const { shape, amplitudeNs, periodNs } = this.options;
    let rate = this.rate;
    let limitNs = Infinity;
    if (shape === 'periodic') rate += (TWO_PI * Math.abs(amplitudeNs)) / periodNs;
    if (shape === 'noisy') {
      const nowNs = this.sim.nowNs;
      this.shapeNs();
      rate += (this.walkToNs - this.walkFromNs) / NS_PER_S;
      limitNs = NS_PER_S - (nowNs % NS_PER_S);
    }
    const delayNs = rate > 0 ? Math.ceil(wallDelayNs / rate) : limitNs;
    return Math.max(1, Math.min(delayNs, limitNs));
  }

  private localNs(): number {
    return this.baseLocalNs + (this.sim.nowNs - this.baseSimNs) * this.rate;
  }

  private setRate(): void {
    this.baseLocalNs = this.localNs();
    this.baseSimNs = this.sim.nowNs;
    this.rate = (1 + this.driftPpm / 1e6) * (1 + this.slewPpm / 1e6);
    assert(this.rate > 0, `${this.name}: a clock must not stand still or run backwards`);
  }

  private shapeNs(): number {
    const { shape, amplitudeNs, periodNs } = this.options;
    if (shape === 'periodic') return amplitudeNs * sineOfTurns(this.sim.nowNs / periodNs);
    if (shape === 'noisy') return this.walkNs();
    return 0;
  }

  /** One normal step a second, drawn in order whoever asks when; a straight line in between. */
  private walkNs(): number {
    const second = Math.floor(this.sim.nowNs / NS_PER_S);
    while (this.walkSecond < second) {
      this.walkSecond++;
      this.walkFromNs = this.walkToNs;
      this.walkToNs += this.options.amplitudeNs * this.walk!.normal();
    }
    const part = this.sim.nowNs / NS_PER_S - second;
    return this.walkFromNs + (this.walkToNs - this.walkFromNs) * part;
  }

  private startPolls(): void {
    const { ntpPollNs } = this.options;
    const pollType = this.sim.eventType(`${this.name}/ntpPoll`, () => {
      this.poll();
      this.sim.schedule(ntpPollNs, pollType, 0, 0);
    });
    this.sim.schedule(ntpPollNs, pollType, 0, 0);
  }

  private poll(): void {
    const { ntpPollNs, ntpMaxSlewPpm } = this.options;
    const trueNs = this.sim.nowNs + this.serverErrorNs;
    let errorNs = this.localNs() + this.wallOffsetNs + this.shapeNs() - trueNs;
    if (this.ntp === 'step' && Math.abs(errorNs) > this.stepThresholdNs) {
      this.step(-Math.round(errorNs));
      errorNs = 0;
    }
    const ppm = (-errorNs / ntpPollNs) * 1e6;
    this.slewPpm = Math.min(ntpMaxSlewPpm, Math.max(-ntpMaxSlewPpm, ppm));
    this.setRate();
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
