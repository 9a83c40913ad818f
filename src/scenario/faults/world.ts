/** Verbs of the world around a cluster. */
import type { VerbSpecs } from './verb.ts';

export type WorldAction = never;

export const worldSpecs: VerbSpecs<WorldAction> = Object.freeze({});
