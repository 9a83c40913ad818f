/** Faults of disasters. */

export const disasterVerbs = Object.freeze({});

export const disasterLasting: readonly string[] = Object.freeze([]);
export const disasterPartial: readonly string[] = Object.freeze([]);

export const disasterOptions = Object.freeze({});
