/** What connections need of the transport that they belong to. */
import type { Simulation } from '../../src/core/index.ts';
import type { HttpConnection } from './http-connection.ts';
import type { ApiRequest } from './request.ts';

export interface TransportEvents {
  readonly sim: Simulation;
  readonly readIdleNs: number;
  /** From the last frame to the end of an unanswered ping. */
  readonly pingNs: number;
  readonly serverCloseNs: number;
  /** a = slot of the connection, b = its index. */
  readonly deadType: number;
  readonly healType: number;
  readonly resetType: number;
  /** The connection of a request is gone. */
  onLost(request: ApiRequest): void;
  /** The client closed it: nobody waits for the request. */
  onDropped(request: ApiRequest): void;
  onReleased(connection: HttpConnection): void;
}
