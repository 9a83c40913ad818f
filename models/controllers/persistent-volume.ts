/**
 * The PV controller: binds claims to volumes, at once or when the scheduler has chosen a node, and
 * asks for volumes where there are none.
 *
 * Follows kubernetes/pkg/controller/volume/persistentvolume/{pv_controller.go,
 * pv_controller_base.go}. A volume that was made for a claim costs three writes to bind (status of
 * the volume, the claim, its status), one that was there before a fourth.
 * A claim that waits for a provisioner gets a volume from whoever makes one that names it: a CSI
 * provisioner by the API, or the in-tree one of `VolumeProvisioner`.
 * Left out: recycling, label selectors of claims, expansion, protection finalizers.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  isBeingDeleted,
  metaOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  type Uids,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  createCall,
  deleteCall,
  errorOf,
  perform,
  type Steps,
  type Sync,
  send,
  statusCall,
  updateCall,
} from './environment.ts';

/** syncPeriod of claims and volumes. */
const RESYNC_NS = 15e9;
const VOLUME_BYTES = 2000;
const INDEX_CLAIM = 'claim';

/** An in-tree provisioner: how long a volume takes to be made. Null: an external one does it. */
export interface VolumeProvisioner {
  latencyNs(claim: PersistentVolumeClaim): number;
}

export class PersistentVolumeController implements Controller {
  readonly name = 'persistentvolume-binder';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #claims: Informer<'persistentvolumeclaims'>;
  readonly #volumes: Informer<'persistentvolumes'>;
  readonly #classes: Informer<'storageclasses'>;
  readonly #claimQueue: WorkQueue;
  readonly #volumeQueue: WorkQueue;
  /** Claims for which a volume is being made, or has been asked for. */
  readonly #provisioning = new Set<string>();
  readonly #provisioner: VolumeProvisioner | null;

  constructor(env: ControllerEnvironment, provisioner: VolumeProvisioner | null) {
    this.#env = env;
    this.#provisioner = provisioner;
    this.#client = env.client('persistent-volume-binder');
    this.#recorder = env.recorder(this.#client);
    this.#claims = env.informer('persistentvolumeclaims');
    this.#volumes = env.informer('persistentvolumes');
    this.#volumes.addIndex(INDEX_CLAIM, (volume) => volume.spec.claim);
    this.#classes = env.informer('storageclasses');
    const syncNs = cost(env, 'controllers.syncNs');
    const queue = (name: string, sync: (key: string) => Sync) =>
      env.queue({ name, workers: 1, syncNs, sync });
    this.#claimQueue = queue('claims', (key) => this.#syncClaim(key));
    this.#volumeQueue = queue('volumes', (key) => this.#syncVolume(key));
    const ofClaim = (claim: PersistentVolumeClaim) => this.#claimQueue.add(claim.meta.path);
    this.#claims.addHandlers({
      onAdd: ofClaim,
      onUpdate: ofClaim,
      onDelete: (claim) => {
        this.#provisioning.delete(claim.meta.path);
        if (claim.spec.volumeName !== '') this.#volumeQueue.add(claim.spec.volumeName);
      },
    });
    const ofVolume = (volume: PersistentVolume) => {
      this.#volumeQueue.add(volume.meta.name);
      const claim = this.#claims.get(volume.spec.claim);
      if (claim !== undefined && claim.phase !== 'Bound') ofClaim(claim);
    };
    this.#volumes.addHandlers({ onAdd: ofVolume, onUpdate: ofVolume });
    env.every('persistentvolume/resync', RESYNC_NS, () => this.#resync());
  }

  /** Claims that wait are looked at again. */
  *#resync(): Steps {
    yield this.#env.work(0);
    for (const claim of this.#claims.values()) {
      if (claim.phase === 'Pending') this.#claimQueue.add(claim.meta.path);
    }
  }

  /** syncUnboundClaim and syncBoundClaim. */
  *#syncClaim(key: string): Sync {
    const claim = this.#claims.get(key);
    if (claim === undefined || isBeingDeleted(claim) || claim.phase === 'Bound') return '';
    const volume = this.#volumeFor(claim);
    if (volume !== null) return yield* this.#bind(claim, volume);
    const storage = this.#classes.get(claim.spec.storageClass);
    if (storage === undefined) {
      this.#recorder.record(claim, 'FailedBinding');
      return '';
    }
    if (storage.bindingMode === 'WaitForFirstConsumer' && claim.selectedNode === '') {
      this.#recorder.record(claim, 'WaitForFirstConsumer');
      return '';
    }
    this.#provision(claim, storage);
    return '';
  }

  /** One that names the claim, or the smallest free one that will do. */
  #volumeFor(claim: PersistentVolumeClaim): PersistentVolume | null {
    for (const volume of this.#volumes.byIndex(INDEX_CLAIM, claim.meta.path)) return volume;
    // With delayed binding the scheduler chooses among free volumes, and writes its choice there.
    const storage = this.#classes.get(claim.spec.storageClass);
    if (storage?.bindingMode === 'WaitForFirstConsumer') return null;
    let best: PersistentVolume | null = null;
    for (const volume of this.#volumes.byIndex(INDEX_CLAIM, '')) {
      const { storageClass, bytes } = volume.spec;
      if (volume.phase !== 'Available' || storageClass !== claim.spec.storageClass) continue;
      if (bytes < claim.spec.bytes || (best !== null && best.spec.bytes <= bytes)) continue;
      best = volume;
    }
    return best;
  }

  /** bind: bindVolumeToClaim, updateVolumePhase, bindClaimToVolume, updateClaimStatus. */
  *#bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Sync {
    let current = volume;
    if (current.spec.claim !== claim.meta.path) {
      const spec = { ...current.spec, claim: claim.meta.path };
      const result = yield* send(
        this.#client,
        updateCall({ ...current, resourceVersion: 0, spec } as PersistentVolume, current),
      );
      if (errorOf(result) !== '') return errorOf(result);
      current = result.object as PersistentVolume; // What was sent, as stored.
    }
    if (current.phase !== 'Bound') {
      const bound: PersistentVolume = { ...current, resourceVersion: 0, phase: 'Bound' };
      const error = yield* perform(this.#client, statusCall(bound, current));
      if (error !== '') return error;
    }
    const spec = { ...claim.spec, volumeName: volume.meta.name };
    const named: PersistentVolumeClaim = { ...claim, resourceVersion: 0, spec };
    const result = yield* send(this.#client, updateCall(named, claim));
    if (errorOf(result) !== '') return errorOf(result);
    const latest = result.object as PersistentVolumeClaim; // What was sent, as stored.
    const bound: PersistentVolumeClaim = { ...latest, resourceVersion: 0, phase: 'Bound' };
    this.#provisioning.delete(claim.meta.path);
    return yield* perform(this.#client, statusCall(bound, latest));
  }

  /** provisionClaim: an event says that somebody else does it, or we do it in a goroutine. */
  #provision(claim: PersistentVolumeClaim, storage: StorageClass): void {
    const { path } = claim.meta;
    if (this.#provisioning.has(path)) return;
    this.#provisioning.add(path);
    if (this.#provisioner === null) this.#recorder.record(claim, 'ExternalProvisioning');
    else {
      const latencyNs = this.#provisioner.latencyNs(claim);
      this.#env.go('provision', this.#provisionInTree(claim, storage, latencyNs));
    }
  }

  *#provisionInTree(claim: PersistentVolumeClaim, storage: StorageClass, latencyNs: number): Steps {
    yield latencyNs;
    const { uids, sim } = this.#env;
    const volume = volumeOf(uids, sim.nowNs, claim, storage.provisioner);
    const error = yield* perform(this.#client, createCall(volume));
    this.#recorder.record(claim, error === '' ? 'ProvisioningSucceeded' : 'ProvisioningFailed');
    if (error !== '') this.#provisioning.delete(claim.meta.path);
  }

  /** syncVolume: one whose claim is gone is released, and deleted where it was made for it. */
  *#syncVolume(name: string): Sync {
    const volume = this.#volumes.get(name);
    if (volume === undefined || isBeingDeleted(volume)) return '';
    const { claim, driver } = volume.spec;
    if (claim === '' && volume.phase !== 'Available') {
      const available: PersistentVolume = { ...volume, resourceVersion: 0, phase: 'Available' };
      return yield* perform(this.#client, statusCall(available, volume));
    }
    if (claim === '' || volume.phase === 'Available') return '';
    if (this.#claims.get(claim) !== undefined) return '';
    if (volume.phase === 'Bound') {
      const released: PersistentVolume = { ...volume, resourceVersion: 0, phase: 'Released' };
      return yield* perform(this.#client, statusCall(released, volume));
    }
    // Reclaim policy Delete: a CSI driver's volume is deleted by its provisioner.
    if (this.#provisioner === null && driver !== '') return '';
    const error = yield* perform(this.#client, deleteCall(volume));
    return error === 'NotFound' ? '' : error;
  }
}

/** A volume made for a claim. */
export function volumeOf(
  uids: Uids,
  nowNs: number,
  claim: PersistentVolumeClaim,
  driver: string,
): PersistentVolume {
  return {
    resource: 'persistentvolumes',
    meta: metaOf(uids, nowNs, { name: `pvc-${claim.meta.uid}` }),
    bytes: VOLUME_BYTES,
    resourceVersion: 0,
    spec: {
      storageClass: claim.spec.storageClass,
      bytes: claim.spec.bytes,
      claim: claim.meta.path,
      nodeAffinity: null,
      driver,
    },
    phase: 'Available',
  };
}
