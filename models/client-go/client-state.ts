/**
 * What one client needs for itself: a token bucket that is one number, a life, its way to the
 * servers. What it shares with its like is in `ClientKind`.
 *
 * The bucket is golang.org/x/time/rate as client-go uses it: a caller reserves a token and sleeps
 * until it is there, so callers go in the order in which they came. It is kept as the time at which
 * it will be full again.
 */
import type { ApiResult, User } from '../objects/index.ts';
import type { ClientMetrics } from './client-metrics.ts';
import type { Dialer } from './dialer.ts';
import type { ComponentProcess } from './process.ts';

/** Shared by all members of a population. */
export interface ClientKind {
  /** ns a token; 0 = no limit. */
  readonly tokenNs: number;
  /** `tokenNs` x (burst - 1): how long before it is full a bucket still has a token. */
  readonly slackNs: number;
  readonly timeoutNs: number;
  /** Charged with decoding and held up while it is frozen; null = clients at no cost. */
  readonly process: ComponentProcess | null;
  readonly metrics: ClientMetrics;
  nameOf(member: number): string;
  /** Results of calls without a receiver of their own. */
  onResult(member: number, tag: number, result: ApiResult): void;
}

export class ClientState {
  readonly kind: ClientKind;
  readonly member: number;
  readonly user: User;
  readonly dialer: Dialer;
  /** Raised by stop: what was asked for before is void. */
  life = 0;
  isStopped = false;
  /** When the bucket is full again. */
  #fullNs = 0;

  constructor(kind: ClientKind, member: number, user: User, dialer: Dialer) {
    this.kind = kind;
    this.member = member;
    this.user = user;
    this.dialer = dialer;
  }

  get name(): string {
    return this.kind.nameOf(this.member);
  }

  /** Takes a token, and answers when it is there. */
  reserve(nowNs: number): number {
    const { tokenNs, slackNs } = this.kind;
    if (tokenNs === 0) return nowNs;
    const readyNs = Math.max(nowNs, Math.ceil(this.#fullNs - slackNs));
    this.#fullNs = Math.max(this.#fullNs, nowNs) + tokenNs;
    return readyNs;
  }

  /** `silently`: its machine is gone, and says nothing. */
  stop(silently = false): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.life++;
    this.dialer.leave(this, silently);
  }

  restart(nowNs: number): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.#fullNs = nowNs;
    this.dialer.join();
  }
}

const NODE_USER = 'system:node:';

/**
 * The key of what it shows to servers: the certificate of its process (all replicas have one of
 * their own), or its token.
 */
export function credentialOf({ user, name }: ClientState): string {
  if (user.authentication === 'serviceAccountToken') return `${name}/token`;
  if (user.name.startsWith(NODE_USER)) return `kubelet/${user.name.slice(NODE_USER.length)}/client`;
  const [component, replica] = name.split('/');
  return `${component}/${replica}/client`;
}
