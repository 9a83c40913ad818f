/**
 * How a field of the scenario file is described: once, as data. Reading, validation, `explain`,
 * the JSON
 * Schema and the reference page all follow from these entries; the types of the values do as well.
 */

import type { DistributionSpec } from '../dist/index.ts';
import type { ProblemCode } from './codes.ts';
import type { WrittenValue } from './kubernetes-types.ts';
import type { DiskProfile } from './profile.ts';
import type { UnitKind } from './units.ts';

export type FieldType =
  | 'string'
  | 'boolean'
  | 'enum'
  | 'integer'
  | UnitKind
  | 'distribution'
  | 'pair'
  | 'groups'
  | 'flags'
  | 'constants'
  | 'overrides'
  | 'any'
  | 'group'
  | 'list'
  | 'map';

/** A field; `T` is the type of its value once read. */
export interface Field<T = unknown> {
  readonly type: FieldType;
  readonly description: string;
  /**
   * In the grammar of the value. Absent: required, computed (`defaultNote`) or simply not
   * there.
   */
  readonly default?: string;
  /** The default in words, where it depends on something. */
  readonly defaultNote?: string;
  readonly required?: true;
  readonly example?: string;
  /** The real setting that it mirrors. */
  readonly flag?: string;
  readonly values?: readonly string[];
  readonly min?: string;
  readonly max?: string;
  /** The word that stands for no limit. */
  readonly infinite?: 'unlimited' | 'forever';
  /** list, map: what is in it. */
  readonly item?: Field;
  /** map: what its keys are. */
  readonly keys?: string;
  /** group: the fields inside; a function, as groups may contain themselves. */
  readonly group?: () => Group;
  /** group: undefined where it is not given, in place of all its defaults. */
  readonly optional?: true;
  /** group: read by its own code, as other fields have to be set in it first. */
  readonly deferred?: true;
  /** distribution: the unit of its values. */
  readonly unit?: 'duration' | 'bytes';
  /** Only together with one of these: verbs of a fault, operations of a workload. */
  readonly only?: readonly string[];
  /** Never there: carries the type. */
  readonly valueType?: () => T;
}

export type Fields = Readonly<Record<string, Field>>;

export interface Group<F extends Fields = Fields> {
  readonly name: string;
  readonly description: string;
  readonly fields: F;
  /** Of these fields at most one may be given; exactly one where `required`. */
  readonly choose?: {
    readonly among: readonly string[];
    readonly required: boolean;
    readonly code?: ProblemCode;
  };
  /** Where this field is given, only these others may be. */
  readonly instead?: { readonly field: string; readonly beside: readonly string[] };
  /** The field that a single value in place of the mapping stands for. */
  readonly shorthand?: string;
  /** The field that a list in place of the mapping stands for. */
  readonly listShorthand?: string;
}

type ValueOfField<X> = X extends { readonly valueType?: () => infer T } ? T : never;

/** The value of a group: one property a field. */
export type ValueOf<F extends Fields> = { -readonly [K in keyof F]: ValueOfField<F[K]> };

/** What a distribution field holds once read. */
export interface DistributionValue {
  readonly spec: DistributionSpec;
  readonly profile: DiskProfile | null;
}

type Options = Omit<Field, 'type' | 'valueType' | 'item' | 'group'>;
/** With a default, or required, the value is always there. */
type Given<O, T> = O extends { default: string } | { required: true } ? T : T | undefined;

function make<T>(type: FieldType, options: object): Field<T> {
  return { type, ...options } as Field<T>;
}

/** One constructor for each type that holds a number: duration, bytes, rate and so on. */
function numeric(type: 'integer' | UnitKind) {
  return <const O extends Options>(options: O) => make<Given<O, number>>(type, options);
}

export const integer = numeric('integer');
export const number = numeric('number');
export const duration = numeric('duration');
export const bytes = numeric('bytes');
export const rate = numeric('rate');
export const ratio = numeric('ratio');
export const ppm = numeric('ppm');
export const bandwidth = numeric('bandwidth');
export const cpu = numeric('cpu');

export const string = <const O extends Options>(options: O) =>
  make<Given<O, string>>('string', options);
export const boolean = <const O extends Options>(options: O) =>
  make<Given<O, boolean>>('boolean', options);
export const choice = <const V extends readonly string[], const O extends Options>(
  values: V,
  options: O,
) => make<Given<O, V[number]>>('enum', { values, ...options });
export const distribution = <const O extends Options>(unit: 'duration' | 'bytes', options: O) =>
  make<Given<O, DistributionValue>>('distribution', { unit, ...options });
/** Two names. */
export const pair = <const O extends Options>(options: O) =>
  make<Given<O, readonly [string, string]>>('pair', options);
/** Lists of names, or one name. */
export const groups = <const O extends Options>(options: O) =>
  make<Given<O, readonly (readonly string[])[]>>('groups', options);
/** Flags of a real component, verbatim. */
export const flags = (options: Options) => make<Readonly<Record<string, string>>>('flags', options);
/** Names to numbers with any unit. */
export const constants = (options: Options) =>
  make<Readonly<Record<string, { value: number; kind: UnitKind }>>>('constants', options);
/** Paths to values of the scenario, applied later. */
export const overrides = (options: Options) => make<undefined>('overrides', options);
/** Read by its own code; the value is what was written. */
export const any = (options: Options) => make<WrittenValue | undefined>('any', options);

/** One group is one object, however often it is asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export const group = <F extends Fields>(of: () => Group<F>, options: Options) =>
  make<ValueOf<F>>('group', { group: once(of), ...options });
/** Undefined where the mapping is not there at all. */
export const optionalGroup = <F extends Fields>(of: () => Group<F>, options: Options) =>
  make<ValueOf<F> | undefined>('group', { group: once(of), optional: true, ...options });
export const list = <T>(item: Field<T>, options: Options) =>
  make<readonly Exclude<T, undefined>[]>('list', { item, ...options });
export const map = <T>(item: Field<T>, options: Options) =>
  make<Readonly<Record<string, Exclude<T, undefined>>>>('map', { item, ...options });
