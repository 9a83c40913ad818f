/**
 * One call on its way: what the server sees of it (`ServerRequest`), and where it is.
 *
 * Events carry a slot and a generation; the object itself is the identity that the server answers.
 */
import type {
  ApiCall,
  ApiResult,
  ServedWatch,
  ServerRequest,
  User,
  WatchEvent,
  WatchSink,
} from '../objects/index.ts';
import { type ClientState, credentialOf } from './client-state.ts';
import type { HttpConnection } from './http-connection.ts';
import type { Transport } from './transport.ts';

/**
 * throttled: waits for a token; dialing: for a connection; sent: for the answer; answered: for the
 * client's CPU; sleeping: for Retry-After; open: a watch; done.
 */
export type RequestState =
  | 'throttled'
  | 'dialing'
  | 'sent'
  | 'answered'
  | 'sleeping'
  | 'open'
  | 'done';

/** Who opened a watch. */
export interface WatchHandler {
  /** Accepted by the server, or refused (then nothing else comes). */
  onOpen(result: ApiResult): void;
  onEvents(events: readonly WatchEvent[]): void;
  /** The server ended it; 'Reset': the connection is gone. */
  onEnd(reason: string): void;
}

/** Batches of a watch under way; an array of events, or the end with its reason. */
type Batch = readonly WatchEvent[] | string;

export class ApiRequest implements ServerRequest, WatchSink {
  call: ApiCall;
  readonly user: User;
  readonly client: ClientState;
  /** Life of the client that made it. */
  readonly life: number;
  readonly done: ((result: ApiResult) => void) | null;
  readonly tag: number;
  readonly watch: WatchHandler | null;
  deadlineNs = Infinity;
  connection = -1;
  slot = -1;
  generation = 0;
  state: RequestState = 'throttled';
  /** Tries so far. */
  attempts = 0;
  /** When it was asked for, and when this try was sent. */
  readonly startNs: number;
  sentNs = 0;
  http: HttpConnection | null = null;
  /** Neighbours in the list of streams of its connection. */
  previous: ApiRequest | null = null;
  next: ApiRequest | null = null;
  served: ServedWatch | null = null;
  result: ApiResult | null = null;
  /** Null until the first. */
  batches: Batch[] | null = null;
  /** Its machine is gone: the server sends on, and does not know that nobody hears. */
  isDeaf = false;
  /** Batches that came before the answer: they wait for it. */
  early = 0;
  /** The try after this one. */
  successor: ApiRequest | null = null;
  /** A watch: the last version that it was told of; NaN while it is told what there was. */
  version: number;
  /** A watch of a cluster that has been running: see `ServerRequest.preloaded`. */
  preloaded = false;
  readonly #transport: Transport;

  constructor(
    transport: Transport,
    client: ClientState,
    call: ApiCall,
    startNs: number,
    to: {
      readonly done: ((result: ApiResult) => void) | null;
      readonly tag: number;
      readonly watch: WatchHandler | null;
    },
  ) {
    this.#transport = transport;
    this.client = client;
    this.life = client.life;
    this.user = client.user;
    this.call = call;
    this.startNs = startNs;
    this.done = to.done;
    this.tag = to.tag;
    this.watch = to.watch;
    const { sendInitialEvents, resourceVersion = 0 } = call;
    this.version = sendInitialEvents || resourceVersion === 0 ? Number.NaN : resourceVersion;
  }

  get credential(): string {
    return this.#transport.credentials?.isUsed === true ? credentialOf(this.client) : '';
  }

  get sink(): WatchSink | null {
    return this.watch === null ? null : this;
  }

  respond(result: ApiResult): void {
    this.#transport.respond(this, result);
  }

  send(events: readonly WatchEvent[], bytes: number): boolean {
    return this.#transport.stream(this, events.length === 1 ? [events[0]] : [...events], bytes);
  }

  end(reason: string): void {
    this.#transport.stream(this, reason, 0);
  }

  /** Its client ends a watch, or the try that follows it. */
  stop(): void {
    let r: ApiRequest = this;
    while (r.successor !== null) r = r.successor;
    this.#transport.cancel(r);
  }
}
