/**
 * Components that a user of the library adds to a Kubernetes cluster: controllers, schedulers,
 * agents, loads. They are given what the components of the control plane are given, and reach the
 * cluster as those do: through clients of the API.
 */
import type {
  ApiClient,
  ClientLibrary,
  ComponentProcess,
  InformerFactory,
} from '../../models/client-go/index.ts';
import type { ClusterObserver, Uids, User } from '../../models/objects/index.ts';
import type { ModelContext } from '../resource/index.ts';
import type { Scenario } from '../scenario/types.ts';

export interface OwnComponent {
  /**
   * Unique, and part of the key of the results; two components that act differently need different
   * names.
   */
  readonly name: string;
  /** Called once, when the cluster is built; nothing may be sent before `start`. */
  create(cluster: ClusterAccess): StartedComponent;
}

export interface StartedComponent {
  /** Schedules its first events. `preloaded`: pass it on to informers; the cluster is running. */
  start(preloaded: boolean): void;
}

/** What a component runs on: a process with a client and its informers. */
export interface ComponentParts {
  readonly process: ComponentProcess;
  readonly client: ApiClient;
  readonly informers: InformerFactory;
}

export interface PartsOptions {
  /** Of `Scenario.hosts`; default: the first of the control plane. Its cores are used. */
  readonly host?: string;
  /** Default: a service account of kube-system by the name of the component. */
  readonly user?: User;
  /** Queries per second of its client, and at once; defaults of client-go: 5 and 10. */
  readonly qps?: number;
  readonly burst?: number;
}

export interface ClusterAccess extends ModelContext {
  readonly scenario: Scenario;
  readonly library: ClientLibrary;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  /** Addresses of the API servers, as nodes and people use them. */
  readonly servers: readonly string[];
  /** A process on a host, with a client of the API and informers: most components need no more. */
  parts(name: string, options?: PartsOptions): ComponentParts;
}

/** rest.DefaultQPS and DefaultBurst (client-go rest/config.go). */
const QPS = 5;
const BURST = 10;

export function clusterAccess(
  o: Omit<ClusterAccess, 'parts'> & { readonly defaultHost: string },
): ClusterAccess {
  const { library, servers } = o;
  const parts = (name: string, options: PartsOptions = {}): ComponentParts => {
    const hostName = options.host ?? o.defaultHost;
    const host = library.hosts.get(hostName);
    if (host === undefined) {
      throw new Error(`no host ${hostName}; there are ${[...library.hosts.keys()].join(', ')}`);
    }
    const process = library.process(host, {
      name,
      cpuWeight: 100,
      cpuQuotaCores: Infinity,
      memoryLimitBytes: Infinity,
      supervisor: 'kubelet',
    });
    const client = library.client(
      {
        name,
        user: options.user ?? serviceAccount(name),
        networkHost: hostName,
        qps: options.qps ?? QPS,
        burst: options.burst ?? BURST,
        timeoutNs: Infinity,
        servers,
        transport: name,
      },
      process,
    );
    return { process, client, informers: library.informers(client, process) };
  };
  const { sim, metrics, constants, scenario, uids, observer } = o;
  return { sim, metrics, constants, scenario, library, uids, observer, servers, parts };
}

function serviceAccount(name: string): User {
  return {
    name: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:authenticated'],
    agent: name,
    authentication: 'serviceAccountToken',
  };
}
