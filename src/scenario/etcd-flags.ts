/**
 * Flags of etcd 3.4 to 3.7. Source: the flag sets of server/embed/config.go and
 * server/etcdmain/config.go of
 * v3.5.33, v3.6.14 and v3.7.1, of etcdmain/config.go of 3.4.13, and CHANGELOG-3.4.md for flags
 * that later
 * patches of 3.4 brought.
 */

export const etcdVersions = ['3.4', '3.5', '3.6', '3.7'] as const;
export type EtcdMinor = (typeof etcdVersions)[number];

export type FlagType = 'bool' | 'uint' | 'int' | 'duration' | 'string';

export interface EtcdFlag {
  readonly name: string;
  readonly type: FlagType;
  readonly since: EtcdMinor;
  /** Last version that has it. */
  readonly until: EtcdMinor;
}

/** Rows of first version, last version, type and names. */
const rows: readonly (readonly [EtcdMinor, EtcdMinor, FlagType, string])[] = [
  [
    '3.4',
    '3.7',
    'bool',
    `auto-tls client-cert-auth enable-grpc-gateway enable-pprof force-new-cluster
     initial-election-tick-advance peer-auto-tls peer-client-cert-auth pre-vote
     strict-reconfig-check unsafe-no-fsync version`,
  ],
  [
    '3.4',
    '3.7',
    'duration',
    'backend-batch-interval grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout',
  ],
  ['3.4', '3.7', 'int', 'backend-batch-limit quota-backend-bytes'],
  [
    '3.4',
    '3.7',
    'uint',
    `auth-token-ttl bcrypt-cost election-timeout heartbeat-interval max-concurrent-streams
     max-request-bytes max-snapshots max-txn-ops max-wals snapshot-count`,
  ],
  [
    '3.4',
    '3.7',
    'string',
    `advertise-client-urls auth-token auto-compaction-mode auto-compaction-retention cert-file
     cipher-suites client-cert-allowed-hostname client-crl-file config-file cors data-dir
     discovery-fallback discovery-srv discovery-srv-name host-whitelist
     initial-advertise-peer-urls initial-cluster initial-cluster-state initial-cluster-token
     key-file listen-client-http-urls listen-client-urls listen-metrics-urls listen-peer-urls
     log-level log-outputs logger metrics name peer-cert-allowed-cn peer-cert-allowed-hostname
     peer-cert-file peer-crl-file peer-key-file peer-trusted-ca-file tls-max-version
     tls-min-version trusted-ca-file wal-dir`,
  ],
  ['3.4', '3.4', 'bool', 'debug'],
  [
    '3.4',
    '3.4',
    'string',
    'experimental-backend-bbolt-freelist-type log-output log-package-levels',
  ],
  ['3.4', '3.5', 'bool', 'enable-v2'],
  ['3.4', '3.5', 'string', 'experimental-enable-v2v3 proxy'],
  [
    '3.4',
    '3.5',
    'uint',
    `proxy-dial-timeout proxy-failure-wait proxy-read-timeout proxy-refresh-interval
     proxy-write-timeout`,
  ],
  [
    '3.4',
    '3.6',
    'bool',
    `experimental-enable-lease-checkpoint experimental-enable-lease-checkpoint-persist
     experimental-initial-corrupt-check experimental-peer-skip-client-san-verification`,
  ],
  [
    '3.4',
    '3.6',
    'duration',
    `experimental-corrupt-check-time experimental-warning-apply-duration
     experimental-watch-progress-notify-interval`,
  ],
  ['3.4', '3.6', 'int', 'experimental-compaction-batch-limit'],
  ['3.4', '3.6', 'string', 'discovery discovery-proxy'],
  [
    '3.5',
    '3.6',
    'bool',
    `experimental-compact-hash-check-enabled experimental-enable-distributed-tracing
     experimental-memory-mlock experimental-stop-grpc-service-on-defrag
     experimental-txn-mode-write-with-shared-buffer`,
  ],
  [
    '3.5',
    '3.6',
    'duration',
    `experimental-compact-hash-check-time experimental-compaction-sleep-interval
     experimental-downgrade-check-time experimental-warning-unary-request-duration`,
  ],
  ['3.5', '3.6', 'int', 'experimental-distributed-tracing-sampling-rate'],
  [
    '3.5',
    '3.6',
    'string',
    `experimental-distributed-tracing-address experimental-distributed-tracing-instance-id
     experimental-distributed-tracing-service-name`,
  ],
  [
    '3.5',
    '3.6',
    'uint',
    'experimental-bootstrap-defrag-threshold-megabytes experimental-snapshot-catchup-entries',
  ],
  ['3.5', '3.7', 'bool', 'enable-log-rotation socket-reuse-address socket-reuse-port'],
  ['3.5', '3.7', 'duration', 'raft-read-timeout raft-write-timeout'],
  [
    '3.5',
    '3.7',
    'string',
    `backend-bbolt-freelist-type client-cert-file client-key-file log-rotation-config-json
     peer-client-cert-file peer-client-key-file v2-deprecation`,
  ],
  ['3.5', '3.7', 'uint', 'self-signed-cert-validity'],
  [
    '3.6',
    '3.7',
    'bool',
    `discovery-insecure-skip-tls-verify discovery-insecure-transport enable-distributed-tracing
     memory-mlock peer-skip-client-san-verification`,
  ],
  [
    '3.6',
    '3.7',
    'duration',
    `compact-hash-check-time compaction-sleep-interval corrupt-check-time discovery-dial-timeout
     discovery-keepalive-time discovery-keepalive-timeout discovery-request-timeout
     downgrade-check-time warning-apply-duration warning-unary-request-duration
     watch-progress-notify-interval`,
  ],
  ['3.6', '3.7', 'int', 'compaction-batch-limit distributed-tracing-sampling-rate max-learners'],
  [
    '3.6',
    '3.7',
    'string',
    `discovery-cacert discovery-cert discovery-endpoints discovery-key discovery-password
     discovery-token discovery-user distributed-tracing-address distributed-tracing-instance-id
     distributed-tracing-service-name feature-gates log-format`,
  ],
  ['3.6', '3.7', 'uint', 'bootstrap-defrag-threshold-megabytes snapshot-catchup-entries'],
];

/** Accepted by every version and ignored: etcdmain/config.go `ignored`. */
const ignoredNames = `cluster-active-size cluster-remove-delay cluster-sync-interval config force
  max-result-buffer max-retry-attempts peer-heartbeat-interval peer-election-timeout retry-interval
  snapshot v`;

function build(): ReadonlyMap<string, EtcdFlag> {
  const flags = new Map<string, EtcdFlag>();
  const all = [...rows, ['3.4', '3.7', 'string', ignoredNames] as const];
  for (const [since, until, type, names] of all) {
    for (const name of names.split(/\s+/)) flags.set(name, { name, type, since, until });
  }
  return flags;
}

export const etcdFlags = build();

/** Where the flag went in later versions, for hints. */
export const replacedFlags: Readonly<Record<string, string>> = {
  'experimental-backend-bbolt-freelist-type': 'backend-bbolt-freelist-type',
  'experimental-bootstrap-defrag-threshold-megabytes': 'bootstrap-defrag-threshold-megabytes',
  'experimental-compact-hash-check-enabled': 'feature-gates: CompactHashCheck=true',
  'experimental-compact-hash-check-time': 'compact-hash-check-time',
  'experimental-compaction-batch-limit': 'compaction-batch-limit',
  'experimental-compaction-sleep-interval': 'compaction-sleep-interval',
  'experimental-corrupt-check-time': 'corrupt-check-time',
  'experimental-distributed-tracing-address': 'distributed-tracing-address',
  'experimental-distributed-tracing-instance-id': 'distributed-tracing-instance-id',
  'experimental-distributed-tracing-sampling-rate': 'distributed-tracing-sampling-rate',
  'experimental-distributed-tracing-service-name': 'distributed-tracing-service-name',
  'experimental-downgrade-check-time': 'downgrade-check-time',
  'experimental-enable-distributed-tracing': 'enable-distributed-tracing',
  'experimental-enable-lease-checkpoint': 'feature-gates: LeaseCheckpoint=true',
  'experimental-enable-lease-checkpoint-persist': 'feature-gates: LeaseCheckpointPersist=true',
  'experimental-initial-corrupt-check': 'feature-gates: InitialCorruptCheck=true',
  'experimental-memory-mlock': 'memory-mlock',
  'experimental-peer-skip-client-san-verification': 'peer-skip-client-san-verification',
  'experimental-snapshot-catchup-entries': 'snapshot-catchup-entries',
  'experimental-stop-grpc-service-on-defrag': 'feature-gates: StopGRPCServiceOnDefrag=true',
  'experimental-txn-mode-write-with-shared-buffer':
    'feature-gates: TxnModeWriteWithSharedBuffer=true',
  'experimental-warning-apply-duration': 'warning-apply-duration',
  'experimental-warning-unary-request-duration': 'warning-unary-request-duration',
  'experimental-watch-progress-notify-interval': 'watch-progress-notify-interval',
  debug: 'log-level: debug',
  'log-output': 'log-outputs',
};

/** Flags that the models read. Every other known flag is accepted and listed as without effect. */
export const modelledFlags: Readonly<
  Record<string, { readonly text: string; readonly value: string }>
> = {
  'heartbeat-interval': { text: 'Time between heartbeats, in ms.', value: '100' },
  'election-timeout': {
    text: 'Election timeout, in ms: at least five heartbeats, at most 50000.',
    value: '1000',
  },
  'pre-vote': { text: 'Raft pre-vote.', value: 'true; false in 3.4' },
  'snapshot-count': { text: 'Entries between snapshots.', value: '10000; 100000 in 3.4 and 3.5' },
  'snapshot-catchup-entries': { text: 'Log entries kept for slow followers.', value: '5000' },
  'experimental-snapshot-catchup-entries': {
    text: 'The same, in 3.5 and 3.6.',
    value: '5000',
  },
  'quota-backend-bytes': {
    text: 'Size of the database at which writes are refused; 0 for the default, negative for none.',
    value: '2147483648',
  },
  'max-request-bytes': { text: 'Largest request, in bytes.', value: '1572864' },
  'max-txn-ops': { text: 'Most operations in one transaction.', value: '128' },
  'backend-batch-interval': {
    text: 'Time between backend commits, a Go duration.',
    value: '100ms',
  },
  'backend-batch-limit': { text: 'Operations that force a backend commit.', value: '10000' },
  'auto-compaction-mode': { text: 'periodic or revision.', value: 'periodic' },
  'auto-compaction-retention': {
    text: 'periodic: hours, or a Go duration; revision: revisions to keep; 0 is off.',
    value: '0',
  },
  'strict-reconfig-check': {
    text: 'Refuse membership changes that cost the quorum.',
    value: 'true',
  },
  'max-learners': { text: 'Most learners of a cluster.', value: '1' },
};
