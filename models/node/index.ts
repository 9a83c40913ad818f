/** Nodes: kubelets, container runtimes, image pulls, kube-proxies. */
export type { NodesOptions } from './api.ts';
export { nodeConstants } from './constants.ts';
export { bandwidthDefaults, type RuntimeDefault, runtimeDefaults } from './defaults.ts';
export { type PressureSignal, pressureSignals } from './evictions.ts';
export type { NodeState } from './node-pool.ts';
export { Nodes } from './nodes.ts';
export type { CrashLoops } from './pod-workers.ts';
export { firstPacketNs, ProxyCosts, type ProxyMode, type ProxyTables } from './proxy-costs.ts';
