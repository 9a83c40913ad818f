/**
 * The version of package.json (a test keeps them equal); constants because a bundle has no
 * package.json.
 */
export const VERSION = '0.1.0';

/** Changes whenever the numbers of an unchanged scenario may change. Part of every content key. */
export const MODEL_REVISION = 1;
