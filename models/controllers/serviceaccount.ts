/**
 * Two controllers that give each namespace what it needs: its default ServiceAccount, and the
 * ConfigMap with the cluster's root certificate.
 *
 * Follows kubernetes/pkg/controller/serviceaccount/serviceaccounts_controller.go and
 * kubernetes/pkg/controller/certificates/rootcacertpublisher/publisher.go.
 * Left out: token Secrets of old ServiceAccounts.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import {
  isBeingDeleted,
  metaOf,
  type Namespace,
  type OpaqueObject,
  pathOf,
  type Uids,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  createCall,
  perform,
  type Sync,
} from './environment.ts';

export type PublishedResource = 'serviceaccounts' | 'configmaps';

const PUBLISHED = {
  serviceaccounts: { controller: 'service-account', name: 'default', bytes: 300, workers: 1 },
  configmaps: {
    controller: 'root-ca-cert-publisher',
    name: 'kube-root-ca.crt',
    bytes: 2000,
    workers: 1,
  },
} as const;

export class NamespacePublisher implements Controller {
  readonly name: string;
  readonly #env: ControllerEnvironment;
  readonly #resource: PublishedResource;
  readonly #client: ApiClient;
  readonly #namespaces: Informer<'namespaces'>;
  readonly #objects: Informer<PublishedResource>;
  readonly #queue: WorkQueue;

  constructor(env: ControllerEnvironment, resource: PublishedResource) {
    const { controller, name, workers } = PUBLISHED[resource];
    this.name = controller;
    this.#env = env;
    this.#resource = resource;
    this.#client = env.client(controller);
    this.#namespaces = env.informer('namespaces');
    this.#objects = env.informer(resource);
    this.#queue = env.queue({
      name: controller,
      workers,
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const enqueue = (namespace: Namespace) => this.#queue.add(namespace.meta.name);
    this.#namespaces.addHandlers({ onAdd: enqueue, onUpdate: enqueue });
    this.#objects.addHandlers({
      onDelete: (object) => {
        if (object.meta.name === name) this.#queue.add(object.meta.namespace);
      },
    });
  }

  *#sync(key: string): Sync {
    const namespace = this.#namespaces.get(key);
    if (namespace === undefined || isBeingDeleted(namespace)) return '';
    if (this.#objects.get(pathOf(key, PUBLISHED[this.#resource].name)) !== undefined) return '';
    const { uids, sim } = this.#env;
    const object = publishedObject(uids, sim.nowNs, this.#resource, key);
    const error = yield* perform(this.#client, createCall(object));
    return error === 'AlreadyExists' || error === 'NamespaceTerminating' ? '' : error;
  }
}

export function publishedObject(
  uids: Uids,
  nowNs: number,
  resource: PublishedResource,
  namespace: string,
): OpaqueObject {
  const { name, bytes } = PUBLISHED[resource];
  return {
    resource,
    meta: metaOf(uids, nowNs, { name, namespace }),
    bytes,
    resourceVersion: 0,
    data: {},
  };
}
