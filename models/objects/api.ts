/**
 * What travels between clients and an API server: calls, results, watch events. Shapes follow
 * kubernetes/apimachinery (verbs, Status, watch.Event); contents are immutable versions, handed
 * over by reference, and charged by their bytes.
 */
import type { ResourceName } from './resources.ts';
import type { KubeObject, LabelSelector } from './types.ts';

export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'apply'
  | 'delete'
  | 'deletecollection';

export type Subresource =
  | ''
  | 'status'
  | 'binding'
  | 'eviction'
  | 'scale'
  | 'token'
  | 'log'
  | 'exec'
  | 'healthz';

/** Who asks: decides the flow schema, and the flow within it. */
export interface User {
  /** 'system:node:worker-17', 'system:kube-scheduler', 'kubernetes-admin'. */
  readonly name: string;
  /** 'system:nodes', 'system:masters', 'system:serviceaccounts:kube-system', ... */
  readonly groups: readonly string[];
  readonly agent: string;
  readonly authentication: 'x509' | 'serviceAccountToken' | 'oidc' | 'webhook';
}

/**
 * How fresh a read is: `any` resourceVersion "0" (the watch cache as it is), `notOlderThan` the
 * given one, `consistent` unset (see KEP-2340), `exact` for continued lists.
 */
export type ReadConsistency = 'any' | 'notOlderThan' | 'consistent' | 'exact';

export interface FieldSelector {
  readonly field: 'spec.nodeName' | 'metadata.name';
  readonly value: string;
}

export interface ApiCall {
  readonly verb: Verb;
  readonly resource: ResourceName;
  readonly subresource?: Subresource;
  /** list, watch, deletecollection: '' or absent = all namespaces. */
  readonly namespace?: string;
  /** `meta.path` of the object: all verbs but list, watch, create, deletecollection. */
  readonly path?: string;
  /** create, update: the version to store. */
  readonly object?: KubeObject;
  /**
   * update: of the version that it was made from, compared (409); absent or 0 = not compared.
   * list, watch, get: with `consistency`; a watch begins after it.
   */
  readonly resourceVersion?: number;
  /**
   * patch, apply, binding, eviction, scale and status patches: computes the new version from the
   * current one, inside the storage's retry loop, maybe several times; must not have effects.
   * The same object, or null: nothing changes. A string: refused (422, or 409 for binding) with
   * that reason.
   */
  readonly mutate?: (current: KubeObject) => KubeObject | null | string;
  /** delete, patch: only this object, whatever bears its name now (409). */
  readonly uid?: number;
  /** delete: 0 = at once; absent = what the resource defaults to (pods: their spec's grace). */
  readonly graceNs?: number;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly consistency?: ReadConsistency;
  readonly labelSelector?: LabelSelector;
  readonly fieldSelector?: FieldSelector;
  /** list: page size; absent or 0 = everything. */
  readonly limit?: number;
  /** list: page after this one of the same list. */
  readonly continueAt?: number;
  /** list: the caller wants `items`; false = bytes and counts are charged, nothing is copied. */
  readonly wantItems?: boolean;
  /** watch: with the initial objects as events and a bookmark at their end (WatchList). */
  readonly sendInitialEvents?: boolean;
  /** Server-side timeout that the client asks for; the API server's default where absent. */
  readonly timeoutNs?: number;
  /** Bytes of the request's body where they are not those of `object` (patches). */
  readonly bodyBytes?: number;
  /** For sequence diagrams and traces: the object that this call is about. */
  readonly aboutUid?: number;
  /** Calls of identical members (a cohort) that are made as one and charged this many times. */
  readonly members?: number;
}

export interface ApiResult {
  /** HTTP status; 0 = no answer came (see `reason`). */
  readonly code: number;
  /**
   * '' or metav1.StatusReason ('NotFound', 'AlreadyExists', 'Conflict', 'Expired',
   * 'TooManyRequests', 'Timeout', 'InternalError', ...); of code 0: 'Refused', 'Reset',
   * 'ClientTimeout', 'Untrusted' (the server's certificate is not valid by the client's clock).
   */
  readonly reason: string;
  /** The object as stored (or as it was before its deletion). */
  readonly object: KubeObject | null;
  readonly items: readonly KubeObject[] | null;
  /** list: objects matched (this page). */
  readonly count: number;
  /** list: what is still to come; 0 = the list is complete. */
  readonly continueAt: number;
  readonly resourceVersion: number;
  /** Seconds; 0 = no such header. */
  readonly retryAfterS: number;
  /** Bytes of the response's body. */
  readonly bytes: number;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

export interface WatchEvent {
  readonly type: WatchEventType;
  /** DELETED: its last version. BOOKMARK and ERROR: null. */
  readonly object: KubeObject | null;
  readonly resourceVersion: number;
  /** BOOKMARK: the initial events of a WatchList are complete. */
  readonly initialEventsEnd: boolean;
  /** ERROR: the status ('Expired' = 410: list again). */
  readonly reason: string;
}

/** One watch at the server; whoever opened it implements this, transport included. */
export interface WatchSink {
  /**
   * The events leave the server now, in order. The caller never keeps the array.
   * False: the connection is gone.
   */
  send(events: readonly WatchEvent[], bytes: number): boolean;
  /** The server ends the watch: timeout, slow watcher, shutdown. */
  end(reason: string): void;
}

/** A request as a replica gets it. */
export interface ServerRequest {
  readonly call: ApiCall;
  readonly user: User;
  /** When the client gives up (simulated time); Infinity never. */
  readonly deadlineNs: number;
  /**
   * Index of the client connection, for HTTP/2 stream limits and GOAWAY; each dial makes a new one,
   * whose first request pays for TLS. -1: a probe of the load balancer.
   */
  readonly connection: number;
  /**
   * A watch that has been running since before the start: nobody is charged for opening it, and
   * nothing was missed.
   */
  readonly preloaded?: boolean;
  /**
   * Its certificate or token, by the name under which a validity of it is kept; '' or absent: none
   * is limited, and it is good for ever.
   */
  readonly credential?: string;
  /** Present for verb watch. */
  readonly sink: WatchSink | null;
  /** Exactly once, unless the replica dies first. For a watch: once it is accepted or refused. */
  respond(result: ApiResult): void;
}

/** A watch that a replica serves; `stop` when the client goes away. */
export interface ServedWatch {
  stop(): void;
}

/** One kube-apiserver, as transport, probes and faults see it. */
export interface ApiEndpoint {
  /** 'kube-apiserver/0'. */
  readonly name: string;
  /** Name of its host in the network. */
  readonly networkHost: string;
  /** Its process listens: a dial succeeds. */
  readonly isListening: boolean;
  /** The bytes of a request have arrived. For a watch: the handle to stop it, else null. */
  handle(request: ServerRequest): ServedWatch | null;
  /**
   * Called when the process dies or closes its connections (reset), or says GOAWAY. Connection -1:
   * all of them.
   */
  onDisconnect(listener: (kind: 'reset' | 'goaway', connection: number) => void): void;
  /**
   * Called when its process stands still, and when it goes on: it answers no pings meanwhile,
   * though its kernel takes what arrives.
   */
  onFrozen?(listener: (isFrozen: boolean) => void): void;
  /** The client has closed this connection: its number does not come again. */
  connectionClosed?(connection: number): void;
}
