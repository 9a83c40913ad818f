/**
 * Why a node cannot take a pod: one number, so that a cycle over thousands of nodes keeps no text.
 *
 * Bits 0 to 3 are the filter plugin, bit 4 says that removing pods would not help
 * (UnschedulableAndUnresolvable), the rest is the detail: which resources, which taint, which
 * reason. 0 = the node is feasible. Texts are those of kubernetes/pkg/scheduler/framework/plugins.
 */
import type { Taint } from '../../objects/index.ts';

export const FEASIBLE = 0;

/**
 * Filter plugins in the order of apis/config/v1/default_plugins.go; 0 is none. The last stands for
 * all of the library's user.
 */
export const filterNames = [
  '',
  'NodeUnschedulable',
  'NodeName',
  'TaintToleration',
  'NodeAffinity',
  'NodePorts',
  'NodeResourcesFit',
  'VolumeRestrictions',
  'NodeVolumeLimits',
  'VolumeBinding',
  'VolumeZone',
  'PodTopologySpread',
  'InterPodAffinity',
  'OwnPlugins',
] as const;

export const F_UNSCHEDULABLE = 1;
export const F_NAME = 2;
export const F_TAINT = 3;
export const F_AFFINITY = 4;
export const F_PORTS = 5;
export const F_FIT = 6;
export const F_VOLUME_RESTRICTIONS = 7;
export const F_VOLUME_LIMITS = 8;
export const F_VOLUME_BINDING = 9;
export const F_VOLUME_ZONE = 10;
export const F_SPREAD = 11;
export const F_POD_AFFINITY = 12;
export const F_OWN = 13;
export const FILTERS = 14;

const UNRESOLVABLE = 16;
const DETAIL = 5;

/** Resources of a Fit verdict, as bits of its detail; extended ones from bit 4. */
export const FIT_PODS = 1;
export const FIT_CPU = 2;
export const FIT_MEMORY = 4;
export const FIT_EPHEMERAL = 8;
export const FIT_EXTENDED_BIT = 4;
/** Extended resources beyond so many share the last bit. */
export const FIT_EXTENDED_MAX = 22;

export function resolvable(plugin: number, detail = 0): number {
  return plugin | (detail << DETAIL);
}

export function unresolvable(plugin: number, detail = 0): number {
  return plugin | UNRESOLVABLE | (detail << DETAIL);
}

export function pluginOf(verdict: number): number {
  return verdict & 15;
}

/** True where taking pods away from the node could help. */
export function isResolvable(verdict: number): boolean {
  return verdict !== FEASIBLE && (verdict & UNRESOLVABLE) === 0;
}

const BINDING = {
  conflict: 1,
  noVolume: 2,
} as const;
export const volumeBindingDetail = BINDING;

export const SPREAD_SKEW = 0;
export const SPREAD_NO_LABEL = 1;
export const POD_AFFINITY = 0;
export const POD_ANTI_AFFINITY = 1;
export const POD_EXISTING_ANTI_AFFINITY = 2;

const SPREAD = "node(s) didn't match pod topology spread constraints";
const texts: Readonly<Record<number, readonly string[]>> = {
  [F_UNSCHEDULABLE]: ['node(s) were unschedulable'],
  [F_NAME]: ["node(s) didn't match the requested node name"],
  [F_AFFINITY]: ["node(s) didn't match Pod's node affinity/selector"],
  [F_PORTS]: ["node(s) didn't have free ports for the requested pod ports"],
  [F_VOLUME_RESTRICTIONS]: [
    'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
  ],
  [F_VOLUME_LIMITS]: ['node(s) exceed max volume count'],
  [F_VOLUME_BINDING]: [
    '',
    'node(s) had volume node affinity conflict',
    "node(s) didn't find available persistent volumes to bind",
  ],
  [F_VOLUME_ZONE]: ['node(s) had no available volume zone'],
  [F_SPREAD]: [SPREAD, `${SPREAD} (missing required label)`],
  [F_POD_AFFINITY]: [
    "node(s) didn't match pod affinity rules",
    "node(s) didn't match pod anti-affinity rules",
    "node(s) didn't satisfy existing pods anti-affinity rules",
  ],
};

/** Numbers of taints, and the texts of verdicts. */
export class Reasons {
  readonly #taints: string[] = [];
  readonly #taintIds = new Map<string, number>();
  readonly #own: { readonly plugin: string; readonly reason: string }[] = [];
  readonly #ownIds = new Map<string, number>();
  readonly #extendedName: (index: number) => string;

  constructor(extendedName: (index: number) => string) {
    this.#extendedName = extendedName;
  }

  taintVerdict(taint: Taint): number {
    const text = `node(s) had untolerated taint {${taint.key}: ${taint.value}}`;
    let id = this.#taintIds.get(text);
    if (id === undefined) {
      id = this.#taints.length;
      this.#taintIds.set(text, id);
      this.#taints.push(text);
    }
    return unresolvable(F_TAINT, id);
  }

  /** Of a plugin of the library's user. Pods that go may help: the plugin is asked again. */
  ownVerdict(plugin: string, reason: string): number {
    const key = `${plugin}: ${reason}`;
    let id = this.#ownIds.get(key);
    if (id === undefined) {
      id = this.#own.length;
      this.#ownIds.set(key, id);
      this.#own.push({ plugin, reason });
    }
    return resolvable(F_OWN, id);
  }

  pluginNameOf(verdict: number): string {
    const plugin = pluginOf(verdict);
    return plugin === F_OWN ? this.#own[verdict >>> DETAIL].plugin : filterNames[plugin];
  }

  /** One reason, or several of a node that lacks several resources. */
  textsOf(verdict: number): readonly string[] {
    const plugin = pluginOf(verdict);
    const detail = verdict >>> DETAIL;
    if (plugin === F_TAINT) return [this.#taints[detail]];
    if (plugin === F_OWN) return [this.#own[detail].reason];
    if (plugin !== F_FIT) return [texts[plugin][detail]];
    const found: string[] = [];
    if (detail & FIT_PODS) found.push('Too many pods');
    if (detail & FIT_CPU) found.push('Insufficient cpu');
    if (detail & FIT_MEMORY) found.push('Insufficient memory');
    if (detail & FIT_EPHEMERAL) found.push('Insufficient ephemeral-storage');
    for (let i = 0; i <= FIT_EXTENDED_MAX; i++) {
      if (detail & (1 << (i + FIT_EXTENDED_BIT))) {
        found.push(`Insufficient ${this.#extendedName(i)}`);
      }
    }
    return found;
  }
}
