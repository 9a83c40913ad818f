/**
 * What kube-proxies know of services and EndpointSlices, and which services have changed: one
 * table for all proxies of a cohort, as they watch the same. A stratum of them keeps a cursor: the
 * number of the last change that it has written.
 */
import type { EndpointSlice, Service } from '../objects/index.ts';
import type { ProxyTables } from './proxy-costs.ts';

/** A change of one service's endpoints, or of the service. */
interface Change {
  readonly service: string;
  /** When what it reflects happened; NaN where that is not measured. */
  readonly triggerNs: number;
}

/** What a sync has to write. */
export interface PendingChanges {
  readonly changed: ProxyTables;
  readonly triggersNs: readonly number[];
}

export class ServiceTable {
  readonly #services = new Set<string>();
  readonly #endpointsOfSlice = new Map<string, number>();
  readonly #endpointsOfService = new Map<string, number>();
  #endpoints = 0;
  /** Changes that some stratum has not written, oldest first. */
  #changes: Change[] = [];
  /** Number of the first of them. */
  #first = 0;

  get size(): ProxyTables {
    return { services: this.#services.size, endpoints: this.#endpoints };
  }

  /** Number of the oldest change that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Number of the change that comes next. */
  get next(): number {
    return this.#first + this.#changes.length;
  }

  onService(service: Service, isGone: boolean): void {
    const { path } = service.meta;
    if (isGone) this.#services.delete(path);
    else this.#services.add(path);
    this.#changes.push({ service: path, triggerNs: Number.NaN });
  }

  onSlice(slice: EndpointSlice, isGone: boolean, nowNs: number): void {
    const { path } = slice.meta;
    const before = this.#endpointsOfSlice.get(path) ?? 0;
    const after = isGone ? 0 : slice.endpoints.length;
    if (isGone) this.#endpointsOfSlice.delete(path);
    else this.#endpointsOfSlice.set(path, after);
    this.#endpoints += after - before;
    const sum = (this.#endpointsOfService.get(slice.service) ?? 0) + after - before;
    if (sum > 0) this.#endpointsOfService.set(slice.service, sum);
    else this.#endpointsOfService.delete(slice.service);
    this.#changes.push({ service: slice.service, triggerNs: slice.triggerNs ?? nowNs });
  }

  /** Changes number `from` up to `to` (not included): each service once, each trigger. */
  between(from: number, to: number): PendingChanges {
    const services = new Set<string>();
    const triggersNs: number[] = [];
    let endpoints = 0;
    for (let i = from - this.#first; i < to - this.#first; i++) {
      const { service, triggerNs } = this.#changes[i];
      if (!Number.isNaN(triggerNs)) triggersNs.push(triggerNs);
      if (services.has(service)) continue;
      services.add(service);
      endpoints += this.#endpointsOfService.get(service) ?? 0;
    }
    return { changed: { services: services.size, endpoints }, triggersNs };
  }

  /** All strata have written what is before number `before`. */
  forget(before: number): void {
    const count = before - this.#first;
    // Seldom, so that it costs little a change.
    if (count < 1024 && count < this.#changes.length) return;
    this.#changes = this.#changes.slice(count);
    this.#first = before;
  }
}
