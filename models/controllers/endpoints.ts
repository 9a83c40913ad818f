/**
 * The Endpoints controller: all addresses of a service in one object, rewritten whole at each
 * change. Deprecated since 1.33 and still on by default: a second write per change.
 *
 * Follows kubernetes/pkg/controller/endpoint/endpoints_controller.go.
 * Left out: addresses as such (a digest of them tells whether a write is needed), headless labels.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import { metaOf, type OpaqueObject, type Pod, type Service, type Uids } from '../objects/index.ts';
import { cost } from './constants.ts';
import { endpointOf } from './endpointslice.ts';
import {
  type Controller,
  type ControllerEnvironment,
  createCall,
  deleteCall,
  perform,
  type Sync,
  updateCall,
} from './environment.ts';
import type { SelectedPods } from './selected-pods.ts';

const RETRIES_MAX = 15;
/** maxCapacity: over-capacity Endpoints are truncated. */
const CAPACITY = 1000;
const ENDPOINTS_BYTES = 500;
/** 20,000 endpoints took about 2 MB (KEP-752). */
const ADDRESS_BYTES = 100;

export class EndpointsController implements Controller {
  readonly name = 'endpoint';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #services: Informer<'services'>;
  readonly #endpoints: Informer<'endpoints'>;
  readonly #members: SelectedPods;
  readonly #queue: WorkQueue;
  readonly #endpointNs: number;

  constructor(env: ControllerEnvironment, members: SelectedPods) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#services = env.informer('services');
    this.#endpoints = env.informer('endpoints');
    this.#members = members;
    this.#endpointNs = cost(env, 'controllers.endpointNs');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      retriesMax: RETRIES_MAX,
      sync: (key) => this.#sync(key),
    });
    const enqueue = (service: Service) => this.#queue.add(service.meta.path);
    this.#services.addHandlers({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    members.onChange((service) =>
      this.#queue.addAfter(service, env.scenario.endpointUpdatesBatchPeriodNs),
    );
    this.#endpoints.addHandlers({ onDelete: (object) => this.#queue.add(object.meta.path) });
  }

  *#sync(key: string): Sync {
    const service = this.#services.get(key);
    const current = this.#endpoints.get(key);
    if (service === undefined) {
      if (current === undefined) return '';
      const error = yield* perform(this.#client, deleteCall(current));
      return error === 'NotFound' ? '' : error;
    }
    if (service.spec.type === 'ExternalName' || service.spec.selector === null) return '';
    const { size, data } = contentsOf(this.#members.of(key).values());
    yield this.#env.work(this.#endpointNs * (size + 1));
    const bytes = endpointsBytes(size);
    if (current === undefined) {
      const object = endpointsOf(this.#env.uids, this.#env.sim.nowNs, service, bytes, data);
      const error = yield* perform(this.#client, createCall(object));
      return error === 'NamespaceTerminating' ? '' : error;
    }
    if (current.data.digest === data.digest) return '';
    const next: OpaqueObject = { ...current, resourceVersion: 0, bytes, data };
    return yield* perform(this.#client, updateCall(next, current));
  }
}

export function endpointsBytes(addresses: number): number {
  return ENDPOINTS_BYTES + ADDRESS_BYTES * addresses;
}

export interface EndpointsContents {
  readonly size: number;
  readonly data: Readonly<Record<string, string>>;
}

/** What a service's Endpoints hold: ready addresses first, terminating pods not at all. */
export function contentsOf(pods: Iterable<Pod>): EndpointsContents {
  let size = 0;
  let ready = 0;
  let digest = 0;
  for (const pod of pods) {
    const endpoint = endpointOf(pod);
    if (endpoint === null || endpoint.terminating || size === CAPACITY) continue;
    size++;
    if (endpoint.ready) ready++;
    // Order does not matter: subsets are sorted before they are compared.
    digest = (digest + Math.imul(endpoint.podUid * 2 + (endpoint.ready ? 1 : 0), 0x9e3779b1)) | 0;
  }
  return { size, data: { ready: `${ready}`, digest: `${size}/${digest}` } };
}

export function endpointsOf(
  uids: Uids,
  nowNs: number,
  service: Service,
  bytes: number,
  data: OpaqueObject['data'],
): OpaqueObject {
  const { name, namespace, labels } = service.meta;
  const meta = metaOf(uids, nowNs, { name, namespace, labels });
  return { resource: 'endpoints', meta, bytes, resourceVersion: 0, data };
}
