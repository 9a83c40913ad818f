/** A request that arrived when it could not be looked at: no stream free, the process stopped. */
import type { ServedWatch, ServerRequest } from '../objects/index.ts';

export class Arrival implements ServedWatch {
  readonly request: ServerRequest;
  /** Once it is served. */
  watch: ServedWatch | null = null;
  /** The client has gone. */
  stopped = false;

  constructor(request: ServerRequest) {
    this.request = request;
  }

  stop(): void {
    this.stopped = true;
    this.watch?.stop();
  }
}
