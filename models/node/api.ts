/** What kubelets and kube-proxies are built with. */
import type { ClientLibrary } from '../client-go/index.ts';
import type { ClusterObserver, ClusterWitness, Uids } from '../objects/index.ts';

export interface NodesOptions {
  readonly library: ClientLibrary;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  /** Absent: nobody is told. */
  readonly witness?: ClusterWitness;
  /** Minor version of Kubernetes: '1.28' ... '1.37'. */
  readonly version: string;
  /** Addresses of the API servers, as in `ClientOptions`. */
  readonly servers: readonly string[];
  /** A cloud controller initialises new nodes: they carry its taint until then. */
  readonly cloud: boolean;
  /** Signs the certificate of a new node; absent: it is good for ever. */
  readonly sign?: (node: string) => void;
  /**
   * Host of the network that a node calls from, or what nodes of the zone share (node ''):
   * `nodes@ZONE` for all where absent.
   */
  readonly networkHostOf?: (zone: string, node: string) => string;
}
