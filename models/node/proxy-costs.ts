/**
 * What a sync of kube-proxy costs, by mode, size of the tables and size of the change; and what a
 * new connection pays on its way through them.
 *
 * Sources: KEP-3453 (partial restores since 1.26: only chains of changed services are written, but
 * the kernel still copies the table), kubernetes#96018 (18 us a line of a restore),
 * kubernetes/community#692 (rules a service), kubernetes#126013 and #135639 (nftables).
 * *Left out:* contention for the xtables lock, conntrack clean-up, nftables before incremental
 * listing (8 minutes for one service at 10,000).
 */
import type { Constants } from '../../src/core/index.ts';
import type { KubeProxyScenario } from '../../src/scenario/types.ts';

export type ProxyMode = KubeProxyScenario['mode'];

export interface ProxyTables {
  readonly services: number;
  readonly endpoints: number;
}

export class ProxyCosts {
  readonly #syncNs: number;
  readonly #lineNs: number;
  readonly #linesPerService: number;
  readonly #linesPerEndpoint: number;
  readonly #kernelRuleNs: number;
  readonly #ipvsObjectNs: number;
  readonly #ipvsListNs: number;
  readonly #nftObjectNs: number;
  readonly #nftListNs: number;
  readonly #ebpfObjectNs: number;

  constructor(constants: Constants) {
    this.#syncNs = constants.get('kubeproxy.syncNs');
    this.#lineNs = constants.get('kubeproxy.iptablesLineNs');
    this.#linesPerService = constants.get('kubeproxy.iptablesLinesPerService');
    this.#linesPerEndpoint = constants.get('kubeproxy.iptablesLinesPerEndpoint');
    this.#kernelRuleNs = constants.get('kubeproxy.iptablesKernelRuleNs');
    this.#ipvsObjectNs = constants.get('kubeproxy.ipvsObjectNs');
    this.#ipvsListNs = constants.get('kubeproxy.ipvsListNs');
    this.#nftObjectNs = constants.get('kubeproxy.nftObjectNs');
    this.#nftListNs = constants.get('kubeproxy.nftListNs');
    this.#ebpfObjectNs = constants.get('kubeproxy.ebpfObjectNs');
  }

  /**
   * One sync, in ns. `changed`: services and endpoints of the services that changed (an iptables
   * chain is written as a whole). `full`: everything is written anew.
   */
  syncNs(mode: ProxyMode, all: ProxyTables, changed: ProxyTables, full: boolean): number {
    const written = full ? all : changed;
    const objects = written.services + written.endpoints;
    const known = all.services + all.endpoints;
    switch (mode) {
      case 'iptables': {
        const kernelNs = full ? 0 : this.#rules(all) * this.#kernelRuleNs;
        return this.#syncNs + this.#rules(written) * this.#lineNs + kernelNs;
      }
      case 'ipvs':
        return this.#syncNs + objects * this.#ipvsObjectNs + known * this.#ipvsListNs;
      case 'nftables':
        return this.#syncNs + objects * this.#nftObjectNs + all.services * this.#nftListNs;
      case 'ebpf':
        return this.#syncNs + objects * this.#ebpfObjectNs;
      case 'none':
        return 0;
    }
  }

  #rules({ services, endpoints }: ProxyTables): number {
    return services * this.#linesPerService + endpoints * this.#linesPerEndpoint;
  }
}

/**
 * What the first packet of a connection pays to find its endpoint, in ns: a formula, not a
 * simulation. iptables: half of the chain of services on average, rule by rule; the others: one
 * look-up whatever the number of services. Other packets pay conntrack alone, in every mode.
 */
export function firstPacketNs(constants: Constants, mode: ProxyMode, services: number): number {
  const lookupNs = constants.get('proxypath.lookupNs');
  if (mode !== 'iptables') return mode === 'none' ? 0 : lookupNs;
  return lookupNs + Math.round((constants.get('proxypath.iptablesRuleNs') * services) / 2);
}
