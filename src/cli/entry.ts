#!/usr/bin/env node
/** The command `wavetank`. */

// Before the rest is loaded, so that stacks of our bugs name lines of the sources.
process.setSourceMapsEnabled(true);
// `wavetank ... | head` closes our stdout: nobody reads on, so the rest is not written.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});
const [{ main }, { nodeIo }] = await Promise.all([import('./main.ts'), import('./io.ts')]);
process.exitCode = await main(process.argv.slice(2), nodeIo());
