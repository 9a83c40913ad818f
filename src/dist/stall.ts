/**
 * Rare, serially correlated stalls: a two-state process (body, stall) under which a device
 * freezes for an episode. Every draw that overlaps an episode lasts until its end, so that one
 * long stall shows as one long sync and everything behind it, not as independent bad luck. An
 * episode that ends while a draw's own work goes on costs nothing.
 *
 * Left out: work done during an episode; a draw that is released by one episode's end and the
 * start of the next at the same instant is not caught again.
 */
import type { Stream } from '../core/index.ts';

/** A draw before rounding. */
export interface Draw {
  draw(nowNs: number): number;
}

const NS_PER_S = 1e9;

/** Episodes in progress or to come, in order of time; made as far ahead as draws look. */
export class EpisodeTimeline {
  readonly startsNs: number[] = [];
  readonly endsNs: number[] = [];
  readonly #gapNs: number;
  readonly #length: Draw;
  readonly #correlation: number;
  readonly #stream: Stream;
  #lastEndNs = 0;

  constructor(perSecond: number, length: Draw, correlation: number, stream: Stream) {
    this.#gapNs = NS_PER_S / perSecond;
    this.#length = length;
    this.#correlation = correlation;
    this.#stream = stream;
    this.#append(false);
  }

  #append(mayFollow: boolean): void {
    const stream = this.#stream;
    // Gaps by inversion: the timeline is the same under every option of the body.
    const follows = mayFollow && this.#correlation > 0 && stream.uniform() < this.#correlation;
    const gap = follows ? 0 : this.#gapNs * stream.exponentialInverse();
    const start = this.#lastEndNs + gap;
    this.#lastEndNs = start + Math.max(1, this.#length.draw(start));
    this.startsNs.push(start);
    this.endsNs.push(this.#lastEndNs);
  }

  /** Forgets what ended at or before `fromNs`, and knows every start before `toNs`. */
  cover(fromNs: number, toNs: number): void {
    while (this.endsNs.length > 0 && this.endsNs[0] <= fromNs) {
      this.startsNs.shift();
      this.endsNs.shift();
      if (this.endsNs.length === 0) this.#append(true);
    }
    while (this.startsNs[this.startsNs.length - 1] < toNs) this.#append(true);
  }
}

/** Stalls that begin by the clock of the simulation, whether or not a draw is in progress. */
export class StallByRate implements Draw {
  readonly #body: Draw;
  readonly #episodes: EpisodeTimeline;

  constructor(body: Draw, episodes: EpisodeTimeline) {
    this.#body = body;
    this.#episodes = episodes;
  }

  draw(nowNs: number): number {
    let end = nowNs + this.#body.draw(nowNs);
    const { startsNs, endsNs } = this.#episodes;
    if (startsNs[0] >= end) return end - nowNs;
    this.#episodes.cover(nowNs, end);
    for (let i = 0; i < startsNs.length; i += 1) {
      if (startsNs[i] < end && endsNs[i] > end) end = endsNs[i];
    }
    return end - nowNs;
  }
}

/** Stalls that draws begin: a rate per sync, not per second. */
export class StallByDraw implements Draw {
  readonly #body: Draw;
  readonly #length: Draw;
  readonly #probability: number;
  readonly #correlation: number;
  readonly #stream: Stream;
  #episodeEndNs = 0;
  #afterEpisode = false;

  constructor(body: Draw, length: Draw, probability: number, correlation: number, stream: Stream) {
    this.#body = body;
    this.#length = length;
    this.#probability = probability;
    this.#correlation = correlation;
    this.#stream = stream;
  }

  draw(nowNs: number): number {
    const body = this.#body.draw(nowNs);
    if (nowNs >= this.#episodeEndNs) {
      const p = this.#probability;
      const chance = this.#afterEpisode ? this.#correlation + (1 - this.#correlation) * p : p;
      this.#afterEpisode = this.#stream.uniform() < chance;
      if (!this.#afterEpisode) return body;
      this.#episodeEndNs = nowNs + this.#length.draw(nowNs);
    }
    return Math.max(body, this.#episodeEndNs - nowNs);
  }
}
