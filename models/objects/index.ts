/** API objects, and what travels between clients and an API server: plain data, no behaviour. */
export type * from './api.ts';
export * from './build.ts';
export * from './defaults.ts';
export * from './observer.ts';
export * from './resources.ts';
export * from './selectors.ts';
export * from './types.ts';
export { minorVersion } from './version.ts';
export type * from './workload-types.ts';
