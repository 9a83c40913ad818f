/**
 * One request inside a replica, from its arrival to its answer. Places are reused; a place whose
 * storage call is still under way when its request is given up stays taken until the call ends.
 */
import type {
  ApiCall,
  FieldSelector,
  KubeObject,
  LabelSelector,
  ReadConsistency,
  ServerRequest,
  User,
} from '../objects/index.ts';
import type { ServerConnection } from './connections.ts';
import { Ticket } from './flow-control/ticket.ts';
import type { RequestKind } from './kinds.ts';
import type {
  CreateOptions,
  GetOptions,
  ListOptions,
  Preconditions,
  StoreResult,
} from './storage/types.ts';
import type { ServerWatch } from './watches.ts';

export type Phase =
  | 'free'
  /** Its first CPU work: HTTP, authentication. */
  | 'authenticating'
  /** Waits for seats. */
  | 'queued'
  /** CPU work before storage: authorization, decoding, admission. */
  | 'admitting'
  /** Waits for webhooks, quota or other waits outside of the CPU. */
  | 'waiting'
  | 'storing'
  /** CPU work after storage. */
  | 'encoding'
  /** Answered or given up, but its storage call is still under way. */
  | 'abandoned';

/** Runs a request further; given once by the server. */
export interface RequestDriver {
  onStored(request: Request, result: StoreResult): void;
  update(request: Request, current: KubeObject): KubeObject | null | string;
}

/** It is its own options for the storage: nothing is made for a call. */
export class Request implements GetOptions, ListOptions, CreateOptions, Preconditions {
  readonly slot: number;
  readonly ticket: Ticket;
  /** Callbacks for the storage, made once. */
  readonly onStored: (result: StoreResult) => void;
  readonly update: (current: KubeObject) => KubeObject | null | string;
  /** Grows when the place is given to another request. */
  generation = 0;
  phase: Phase = 'free';
  source: ServerRequest | null = null;
  call: ApiCall = NO_CALL;
  user: User = NO_USER;
  /** null where it has none of its own: a delete of a collection, a refusal. */
  connection: ServerConnection | null = null;
  kind: RequestKind = NO_KIND;
  members = 1;
  /** End of its context: the client's deadline or the server's. */
  deadlineNs = Infinity;
  arrivalNs = 0;
  holdsSeat = false;
  holdsInFlight = false;
  /** Preconditions of an update or a delete; a list's or get's version. */
  uid = 0;
  resourceVersion = 0;
  consistency: ReadConsistency = 'consistent';
  namespace = '';
  labelSelector: LabelSelector | null = null;
  fieldSelector: FieldSelector | null = null;
  limit = 0;
  continueAt = 0;
  wantItems = true;
  ttlNs = 0;
  /** Path of the object that it is about. */
  path = '';
  /** A delete of a deletecollection: whose. */
  parent: Request | null = null;
  /** What serves it, of a watch. */
  watch: ServerWatch | null = null;
  /** deletecollection: what is left to delete. */
  rest: readonly KubeObject[] | null = null;
  /** Which step of its verb comes next when storage answers. */
  step = 0;
  /** Bytes that it holds in memory. */
  heldBytes = 0;
  /** Object that the request carries from one step to the next. */
  object: KubeObject | null = null;
  /** deletecollection: index of the next of `rest`. */
  next = 0;
  // When steps ended, and what was spent where.
  authnNs = 0;
  apfNs = 0;
  authzNs = 0;
  admissionNs = 0;
  webhookNs = 0;
  etcdNs = 0;
  cacheNs = 0;
  encodeNs = 0;
  /** Beginning of the step under way. */
  stepNs = 0;
  // The answer.
  code = 0;
  reason = '';
  answer: StoreResult | null = null;
  retryAfterS = 0;
  /** A webhook has converted what it answers with. */
  converted = false;
  responseBytes = 0;
  /** Memory that a large answer takes. */
  heldKilobytes = 0;

  /** Its user is one of system:masters, who may do everything. */
  get isOfMaster(): boolean {
    const { connection, user } = this;
    if (connection === null) return user.groups.includes(MASTERS);
    if (connection.mastersAsked !== user) {
      connection.mastersAsked = user;
      connection.isOfMaster = user.groups.includes(MASTERS);
    }
    return connection.isOfMaster;
  }

  constructor(slot: number, driver: RequestDriver) {
    this.slot = slot;
    this.ticket = new Ticket(slot);
    this.onStored = (result) => driver.onStored(this, result);
    this.update = (current) => driver.update(this, current);
  }

  begin(source: ServerRequest, kind: RequestKind, nowNs: number, deadlineNs: number): void {
    const { call } = source;
    this.source = source;
    this.call = call;
    this.user = source.user;
    this.kind = kind;
    this.members = call.members ?? 1;
    this.deadlineNs = deadlineNs;
    this.arrivalNs = nowNs;
    this.phase = 'authenticating';
    this.uid = call.uid ?? 0;
    this.resourceVersion = call.resourceVersion ?? 0;
    this.step = 0;
    this.object = null;
    this.next = 0;
    this.parent = null;
    this.connection = null;
    this.path = call.path ?? '';
    this.authnNs = 0;
    this.apfNs = 0;
    this.authzNs = 0;
    this.admissionNs = 0;
    this.webhookNs = 0;
    this.etcdNs = 0;
    this.cacheNs = 0;
    this.encodeNs = 0;
    this.stepNs = nowNs;
    this.code = 0;
    this.reason = '';
    this.answer = null;
    this.retryAfterS = 0;
    this.converted = false;
    this.responseBytes = 0;
    this.heldKilobytes = 0;
    this.heldBytes = 0;
  }
}

const MASTERS = 'system:masters';
const NO_CALL: ApiCall = { verb: 'get', resource: 'pods' };
const NO_USER: User = { name: '', groups: [], agent: '', authentication: 'x509' };
/** Never looked at: `begin` comes first. */
const NO_KIND = null as unknown as RequestKind;

/** Places for requests of one life of a process. */
export class RequestPool {
  readonly #driver: RequestDriver;
  readonly #places: Request[] = [];
  readonly #free: number[] = [];

  constructor(driver: RequestDriver) {
    this.#driver = driver;
  }

  take(): Request {
    const free = this.#free.pop();
    if (free !== undefined) return this.#places[free];
    const request = new Request(this.#places.length, this.#driver);
    this.#places.push(request);
    return request;
  }

  give(request: Request): void {
    request.phase = 'free';
    request.source = null;
    request.object = null;
    request.answer = null;
    request.parent = null;
    request.watch = null;
    request.rest = null;
    request.generation++;
    this.#free.push(request.slot);
  }

  at(slot: number): Request {
    return this.#places[slot];
  }

  /** All places, free ones as well. */
  get places(): readonly Request[] {
    return this.#places;
  }

  get inUse(): number {
    return this.#places.length - this.#free.length;
  }
}
