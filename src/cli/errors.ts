/**
 * What people see when something goes wrong: what, where, what next. Stack traces are for our bugs
 * only.
 */
import { UserError } from '../host/index.ts';
import { RunFailure } from '../run/failure.ts';
import { VERSION } from '../run/version.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';

const NS_PER_S = 1_000_000_000;

/** The command line as it can be pasted into a POSIX shell. */
export function quoteCommand(argv: readonly string[]): string {
  const quoted = argv.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return ['npx wavetank', ...quoted].join(' ');
}

function reportUserError(error: UserError, io: Io): ExitCode {
  const { red, bold } = io.errColors;
  io.err(`${red(bold(error.code))} ${error.message}\n`);
  if (error.hint !== '') io.err(`  hint: ${error.hint}\n`);
  return EXIT.usage;
}

function reportRunFailure(error: RunFailure, argv: readonly string[], io: Io): ExitCode {
  const { data } = error;
  const { red, bold } = io.errColors;
  if (data.limit !== null) {
    // The message of a limit says what was asked for, what there may be and what to do.
    io.err(`${red(bold('error'))} ${data.message}\n`);
    return EXIT.invalidScenario;
  }
  io.err(`${red(bold('bug of wavetank:'))} ${data.message}\n`);
  io.err(`  version         ${VERSION}, node ${process.version}\n`);
  io.err(`  run             point ${data.point}, replication ${data.replication}\n`);
  io.err(`  seed            ${data.seed}\n`);
  io.err(`  simulated time  ${data.simulatedNs / NS_PER_S} s (${data.simulatedNs} ns)\n`);
  io.err(`  events          ${data.eventCount}\n`);
  io.err(`  repeat          ${quoteCommand(argv)}\n`);
  io.err('Please report it with the lines above and the scenario.\n');
  // Ours to mend, so the place in our code belongs to the report.
  if (data.stack !== '') io.err(`${io.errColors.dim(data.stack)}\n`);
  return EXIT.bug;
}

export function reportError(error: unknown, argv: readonly string[], io: Io): ExitCode {
  if (error instanceof UserError) return reportUserError(error, io);
  if (error instanceof RunFailure) return reportRunFailure(error, argv, io);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.err(`${io.errColors.red(io.errColors.bold('bug of wavetank:'))} ${stack}\n`);
  io.err(`  version  ${VERSION}, node ${process.version}\n`);
  io.err(`  repeat   ${quoteCommand(argv)}\n`);
  return EXIT.bug;
}
