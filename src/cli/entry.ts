#!/usr/bin/env node
/** The command `wavetank`. */
import { nodeIo } from './io.ts';
import { main } from './main.ts';

process.setSourceMapsEnabled(true);
// `wavetank ... | head` closes our stdout: nobody reads on, so the rest is not written.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});
process.exitCode = await main(process.argv.slice(2), nodeIo());
