/** Costs and limits of the network that a scenario can override by name. */
import type { ConstantEntry } from '../../src/core/index.ts';

export const networkConstants: readonly ConstantEntry[] = [
  {
    name: 'network.loopbackRttNs',
    value: 30_000,
    unit: 'ns',
    low: 10_000,
    high: 100_000,
    mark: 'estimate',
    source:
      'round trip over the loopback device between two processes of one host, without their own CPU time',
  },
  {
    name: 'network.rtoMinNs',
    value: 200_000_000,
    unit: 'ns',
    low: 5_000_000,
    high: 200_000_000,
    mark: 'code',
    source: 'Linux include/net/tcp.h: TCP_RTO_MIN = HZ/5; the timeout is srtt + max(rttvar, this)',
  },
  {
    name: 'network.rtoMaxNs',
    value: 120_000_000_000,
    unit: 'ns',
    low: 1_000_000_000,
    high: 120_000_000_000,
    mark: 'code',
    source: 'Linux include/net/tcp.h: TCP_RTO_MAX = 120 s',
  },
  {
    name: 'network.synTimeoutNs',
    value: 1_000_000_000,
    unit: 'ns',
    low: 1_000_000_000,
    high: 3_000_000_000,
    mark: 'code',
    source: 'Linux include/net/tcp.h: TCP_TIMEOUT_INIT = 1 s (RFC 6298), doubled at each SYN',
  },
  {
    name: 'network.segmentBytes',
    value: 1_448,
    unit: 'bytes',
    low: 1_348,
    high: 8_948,
    mark: 'docs',
    source: 'Ethernet MTU 1500 less IPv4 20, TCP 20 and time stamps 12 bytes (RFC 7323)',
  },
  {
    name: 'network.unackedBytes',
    value: 14_480,
    unit: 'bytes',
    low: 14_480,
    high: 1_048_576,
    mark: 'docs',
    source:
      'RFC 6928: initial window of 10 segments; what still goes out while no acknowledgement comes back',
  },
  {
    name: 'network.sendBufferBytes',
    value: 4_194_304,
    unit: 'bytes',
    low: 16_384,
    high: 16_777_216,
    mark: 'docs',
    source: 'Linux Documentation/networking/ip-sysctl.rst: tcp_wmem, largest send buffer 4 MiB',
  },
  {
    name: 'network.queueBytes',
    value: 262_144,
    unit: 'bytes',
    low: 16_384,
    high: 1_048_576,
    mark: 'estimate',
    source:
      'bytes of another stream ahead in the queue of an interface that a message cannot pass; fq_codel takes turns by' +
      ' flow, TCP small queues hold at most tcp_limit_output_bytes a socket (1 MiB, ip-sysctl.rst)',
  },
];
