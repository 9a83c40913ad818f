/** `wavetank validate`: every mistake of every file at once. */
import { UserError } from '../../host/index.ts';
import { reportError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { parseFile, printProblems } from '../load.ts';

export interface ValidateCommandOptions {
  readonly set: readonly string[];
}

function validateFile(file: string, set: readonly string[], io: Io): ExitCode {
  try {
    // The quick form of an experiment has mistakes of its own.
    const full = parseFile(file, { set });
    const quick = full.experiment === null ? null : parseFile(file, { set, quick: true });
    const problems = [...full.problems, ...(quick?.problems ?? [])];
    if (problems.length > 0) {
      printProblems(problems, io);
      io.out(`${file}: ${problems.length} mistake${problems.length === 1 ? '' : 's'}\n`);
      return EXIT.invalidScenario;
    }
    const points = full.experiment?.points.length;
    io.out(
      `${file}: valid ${points === undefined ? 'scenario' : `experiment of ${points} points`}\n`,
    );
    return EXIT.good;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return reportError(error, ['validate', file], io);
  }
}

/** The exit code of the worst file: an invalid scenario before one that cannot be read. */
export async function validateCommand(
  files: readonly string[],
  options: ValidateCommandOptions,
  io: Io,
): Promise<number> {
  const codes = files.map((file) => validateFile(file, options.set, io));
  return Math.max(EXIT.good, ...codes);
}
