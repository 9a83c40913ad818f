/**
 * What built-in admission adds to new objects: tolerations of 300 s for nodes that are not ready or
 * not reachable (kubernetes plugin/pkg/admission/defaulttolerationseconds), the condition of pods
 * with scheduling gates (pkg/registry/core/pod/strategy.go), and the finalizer of namespaces
 * (pkg/registry/core/namespace/strategy.go).
 */
import { NS_PER_S } from '../../src/core/index.ts';
import {
  type KubeObject,
  type Pod,
  type PodSpec,
  type Taint,
  type Toleration,
  tolerates,
  withMeta,
} from '../objects/index.ts';

const TOLERATION_NS = 300 * NS_PER_S;
const KEYS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;
export const NAMESPACE_FINALIZER = 'kubernetes';

/** Shared by all servers of a cluster: pods of one template keep sharing one spec. */
export class Defaulting {
  readonly #specs = new WeakMap<PodSpec, PodSpec>();
  readonly #tolerations: boolean;

  /** `plugins`: names of the admission plugins that are on. */
  constructor(plugins: readonly string[]) {
    this.#tolerations = plugins.includes('DefaultTolerationSeconds');
  }

  /** The object as it is to be created. */
  created(object: KubeObject): KubeObject {
    if (object.resource === 'pods') return this.#pod(object as Pod); // By its resource.
    if (object.resource !== 'namespaces') return object;
    const { finalizers } = object.meta;
    if (finalizers.includes(NAMESPACE_FINALIZER)) return object;
    return withMeta(object, { finalizers: [...finalizers, NAMESPACE_FINALIZER] });
  }

  #pod(pod: Pod): Pod {
    let spec = this.#tolerations ? this.#specs.get(pod.spec) : pod.spec;
    if (spec === undefined) {
      spec = withTolerations(pod.spec);
      this.#specs.set(pod.spec, spec);
    }
    // pkg/registry/core/pod/strategy.go applySchedulingGatedCondition.
    const isGated = spec.schedulingGates.length > 0 && pod.status.scheduled === '';
    if (!isGated && spec === pod.spec) return pod;
    const status = isGated ? { ...pod.status, scheduled: 'SchedulingGated' as const } : pod.status;
    return { ...pod, resourceVersion: 0, spec, status };
  }
}

function withTolerations(spec: PodSpec): PodSpec {
  const missing = KEYS.filter((key) => {
    const taint: Taint = { key, value: '', effect: 'NoExecute', addedNs: 0 };
    return !spec.tolerations.some((toleration) => tolerates(toleration, taint));
  });
  if (missing.length === 0) return spec;
  const added = missing.map(
    (key): Toleration => ({
      key,
      operator: 'Exists',
      value: '',
      effect: 'NoExecute',
      tolerationNs: TOLERATION_NS,
    }),
  );
  return { ...spec, tolerations: [...spec.tolerations, ...added] };
}
