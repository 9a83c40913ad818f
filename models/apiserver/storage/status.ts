/** What a client is told of an outcome of storage (pkg/storage/errors, registry/generic). */
import type { StoreCode } from './types.ts';

export interface StoreStatus {
  /** HTTP status. */
  readonly code: number;
  /** metav1.StatusReason. */
  readonly reason: string;
}

const statuses: Readonly<Record<StoreCode, StoreStatus>> = {
  ok: { code: 200, reason: '' },
  keyExists: { code: 409, reason: 'AlreadyExists' },
  notFound: { code: 404, reason: 'NotFound' },
  conflict: { code: 409, reason: 'Conflict' },
  refused: { code: 422, reason: 'Invalid' },
  timeout: { code: 504, reason: 'Timeout' },
  expired: { code: 410, reason: 'Expired' },
  // Reason Timeout, cause ResourceVersionTooLarge: what clients look for is the cause.
  tooLargeVersion: { code: 504, reason: 'ResourceVersionTooLarge' },
  notReady: { code: 429, reason: 'TooManyRequests' },
  tooLarge: { code: 500, reason: 'InternalError' },
  internal: { code: 500, reason: 'InternalError' },
};

export function statusOf(code: StoreCode): StoreStatus {
  return statuses[code];
}
