/**
 * The CSI driver of the cloud, as its two sidecars make it known to the API: external-provisioner
 * makes a volume for a claim that waits for one, external-attacher carries out what the
 * attach/detach controller asks for in VolumeAttachments. The one idea: an attachment that is there
 * carries the attacher's finalizer, so that a deletion waits until the cloud has detached it.
 *
 * Follows kubernetes-csi/external-provisioner (sig-storage-lib-external-provisioner controller.go:
 * 100 workers, retries after 1 s to 5 min) and kubernetes-csi/external-attacher
 * (pkg/controller/csi_handler.go: 10 workers, the same retries).
 * Left out: elections of the sidecars, expansion, snapshots, quotas of volumes a node.
 */
import type { Waitable } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import {
  type ApiClient,
  type ClientLibrary,
  type ComponentProcess,
  type EventRecorder,
  type Informer,
  type InformerFactory,
  type ItemQueue,
  isSuccess,
  type Sync,
  Workers,
} from '../client-go/index.ts';
import type { Host } from '../machine/index.ts';
import {
  type ApiCall,
  isBeingDeleted,
  type KubeObject,
  metaOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Uids,
  type User,
  type VolumeAttachment,
  withMeta,
} from '../objects/index.ts';
import type { Cloud } from './cloud.ts';

export interface VolumeDriverOptions {
  readonly library: ClientLibrary;
  readonly host: Host;
  readonly servers: readonly string[];
  readonly uids: Uids;
  readonly cloud: Cloud;
}

const FINALIZER = 'external-attacher';
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';
const RETRY_FIRST_NS = 1e9;
const RETRY_MAX_NS = 300e9;
const PROVISION_WORKERS = 100;
const ATTACH_WORKERS = 10;
/** Limits of the sidecars' clients (kube-api-qps, kube-api-burst of both). */
const QPS = 5;
const BURST = 10;
const VOLUME_BYTES = 2000;
const PATCH_BYTES = 300;
const USER: User = {
  name: 'system:serviceaccount:kube-system:csi-controller',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
  agent: 'csi-controller',
  authentication: 'serviceAccountToken',
};

type Steps<T = void> = Generator<number | Waitable, T, void>;

export class VolumeDriver {
  readonly #o: VolumeDriverOptions;
  readonly #ctx: ModelContext;
  readonly #process: ComponentProcess;
  readonly #factory: InformerFactory;
  readonly #claims: Informer<'persistentvolumeclaims'>;
  readonly #classes: Informer<'storageclasses'>;
  readonly #volumes: Informer<'persistentvolumes'>;
  readonly #attachments: Informer<'volumeattachments'>;
  readonly #provisioner: ApiClient;
  readonly #attacher: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #toProvision: ItemQueue;
  readonly #toDelete: ItemQueue;
  readonly #toAttach: ItemQueue;

  constructor(ctx: ModelContext, o: VolumeDriverOptions) {
    this.#ctx = ctx;
    this.#o = o;
    const { library } = o;
    this.#process = library.process(o.host, {
      name: 'csi-controller',
      cpuWeight: 100,
      cpuQuotaCores: Number.POSITIVE_INFINITY,
      memoryLimitBytes: Number.POSITIVE_INFINITY,
      supervisor: 'kubelet',
    });
    this.#provisioner = this.#client('csi-provisioner');
    this.#attacher = this.#client('csi-attacher');
    this.#recorder = library.recorder(this.#provisioner, this.#process);
    this.#factory = library.informers(this.#client('informers'), this.#process);
    this.#claims = this.#factory.informer('persistentvolumeclaims');
    this.#classes = this.#factory.informer('storageclasses');
    this.#volumes = this.#factory.informer('persistentvolumes');
    this.#attachments = this.#factory.informer('volumeattachments');
    this.#toProvision = this.#queue('claims', PROVISION_WORKERS, (key) => this.#provision(key));
    this.#toDelete = this.#queue('volumes', PROVISION_WORKERS, (key) => this.#delete(key));
    this.#toAttach = this.#queue('csi-attacher-va', ATTACH_WORKERS, (key) => this.#sync(key));
    const claimed = (claim: PersistentVolumeClaim) => {
      if (this.#isOurs(claim)) this.#toProvision.add(claim.meta.path);
    };
    this.#claims.addHandlers({ onAdd: claimed, onUpdate: claimed });
    this.#volumes.addHandlers({
      onUpdate: (volume) => {
        if (volume.phase === 'Released') this.#toDelete.add(volume.meta.name);
      },
    });
    const attachment = ({ attached, meta }: VolumeAttachment) => {
      if (!attached || !Number.isNaN(meta.deletedNs)) this.#toAttach.add(meta.name);
    };
    this.#attachments.addHandlers({ onAdd: attachment, onUpdate: attachment });
  }

  start(preloaded: boolean): void {
    this.#factory.start(preloaded);
  }

  #client(name: string): ApiClient {
    const { library, host, servers } = this.#o;
    const limits = { qps: QPS, burst: BURST, timeoutNs: Infinity };
    const transport = name === 'csi-attacher' ? name : 'csi-provisioner';
    return library.client(
      {
        name: `csi-controller/${name}`,
        user: USER,
        networkHost: host.name,
        servers,
        transport,
        ...limits,
      },
      this.#process,
    );
  }

  #queue(name: string, count: number, sync: (key: string) => Sync): ItemQueue {
    const process = this.#process;
    const queue = this.#o.library.queue({
      name: `csi/${name}`,
      process,
      baseDelayNs: RETRY_FIRST_NS,
      maxDelayNs: RETRY_MAX_NS,
    });
    const workers = new Workers(this.#ctx, { process, queue, count, sync });
    this.#factory.onSynced(() => workers.start());
    return queue;
  }

  // --- Provisioner ------------------------------------------------------------------------------

  /** shouldProvision: unbound, of a class that makes volumes, and a node was chosen if need be. */
  #isOurs(claim: PersistentVolumeClaim): boolean {
    if (claim.phase !== 'Pending' || claim.spec.volumeName !== '' || isBeingDeleted(claim)) {
      return false;
    }
    const storage = this.#classes.get(claim.spec.storageClass);
    if (storage === undefined || storage.provisioner === NO_PROVISIONER) return false;
    return storage.bindingMode === 'Immediate' || claim.selectedNode !== '';
  }

  *#provision(key: string): Sync {
    const claim = this.#claims.get(key);
    if (claim === undefined || !this.#isOurs(claim)) return true;
    const name = `pvc-${claim.meta.uid}`;
    if (this.#volumes.get(name) !== undefined) return true;
    this.#recorder.record(claim, 'Provisioning');
    const error = yield* this.#o.cloud.call('createVolume');
    if (error !== '') {
      this.#recorder.record(claim, 'ProvisioningFailed', error);
      return false;
    }
    const volume = this.#volumeOf(claim, name);
    const created = yield* ask(this.#provisioner, {
      verb: 'create',
      resource: 'persistentvolumes',
      object: volume,
    });
    if (created) this.#recorder.record(claim, 'ProvisioningSucceeded');
    return created;
  }

  #volumeOf(claim: PersistentVolumeClaim, name: string): PersistentVolume {
    const { storageClass, bytes } = claim.spec;
    const driver = this.#classes.get(storageClass)?.provisioner ?? '';
    return {
      resource: 'persistentvolumes',
      meta: metaOf(this.#o.uids, this.#ctx.sim.nowNs, { name }),
      bytes: VOLUME_BYTES,
      resourceVersion: 0,
      spec: { storageClass, bytes, claim: claim.meta.path, nodeAffinity: null, driver },
      phase: 'Available',
    };
  }

  /** Reclaim policy Delete. */
  *#delete(name: string): Sync {
    const volume = this.#volumes.get(name);
    if (volume === undefined || volume.phase !== 'Released') return true;
    if ((yield* this.#o.cloud.call('deleteVolume')) !== '') return false;
    const path = volume.meta.path;
    return yield* ask(this.#provisioner, { verb: 'delete', resource: 'persistentvolumes', path });
  }

  // --- Attacher ---------------------------------------------------------------------------------

  *#sync(name: string): Sync {
    const attachment = this.#attachments.get(name);
    if (attachment === undefined) return true;
    const held = attachment.meta.finalizers.includes(FINALIZER);
    if (isBeingDeleted(attachment)) return held ? yield* this.#detach(attachment) : true;
    if (attachment.attached) return true;
    if (!held && !(yield* this.#patch(attachment, hold))) return false;
    if ((yield* this.#o.cloud.call('attachVolume')) !== '') return false;
    return yield* this.#patch(attachment, attach, 'status');
  }

  *#detach(attachment: VolumeAttachment): Sync {
    if ((yield* this.#o.cloud.call('detachVolume')) !== '') return false;
    return yield* this.#patch(attachment, release);
  }

  *#patch(
    { meta }: VolumeAttachment,
    mutate: (current: VolumeAttachment) => VolumeAttachment,
    subresource: '' | 'status' = '',
  ): Steps<boolean> {
    return yield* ask(this.#attacher, {
      verb: 'patch',
      resource: 'volumeattachments',
      subresource,
      path: meta.path,
      bodyBytes: PATCH_BYTES,
      mutate: (current) => mutate(current as VolumeAttachment), // Of the path of one.
    });
  }
}

function* ask(client: ApiClient, call: ApiCall): Steps<boolean> {
  const pending = client.start(call);
  yield pending;
  const { result } = pending;
  // What is there already, or gone already, is as it should be.
  return result !== null && (isSuccess(result) || result.code === 404 || result.code === 409);
}

function hold(current: VolumeAttachment): VolumeAttachment {
  const { finalizers } = current.meta;
  return finalizers.includes(FINALIZER)
    ? current
    : withMeta(current, { finalizers: [...finalizers, FINALIZER] });
}

function attach(current: VolumeAttachment): VolumeAttachment {
  return { ...current, resourceVersion: 0, attached: true };
}

function release(current: VolumeAttachment): VolumeAttachment {
  const finalizers = current.meta.finalizers.filter((finalizer) => finalizer !== FINALIZER);
  return withMeta({ ...current, attached: false }, { finalizers });
}

/** What was attached before the run began, as the driver has left it. */
export function attachedByDriver(objects: readonly KubeObject[]): KubeObject[] {
  return objects.map((object) =>
    object.resource === 'volumeattachments'
      ? withMeta(object, { finalizers: [FINALIZER] })
      : object,
  );
}
