/** What touches the machine: files and signals. */
export {
  checkWritable,
  createTextFile,
  DATA_BYTES_MAX,
  type OutputFile,
  type ReadOptions,
  readTextChunks,
  readTextFile,
  SCENARIO_BYTES_MAX,
  writeFileAtomically,
  writeFilesAtomically,
  writePart,
} from './files.ts';
export { type InterruptOptions, type Interrupts, watchInterrupts } from './signals.ts';
export { UserError, type UserErrorDetails } from './user-error.ts';
