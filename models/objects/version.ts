/** Versions of Kubernetes. */

/** 35 of '1.35', 'v1.35' or '1.35.2'; 0 where it is none. */
export function minorVersion(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? '0');
}
