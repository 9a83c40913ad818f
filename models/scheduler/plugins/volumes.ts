/**
 * Filters of storage: VolumeRestrictions (ReadWriteOncePod), NodeVolumeLimits (CSI), VolumeBinding
 * (bound, immediate, WaitForFirstConsumer), VolumeZone. Only pods with claims come here.
 *
 * Left out: storage capacity (CSIStorageCapacity), ephemeral inline volumes, access modes of
 * volumes, in-tree drivers' own limits.
 * Sources: kubernetes/pkg/scheduler/framework/plugins/{volumerestrictions,nodevolumelimits,
 * volumebinding,volumezone}.
 */
import {
  isBeingDeleted,
  LABEL_REGION,
  LABEL_ZONE,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  termMatches,
} from '../../objects/index.ts';
import type { NodeTable } from '../cache/node-table.ts';
import type { PodRequest } from '../cache/pod-entry.ts';
import { NO_PROVISIONER, type VolumeCache } from '../cache/volumes.ts';
import {
  F_VOLUME_BINDING,
  F_VOLUME_LIMITS,
  F_VOLUME_RESTRICTIONS,
  F_VOLUME_ZONE,
  FEASIBLE,
  resolvable,
  unresolvable,
  volumeBindingDetail,
} from '../framework/verdict.ts';

/** What is to be done before the pod can be bound. */
export interface VolumeDecision {
  readonly claim: PersistentVolumeClaim;
  /** A volume that exists; null = one is provisioned for the node. */
  readonly volume: PersistentVolume | null;
}

export class VolumeState {
  readonly #volumes: VolumeCache;
  readonly #table: NodeTable;
  #claims: PersistentVolumeClaim[] = [];
  #unbound: PersistentVolumeClaim[] = [];
  #bound: PersistentVolume[] = [];
  #candidates: PersistentVolume[] = [];
  #isExclusive = false;
  #paths: string[] = [];

  constructor(volumes: VolumeCache, table: NodeTable) {
    this.#volumes = volumes;
    this.#table = table;
  }

  /** '' or why no node will do: volume_binding.go PreFilter. */
  preFilter(pod: Pod, request: PodRequest): string {
    this.#claims = [];
    this.#unbound = [];
    this.#bound = [];
    this.#isExclusive = false;
    this.#paths = request.claims.map((name) => `${pod.meta.namespace}/${name}`);
    let immediate = false;
    for (const [i, path] of this.#paths.entries()) {
      const claim = this.#volumes.claims.get(path);
      const name = request.claims[i];
      if (claim === undefined) return `persistentvolumeclaim "${name}" not found`;
      if (claim.phase === 'Lost')
        return `persistentvolumeclaim "${name}" bound to non-existent volume`;
      if (isBeingDeleted(claim)) return `persistentvolumeclaim "${name}" is being deleted`;
      this.#claims.push(claim);
      if (claim.spec.accessMode === 'ReadWriteOncePod' && this.#volumes.users.has(path)) {
        this.#isExclusive = true;
      }
      const volume = this.#volumes.volumes.get(claim.spec.volumeName);
      if (claim.spec.volumeName !== '') {
        if (volume !== undefined) this.#bound.push(volume);
        continue;
      }
      const storage = this.#volumes.classes.get(claim.spec.storageClass);
      if (storage?.bindingMode === 'WaitForFirstConsumer') this.#unbound.push(claim);
      else immediate = true;
    }
    if (immediate) return 'pod has unbound immediate PersistentVolumeClaims';
    this.#unbound.sort((a, b) => a.spec.bytes - b.spec.bytes);
    this.#candidates = [];
    if (this.#unbound.length > 0) {
      for (const volume of this.#volumes.volumes.values()) {
        if (this.#volumes.isFree(volume)) this.#candidates.push(volume);
      }
      this.#candidates.sort((a, b) => a.spec.bytes - b.spec.bytes);
    }
    return '';
  }

  get hasBindings(): boolean {
    return this.#unbound.length > 0;
  }

  filter(row: number): number {
    const node = this.#table.nodes[row];
    if (node === null) return FEASIBLE;
    if (this.#isExclusive) return resolvable(F_VOLUME_RESTRICTIONS);
    if (this.#exceedsLimits(row, node)) return resolvable(F_VOLUME_LIMITS);
    for (const volume of this.#bound) {
      if (!admitsNode(volume, node)) {
        return unresolvable(F_VOLUME_BINDING, volumeBindingDetail.conflict);
      }
    }
    if (this.decide(node) === null) {
      return unresolvable(F_VOLUME_BINDING, volumeBindingDetail.noVolume);
    }
    for (const volume of this.#bound) {
      if (!inZone(volume, node)) return unresolvable(F_VOLUME_ZONE);
    }
    return FEASIBLE;
  }

  /** Volumes for what is unbound, smallest that fit first; null = this node cannot. */
  decide(node: Node): VolumeDecision[] | null {
    const decisions: VolumeDecision[] = [];
    const taken = new Set<string>();
    for (const claim of this.#unbound) {
      if (claim.selectedNode !== '' && claim.selectedNode !== node.meta.name) return null;
      const { bytes, storageClass } = claim.spec;
      const volume = this.#candidates.find(
        (v) =>
          v.spec.storageClass === storageClass &&
          v.spec.bytes >= bytes &&
          !taken.has(v.meta.path) &&
          admitsNode(v, node),
      );
      if (volume === undefined) {
        const storage = this.#volumes.classes.get(storageClass);
        if (storage === undefined || storage.provisioner === NO_PROVISIONER) return null;
        decisions.push({ claim, volume: null });
      } else {
        taken.add(volume.meta.path);
        decisions.push({ claim, volume });
      }
    }
    return decisions;
  }

  /** nodevolumelimits/csi.go: distinct volumes of a driver on the node, those of the pod added. */
  #exceedsLimits(row: number, node: Node): boolean {
    const limits = this.#volumes.csiNodes.get(node.meta.name);
    if (limits === undefined) return false;
    const wanted = new Map<string, Set<string>>();
    for (const path of this.#paths) this.#addAttachment(wanted, path);
    if (wanted.size === 0) return false;
    const attached = new Map<string, Set<string>>();
    for (const { pod, request } of this.#table.pods[row]) {
      for (const name of request.claims) {
        this.#addAttachment(attached, `${pod.meta.namespace}/${name}`);
      }
    }
    for (const [driver, volumes] of wanted) {
      const limit = limits.data[driver];
      if (limit === undefined) continue;
      const there = attached.get(driver);
      let fresh = 0;
      for (const volume of volumes) if (there === undefined || !there.has(volume)) fresh++;
      if (fresh > 0 && (there?.size ?? 0) + fresh > Number(limit)) return true;
    }
    return false;
  }

  #addAttachment(byDriver: Map<string, Set<string>>, path: string): void {
    const attachment = this.#volumes.attachmentOf(path);
    if (attachment === null) return;
    const known = byDriver.get(attachment.driver);
    if (known === undefined) byDriver.set(attachment.driver, new Set([attachment.volume]));
    else known.add(attachment.volume);
  }
}

/** The volume's own node affinity. */
export function admitsNode(volume: PersistentVolume, node: Node): boolean {
  const terms = volume.spec.nodeAffinity;
  if (terms === null) return true;
  return terms.some((term) => termMatches(term, node.meta.labels, node.meta.name));
}

/** volumezone/volume_zone.go: a node without such labels takes part in no zones. */
function inZone(volume: PersistentVolume, node: Node): boolean {
  const { labels } = node.meta;
  if (labels[LABEL_ZONE] === undefined && labels[LABEL_REGION] === undefined) return true;
  for (const key of [LABEL_ZONE, LABEL_REGION]) {
    const zones = volume.meta.labels[key];
    if (zones === undefined) continue;
    const zone = labels[key];
    if (zone === undefined || !zones.split('__').includes(zone)) return false;
  }
  return true;
}
