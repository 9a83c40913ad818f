/** CPU of the watch cache (ns), from the registry of constants. */
import type { Constants } from '../../../src/core/index.ts';

export class CacherCosts {
  readonly eventNs: number;
  readonly dispatchNs: number;
  readonly dispatchWatcherNs: number;
  readonly watcherNs: number;
  readonly watcherBatchNs: number;
  readonly getNs: number;
  readonly listItemNs: number;
  readonly openNs: number;
  readonly sendByteNs: number;
  readonly #encodeNs: number;
  readonly #encodeByteNs: number;
  readonly #jsonEncodeByteNs: number;

  constructor(constants: Constants) {
    const get = (name: string) => constants.get(`cacher.${name}`);
    this.eventNs = get('eventNs');
    this.dispatchNs = get('dispatchNs');
    this.dispatchWatcherNs = get('dispatchWatcherNs');
    this.watcherNs = get('watcherNs');
    this.watcherBatchNs = get('watcherBatchNs');
    this.getNs = get('getNs');
    this.listItemNs = get('listItemNs');
    this.openNs = get('openNs');
    this.sendByteNs = get('sendByteNs');
    this.#encodeNs = get('encodeNs');
    this.#encodeByteNs = get('encodeByteNs');
    this.#jsonEncodeByteNs = get('jsonEncodeByteNs');
  }

  encode(bytes: number, json: boolean): number {
    return this.#encodeNs + bytes * (json ? this.#jsonEncodeByteNs : this.#encodeByteNs);
  }
}
