/** Results that no server gave. */
import type { ApiResult } from '../objects/index.ts';

export type NoAnswer = 'Refused' | 'Reset' | 'ClientTimeout' | 'Untrusted';

export function noAnswer(reason: NoAnswer): ApiResult {
  return {
    code: 0,
    reason,
    object: null,
    items: null,
    count: 0,
    continueAt: 0,
    resourceVersion: 0,
    retryAfterS: 0,
    bytes: 0,
  };
}

export function isSuccess(result: ApiResult): boolean {
  return result.code >= 200 && result.code < 300;
}
