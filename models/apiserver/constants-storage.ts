/**
 * Costs of storage and watch cache in one kube-apiserver: CPU time of one core. Encoding is
 * measured (kubernetes#138327); the client's side of a call to etcd is what was measured for a
 * client of etcd; the rest are estimates to be calibrated.
 */
import type { ConstantEntry } from '../../src/core/index.ts';

const ENCODE = 'kubernetes#138327: 26.6 us to encode a pod of 9.5 kB';
const INIT = 'kubernetes#139619: 150,000 pods in 6.1 s (1.36), 2.74 s (1.37), less reading in etcd';
const FAN_OUT =
  '10-30 us a watcher: system call, TLS, frame; a watcher takes 500 events/s at 5000 nodes (1.6)';

export const storageConstants: readonly ConstantEntry[] = [
  entry('storage.sendNs', 12_000, 6_000, 50_000, 'fitted', 'as client.sendNs'),
  entry('storage.receiveNs', 13_000, 6_000, 50_000, 'fitted', 'as client.receiveNs'),
  entry('storage.receiveByteNs', 0.4, 0.1, 2, 'estimate', 'gRPC: copies and frames of an answer'),
  entry('storage.encodeNs', 4_000, 1_000, 15_000, 'estimate', 'one object, its bytes apart'),
  entry('storage.encodeByteNs', 2.4, 1, 6, 'issue', ENCODE),
  entry('storage.decodeNs', 4_000, 1_000, 20_000, 'estimate', 'one object, its bytes apart'),
  entry('storage.decodeByteNs', 2, 1, 8, 'issue', INIT),
  entry('storage.jsonByteNs', 18, 8, 60, 'estimate', 'custom resources: JSON, either way'),
  entry('storage.watchReadNs', 9_000, 3_000, 20_000, 'measured', 'as client.eventNs'),
  entry('storage.watchBatchReadNs', 1_000, 300, 3_000, 'estimate', 'as client.batchEventNs'),
  entry('cacher.eventNs', 3_000, 1_000, 10_000, 'estimate', 'an event enters store and history'),
  entry('cacher.dispatchNs', 1_500, 500, 5_000, 'estimate', 'an event in the dispatch goroutine'),
  entry(
    'cacher.dispatchWatcherNs',
    350,
    100,
    1_500,
    'estimate',
    'dispatch goroutine: filter and a send on a channel, for each watcher that it concerns',
  ),
  entry('cacher.encodeNs', 6_000, 2_000, 20_000, 'estimate', 'an event, once for all watchers'),
  entry('cacher.encodeByteNs', 2.2, 1, 6, 'issue', ENCODE),
  entry('cacher.jsonEncodeByteNs', 12, 6, 30, 'estimate', 'custom resources: JSON at 80 MB/s'),
  entry('cacher.watcherNs', 16_000, 8_000, 30_000, 'estimate', FAN_OUT),
  entry('cacher.watcherBatchNs', 9_000, 3_000, 30_000, 'estimate', 'a further event at once'),
  entry('cacher.sendByteNs', 1.2, 0.5, 3, 'estimate', 'TLS and write(2) of a byte, a watcher'),
  entry('cacher.getNs', 1_500, 500, 5_000, 'estimate', 'look-up of one object'),
  entry('cacher.listItemNs', 250, 80, 1_500, 'estimate', 'an object looked at for a list'),
  entry('cacher.openNs', 8_000, 2_000, 40_000, 'estimate', 'a watch is registered'),
];

function entry(
  name: string,
  value: number,
  low: number,
  high: number,
  mark: ConstantEntry['mark'],
  source: string,
): ConstantEntry {
  return { name, value, unit: 'ns', low, high, mark, source };
}
