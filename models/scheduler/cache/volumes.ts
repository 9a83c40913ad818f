/**
 * What the scheduler knows of storage: claims, volumes, classes, limits of nodes, and the bindings
 * that it has assumed but not yet seen.
 * Sources: kubernetes/pkg/scheduler/framework/plugins/volumebinding/assume_cache.go.
 */
import type {
  OpaqueObject,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../objects/index.ts';

export class VolumeCache {
  readonly claims = new Map<string, PersistentVolumeClaim>();
  readonly volumes = new Map<string, PersistentVolume>();
  readonly classes = new Map<string, StorageClass>();
  /** CSINode by node: `data` holds the most volumes of each driver. */
  readonly csiNodes = new Map<string, OpaqueObject>();
  /** Pods on nodes that use a claim, by its path. */
  readonly users = new Map<string, number>();
  /** Volumes that pods were given and that the API does not show as claimed yet: to their claim. */
  readonly assumed = new Map<string, string>();

  use(path: string, delta: 1 | -1): void {
    const count = (this.users.get(path) ?? 0) + delta;
    if (count === 0) this.users.delete(path);
    else this.users.set(path, count);
  }

  /** Nobody has it, in the API or by assumption. */
  isFree(volume: PersistentVolume): boolean {
    return (
      volume.phase === 'Available' &&
      volume.spec.claim === '' &&
      !this.assumed.has(volume.meta.path)
    );
  }

  /** What attaches for this claim: its volume, or the claim itself while it has none. */
  attachmentOf(path: string): { readonly volume: string; readonly driver: string } | null {
    const claim = this.claims.get(path);
    if (claim === undefined) return null;
    const volume = this.volumes.get(claim.spec.volumeName);
    if (volume !== undefined) {
      return volume.spec.driver === ''
        ? null
        : { volume: volume.meta.path, driver: volume.spec.driver };
    }
    const driver = this.classes.get(claim.spec.storageClass)?.provisioner ?? '';
    return driver === '' || driver === NO_PROVISIONER ? null : { volume: path, driver };
  }
}

export const NO_PROVISIONER = 'kubernetes.io/no-provisioner';
