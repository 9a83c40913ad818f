/**
 * Volumes of pods: what must come from the API before they can be mounted. A service account needs
 * a token (one call) and the cluster's CA, a ConfigMap; each ConfigMap and Secret is listed and
 * watched by its kubelet from its first use on the node on (pkg/kubelet/util/manager
 * watch_based_manager.go), or got every time; a claim is read, and its volume must be attached.
 *
 * The one idea: the volume manager looks every 100 ms and the pod worker every 300 ms, so what
 * takes a few milliseconds takes 300.
 *
 * *Left out:* an object that does not exist is taken as there; watches end with their node, not
 * with the last pod that used them; device paths, resizing, and what mounting costs the disk.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { KubeletScenario } from '../../src/scenario/types.ts';
import type { Reflector, ReflectorSink } from '../client-go/index.ts';
import {
  type ApiCall,
  type ApiResult,
  type PersistentVolumeClaim,
  type PodSpec,
  pathOf,
  type ResourceName,
} from '../objects/index.ts';
import type { Op, OpTable } from './op-table.ts';
import type { PodWorker } from './pod-worker.ts';

const ROOT_CA = 'kube-root-ca.crt';
/** Bytes of a TokenRequest. */
const TOKEN_BYTES = 400;
/** Operations of volumes that fail are tried again after this, doubling (exponentialbackoff). */
const RETRY_FIRST_NS = 500e6;
const RETRY_MAX_NS = 122e9;

export interface VolumesOptions {
  readonly name: string;
  readonly strategy: KubeletScenario['configMapStrategy'];
  readonly ops: OpTable;
  readonly send: (member: number, call: ApiCall, op: number) => void;
  readonly workerOf: (slot: number) => PodWorker | null;
  /** Lists and watches one object with a member's client. */
  readonly watch: (
    member: number,
    resource: ResourceName,
    namespace: string,
    name: string,
    members: number,
    sink: ReflectorSink,
  ) => Reflector;
  /** A volume of this name (persistent volume) is attached to the node. */
  readonly isAttached: (member: number, volume: string) => boolean;
  /** All volumes are mounted. */
  readonly mounted: (worker: PodWorker) => void;
}

/** First use of an object on a node. */
interface Watched {
  ready: boolean;
  /** Pods that wait for it: slot and serial. */
  waiting: number[];
  reflector: Reflector | null;
}

/** A persistent volume that must be attached. */
interface Waiting {
  readonly slot: number;
  readonly serial: number;
  readonly volume: string;
}

interface ObjectName {
  readonly resource: 'configmaps' | 'secrets';
  readonly name: string;
}

export class PodVolumes {
  readonly #o: VolumesOptions;
  readonly #sim: ModelContext['sim'];
  readonly #stream: number;
  /** By member, then `resource/path`. */
  readonly #watched = new Map<number, Map<string, Watched>>();
  readonly #attaching = new Map<number, Waiting[]>();
  readonly #cohorts = new Map<string, { member: number; members: number }>();
  readonly #mountedType: number;
  readonly #retryType: number;
  readonly #mountNs: number;
  readonly #reconcileNs: number;
  readonly #pollNs: number;
  #draws = 0;

  constructor(ctx: ModelContext, stream: Stream, options: VolumesOptions) {
    const { sim, constants } = ctx;
    this.#o = options;
    this.#sim = sim;
    this.#stream = stream.u32();
    this.#mountNs = constants.get('kubelet.mountNs');
    this.#reconcileNs = constants.get('kubelet.volumeReconcileNs');
    this.#pollNs = constants.get('kubelet.volumePollNs');
    this.#mountedType = sim.eventType(`${options.name}/mounted`, (slot, serial) => {
      const worker = this.#worker(slot, serial);
      if (worker !== null) options.mounted(worker);
    });
    this.#retryType = sim.eventType(`${options.name}/volumeRetry`, (slot, serial) => {
      const worker = this.#worker(slot, serial);
      if (worker !== null) this.#token(worker);
    });
  }

  /** Asks for everything that the pod's volumes need. */
  begin(worker: PodWorker): void {
    const { spec, meta } = worker.pod;
    worker.volumesMissing = 1;
    if (usesToken(spec)) {
      worker.volumesMissing++;
      this.#token(worker);
    }
    for (const object of objectsOf(spec)) {
      worker.volumesMissing++;
      this.#object(worker, object);
    }
    for (const volume of spec.volumes) {
      if (volume.kind !== 'persistentVolumeClaim') continue;
      worker.volumesMissing++;
      this.#claim(worker, pathOf(meta.namespace, volume.claimName));
    }
    this.#here(worker);
  }

  /** A pod that has been running: its node watches its objects. `flush` makes the watches. */
  resume(worker: PodWorker): void {
    if (this.#o.strategy !== 'Watch') return;
    for (const { resource, name } of objectsOf(worker.pod.spec)) {
      const path = pathOf(worker.pod.meta.namespace, name);
      const watched = this.#watchedOf(worker.member);
      const key = `${resource}/${path}`;
      if (watched.has(key)) continue;
      watched.set(key, { ready: true, waiting: [], reflector: null });
      const cohort = this.#cohorts.get(key);
      if (cohort === undefined) this.#cohorts.set(key, { member: worker.member, members: 1 });
      else cohort.members++;
    }
  }

  /** One watch for all nodes that have been using an object. */
  flush(): void {
    for (const [key, { member, members }] of this.#cohorts) {
      const [resource, namespace, name] = key.split('/');
      // The key was made of the name of a resource.
      const reflector = this.#o.watch(
        member,
        resource as ResourceName,
        namespace,
        name,
        members,
        NOBODY,
      );
      reflector.start(true);
    }
    this.#cohorts.clear();
  }

  /** What is attached to a node has changed. */
  attachedChanged(member: number): void {
    const waiting = this.#attaching.get(member);
    if (waiting === undefined) return;
    const kept = waiting.filter(({ slot, serial, volume }) => {
      const worker = this.#worker(slot, serial);
      if (worker === null) return false;
      if (!this.#o.isAttached(member, volume)) return true;
      this.#here(worker);
      return false;
    });
    if (kept.length > 0) this.#attaching.set(member, kept);
    else this.#attaching.delete(member);
  }

  /** The kubelet of a member ended. */
  clear(member: number): void {
    for (const { reflector } of this.#watched.get(member)?.values() ?? []) reflector?.stop();
    this.#watched.delete(member);
    this.#attaching.delete(member);
  }

  onResult(op: Op, result: ApiResult): void {
    const worker = this.#worker(op.slot, op.serial);
    if (worker === null) return;
    const ok = result.code >= 200 && result.code < 300;
    if (op.kind === 'token' && !ok && result.code !== 404) {
      const delayNs = Math.min(RETRY_FIRST_NS * (1 << Math.min(op.detail, 9)), RETRY_MAX_NS);
      worker.tokenTries++;
      this.#sim.schedule(delayNs, this.#retryType, op.slot, op.serial);
    } else if (op.kind === 'claim' && ok && result.object !== null) {
      this.#claimed(worker, result);
    } else {
      this.#here(worker);
    }
  }

  #worker(slot: number, serial: number): PodWorker | null {
    const worker = this.#o.workerOf(slot);
    return worker !== null && worker.serial === serial && worker.volumesMissing > 0 ? worker : null;
  }

  /** One more thing is here; with the last one the reconciler mounts, and the worker looks. */
  #here(worker: PodWorker): void {
    worker.volumesMissing--;
    if (worker.volumesMissing > 0) return;
    worker.volumesMissing = 1;
    const { spec } = worker.pod;
    const none = spec.volumes.length === 0 && spec.serviceAccount === '';
    let delayNs = 0;
    if (!none) {
      const phase = mixUniform(this.#stream, worker.serial, this.#draws++ & 0x7fffffff);
      const readyNs = this.#sim.nowNs + Math.floor(phase * this.#reconcileNs) + this.#mountNs;
      const polls = Math.ceil((readyNs - worker.beganNs) / this.#pollNs);
      delayNs = worker.beganNs + polls * this.#pollNs - this.#sim.nowNs;
    }
    this.#sim.schedule(delayNs, this.#mountedType, worker.slot, worker.serial);
  }

  #token(worker: PodWorker): void {
    const { member, slot, serial, pod, tokenTries } = worker;
    const op = this.#o.ops.begin('token', member, slot, serial, tokenTries);
    const path = pathOf(pod.meta.namespace, pod.spec.serviceAccount || 'default');
    this.#o.send(member, tokenCall(path, pod.meta.uid), op);
  }

  #object(worker: PodWorker, { resource, name }: ObjectName): void {
    const { member, slot, serial, pod } = worker;
    const { namespace } = pod.meta;
    const path = pathOf(namespace, name);
    if (this.#o.strategy !== 'Watch') {
      const op = this.#o.ops.begin('config', member, slot, serial, 0);
      this.#o.send(member, { verb: 'get', resource, path }, op);
      return;
    }
    const watched = this.#watchedOf(member);
    const key = `${resource}/${path}`;
    let object = watched.get(key);
    if (object?.ready === true) {
      this.#here(worker);
      return;
    }
    if (object === undefined) {
      object = { ready: false, waiting: [], reflector: null };
      watched.set(key, object);
      const sink = new FirstList(object, (first) => this.#listed(first));
      object.reflector = this.#o.watch(member, resource, namespace, name, 1, sink);
      object.reflector.start(false);
    }
    object.waiting.push(slot, serial);
  }

  #listed(object: Watched): void {
    const { waiting } = object;
    object.waiting = [];
    for (let i = 0; i < waiting.length; i += 2) {
      const worker = this.#worker(waiting[i], waiting[i + 1]);
      if (worker !== null) this.#here(worker);
    }
  }

  #claim(worker: PodWorker, path: string): void {
    const { member, slot, serial } = worker;
    const op = this.#o.ops.begin('claim', member, slot, serial, 0);
    this.#o.send(member, { verb: 'get', resource: 'persistentvolumeclaims', path }, op);
  }

  #claimed(worker: PodWorker, result: ApiResult): void {
    // A GET of a claim answers one.
    const volume = (result.object as PersistentVolumeClaim).spec.volumeName;
    if (volume === '' || this.#o.isAttached(worker.member, volume)) {
      this.#here(worker);
      return;
    }
    const { member, slot, serial } = worker;
    const waiting = this.#attaching.get(member);
    if (waiting === undefined) this.#attaching.set(member, [{ slot, serial, volume }]);
    else waiting.push({ slot, serial, volume });
  }

  #watchedOf(member: number): Map<string, Watched> {
    let watched = this.#watched.get(member);
    if (watched === undefined) {
      watched = new Map();
      this.#watched.set(member, watched);
    }
    return watched;
  }
}

class FirstList implements ReflectorSink {
  readonly #object: Watched;
  readonly #listed: (object: Watched) => void;

  constructor(object: Watched, listed: (object: Watched) => void) {
    this.#object = object;
    this.#listed = listed;
  }

  replace(): void {
    if (this.#object.ready) return;
    this.#object.ready = true;
    this.#listed(this.#object);
  }

  events(): void {}
}

const NOBODY: ReflectorSink = { replace: () => {}, events: () => {} };

/** POST serviceaccounts/token: two or three reads of etcd, no write. */
export function tokenCall(path: string, aboutUid: number): ApiCall {
  return {
    verb: 'create',
    resource: 'serviceaccounts',
    subresource: 'token',
    path,
    namespace: path.split('/')[0],
    bodyBytes: TOKEN_BYTES,
    aboutUid,
  };
}

export function usesToken(spec: PodSpec): boolean {
  return spec.serviceAccount !== '' || spec.volumes.some(({ kind }) => kind === 'projected');
}

/** ConfigMaps and Secrets of a pod; that of the cluster's CA comes with the token. */
function objectsOf(spec: PodSpec): ObjectName[] {
  const found: ObjectName[] = [];
  if (usesToken(spec)) found.push({ resource: 'configmaps', name: ROOT_CA });
  for (const volume of spec.volumes) {
    if (volume.kind === 'configMap') found.push({ resource: 'configmaps', name: volume.name });
    if (volume.kind === 'secret') found.push({ resource: 'secrets', name: volume.name });
  }
  return found;
}
