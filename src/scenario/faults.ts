/** Faults as read to faults as the run takes them, and back. */
import type { Checker } from './checker.ts';
import { specOf } from './faults/specs.ts';
import type { FaultWorldNames, Printed } from './faults/verb.ts';
import { type FaultValue, type FaultVerb, verbOf } from './fields/faults.ts';
import type { FaultAction, FaultScenario } from './types.ts';
import { formatUnit } from './units.ts';

export function faultOf(
  fault: FaultValue,
  index: number,
  all: readonly FaultValue[],
  names: FaultWorldNames,
  checker: Checker,
): FaultScenario {
  const verb = verbOf(fault) ?? 'disarm';
  const same = all.slice(0, index).filter((f) => f.name === undefined && verbOf(f) === verb).length;
  return {
    name: fault.name ?? (same === 0 ? verb : `${verb}-${same + 1}`),
    atNs: fault.at,
    forNs: fault.for,
    everyNs: fault.every,
    times: fault.every === 0 ? 1 : fault.times,
    action: readAction(fault, verb, `faults[${index}]`, names, checker),
  };
}

/** `path`: of the fault, for what is missing beside its verb. */
export function readAction(
  fault: FaultValue,
  verb: FaultVerb,
  path: string,
  names: FaultWorldNames,
  checker: Checker,
): FaultAction {
  return specOf(verb).read(fault, {
    names,
    need: (name, value, fallback, example) => {
      if (value !== undefined) return value;
      checker.at(path, 'WT1003', `\`${name}\` is missing beside ${verb}`, {
        hint: `for example ${name}: ${example}`,
      });
      return fallback;
    },
  });
}

/** The verb with its fields, as in the file. */
export function actionNode({ action }: Pick<FaultScenario, 'action'>): Printed {
  const { print } = specOf(action.kind);
  const target = 'target' in action ? { [action.kind]: action.target } : {};
  const part = 'part' in action ? action.part : undefined;
  return {
    ...target,
    ...print?.(action),
    ...(part === undefined ? {} : { part: formatUnit('ratio', part) }),
  };
}

/** All that an action names as its target. */
export function targetsOf(action: FaultAction): readonly string[] {
  if ('target' in action) return [action.target];
  if ('between' in action) return action.between;
  return 'groups' in action ? action.groups.flat() : [];
}
