/** Costs and limits of clients of the API that a scenario can override by name. */
import type { ConstantEntry } from '../../src/core/index.ts';

export const clientGoConstants: readonly ConstantEntry[] = [
  entry(
    'clientGo.resultNs',
    20_000,
    5_000,
    60_000,
    'estimate',
    'CPU of a client for one answer, its objects apart: HTTP/2 frames, TLS, headers, wake-ups',
  ),
  entry(
    'clientGo.eventNs',
    8_000,
    3_000,
    30_000,
    'estimate',
    'CPU of a client for one watch event, its bytes apart: frame, queue, index, handlers',
  ),
  entry(
    'clientGo.decodeByteNs',
    4,
    1,
    12,
    'estimate',
    'decode one byte of protobuf; kubernetes#138327: 26.6 us to encode a pod of about 10 KB,' +
      ' and decoding allocates what encoding reads',
  ),
  {
    ...entry(
      'clientGo.memoryRatio',
      3,
      1.5,
      6,
      'estimate',
      'bytes of a cached object in the memory of a Go process for one in protobuf',
    ),
    unit: 'ratio',
  },
  entry(
    'clientGo.syncNs',
    30_000,
    5_000,
    500_000,
    'estimate',
    'CPU of one pass of a worker over its key, where the component gives no cost of its own',
  ),
  {
    ...entry(
      'clientGo.requestBytes',
      350,
      100,
      2_000,
      'estimate',
      'HTTP/2 and TLS framing and headers of a request, bearer token compressed by HPACK',
    ),
    unit: 'bytes',
  },
  {
    ...entry(
      'clientGo.responseBytes',
      150,
      50,
      1_000,
      'estimate',
      'HTTP/2 and TLS framing and headers of an answer',
    ),
    unit: 'bytes',
  },
  entry(
    'clientGo.readIdleNs',
    30_000_000_000,
    5_000_000_000,
    120_000_000_000,
    'code',
    'apimachinery pkg/util/net/http.go: HTTP2_READ_IDLE_TIMEOUT_SECONDS 30',
  ),
  entry(
    'clientGo.pingTimeoutNs',
    15_000_000_000,
    1_000_000_000,
    60_000_000_000,
    'code',
    'apimachinery pkg/util/net/http.go: HTTP2_PING_TIMEOUT_SECONDS 15',
  ),
  entry(
    'clientGo.dialTimeoutNs',
    30_000_000_000,
    1_000_000_000,
    120_000_000_000,
    'code',
    'client-go transport/cache.go: net.Dialer{Timeout: 30 s}',
  ),
  {
    ...entry(
      'clientGo.streamsMax',
      100,
      50,
      1_000,
      'code',
      'apiserver pkg/server/secure_serving.go: MaxConcurrentStreams 100; a full connection makes' +
        ' the client open another (golang.org/x/net/http2 client_conn_pool.go)',
    ),
    unit: 'count',
  },
  entry(
    'clientGo.serverCloseNs',
    924_600_000_000,
    60_000_000_000,
    1_800_000_000_000,
    'docs',
    'Linux ip-sysctl.rst tcp_retries2 = 15: a server gives up a connection into a black hole',
  ),
  entry(
    'component.startNs',
    1_000_000_000,
    100_000_000,
    10_000_000_000,
    'estimate',
    'from the start of a process of the control plane until it talks to the API',
  ),
  entry(
    'component.restartNs',
    1_000_000_000,
    100_000_000,
    5_000_000_000,
    'estimate',
    'kubelet: until the next relist of the PLEG (1 s) has seen that a container is gone',
  ),
  entry(
    'component.systemdRestartNs',
    100_000_000,
    100_000_000,
    30_000_000_000,
    'docs',
    'systemd.service(5): RestartSec=100ms by default',
  ),
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
