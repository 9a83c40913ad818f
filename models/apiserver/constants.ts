/**
 * Costs of one kube-apiserver. Where nothing published gives CPU per step (facts on authentication,
 * authorization, decoding are missing), values are estimates of Go services of that kind, to be
 * calibrated; those of encoding and listing are from measurements of kubernetes#138327. Times are
 * CPU time of one core, unless they are called wait.
 */
import type { ConstantEntry } from '../../src/core/index.ts';

const ENCODE = 'kubernetes#138327: 165,492 pods, 1572 MB: 4.4 s to encode, 26.6 us a pod';
const GO = 'a Go HTTP/2 service with TLS: estimate by analogy with etcd.grpcRequestNs and pprofs';

export const apiServerConstants: readonly ConstantEntry[] = [
  entry('httpNs', 60_000, 25_000, 150_000, 'estimate', `${GO}: frames, TLS records, filters`),
  entry('responseNs', 20_000, 8_000, 60_000, 'estimate', `${GO}: headers, frames, end of stream`),
  entry(
    'tlsHandshakeNs',
    1_000_000,
    150_000,
    2_500_000,
    'issue',
    'kubernetes#13671: 25-30 % of CPU without reuse; RSA-2048 1-2 ms, ECDSA 0.2 ms',
  ),
  entry(
    'authnX509Ns',
    90_000,
    30_000,
    250_000,
    'issue',
    'kubernetes#90533: the chain is verified for each request; cost of two verifications',
  ),
  entry('authnTokenNs', 60_000, 25_000, 200_000, 'estimate', 'verifying a JWT signed by RSA-2048'),
  entry('authnCachedNs', 3_000, 1_000, 10_000, 'estimate', 'token cache: SHA-256 and a look-up'),
  entry(
    'tokenReviewWaitNs',
    5_000_000,
    1_000_000,
    100_000_000,
    'estimate',
    'wait: a TokenReview webhook near by',
  ),
  entry('authzNs', 15_000, 3_000, 60_000, 'estimate', 'RBAC or Node authorizer, in memory'),
  entry('decodeNs', 10_000, 4_000, 30_000, 'estimate', 'body, defaulting, conversion'),
  entry('decodeByteNs', 4, 2, 10, 'estimate', 'protobuf to an object with its allocations'),
  entry('jsonDecodeByteNs', 25, 12, 60, 'estimate', 'JSON at 40 MB/s'),
  entry('admissionNs', 12_000, 5_000, 40_000, 'estimate', 'built-in plugins and validation'),
  entry(
    'admissionPodNs',
    25_000,
    10_000,
    80_000,
    'estimate',
    'PodSecurity, ServiceAccount, Priority',
  ),
  entry('patchNs', 40_000, 15_000, 120_000, 'estimate', 'a patch, its object apart'),
  entry(
    'patchByteNs',
    25,
    10,
    60,
    'estimate',
    'strategic merge: the object to JSON and back, once a try',
  ),
  entry('applyByteNs', 70, 30, 200, 'estimate', 'server-side apply: field sets beside that'),
  entry('tokenSignNs', 800_000, 100_000, 2_000_000, 'estimate', 'signing a JWT by RSA-2048'),
  entry('encodeNs', 6_000, 2_000, 20_000, 'estimate', 'one object, its bytes apart'),
  entry('encodeByteNs', 2.8, 1.5, 6, 'issue', ENCODE),
  entry('jsonEncodeByteNs', 12, 6, 30, 'estimate', 'JSON at 80 MB/s'),
  entry('listItemNs', 600, 100, 3_000, 'estimate', 'one item of a list, its bytes apart'),
  entry(
    'sendByteNs',
    1.2,
    0.5,
    3,
    'estimate',
    'TLS and write(2) of a byte: AES-GCM at 2 GB/s and copies',
  ),
  entry(
    'gzipByteNs',
    7,
    3,
    15,
    'measured',
    'compress/gzip level 1 (kubernetes#112299, 1.26; level 4 before, and before 1.16 none): 12.3 ns a byte of a' +
      ' protobuf list of pods where its encoding takes 4.8, and 2.8 on the machine of kubernetes#138327',
  ),
  {
    name: 'apiserver.gzipRatio',
    value: 0.15,
    unit: 'ratio',
    low: 0.05,
    high: 0.4,
    mark: 'measured',
    source:
      'compress/gzip level 1 of lists of 3,000 pods of 100 deployments: 0.13 as protobuf, 0.11 as JSON; real ones vary more',
  },
  entry('watchNs', 40_000, 15_000, 150_000, 'estimate', 'opening a watch: goroutines, buffers'),
  entry('webhookNs', 80_000, 30_000, 250_000, 'estimate', 'AdmissionReview out and back'),
  entry('webhookByteNs', 40, 15, 100, 'estimate', 'the object as JSON, and the answer'),
  entry('auditNs', 25_000, 8_000, 80_000, 'estimate', 'an audit event of level Metadata'),
  entry(
    'auditWriteNs',
    30_000,
    5_000,
    500_000,
    'docs',
    'wait: one write(2) of a locked log; blocking audit once slowed PATCH node-status tenfold',
  ),
  entry(
    'auditWebhookWaitNs',
    50_000_000,
    5_000_000,
    1_000_000_000,
    'estimate',
    'wait: an audit webhook takes a batch',
  ),
  entry('encryptAesNs', 1_500, 500, 5_000, 'estimate', 'AES envelope of one object'),
  entry('encryptAesByteNs', 1, 0.3, 5, 'estimate', 'AES-CBC or -GCM with AES-NI'),
  entry(
    'kmsWaitNs',
    3_000_000,
    500_000,
    50_000_000,
    'estimate',
    'wait: gRPC to a KMS plugin; v1 asks once an object, v2 (KEP-3299) has its key in memory',
  ),
  entry(
    'startNs',
    3_000_000_000,
    1_000_000_000,
    15_000_000_000,
    'estimate',
    'wait: from exec to listening: certificates, OpenAPI, post-start hooks',
  ),
  entry('startCpuNs', 4_000_000_000, 1e9, 15e9, 'estimate', 'CPU of starting'),
  bytes('baseMemoryBytes', 400e6, 200e6, 900e6, 'estimate', 'a server without objects'),
  {
    name: 'apiserver.cacheMemoryRatio',
    value: 2.5,
    unit: 'ratio',
    low: 1.5,
    high: 5,
    mark: 'estimate',
    source: 'memory of a cached object per stored byte, garbage of the collector included',
  },
  bytes('watchMemoryBytes', 60_000, 20_000, 150_000, 'estimate', 'goroutines and buffers'),
  {
    name: 'apiserver.responseBytesPerSecond',
    value: 183e6,
    unit: 'bytesPerSecond',
    low: 50e6,
    high: 1e9,
    mark: 'issue',
    source: 'kubernetes#138327: 1572 MB in 8.6 s of network: how long a response is in memory',
  },
];

function entry(
  name: string,
  value: number,
  low: number,
  high: number,
  mark: ConstantEntry['mark'],
  source: string,
): ConstantEntry {
  return { name: `apiserver.${name}`, value, unit: 'ns', low, high, mark, source };
}

function bytes(
  name: string,
  value: number,
  low: number,
  high: number,
  mark: ConstantEntry['mark'],
  source: string,
): ConstantEntry {
  return { name: `apiserver.${name}`, value, unit: 'bytes', low, high, mark, source };
}
