/** Faults of the world around a cluster. */

export const worldVerbs = Object.freeze({});

export const worldLasting: readonly string[] = Object.freeze([]);
export const worldPartial: readonly string[] = Object.freeze([]);

export const worldOptions = Object.freeze({});
