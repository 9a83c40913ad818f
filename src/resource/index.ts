/** Queueing resources that measure themselves, and what models are built with. */
export { BatchServer, type BatchServerOptions, BatchUse } from './batch-server.ts';
export { BoundedQueue } from './bounded-queue.ts';
export type { ModelContext } from './context.ts';
export { QUEUE_LIMIT_DEFAULT } from './job-ring.ts';
export { Lock } from './lock.ts';
export { PoolUse, ServerPool, type ServerPoolOptions } from './server-pool.ts';
export { TokenBucket, type TokenBucketOptions } from './token-bucket.ts';
