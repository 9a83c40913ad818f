/**
 * Where every request ended: what was sent is what has ended, one way or another, and what is under
 * way. Kept beside the table of requests, so that the two can be held against each other.
 */
import type { ApiCall } from '../objects/index.ts';

/**
 * answered: by a server. failed: refused, reset or timed out. retried: the server or the transport
 * said so, and the next try is a request of its own. ended: a watch that was open, or was given up.
 * dropped: with the process of its client.
 */
export type Ending = 'answered' | 'failed' | 'retried' | 'ended' | 'dropped';

export class Ledger {
  /** Requests, each try of one; a cohort's counts once. */
  sent = 0;
  answered = 0;
  failed = 0;
  retried = 0;
  ended = 0;
  dropped = 0;
  /** Bindings of which the caller does not know whether they happened. */
  unsureBindings = 0;

  end(call: ApiCall, how: Ending, code: number): void {
    this[how]++;
    if (call.subresource !== 'binding') return;
    if (code >= 500 || (how !== 'answered' && how !== 'retried')) this.unsureBindings++;
  }

  get inFlight(): number {
    const { sent, answered, failed, retried, ended, dropped } = this;
    return sent - answered - failed - retried - ended - dropped;
  }
}
