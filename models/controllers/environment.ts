/**
 * What every controller is given: its process's informers, clients, work queues, recorder and
 * periodic loops; and the calls that controllers make, as they are written in Go.
 *
 * One environment is one term of leadership: when the process loses its lease it exits, and the
 * next one builds its controllers anew, with empty queues, graphs and timers.
 */
import type { Constants, Simulation, Waitable } from '../../src/core/index.ts';
import type { Metrics } from '../../src/metrics/index.ts';
import type { ControllerManagerScenario } from '../../src/scenario/types.ts';
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  type ApiCall,
  type ApiResult,
  type ClusterObserver,
  controllerOf,
  type KubeObject,
  pathOf,
  type ResourceName,
  type Uids,
} from '../objects/index.ts';

/** A reconcile: yields delays (ns) and calls; returns '' or the error that puts its key back. */
export type Sync = Generator<number | Waitable, string, void>;
/** The same without a result. */
export type Steps<T = void> = Generator<number | Waitable, T, void>;

export interface QueueOptions {
  /** Work queue's name, as in workqueue_* metrics. */
  readonly name: string;
  readonly workers: number;
  /** CPU time of one sync, calls and cache reads apart, ns. */
  readonly syncNs: number;
  /** A key is dropped after so many retries; Infinity = never. */
  readonly retriesMax?: number;
  /** Per-item back-off of the queue; client-go's 5 ms to 1000 s where absent. */
  readonly backoffNs?: { readonly first: number; readonly max: number };
  sync(key: string): Sync;
}

export interface ControllerEnvironment {
  readonly sim: Simulation;
  readonly constants: Constants;
  readonly metrics: Metrics;
  readonly uids: Uids;
  readonly observer: ClusterObserver;
  readonly scenario: ControllerManagerScenario;
  readonly pods: Informer<'pods'>;
  informer<R extends ResourceName>(resource: R): Informer<R>;
  /** A client of its own, QPS and burst of the scenario times these factors. */
  client(controller: string, qpsFactor?: number, burstFactor?: number): ApiClient;
  /** Events of a controller: sent by its own client, and so under its own rate limit. */
  recorder(client: ApiClient): EventRecorder;
  queue(options: QueueOptions): WorkQueue;
  /** wait.Until: `pass`, then `periodNs` after its end, and so on, once caches are synced. */
  every(name: string, periodNs: number, pass: () => Steps): void;
  /** A goroutine. */
  go(name: string, steps: Steps): void;
  /** CPU time on the process, as something to wait for. */
  work(ns: number): Waitable;
  /** Workers of a controller: the scenario's, or the default. */
  workers(controller: string, fallback: number): number;
}

/** A controller lives by its handlers and queues. */
export interface Controller {
  readonly name: string;
}

export const INDEX_OWNER = 'controllerUid';
export const INDEX_NODE = 'nodeName';
export const INDEX_NAMESPACE = 'namespace';

/** Sends, waits, returns the answer. */
export function* send(client: ApiClient, call: ApiCall): Steps<ApiResult> {
  const pending = client.start(call);
  yield pending;
  return pending.result as ApiResult; // Woken means answered.
}

/** Sends and returns the error: '' where it went well. */
export function* perform(client: ApiClient, call: ApiCall): Sync {
  return errorOf(yield* send(client, call));
}

/** '' or metav1.StatusReason. */
export function errorOf(result: ApiResult): string {
  if (result.code >= 200 && result.code < 300) return '';
  return result.reason === '' ? `HTTP ${result.code}` : result.reason;
}

/** All at once, each in its own goroutine; returns the answers in order. */
export function* sendAll(client: ApiClient, calls: readonly ApiCall[]): Steps<ApiResult[]> {
  const pending = calls.map((call) => client.start(call));
  const results: ApiResult[] = [];
  for (const call of pending) {
    yield call;
    results.push(call.result as ApiResult); // Woken means answered.
  }
  return results;
}

export function createCall(object: KubeObject): ApiCall {
  const { resource, meta } = object;
  // Who follows an owner sees what is made for it.
  const aboutUid = controllerOf(object)?.uid ?? meta.uid;
  return { verb: 'create', resource, namespace: meta.namespace, object, aboutUid };
}

/** PUT of a version that was made from `old`. */
export function updateCall(object: KubeObject, old: KubeObject): ApiCall {
  return { ...named('update', object), object, resourceVersion: old.resourceVersion };
}

export function statusCall(object: KubeObject, old: KubeObject): ApiCall {
  return { ...updateCall(object, old), subresource: 'status' };
}

export function patchCall<T extends KubeObject>(
  object: T,
  bodyBytes: number,
  mutate: (current: T) => T | null,
): ApiCall {
  return {
    ...named('patch', object),
    bodyBytes,
    mutate: (current) => mutate(current as T), // Same resource and path.
  };
}

export function deleteCall(object: KubeObject): ApiCall {
  return named('delete', object);
}

export function getCall(resource: ResourceName, path: string): ApiCall {
  const slash = path.indexOf('/');
  return { verb: 'get', resource, namespace: slash < 0 ? '' : path.slice(0, slash), path };
}

function named(verb: ApiCall['verb'], object: KubeObject): ApiCall {
  const { resource, meta } = object;
  return { verb, resource, namespace: meta.namespace, path: meta.path, aboutUid: meta.uid };
}

const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * generateName: five letters of the alphabet of apimachinery's rand.SafeEncodeString. Ours come
 * from the uid, so no two objects ever collide.
 */
export function generatedName(base: string, uid: number): string {
  // Odd and coprime to 27^5, so that neighbours look unlike each other and none repeat.
  let rest = (uid * 7_654_321) % 14_348_907;
  let suffix = '';
  for (let i = 0; i < 5; i++) {
    suffix += SUFFIX_LETTERS[rest % 27];
    rest = Math.floor(rest / 27);
  }
  return `${base}-${suffix}`;
}

export function namespaceOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

/** Path of another object of the same namespace. */
export function siblingPath(object: KubeObject, name: string): string {
  return pathOf(object.meta.namespace, name);
}

/** A version with another spec: its generation is raised. */
export function withSpec<T extends KubeObject & { readonly spec: object }>(
  object: T,
  spec: Partial<T['spec']>,
): T {
  const meta = { ...object.meta, generation: object.meta.generation + 1 };
  return { ...object, resourceVersion: 0, meta, spec: { ...object.spec, ...spec } };
}

export function withStatus<T extends KubeObject & { readonly status: object }>(
  object: T,
  status: Partial<T['status']>,
): T {
  return { ...object, resourceVersion: 0, status: { ...object.status, ...status } };
}
