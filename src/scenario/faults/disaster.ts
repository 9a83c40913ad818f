/** Verbs of disasters. */
import type { VerbSpecs } from './verb.ts';

export type DisasterAction = never;

export const disasterSpecs: VerbSpecs<DisasterAction> = Object.freeze({});
