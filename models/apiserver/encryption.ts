/**
 * Encryption at rest (kubernetes/apiserver pkg/storage/value/encrypt): AES in the process, or
 * envelopes whose key a KMS plugin keeps. KMS v1 asks the plugin once for each object that is
 * written, and for each that is read and whose key is not in its cache of 1000; v2 (KEP-3299) keeps
 * one key in memory. All resources are encrypted ('*.*', since 1.27).
 */
import type { ApiServerScenario } from '../../src/scenario/types.ts';
import type { Costs } from './costs.ts';
import type { Transformer } from './storage/types.ts';

/** --cachesize of the KMS v1 provider: keys that need no call. */
const CACHED_KEYS = 1000;

export function transformerOf(
  encryption: ApiServerScenario['encryption'],
  costs: Costs,
): Transformer | null {
  if (encryption === 'none') return null;
  const baseNs = costs.get('encryptAesNs');
  const byteNs = costs.get('encryptAesByteNs');
  const perCallNs = encryption === 'kmsv1' ? Math.round(costs.get('kmsWaitNs')) : 0;
  const workNs = (bytes: number) => baseNs + bytes * byteNs;
  return {
    writeNs: workNs,
    readNs: workNs,
    writeWaitNs: () => perCallNs,
    // Calls of a list are made one after the other, as its objects are decoded.
    readWaitNs: (objects) => Math.max(0, objects - CACHED_KEYS) * perCallNs,
  };
}
