/**
 * The EndpointSlice controller: the addresses of a service's pods, at most 100 a slice, with as
 * few writes as possible (slice-packing.ts).
 *
 * Follows kubernetes/pkg/controller/endpointslice/endpointslice_controller.go and
 * kubernetes/staging/src/k8s.io/endpointslice/{reconciler.go,util/endpointslice_tracker.go}.
 * Left out: topology hints, dual stack, mirroring of custom Endpoints, publishNotReadyAddresses.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import {
  type ApiCall,
  type Endpoint,
  type EndpointSlice,
  isBeingDeleted,
  isTerminal,
  metaOf,
  ownedBy,
  type Pod,
  type Service,
  type Uids,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  createCall,
  deleteCall,
  errorOf,
  generatedName,
  type Sync,
  send,
  updateCall,
} from './environment.ts';
import type { SelectedPods } from './selected-pods.ts';
import { packSlices } from './slice-packing.ts';
import { TriggerTimes } from './trigger-times.ts';

/** maxRetries; defaultSyncBackOff and maxSyncBackOff; endpointSliceChangeMinSyncDelay. */
const RETRIES_MAX = 15;
const BACKOFF = { first: 1e9, max: 1000e9 };
const SLICE_CHANGE_DELAY_NS = 1e9;
/** An empty slice, and each endpoint of it: 100 endpoints are about 10 kB (KEP-752). */
const SLICE_BYTES = 600;
const ENDPOINT_BYTES = 95;

export const SERVICE_LABEL = 'kubernetes.io/service-name';
const INDEX_SERVICE = 'service';

export class EndpointSliceController implements Controller {
  readonly name = 'endpointslice';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #services: Informer<'services'>;
  readonly #slices: Informer<'endpointslices'>;
  readonly #members: SelectedPods;
  readonly #queue: WorkQueue;
  readonly #endpointNs: number;
  readonly #triggers = new TriggerTimes();
  /** Per service, the version of each slice that we wrote last; 0 = we deleted it. */
  readonly #written = new Map<string, Map<number, number>>();

  constructor(env: ControllerEnvironment, members: SelectedPods) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#services = env.informer('services');
    this.#slices = env.informer('endpointslices');
    this.#slices.addIndex(INDEX_SERVICE, (slice) => slice.service);
    this.#members = members;
    this.#endpointNs = cost(env, 'controllers.endpointNs');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      retriesMax: RETRIES_MAX,
      backoffNs: BACKOFF,
      sync: (key) => this.#sync(key),
    });
    const enqueue = (service: Service) => this.#queue.add(service.meta.path);
    this.#services.addHandlers({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    members.onChange((service) =>
      this.#queue.addAfter(service, env.scenario.endpointUpdatesBatchPeriodNs),
    );
    this.#slices.addHandlers({
      onAdd: (slice) => this.#onSlice(slice),
      onUpdate: (slice) => this.#onSlice(slice),
      onDelete: (slice) => this.#onSliceDelete(slice),
    });
  }

  /** ShouldSync of the tracker: somebody else wrote it, or we did before this life. */
  #onSlice(slice: EndpointSlice): void {
    const written = this.#written.get(slice.service)?.get(slice.meta.uid);
    if (written !== undefined && slice.resourceVersion <= written) return;
    this.#queue.addAfter(slice.service, SLICE_CHANGE_DELAY_NS);
  }

  #onSliceDelete(slice: EndpointSlice): void {
    const tracked = this.#written.get(slice.service);
    const written = tracked?.get(slice.meta.uid);
    tracked?.delete(slice.meta.uid);
    if (written !== 0) this.#queue.addAfter(slice.service, SLICE_CHANGE_DELAY_NS);
  }

  *#sync(key: string): Sync {
    const service = this.#services.get(key);
    if (service === undefined || isBeingDeleted(service)) {
      this.#written.delete(key);
      this.#triggers.forget(key);
      return '';
    }
    if (service.spec.type === 'ExternalName' || service.spec.selector === null) return '';
    const slices = [...this.#slices.byIndex(INDEX_SERVICE, key)].filter((s) => !isBeingDeleted(s));
    if (this.#isStale(key, slices)) return 'StaleInformerCache';
    const desired = new Map<number, Endpoint>();
    for (const pod of this.#members.of(key).values()) {
      const endpoint = endpointOf(pod);
      if (endpoint !== null) desired.set(pod.meta.uid, endpoint);
    }
    yield this.#env.work(this.#endpointNs * (desired.size + 1));
    const triggerNs = this.#triggers.next(
      key,
      this.#members.of(key).values(),
      service.meta.createdNs,
    );
    return yield* this.#reconcile(service, slices, desired, triggerNs);
  }

  /** StaleSlices: the cache has not caught up with what we wrote. */
  #isStale(key: string, slices: readonly EndpointSlice[]): boolean {
    const tracked = this.#written.get(key);
    if (tracked === undefined) return false;
    let known = 0;
    for (const slice of slices) {
      const written = tracked.get(slice.meta.uid);
      if (written === undefined) continue;
      if (written === 0 || slice.resourceVersion < written) return true;
      known++;
    }
    let expected = 0;
    for (const written of tracked.values()) if (written > 0) expected++;
    return known < expected;
  }

  *#reconcile(
    service: Service,
    slices: readonly EndpointSlice[],
    desired: Map<number, Endpoint>,
    triggerNs: number | undefined,
  ): Sync {
    const { scenario, uids, sim } = this.#env;
    const changes = packSlices(slices, desired, scenario.maxEndpointsPerSlice);
    for (const endpoints of changes.create) {
      const slice = { ...sliceOf(uids, sim.nowNs, service, endpoints), triggerNs };
      const error = yield* this.#write(service, createCall(slice), slice.meta.uid);
      if (error !== '') return error === 'NamespaceTerminating' ? '' : error;
    }
    for (const { slice, endpoints } of changes.update) {
      const bytes = sliceBytes(endpoints.length);
      const next = { ...slice, resourceVersion: 0, endpoints, bytes, triggerNs };
      const error = yield* this.#write(service, updateCall(next, slice), slice.meta.uid);
      if (error !== '') return error;
    }
    for (const slice of changes.remove) {
      const error = errorOf(yield* send(this.#client, deleteCall(slice)));
      if (error !== '' && error !== 'NotFound') return error;
      this.#track(service.meta.path, slice.meta.uid, 0);
    }
    return '';
  }

  *#write(service: Service, call: ApiCall, uid: number): Sync {
    const result = yield* send(this.#client, call);
    const error = errorOf(result);
    if (error !== '') return error;
    this.#track(service.meta.path, uid, result.object?.resourceVersion ?? 0);
    return '';
  }

  #track(service: string, uid: number, version: number): void {
    const tracked = this.#written.get(service);
    if (tracked === undefined) this.#written.set(service, new Map([[uid, version]]));
    else tracked.set(uid, version);
  }
}

export function sliceBytes(endpoints: number): number {
  return SLICE_BYTES + ENDPOINT_BYTES * endpoints;
}

export function sliceOf(
  uids: Uids,
  nowNs: number,
  service: Service,
  endpoints: readonly Endpoint[],
): EndpointSlice {
  const { namespace } = service.meta;
  const labels = { [SERVICE_LABEL]: service.meta.name };
  const base = metaOf(uids, nowNs, { name: '', namespace, labels, owner: ownedBy(service) });
  const name = generatedName(service.meta.name, base.uid);
  return {
    resource: 'endpointslices',
    meta: { ...base, name, path: `${namespace}/${name}` },
    bytes: sliceBytes(endpoints.length),
    resourceVersion: 0,
    service: service.meta.path,
    endpoints,
  };
}

/** ShouldPodBeInEndpoints and podToEndpoint; null = not in. */
export function endpointOf(pod: Pod): Endpoint | null {
  if (isTerminal(pod) || !pod.status.hasIP) return null;
  const terminating = isBeingDeleted(pod);
  const ready = pod.status.ready && !terminating;
  return { podUid: pod.meta.uid, nodeName: pod.nodeName, ready, terminating };
}
