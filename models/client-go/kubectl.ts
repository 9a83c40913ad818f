/**
 * kubectl as the requests that its commands make, one after the other, with what it does about
 * their answers: pages, evictions that are refused, waiting for deletions.
 *
 * A command is a process of its own: it dials, and its bucket (5/s, burst 10) is full. Lists are
 * consistent (no resourceVersion) in chunks of 500, as `--chunk-size` says.
 *
 * Left out: discovery (cached on disk), OpenAPI downloads, printing, the watch of `-w`; events of
 * one object are a list of the namespace's events without a match, which the server scans; `top`
 * asks the metrics API, which is taken as a list from the watch cache; `apply` of files that a
 * scenario does not have.
 * Sources: kubernetes/kubectl pkg/cmd (get, describe, drain, scale, rollout), cli-runtime
 * resource.Builder, client-go rest/config.go (default QPS; 50 and 300 are for discovery alone).
 */
import type { Process, Waitable } from '../../src/core/index.ts';
import {
  type ApiCall,
  type ApiResult,
  controllerOf,
  type Deployment,
  type FieldSelector,
  isTerminal,
  type KubeObject,
  type Node,
  type Pod,
  pathOf,
  type ResourceName,
  resourceInfo,
  selectorOf,
  type User,
} from '../objects/index.ts';
import {
  type KubectlArguments,
  parseKubectl,
  resourceOf,
  resourcesOf,
} from './kubectl-arguments.ts';
import { isSuccess } from './results.ts';
import type { ApiClient, ClientOptions, PendingCall } from './types.ts';

const QPS = 5;
const BURST = 10;
/** kubectl pkg/drain: an eviction that a budget refuses is asked for again. */
const EVICTION_RETRY_NS = 5e9;
/** pkg/drain waitForDelete polls. */
const POLL_NS = 1e9;
/** Polls for a pod of a drain, evictions included, before it gives up. */
const POLLS_MAX = 3600;

export const KUBECTL_USER: User = {
  name: 'kubernetes-admin',
  groups: ['kubeadm:cluster-admins', 'system:authenticated'],
  agent: 'kubectl',
  authentication: 'x509',
};

export function kubectlClient(
  name: string,
  networkHost: string,
  servers: readonly string[],
): ClientOptions {
  const limits = { qps: QPS, burst: BURST, timeoutNs: Infinity };
  return { name, user: KUBECTL_USER, networkHost, servers, ...limits };
}

/** What became of a command. */
export interface KubectlOutcome {
  requests: number;
  failures: number;
  /** What its last failed request ended with: a status, or what the client found; '' = none. */
  failed: string;
  /** Bytes of all answers. */
  bytes: number;
}

type Step<T = void> = Generator<number | Waitable, T, void>;

/** One run of a command; `done` with its outcome. The client is dialled anew each time. */
export function* kubectl(
  client: ApiClient,
  command: readonly string[],
  done: (outcome: KubectlOutcome) => void = () => {},
): Process {
  const outcome: KubectlOutcome = { requests: 0, failures: 0, failed: '', bytes: 0 };
  client.restart();
  yield* new Kubectl(client, parseKubectl(command), outcome).run();
  client.stop();
  done(outcome);
}

class Kubectl {
  readonly #client: ApiClient;
  readonly #args: KubectlArguments;
  readonly #outcome: KubectlOutcome;

  constructor(client: ApiClient, args: KubectlArguments, outcome: KubectlOutcome) {
    this.#client = client;
    this.#args = args;
    this.#outcome = outcome;
  }

  *run(): Step {
    const { verb, raw, words } = this.#args;
    if (raw !== '') yield* this.#raw(raw);
    else if (verb === 'get') yield* this.#get();
    else if (verb === 'describe') yield* this.#describe();
    else if (verb === 'top') yield* this.#top();
    else if (verb === 'delete') yield* this.#delete();
    else if (verb === 'drain') yield* this.#drain(words[0]);
    else if (verb === 'cordon') yield* this.#cordon(words[0], true);
    else if (verb === 'uncordon') yield* this.#cordon(words[0], false);
    else if (verb === 'scale') yield* this.#scale();
    else if (verb === 'rollout') yield* this.#rollout();
    else if (verb === 'logs' || verb === 'exec') yield* this.#pod(verb === 'logs' ? 'log' : 'exec');
    else if (verb === 'cluster-info') yield* this.#clusterInfo(words[0] === 'dump');
    else yield* this.#ask({ verb: 'get', resource: 'namespaces', subresource: 'healthz' });
  }

  *#get(): Step {
    const { resources, names } = this.#targets();
    for (const resource of resources) {
      if (names.length === 0) yield* this.#list(resource);
      for (const name of names) {
        yield* this.#ask({ verb: 'get', resource, path: this.#path(resource, name) });
      }
    }
  }

  *#describe(): Step {
    const { resources, names } = this.#targets();
    for (const resource of resources) {
      const paths: string[] = names.map((name) => this.#path(resource, name));
      if (names.length === 0) {
        for (const item of yield* this.#list(resource)) paths.push(item.meta.path);
      }
      for (const path of paths) {
        const found = yield* this.#ask({ verb: 'get', resource, path });
        if (found.object !== null) yield* this.#describeOne(found.object);
      }
    }
  }

  *#describeOne(object: KubeObject): Step {
    if (object.resource === 'nodes') {
      const { name } = object.meta;
      const path = `kube-node-lease/${name}`;
      yield* this.#ask({ verb: 'get', resource: 'leases', path });
      yield* this.#pages({
        verb: 'list',
        resource: 'pods',
        fieldSelector: { field: 'spec.nodeName', value: name },
      });
    }
    const { namespace, uid } = object.meta;
    const fieldSelector: FieldSelector = { field: 'metadata.name', value: `of ${uid}` };
    yield* this.#pages({ verb: 'list', resource: 'events', namespace, fieldSelector });
  }

  *#top(): Step {
    const { resources } = this.#targets();
    for (const resource of resources) {
      const namespace = this.#namespaceOf(resource);
      yield* this.#ask({ verb: 'list', resource, namespace, consistency: 'any', wantItems: false });
      if (resource === 'nodes') yield* this.#list('nodes');
    }
  }

  *#delete(): Step {
    const { resources, names } = this.#targets();
    for (const resource of resources) {
      for (const name of names) {
        const path = this.#path(resource, name);
        const propagation = 'Background';
        const deleted = yield* this.#ask({ verb: 'delete', resource, path, propagation });
        if (deleted.object !== null) yield* this.#untilGone(deleted.object);
      }
    }
  }

  /**
   * All pods are evicted side by side; those that a budget protects are asked for again. Pods of
   * DaemonSets and pods without a controller end the command before it has evicted any, where no
   * flag says what to do with them (pkg/drain/filters.go).
   */
  *#drain(node: string): Step {
    const { force, ignoreDaemonSets, timeoutNs } = this.#args;
    yield* this.#cordon(node, true);
    const fieldSelector: FieldSelector = { field: 'spec.nodeName', value: node };
    const pods = yield* this.#pages({ verb: 'list', resource: 'pods', fieldSelector });
    const evicted: KubeObject[] = [];
    let refused = 0;
    for (const pod of pods) {
      const owner = controllerOf(pod);
      const isDaemon = owner?.resource === 'daemonsets';
      if (isDaemon) yield* this.#ask({ verb: 'get', resource: 'daemonsets', path: owner.path });
      else evicted.push(pod);
      const done = isTerminal(pod as Pod); // A list of pods has pods.
      if (isDaemon ? !ignoreDaemonSets : owner === null && !force && !done) refused++;
    }
    if (refused > 0) {
      this.#outcome.failures++;
      return;
    }
    let leftNs = timeoutNs;
    let waiting: readonly KubeObject[] = evicted;
    for (let i = 0; waiting.length > 0 && i < POLLS_MAX; i++) {
      waiting = yield* this.#evict(waiting);
      if (waiting.length === 0) break;
      if (leftNs <= 0) {
        this.#outcome.failures++;
        return;
      }
      yield Math.min(leftNs, EVICTION_RETRY_NS);
      leftNs -= EVICTION_RETRY_NS;
    }
    for (const pod of evicted) yield* this.#untilGone(pod);
  }

  /** Those whose eviction was refused for now. */
  *#evict(pods: readonly KubeObject[]): Step<readonly KubeObject[]> {
    const { disableEviction, graceNs } = this.#args;
    const pending = pods.map(({ meta }) =>
      this.#client.start({
        ...(disableEviction
          ? { verb: 'delete' }
          : { verb: 'create', subresource: 'eviction', bodyBytes: 200 }),
        resource: 'pods',
        path: meta.path,
        uid: meta.uid,
        aboutUid: meta.uid,
        ...(Number.isNaN(graceNs) ? {} : { graceNs }),
      }),
    );
    const refused: KubeObject[] = [];
    for (let i = 0; i < pods.length; i++) {
      const { code } = yield* this.#result(pending[i]);
      if (code === 429 || code >= 500) refused.push(pods[i]);
    }
    return refused;
  }

  *#untilGone({ resource, meta }: KubeObject): Step {
    for (let i = 0; i < POLLS_MAX; i++) {
      const found = yield* this.#ask({ verb: 'get', resource, path: meta.path });
      if (found.object?.meta.uid !== meta.uid) return;
      yield POLL_NS;
    }
  }

  *#cordon(path: string, unschedulable: boolean): Step {
    const found = yield* this.#ask({ verb: 'get', resource: 'nodes', path });
    if (found.object === null) return;
    yield* this.#patch('nodes', path, (current) => {
      const node = current as Node; // A patch of nodes gets one.
      if (node.spec.unschedulable === unschedulable) return node;
      const changed: Node = {
        ...node,
        resourceVersion: 0,
        spec: { ...node.spec, unschedulable },
      };
      return changed;
    });
  }

  *#scale(): Step {
    const { resources, names } = this.#targets();
    const { replicas } = this.#args;
    for (const name of names) {
      const path = this.#path(resources[0], name);
      yield* this.#patch(
        resources[0],
        path,
        (current) => {
          const scaled = current as Deployment; // What is scaled has spec.replicas.
          if (scaled.spec.replicas === replicas) return scaled;
          const meta = { ...scaled.meta, generation: scaled.meta.generation + 1 };
          const changed: Deployment = {
            ...scaled,
            meta,
            resourceVersion: 0,
            spec: { ...scaled.spec, replicas },
          };
          return changed;
        },
        'scale',
      );
    }
  }

  *#rollout(): Step {
    const { resources, names } = this.#targets(1);
    for (const name of names) {
      const path = this.#path(resources[0], name);
      yield* this.#ask({ verb: 'get', resource: resources[0], path });
      if (this.#args.words[0] === 'restart') yield* this.#patch(resources[0], path, restarted);
    }
  }

  *#pod(subresource: 'log' | 'exec'): Step {
    const path = this.#path('pods', this.#args.words[0]);
    yield* this.#ask({ verb: 'get', resource: 'pods', path });
    const verb = subresource === 'log' ? 'get' : 'create';
    yield* this.#ask({ verb, resource: 'pods', subresource, path });
  }

  *#clusterInfo(dump: boolean): Step {
    if (!dump) {
      yield* this.#list('services', 'kube-system');
      return;
    }
    yield* this.#list('nodes');
    const namespaces = ['default', 'kube-system'];
    if (this.#args.allNamespaces) {
      namespaces.length = 0;
      for (const { meta } of yield* this.#list('namespaces')) namespaces.push(meta.name);
    }
    for (const namespace of namespaces) {
      yield* this.#list('events', namespace);
      yield* this.#list('replicationcontrollers', namespace);
      yield* this.#list('services', namespace);
      yield* this.#list('daemonsets', namespace);
      yield* this.#list('deployments', namespace);
      yield* this.#list('replicasets', namespace);
      for (const pod of yield* this.#list('pods', namespace)) {
        const { path } = pod.meta;
        yield* this.#ask({ verb: 'get', resource: 'pods', subresource: 'log', path });
      }
    }
  }

  /** `/api/v1/pods?limit=5`, `/apis/apps/v1/namespaces/x/deployments`, `/readyz`, `/metrics`. */
  *#raw(raw: string): Step {
    const [path, query = ''] = raw.split('?');
    const parts = path.split('/').filter((part) => part !== '' && part !== 'watch');
    const at = parts.indexOf('namespaces');
    const inNamespace = at >= 0 && parts.length > at + 2;
    const last = parts[inNamespace ? at + 2 : parts[0] === 'apis' ? 3 : 2];
    const resource = last === undefined ? null : resourceOf(last);
    if (resource === null) {
      yield* this.#ask({ verb: 'get', resource: 'namespaces', subresource: 'healthz' });
      return;
    }
    const parameters = new Map(query.split('&').map((part) => part.split('=') as [string, string]));
    const name = parts[parts.indexOf(last) + 1];
    const namespace = inNamespace ? parts[at + 1] : '';
    if (name !== undefined) {
      yield* this.#ask({ verb: 'get', resource, path: pathOf(namespace, name) });
      return;
    }
    const version = parameters.get('resourceVersion');
    yield* this.#ask({
      verb: 'list',
      resource,
      namespace,
      wantItems: false,
      limit: Number(parameters.get('limit') ?? 0),
      consistency: version === '0' ? 'any' : 'consistent',
    });
  }

  *#list(resource: ResourceName, namespace = this.#namespaceOf(resource)): Step<KubeObject[]> {
    const { labels } = this.#args;
    const labelSelector = Object.keys(labels).length === 0 ? undefined : selectorOf(labels);
    return yield* this.#pages({ verb: 'list', resource, namespace, labelSelector });
  }

  *#pages(call: ApiCall): Step<KubeObject[]> {
    const items: KubeObject[] = [];
    let page: ApiCall = {
      ...call,
      consistency: 'consistent',
      limit: this.#args.chunkSize,
      wantItems: true,
    };
    for (;;) {
      const result = yield* this.#ask(page);
      for (const item of result.items ?? []) items.push(item);
      if (!isSuccess(result) || result.continueAt === 0) return items;
      const { continueAt, resourceVersion } = result;
      page = { ...page, consistency: 'exact', continueAt, resourceVersion };
    }
  }

  *#patch(
    resource: ResourceName,
    path: string,
    mutate: NonNullable<ApiCall['mutate']>,
    subresource: 'scale' | '' = '',
  ): Step {
    yield* this.#ask({ verb: 'patch', resource, subresource, path, mutate, bodyBytes: 200 });
  }

  *#ask(call: ApiCall): Step<ApiResult> {
    return yield* this.#result(this.#client.start(call));
  }

  *#result(pending: PendingCall): Step<ApiResult> {
    yield pending;
    const result = pending.result!;
    this.#outcome.requests++;
    this.#outcome.bytes += result.bytes;
    if (!isSuccess(result) && result.code !== 404) {
      this.#outcome.failures++;
      this.#outcome.failed = result.code === 0 ? result.reason : `${result.code}`;
    }
    return result;
  }

  /** 'pods a b', 'pod/a', 'deploy,svc'; from the word at `first` on. */
  #targets(first = 0): { resources: readonly ResourceName[]; names: readonly string[] } {
    const [word = '', ...names] = this.#args.words.slice(first);
    const [type, name] = word.split('/');
    const resources = resourcesOf(type) ?? [];
    return { resources, names: name === undefined ? names : [name, ...names] };
  }

  #path(resource: ResourceName, name: string): string {
    const { namespaced } = resourceInfo(resource);
    const bare = name.includes('/') ? name.slice(name.indexOf('/') + 1) : name;
    return pathOf(namespaced ? this.#args.namespace : '', bare);
  }

  #namespaceOf(resource: ResourceName): string {
    const { allNamespaces, namespace } = this.#args;
    return allNamespaces || !resourceInfo(resource).namespaced ? '' : namespace;
  }
}

/** Another template: an annotation of `kubectl rollout restart`. */
function restarted(current: KubeObject): KubeObject {
  const before = current as Deployment; // What is rolled out has a template.
  const generation = before.meta.generation + 1;
  const template = { ...before.spec.template, hash: `${before.spec.template.hash}r${generation}` };
  const changed: Deployment = {
    ...before,
    meta: { ...before.meta, generation },
    resourceVersion: 0,
    spec: { ...before.spec, template },
  };
  return changed;
}
