/**
 * What a verb of a fault is to the scenario: which targets it takes, how it is read, checked and
 * printed. A verb is a field (`fields/faults/TOPIC.ts`), an action with its entry here
 * (`faults/TOPIC.ts`), and a handler (`models/faults/TOPIC.ts`).
 */
import type { Checker } from '../checker.ts';
import type { FaultValue } from '../fields/faults.ts';
import type { YamlValue } from '../print-yaml.ts';
import type { EtcdScenario, HostScenario, KubernetesScenario } from '../types.ts';

/**
 * member: `etcd/0`; members: `etcd/leader`, `etcd/followers`, `etcd/all`; host: a machine of
 * `hosts` or of the control plane; apiServer: `kube-apiserver/0`, `/all`, `/random`; component:
 * `kube-scheduler/0`, `/leader`, `/all` and so on; node: `node/NAME`, `nodes/GROUP`; zone:
 * `zone/NAME`; agent: `kubelet/NODE`; proxy: `kube-proxy/NODE`; runtime: `container-runtime/NODE`;
 * end: `client`, `clients`, `loadBalancer`, `nodes`, `everything`, and a zone by its bare name.
 */
export type TargetClass =
  | 'member'
  | 'members'
  | 'host'
  | 'apiServer'
  | 'component'
  | 'node'
  | 'zone'
  | 'agent'
  | 'proxy'
  | 'runtime'
  | 'end';

/** What faults may act on in a scenario. */
export interface FaultWorldNames {
  readonly etcd: EtcdScenario;
  readonly hosts: readonly HostScenario[];
  readonly kubernetes: KubernetesScenario | null;
}

export interface ReadContext {
  readonly names: FaultWorldNames;
  /** The value, or a problem where it is missing beside the verb. */
  need<T>(name: keyof FaultValue, value: T | undefined, fallback: T, example: string): T;
}

export interface CheckContext {
  readonly names: FaultWorldNames;
  readonly value: FaultValue;
  /** Of the fault: 'faults[0]'. */
  readonly path: string;
  /** The fields that were given. */
  readonly keys: readonly string[];
  readonly checker: Checker;
}

export type Printed = Record<string, YamlValue | undefined>;

export interface VerbSpec<A> {
  /** Kinds of targets that it takes; empty: it has none, or checks them itself. */
  readonly targets: readonly TargetClass[];
  read(fault: FaultValue, context: ReadContext): A;
  check?(action: A, context: CheckContext): void;
  /** As fields of the file, beside the target of the verb and `part`. */
  print?(action: A): Printed;
}

/** One entry for each action of a union. */
export type VerbSpecs<A extends { readonly kind: string }> = {
  readonly [K in A['kind']]: VerbSpec<Extract<A, { readonly kind: K }>>;
};

/** Of a target that means many: this part of them, where it is not all. */
export interface OfPart {
  readonly part?: number;
}

export function partOf(fault: FaultValue): OfPart {
  return fault.part === 1 ? {} : { part: fault.part };
}

export const MACHINE_TARGETS: readonly TargetClass[] = [
  'member',
  'members',
  'host',
  'apiServer',
  'component',
  'node',
  'zone',
];
export const PROCESS_TARGETS: readonly TargetClass[] = [...MACHINE_TARGETS, 'agent'];
