/** argv in, exit code out. Tests call it without a process. */
import { CommanderError } from 'commander';
import { reportError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';

export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.good;
  const program = createProgram(io, async (code) => {
    exitCode = await code;
  });
  if (argv.length === 0) {
    io.err(program.helpInformation());
    io.err("\nwavetank: name a command; 'wavetank --help' shows examples\n");
    return EXIT.usage;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has printed the help, the version or what is wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
    return reportError(error, argv, io);
  }
}
