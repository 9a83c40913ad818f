/**
 * Serving watches: from an admitted request to an open watch of the cache, and to its end. A watch
 * holds its seats until everything that there was has been sent (pkg/server/filters
 * priority-and-fairness.go), then none.
 */
import type { Simulation } from '../../src/core/index.ts';
import type { Request } from './request.ts';
import type { RequestPath } from './request-path.ts';
import { statusOf } from './storage/status.ts';
import type { ReplicaStorage, WatchResult } from './storage/types.ts';
import type { ServerWatch, WatchesOwner, WatchTable } from './watches.ts';

export interface WatchHandlerLinks {
  readonly sim: Simulation;
  readonly storage: ReplicaStorage;
  readonly path: RequestPath;
  readonly table: WatchTable;
  streamEnded(connection: number): void;
}

export class WatchHandler implements WatchesOwner {
  readonly #links: () => WatchHandlerLinks;

  constructor(links: () => WatchHandlerLinks) {
    this.#links = links;
  }

  /** Its request has passed everything before storage. */
  serve(request: Request): void {
    const { sim, storage, table, path } = this.#links();
    const watch = request.watch!;
    if (watch.closed) {
      path.release(request);
      return;
    }
    const { call } = request;
    const deadlineNs = sim.nowNs + table.timeoutNs(call.timeoutNs);
    storage.of(call.resource).watch(
      {
        resourceVersion: call.resourceVersion ?? 0,
        consistency: call.consistency ?? (call.resourceVersion ? 'notOlderThan' : 'consistent'),
        namespace: call.namespace ?? '',
        labelSelector: call.labelSelector ?? null,
        fieldSelector: call.fieldSelector ?? null,
        sendInitialEvents: call.sendInitialEvents ?? false,
        allowBookmarks: true,
        deadlineNs,
        members: request.members,
        sink: watch,
      },
      (result) => this.#opened(request, watch, result, deadlineNs),
    );
  }

  onInitialized(watch: ServerWatch): void {
    const { request } = watch;
    if (request === null) return;
    const { sim, path } = this.#links();
    request.kind.watchList?.record(sim.nowNs - watch.arrivalNs);
    watch.request = null;
    path.release(request);
  }

  onClosed(watch: ServerWatch): void {
    const { path, streamEnded } = this.#links();
    const { request } = watch;
    if (request !== null && request.phase === 'queued') {
      watch.request = null;
      path.cancelQueued(request);
    } else if (request !== null && watch.accepted) {
      watch.request = null;
      path.release(request);
    }
    if (!watch.refused) streamEnded(watch.connection);
  }

  #opened(request: Request, watch: ServerWatch, result: WatchResult, deadlineNs: number): void {
    const { path, table } = this.#links();
    if (watch.closed) {
      result.watch?.stop();
      path.release(request);
      return;
    }
    if (result.code !== 'ok' || result.watch === null) {
      const { code, reason } = statusOf(result.code);
      watch.refused = true;
      watch.request = null;
      path.refuseWatch(request, code, reason, result.retryAfterS);
      return;
    }
    watch.watch = result.watch;
    watch.accepted = true;
    table.add(watch, deadlineNs);
    path.acceptWatch(request, result.resourceVersion);
    if (!watch.initialized || watch.request === null) return;
    watch.request = null;
    path.release(request);
  }
}
