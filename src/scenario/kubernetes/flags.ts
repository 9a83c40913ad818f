/**
 * Flags of the control plane's components: which exist, which the models read.
 *
 * Names from `--help` of kubernetes 1.28 to 1.35 (kubernetes/website reference pages
 * command-line-tools-reference). A known flag that no model reads is listed as without effect.
 */

import { minorVersion } from '../../../models/objects/index.ts';
import type { ProblemCode } from '../codes.ts';
import { nearestName } from '../nearest.ts';
import type { ProblemDetails } from '../problem.ts';
import { parseGoDuration } from '../units.ts';

export type ComponentName =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'cloud-controller-manager';

export type FlagProblem = (
  flag: string,
  code: ProblemCode,
  message: string,
  details?: ProblemDetails,
) => void;

const common = `authentication-kubeconfig authentication-skip-lookup
  authentication-token-webhook-cache-ttl authorization-always-allow-paths
  authorization-kubeconfig authorization-webhook-cache-authorized-ttl
  authorization-webhook-cache-unauthorized-ttl bind-address cert-dir client-ca-file
  contention-profiling emulated-version feature-gates http2-max-streams-per-connection kubeconfig
  leader-elect leader-elect-lease-duration leader-elect-renew-deadline leader-elect-resource-lock
  leader-elect-resource-name leader-elect-resource-namespace leader-elect-retry-period
  log-flush-frequency log-json-info-buffer-size log-json-split-stream logging-format master
  profiling requestheader-allowed-names requestheader-client-ca-file
  requestheader-extra-headers-prefix requestheader-group-headers requestheader-username-headers
  secure-port show-hidden-metrics-for-version tls-cert-file tls-cipher-suites tls-min-version
  tls-private-key-file tls-sni-cert-key v version vmodule`;

const controllers = `allocate-node-cidrs cidr-allocator-type cloud-config cloud-provider
  cluster-cidr cluster-name concurrent-service-syncs configure-cloud-routes
  controller-start-interval controllers enable-leader-migration kube-api-burst
  kube-api-content-type kube-api-qps leader-migration-config min-resync-period
  node-monitor-period node-sync-period route-reconciliation-period use-service-account-credentials`;

const known: Readonly<Record<ComponentName, string>> = {
  'kube-apiserver': `${common} admission-control-config-file advertise-address
    aggregator-reject-forwarding-redirect allow-metric-labels allow-privileged anonymous-auth
    api-audiences apiserver-count audit-log-batch-buffer-size audit-log-batch-max-size
    audit-log-batch-max-wait audit-log-batch-throttle-burst audit-log-batch-throttle-enable
    audit-log-batch-throttle-qps audit-log-compress audit-log-format audit-log-maxage
    audit-log-maxbackup audit-log-maxsize audit-log-mode audit-log-path
    audit-log-truncate-enabled audit-policy-file audit-webhook-batch-buffer-size
    audit-webhook-batch-max-size audit-webhook-batch-max-wait audit-webhook-batch-throttle-burst
    audit-webhook-batch-throttle-qps audit-webhook-config-file audit-webhook-initial-backoff
    audit-webhook-mode authentication-config authentication-token-webhook-config-file
    authorization-config authorization-mode authorization-policy-file
    authorization-webhook-config-file cors-allowed-origins default-not-ready-toleration-seconds
    default-unreachable-toleration-seconds default-watch-cache-size
    delete-collection-workers disable-admission-plugins disable-http2-serving
    egress-selector-config-file enable-admission-plugins enable-aggregator-routing
    enable-bootstrap-token-auth enable-garbage-collector enable-priority-and-fairness
    encryption-provider-config encryption-provider-config-automatic-reload
    endpoint-reconciler-type etcd-cafile etcd-certfile etcd-compaction-interval
    etcd-count-metric-poll-period etcd-db-metric-poll-interval etcd-healthcheck-timeout
    etcd-keyfile etcd-prefix etcd-readycheck-timeout etcd-servers etcd-servers-overrides event-ttl
    external-hostname goaway-chance kubelet-certificate-authority kubelet-client-certificate
    kubelet-client-key kubelet-preferred-address-types kubelet-timeout lease-reuse-duration-seconds
    livez-grace-period max-connection-bytes-per-sec max-mutating-requests-inflight
    max-requests-inflight min-request-timeout oidc-ca-file oidc-client-id oidc-groups-claim
    oidc-groups-prefix oidc-issuer-url oidc-required-claim oidc-signing-algs oidc-username-claim
    oidc-username-prefix peer-advertise-ip peer-advertise-port peer-ca-file
    permit-address-sharing permit-port-sharing proxy-client-cert-file proxy-client-key-file
    request-timeout runtime-config service-account-extend-token-expiration service-account-issuer
    service-account-jwks-uri service-account-key-file service-account-lookup
    service-account-max-token-expiration service-account-signing-key-file
    service-cluster-ip-range service-node-port-range shutdown-delay-duration
    shutdown-send-retry-after shutdown-watch-termination-grace-period storage-backend
    storage-initialization-timeout storage-media-type strict-transport-security-directives
    token-auth-file tracing-config-file watch-cache watch-cache-sizes`,
  'kube-controller-manager': `${common} ${controllers} attach-detach-reconcile-sync-period
    cluster-signing-cert-file cluster-signing-duration cluster-signing-key-file
    concurrent-cron-job-syncs concurrent-daemonset-syncs concurrent-deployment-syncs
    concurrent-endpoint-syncs concurrent-ephemeralvolume-syncs concurrent-gc-syncs
    concurrent-horizontal-pod-autoscaler-syncs concurrent-job-syncs concurrent-namespace-syncs
    concurrent-rc-syncs concurrent-replicaset-syncs concurrent-resource-quota-syncs
    concurrent-service-endpoint-syncs concurrent-serviceaccount-token-syncs
    concurrent-statefulset-syncs concurrent-ttl-after-finished-syncs
    disable-attach-detach-reconcile-sync disable-force-detach-on-timeout
    enable-dynamic-provisioning enable-garbage-collector endpoint-updates-batch-period
    endpointslice-updates-batch-period external-cloud-volume-plugin flex-volume-plugin-dir
    horizontal-pod-autoscaler-cpu-initialization-period
    horizontal-pod-autoscaler-downscale-stabilization
    horizontal-pod-autoscaler-initial-readiness-delay horizontal-pod-autoscaler-sync-period
    horizontal-pod-autoscaler-tolerance large-cluster-size-threshold max-endpoints-per-slice
    mirroring-concurrent-service-endpoint-syncs mirroring-endpointslice-updates-batch-period
    mirroring-max-endpoints-per-subset namespace-sync-period node-cidr-mask-size
    node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6 node-eviction-rate
    node-monitor-grace-period node-startup-grace-period pv-recycler-increment-timeout-nfs
    pvclaimbinder-sync-period resource-quota-sync-period root-ca-file
    secondary-node-eviction-rate service-account-private-key-file service-cluster-ip-range
    terminated-pod-gc-threshold unhealthy-zone-threshold volume-host-allow-local-loopback`,
  'kube-scheduler': `${common} config kube-api-burst kube-api-content-type kube-api-qps
    pod-max-in-unschedulable-pods-duration write-config-to`,
  'cloud-controller-manager': `${common} ${controllers} concurrent-node-syncs
    node-status-update-frequency requestheader-uid-headers webhooks`,
};

/** Gone before a version: using them there is an error. */
const removed: Readonly<Record<string, { readonly since: string; readonly hint: string }>> = {
  'cloud-provider': { since: '1.31', hint: 'only `external` is left; leave it out' },
  'cloud-config': { since: '1.31', hint: 'give it to the cloud-controller-manager' },
  'pod-eviction-timeout': { since: '1.27', hint: 'pods tolerate taints for 300 s by default' },
  'enable-taint-manager': { since: '1.27', hint: 'it is always on' },
  'target-ram-mb': { since: '1.26', hint: '' },
  'service-account-api-audiences': { since: '1.26', hint: 'use api-audiences' },
};

/** Values of the flags that models read; everything else is checked and listed. */
export class FlagReader {
  readonly component: ComponentName;
  readonly withoutEffect: string[] = [];
  readonly #args: Readonly<Record<string, string>>;
  readonly #problem: FlagProblem;
  readonly #read = new Set<string>();

  constructor(
    component: ComponentName,
    args: Readonly<Record<string, string>>,
    version: string,
    problem: FlagProblem,
  ) {
    this.component = component;
    this.#args = args;
    this.#problem = problem;
    const names = known[component].split(/\s+/);
    for (const name of Object.keys(args)) {
      const gone = removed[name];
      if (gone !== undefined && minorVersion(version) >= minorVersion(gone.since)) {
        problem(name, 'WT1202', `${component} ${version} has no flag --${name}`, {
          hint: gone.hint,
        });
      } else if (gone === undefined && !names.includes(name)) {
        const bare = name.replace(/^--?/, '');
        const nearest = names.includes(bare) ? bare : nearestName(bare, names);
        const hint = name.startsWith('-') ? 'flags are written without dashes at the start' : '';
        problem(name, 'WT1201', `${component} has no flag --${bare}`, { nearest, hint });
      }
    }
  }

  /** Ends the reading: what nobody asked for has no effect. */
  finish(): readonly string[] {
    for (const [name, value] of Object.entries(this.#args)) {
      if (!this.#read.has(name)) this.withoutEffect.push(`${this.component} ${name}=${value}`);
    }
    return this.withoutEffect;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#args, name);
  }

  text(name: string, fallback: string, among?: readonly string[]): string {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    if (among === undefined || among.includes(value)) return value;
    this.#bad(name, value, `one of ${among.join(', ')}`);
    return fallback;
  }

  number(name: string, fallback: number, min = 0): number {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    if (/^-?\d+(\.\d+)?$/.test(value) && Number(value) >= min) return Number(value);
    this.#bad(name, value, `a number of at least ${min}`);
    return fallback;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    if (/^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    this.#bad(name, value, 'true or false');
    return fallback;
  }

  durationNs(name: string, fallbackNs: number): number {
    const value = this.#take(name);
    if (value === undefined) return fallbackNs;
    const ns = Math.round(parseGoDuration(value));
    if (!Number.isNaN(ns) && ns >= 0) return ns;
    this.#bad(name, value, 'a Go duration such as 100ms or 5m0s');
    return fallbackNs;
  }

  #take(name: string): string | undefined {
    this.#read.add(name);
    return Object.hasOwn(this.#args, name) ? this.#args[name] : undefined;
  }

  #bad(name: string, value: string, expected: string): void {
    this.#problem(name, 'WT1203', `\`${value}\` is not a value of ${name}`, { expected });
  }
}
