/** CPU of the steps of a request (ns), from the registry of constants. */
import type { Constants } from '../../src/core/index.ts';
import type { ApiServerScenario } from '../../src/scenario/types.ts';
import type { Request } from './request.ts';
import type { StoreResult } from './storage/types.ts';
import type { WebhookTable } from './webhooks.ts';

/** Responses above are compressed where the client accepts it (responsewriters/writers.go). */
const GZIP_BYTES_MIN = 128 * 1024;
/** Body of a PATCH that says nothing else. */
const PATCH_BYTES = 300;
/** A Status, headers apart. */
const STATUS_BYTES = 200;

export class Costs {
  readonly httpNs: number;
  readonly tlsHandshakeNs: number;
  readonly watchNs: number;
  readonly responseBytesPerSecond: number;
  readonly #get: (name: string) => number;
  readonly #audit: boolean;
  readonly #responseNs: number;
  readonly #authzNs: number;
  readonly #decodeNs: number;
  readonly #decodeByteNs: number;
  readonly #jsonDecodeByteNs: number;
  readonly #admissionNs: number;
  readonly #admissionPodNs: number;
  readonly #patchNs: number;
  readonly #patchByteNs: number;
  readonly #applyByteNs: number;
  readonly #encodeNs: number;
  readonly #encodeByteNs: number;
  readonly #jsonEncodeByteNs: number;
  readonly #listItemNs: number;
  readonly #sendByteNs: number;
  readonly #gzipByteNs: number;
  readonly #gzipRatio: number;
  readonly #auditNs: number;
  readonly #tokenSignNs: number;
  readonly #webhookNs: number;
  readonly #webhookByteNs: number;

  constructor(constants: Constants, scenario: ApiServerScenario) {
    const get = (name: string) => constants.get(`apiserver.${name}`);
    this.#get = get;
    this.httpNs = get('httpNs');
    this.tlsHandshakeNs = scenario.tls ? get('tlsHandshakeNs') : 0;
    this.watchNs = get('watchNs');
    this.responseBytesPerSecond = get('responseBytesPerSecond');
    this.#audit = scenario.audit !== 'off';
    this.#responseNs = get('responseNs');
    this.#authzNs = get('authzNs');
    this.#decodeNs = get('decodeNs');
    this.#decodeByteNs = get('decodeByteNs');
    this.#jsonDecodeByteNs = get('jsonDecodeByteNs');
    this.#admissionNs = get('admissionNs');
    this.#admissionPodNs = get('admissionPodNs');
    this.#patchNs = get('patchNs');
    this.#patchByteNs = get('patchByteNs');
    this.#applyByteNs = get('applyByteNs');
    this.#encodeNs = get('encodeNs');
    this.#encodeByteNs = get('encodeByteNs');
    this.#jsonEncodeByteNs = get('jsonEncodeByteNs');
    this.#listItemNs = get('listItemNs');
    this.#sendByteNs = scenario.tls ? get('sendByteNs') : get('sendByteNs') / 2;
    this.#gzipByteNs = get('gzipByteNs');
    this.#gzipRatio = get('gzipRatio');
    this.#auditNs = this.#audit ? get('auditNs') : 0;
    this.#tokenSignNs = get('tokenSignNs');
    this.#webhookNs = get('webhookNs');
    this.#webhookByteNs = get('webhookByteNs');
  }

  get(name: string): number {
    return this.#get(name);
  }

  /** Authorization: nothing for system:masters. */
  authzNs(request: Request): number {
    return request.isOfMaster ? 0 : this.#authzNs;
  }

  /** Decoding and built-in admission of what is changed; 0 of reads. */
  admissionNs(request: Request, webhooks: WebhookTable): number {
    const { call, kind } = request;
    if (!kind.mutating) return kind.verb === 'watch' ? this.watchNs : 0;
    const object = call.object;
    const bodyBytes = call.bodyBytes ?? object?.bytes ?? PATCH_BYTES;
    const byteNs = kind.json ? this.#jsonDecodeByteNs : this.#decodeByteNs;
    let ns = this.#decodeNs + bodyBytes * byteNs + this.#admissionNs;
    if (kind.info.name === 'pods' && kind.subresource === '') ns += this.#admissionPodNs;
    if (kind.subresource === 'token') ns += this.#tokenSignNs;
    if (kind.verb === 'patch' || kind.verb === 'apply') {
      const bytes = object?.bytes ?? kind.info.typicalBytes;
      const perByte = kind.verb === 'apply' ? this.#applyByteNs : this.#patchByteNs;
      ns += this.#patchNs + bytes * perByte;
    }
    const calls = webhooks.callsOf(request);
    if (calls > 0) {
      const bytes = object?.bytes ?? kind.info.typicalBytes;
      ns += calls * (this.#webhookNs + bytes * this.#webhookByteNs);
    }
    return ns;
  }

  /** Encoding, compression and sending; sets the bytes of the response. */
  responseNs(request: Request, result: StoreResult | null): number {
    const { kind } = request;
    let ns = this.#responseNs + this.#auditNs;
    let bytes = STATUS_BYTES;
    if (result !== null && request.code < 300) {
      const byteNs = kind.json ? this.#jsonEncodeByteNs : this.#encodeByteNs;
      const isList = kind.verb === 'list';
      const objectBytes = isList ? result.bytes : (result.object?.bytes ?? 0);
      bytes += objectBytes;
      ns += this.#encodeNs + objectBytes * byteNs;
      if (isList) ns += result.count * this.#listItemNs;
      if (request.converted) ns += this.#webhookNs + objectBytes * this.#webhookByteNs;
      if (bytes > GZIP_BYTES_MIN) {
        ns += bytes * this.#gzipByteNs;
        bytes = Math.ceil(bytes * this.#gzipRatio);
      }
    }
    request.responseBytes = bytes;
    return ns + bytes * this.#sendByteNs;
  }
}
