/** When TCP sends again: the arithmetic of retransmission, as Linux does it. */
import type { Constants, Stream } from '../../src/core/index.ts';

/**
 * Retransmissions of one segment in a row after which its delay grows no further (tcp_retries2 =
 * 15).
 */
const RETRIES_MAX = 15;
/** RACK waits a quarter of the round trip for reordered segments (RFC 8985, section 6.2). */
const REORDER = 0.25;

export class Tcp {
  readonly rtoMinNs: number;
  readonly rtoMaxNs: number;
  readonly synTimeoutNs: number;
  readonly segmentBytes: number;
  readonly unackedBytes: number;
  readonly sendBufferBytes: number;

  constructor(constants: Constants) {
    this.rtoMinNs = constants.get('network.rtoMinNs');
    this.rtoMaxNs = constants.get('network.rtoMaxNs');
    this.synTimeoutNs = constants.get('network.synTimeoutNs');
    this.segmentBytes = constants.get('network.segmentBytes');
    this.unackedBytes = constants.get('network.unackedBytes');
    this.sendBufferBytes = constants.get('network.sendBufferBytes');
  }

  rtoNs(rttNs: number): number {
    return rttNs + this.rtoMinNs;
  }

  /**
   * Delay of a message by lost segments; 0 = none is lost. `gapNs` is how soon the stream sends
   * again: the acknowledgement of what follows tells the sender of the loss (RACK), so a busy
   * stream recovers after about gap + 1.25 round trips, a quiet one only by its timeout. A
   * retransmission that is lost too costs a timeout, doubled each time.
   */
  lossDelayNs(
    bytes: number,
    probability: number,
    rttNs: number,
    gapNs: number,
    draw: Stream,
  ): number {
    const segments = Math.max(1, Math.ceil(bytes / this.segmentBytes));
    if (draw.uniform() >= lossOfAny(probability, segments)) return 0;
    const rtoNs = this.rtoNs(rttNs);
    const noticedNs = (segments > 1 ? 0 : gapNs) + rttNs * (1 + REORDER);
    let delayNs = Math.min(rtoNs, noticedNs);
    let backoffNs = rtoNs;
    for (let k = 0; k < RETRIES_MAX && draw.uniform() < probability; k++) {
      delayNs += backoffNs;
      backoffNs = Math.min(2 * backoffNs, this.rtoMaxNs);
    }
    return Math.ceil(delayNs);
  }

  /**
   * The first retransmission at or after `nowNs` of a segment first sent at `sentNs` into a black
   * hole.
   */
  nextRetransmissionNs(sentNs: number, rttNs: number, nowNs: number): number {
    return nextAttempt(sentNs, this.rtoNs(rttNs), this.rtoMaxNs, nowNs);
  }

  /** The first SYN at or after `nowNs` of a dial that began at `sentNs`. */
  nextSynNs(sentNs: number, nowNs: number): number {
    return nextAttempt(sentNs, this.synTimeoutNs, this.rtoMaxNs, nowNs);
  }
}

/** 1 - (1 - p)^n by squaring. */
function lossOfAny(probability: number, segments: number): number {
  let kept = 1;
  let factor = 1 - probability;
  for (let n = segments; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) kept *= factor;
    factor *= factor;
  }
  return 1 - kept;
}

function nextAttempt(sentNs: number, firstNs: number, mostNs: number, nowNs: number): number {
  let atNs = sentNs;
  let backoffNs = firstNs;
  while (atNs < nowNs) {
    atNs += backoffNs;
    backoffNs = Math.min(2 * backoffNs, mostNs);
  }
  return Math.ceil(atNs);
}
