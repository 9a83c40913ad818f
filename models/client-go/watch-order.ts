/**
 * The order of a watch: versions never go back (kubernetes/apimachinery pkg/watch; KEP-3157 for the
 * initial events, which come in any order). Checked where events reach the client.
 */
import { assert } from '../../src/core/index.ts';
import type { WatchEvent } from '../objects/index.ts';
import type { ApiRequest } from './request.ts';

export function checkOrder(request: ApiRequest, events: readonly WatchEvent[]): void {
  for (let i = 0; i < events.length; i++) {
    const { type, resourceVersion, initialEventsEnd } = events[i];
    if (type === 'ERROR') continue;
    // NaN: nothing is known yet, and every comparison fails.
    assert(!(resourceVersion < request.version), 'a watch went back in its versions');
    if (initialEventsEnd || request.version <= resourceVersion) request.version = resourceVersion;
  }
}
