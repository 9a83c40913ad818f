/** The library: everything but the command, the executors and the files. Safe in a browser. */
export * from './analyze/index.ts';
export {
  HORIZON_NS_MAX,
  hashSeed,
  hashText,
  InvariantViolation,
  LimitError,
} from './core/index.ts';
export {
  calibrate,
  calibrationText,
  namedProfiles,
  profilesByName,
  profileYaml,
} from './import/index.ts';
export * from './output/index.ts';
export * from './run/index.ts';
export {
  canonicalScenario,
  type Experiment,
  type ExperimentPoint,
  expandExperiment,
  explain,
  type FileReader,
  initTemplate,
  jsonSchema,
  type ParseOptions,
  type ParseResult,
  type Problem,
  type Profiles,
  parseDiskProfile,
  parseScenario,
  printConfig,
  problemCodes,
  renderProblem,
  type Scenario,
} from './scenario/index.ts';
