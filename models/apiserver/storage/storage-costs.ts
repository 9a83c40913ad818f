/** CPU of storing and loading objects (ns), from the registry of constants. */
import type { Constants } from '../../../src/core/index.ts';

export class StorageCosts {
  readonly sendNs: number;
  readonly receiveNs: number;
  readonly watchReadNs: number;
  readonly watchBatchReadNs: number;
  readonly #receiveByteNs: number;
  readonly #encodeNs: number;
  readonly #encodeByteNs: number;
  readonly #decodeNs: number;
  readonly #decodeByteNs: number;
  readonly #jsonByteNs: number;

  constructor(constants: Constants) {
    const get = (name: string) => constants.get(`storage.${name}`);
    this.sendNs = get('sendNs');
    this.receiveNs = get('receiveNs');
    this.watchReadNs = get('watchReadNs');
    this.watchBatchReadNs = get('watchBatchReadNs');
    this.#receiveByteNs = get('receiveByteNs');
    this.#encodeNs = get('encodeNs');
    this.#encodeByteNs = get('encodeByteNs');
    this.#decodeNs = get('decodeNs');
    this.#decodeByteNs = get('decodeByteNs');
    this.#jsonByteNs = get('jsonByteNs');
  }

  encode(bytes: number, json: boolean): number {
    return this.#encodeNs + bytes * (json ? this.#jsonByteNs : this.#encodeByteNs);
  }

  decode(bytes: number, json: boolean): number {
    return this.decodeMany(1, bytes, json);
  }

  /** `bytes` of all of them. */
  decodeMany(objects: number, bytes: number, json: boolean): number {
    const byteNs = (json ? this.#jsonByteNs : this.#decodeByteNs) + this.#receiveByteNs;
    return objects * this.#decodeNs + bytes * byteNs;
  }
}
