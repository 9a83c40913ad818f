/**
 * The attach/detach controller: what pods on a node need is attached there, what none needs any
 * more is detached; a loop of 100 ms compares the two.
 *
 * Follows kubernetes/pkg/controller/volume/attachdetach/{attach_detach_controller.go,
 * reconciler/reconciler.go} and the CSI plugin's attacher (kubernetes/pkg/volume/csi): a
 * VolumeAttachment is made or deleted here, and carried out by the driver's own attacher.
 * A volume counts as unmounted once no pod of a node that lives is left (in place of
 * node.status.volumesInUse). Of a node that is dead or gone nobody can say so: what its pods had,
 * once they were deleted by force or their node was, is taken by the force-detach after 6 min.
 * Left out: volumes that several nodes may write (they are not checked for multi-attach), the full
 * sync with the cloud every minute.
 */
import type { ApiClient, EventRecorder, Informer } from '../client-go/index.ts';
import {
  isTerminal,
  metaOf,
  type Node,
  type PersistentVolume,
  type Pod,
  type Uids,
  type VolumeAttachment,
} from '../objects/index.ts';
import {
  type Controller,
  type ControllerEnvironment,
  createCall,
  deleteCall,
  INDEX_NODE,
  patchCall,
  perform,
  type Steps,
  siblingPath,
} from './environment.ts';

/** reconcilerLoopPeriod, reconcilerMaxWaitForUnmountDuration; back-off of failed operations. */
const PERIOD_NS = 100e6;
const FORCE_DETACH_NS = 360e9;
const BACKOFF_FIRST_NS = 500e6;
const BACKOFF_MAX_NS = 122e9;
const ATTACHMENT_BYTES = 1000;
const STATUS_PATCH_BYTES = 300;

/** One volume on one node. */
interface Attachment {
  readonly volume: string;
  readonly nodeName: string;
  /** An operation is under way. */
  isBusy: boolean;
  /** Since when nobody needs it; NaN = needed. */
  unneededNs: number;
  /** Its kubelet lived since then: it has unmounted it. */
  isUnmounted: boolean;
  failures: number;
  retryNs: number;
}

export class AttachDetachController implements Controller {
  readonly name = 'attachdetach';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #nodes: Informer<'nodes'>;
  readonly #claims: Informer<'persistentvolumeclaims'>;
  readonly #volumes: Informer<'persistentvolumes'>;
  readonly #attachments: Informer<'volumeattachments'>;
  /** Nodes on which something may have changed since the last pass. */
  readonly #dirty = new Set<string>();
  readonly #actual = new Map<string, Attachment>();

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client('attachdetach');
    this.#recorder = env.recorder(this.#client);
    this.#nodes = env.informer('nodes');
    this.#claims = env.informer('persistentvolumeclaims');
    this.#volumes = env.informer('persistentvolumes');
    this.#attachments = env.informer('volumeattachments');
    const look = (pod: Pod) => {
      if (pod.nodeName !== '' && hasClaims(pod)) this.#dirty.add(pod.nodeName);
    };
    env.pods.addHandlers({ onAdd: look, onUpdate: look, onDelete: look });
    this.#claims.addHandlers({
      onUpdate: (claim, old) => {
        if (claim.spec.volumeName !== old.spec.volumeName) this.#lookAtClaim(claim.meta.path);
      },
    });
    this.#attachments.addHandlers({
      onAdd: (attachment) => this.#known(attachment),
      onUpdate: (attachment) => this.#known(attachment),
      onDelete: (attachment) => this.#dirty.add(attachment.spec.nodeName),
    });
    env.every('attachdetach/reconcile', PERIOD_NS, () => this.#reconcile());
  }

  #lookAtClaim(path: string): void {
    for (const pod of this.#env.pods.values()) {
      if (pod.nodeName === '' || !hasClaims(pod)) continue;
      if (claimPaths(pod).includes(path)) this.#dirty.add(pod.nodeName);
    }
  }

  #known(attachment: VolumeAttachment): void {
    const { nodeName, volumeName } = attachment.spec;
    this.#entry(volumeName, nodeName);
    this.#dirty.add(nodeName);
  }

  #entry(volume: string, nodeName: string): Attachment {
    const key = `${nodeName}/${volume}`;
    let entry = this.#actual.get(key);
    if (entry === undefined) {
      const unneededNs = Number.NaN;
      entry = {
        volume,
        nodeName,
        isBusy: false,
        unneededNs,
        isUnmounted: false,
        failures: 0,
        retryNs: 0,
      };
      this.#actual.set(key, entry);
    }
    return entry;
  }

  *#reconcile(): Steps {
    if (this.#dirty.size === 0) return;
    yield this.#env.work(0);
    const names = [...this.#dirty];
    this.#dirty.clear();
    for (const name of names) this.#reconcileNode(name);
  }

  #reconcileNode(name: string): void {
    const wanted = this.#wantedOn(name);
    for (const volume of wanted) this.#entry(volume.meta.name, name);
    const names = new Set(wanted.map((volume) => volume.meta.name));
    for (const [key, entry] of this.#actual) {
      if (entry.nodeName !== name || entry.isBusy) continue;
      if (this.#env.sim.nowNs < entry.retryNs) this.#dirty.add(name);
      else if (names.has(entry.volume)) this.#attach(entry);
      else this.#detach(key, entry);
    }
  }

  /** The desired state: volumes of pods of the node that have not ended. */
  #wantedOn(nodeName: string): PersistentVolume[] {
    const found = new Map<string, PersistentVolume>();
    for (const pod of this.#env.pods.byIndex(INDEX_NODE, nodeName)) {
      if (isTerminal(pod)) continue;
      for (const path of claimPaths(pod)) {
        const volume = this.#volumes.get(this.#claims.get(path)?.spec.volumeName ?? '');
        if (volume !== undefined && volume.spec.driver !== '') found.set(volume.meta.name, volume);
      }
    }
    return [...found.values()];
  }

  #attach(entry: Attachment): void {
    entry.unneededNs = Number.NaN;
    entry.isUnmounted = false;
    const attachment = this.#attachments.get(attachmentName(entry));
    if (attachment?.attached) this.#report(entry, true);
    if (attachment !== undefined || this.#isElsewhere(entry)) return;
    this.#run(entry, this.#create(entry));
  }

  /**
   * One that is still attached somewhere else has to wait, without a back-off: nothing has failed
   * (reconciler.go attachDesiredVolumes, reportMultiAttachError).
   */
  #isElsewhere(entry: Attachment): boolean {
    for (const other of this.#actual.values()) {
      if (other === entry || other.volume !== entry.volume) continue;
      const volume = this.#volumes.get(entry.volume);
      if (volume !== undefined) this.#recorder.record(volume, 'FailedAttachVolume');
      return true;
    }
    return false;
  }

  *#create(entry: Attachment): Steps<string> {
    const { uids, sim } = this.#env;
    const object = attachmentOf(uids, sim.nowNs, entry.volume, entry.nodeName);
    const error = yield* perform(this.#client, createCall(object));
    return error === 'AlreadyExists' ? '' : error;
  }

  #detach(key: string, entry: Attachment): void {
    const { nowNs } = this.#env.sim;
    if (Number.isNaN(entry.unneededNs)) entry.unneededNs = nowNs;
    const node = this.#nodes.get(entry.nodeName);
    if (node?.status.conditions.ready === 'True') entry.isUnmounted = true;
    if (!entry.isUnmounted && nowNs < entry.unneededNs + FORCE_DETACH_NS) {
      // Nobody can say that it was unmounted.
      this.#dirty.add(entry.nodeName);
      return;
    }
    const attachment = this.#attachments.get(attachmentName(entry));
    if (attachment === undefined) {
      this.#actual.delete(key);
      if (node !== undefined) this.#report(entry, false);
      this.#lookAtWaiting(entry.volume);
    } else this.#run(entry, perform(this.#client, deleteCall(attachment)));
  }

  /** Who waits for the volume elsewhere may have it now. */
  #lookAtWaiting(volume: string): void {
    for (const entry of this.#actual.values()) {
      if (entry.volume === volume) this.#dirty.add(entry.nodeName);
    }
  }

  /** UpdateNodeStatusForNode: node.status.volumesAttached. */
  #report(entry: Attachment, attached: boolean): void {
    const node = this.#nodes.get(entry.nodeName);
    if (node === undefined) return;
    if (node.status.volumesAttached.includes(entry.volume) === attached) return;
    // What was attached before the run began was reported then.
    if (attached && this.#attachments.get(attachmentName(entry))?.meta.createdNs === 0) return;
    this.#run(entry, this.#patchNode(node, entry.volume, attached));
  }

  *#patchNode(node: Node, volume: string, attached: boolean): Steps<string> {
    const call = patchCall(node, STATUS_PATCH_BYTES, (current) => {
      const others = current.status.volumesAttached.filter((name) => name !== volume);
      const volumesAttached = attached ? [...others, volume] : others;
      return { ...current, resourceVersion: 0, status: { ...current.status, volumesAttached } };
    });
    return yield* perform(this.#client, { ...call, subresource: 'status' });
  }

  /** An operation in a goroutine of its own; one at a time for each volume and node. */
  #run(entry: Attachment, steps: Steps<string>): void {
    entry.isBusy = true;
    this.#env.go('attachdetach/operation', this.#finish(entry, steps));
  }

  *#finish(entry: Attachment, steps: Steps<string>): Steps {
    const error = yield* steps;
    entry.isBusy = false;
    entry.failures = error === '' || error === 'NotFound' ? 0 : entry.failures + 1;
    let waitNs = entry.failures === 0 ? 0 : BACKOFF_FIRST_NS;
    for (let i = 1; i < entry.failures && waitNs < BACKOFF_MAX_NS; i++) waitNs *= 2;
    entry.retryNs = this.#env.sim.nowNs + Math.min(waitNs, BACKOFF_MAX_NS);
    if (entry.failures > 0) this.#dirty.add(entry.nodeName);
  }
}

function hasClaims(pod: Pod): boolean {
  return pod.spec.volumes.some((volume) => volume.kind === 'persistentVolumeClaim');
}

function claimPaths(pod: Pod): string[] {
  const paths: string[] = [];
  for (const volume of pod.spec.volumes) {
    if (volume.kind === 'persistentVolumeClaim') paths.push(siblingPath(pod, volume.claimName));
  }
  return paths;
}

/** 'csi-' and a hash of driver, volume and node in the real one. */
export function attachmentName(o: { readonly volume: string; readonly nodeName: string }): string {
  return `csi-${o.volume}-${o.nodeName}`;
}

export function attachmentOf(
  uids: Uids,
  nowNs: number,
  volume: string,
  nodeName: string,
): VolumeAttachment {
  return {
    resource: 'volumeattachments',
    meta: metaOf(uids, nowNs, { name: attachmentName({ volume, nodeName }) }),
    bytes: ATTACHMENT_BYTES,
    resourceVersion: 0,
    spec: { nodeName, volumeName: volume },
    attached: false,
  };
}
