/** What differs between minor versions of kube-apiserver, as its feature gates default. */
import { minorVersion } from '../objects/index.ts';

export interface ApiServerFeatures {
  /** Retry-After of flow control follows the drops (1.27). */
  readonly retryAfterByDrops: boolean;
  /** Lists are estimated by bytes (SizeBasedListCostEstimate, 1.34). */
  readonly listSeatsBySize: boolean;
  /** Lists without resourceVersion come from the cache (ConsistentListFromCache, 1.31). */
  readonly consistentListFromCache: boolean;
  /** Lists are encoded item by item (StreamingCollectionEncoding, 1.33). */
  readonly streamingLists: boolean;
  /** /readyz waits for the watch caches (WatchCacheInitializationPostStartHook, 1.36). */
  readonly readyWaitsForCaches: boolean;
  /** Widths of writes count watchers (1.29, where it left its gate). */
  readonly mutatingSeatsByWatchers: boolean;
}

/** '1.34' or '1.34.2'. */
export function featuresOf(version: string): ApiServerFeatures {
  const minor = minorVersion(version);
  return {
    retryAfterByDrops: minor >= 27,
    listSeatsBySize: minor >= 34,
    consistentListFromCache: minor >= 31,
    streamingLists: minor >= 33,
    readyWaitsForCaches: minor >= 36,
    mutatingSeatsByWatchers: minor >= 23,
  };
}
