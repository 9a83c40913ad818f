/** A replica as clients know it: the way to it, and their connections to it. */
import type { Credentials } from '../machine/index.ts';
import type { HostId, Lane, Network } from '../network/index.ts';
import type { ApiEndpoint } from '../objects/index.ts';
import type { HttpConnection } from './http-connection.ts';

export interface Lanes {
  readonly to: Lane;
  readonly from: Lane;
}

export class EndpointPort {
  readonly endpoint: ApiEndpoint;
  readonly index: number;
  /** By the load balancer's health checks. */
  isHealthy = true;
  /** Its process stands still. */
  isFrozen = false;
  /** By their index. */
  readonly connections = new Map<number, HttpConnection>();
  readonly #network: Network;
  readonly #hostId: HostId;
  readonly #lanes = new Map<HostId, Lanes>();

  constructor(network: Network, endpoint: ApiEndpoint, index: number) {
    this.#network = network;
    this.endpoint = endpoint;
    this.index = index;
    this.#hostId = network.host(endpoint.networkHost);
    endpoint.onFrozen?.((isFrozen) => {
      this.isFrozen = isFrozen;
      if (isFrozen) for (const connection of this.#snapshot()) connection.awaitPing();
    });
    endpoint.onDisconnect((kind, connection) => this.#disconnect(kind, connection));
  }

  /** Whether its certificate is valid by the clock of who dials. */
  isTrusted(owner: string, credentials: Credentials | null): boolean {
    if (credentials === null || !credentials.isUsed) return true;
    return credentials.isGood(`${this.endpoint.name}/server`, credentials.wallNs(owner));
  }

  /** Both directions between a host of clients and this replica. */
  lanes(from: HostId): Lanes {
    const known = this.#lanes.get(from);
    if (known !== undefined) return known;
    const to = this.#network.lane(from, this.#hostId);
    const lanes = { to, from: this.#network.lane(this.#hostId, from) };
    this.#lanes.set(from, lanes);
    to.onChange((change) => {
      for (const connection of this.#snapshot()) {
        if (!connection.usesLane(to)) continue;
        if (change === 'healed') connection.pathHealed();
        else if (change === 'cut') connection.pathCut();
        else connection.lose();
      }
    });
    return lanes;
  }

  /** -1: all of them. */
  #disconnect(kind: 'reset' | 'goaway', index: number): void {
    const one = this.connections.get(index);
    if (index >= 0 && one === undefined) return;
    for (const connection of one === undefined ? this.#snapshot() : [one]) {
      if (kind === 'reset') connection.peerDied();
      else connection.dialer.leaving(connection);
    }
  }

  #snapshot(): readonly HttpConnection[] {
    return [...this.connections.values()];
  }
}
