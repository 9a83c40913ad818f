/** The library: everything but the command, the executors and the files. Safe in a browser. */
export {
  type ApiClient,
  ClientLibrary,
  type ClientOptions,
  type ComponentProcess,
  type EventRecorder,
  type Informer,
  type InformerFactory,
  type InformerHandlers,
  type InformerOptions,
  ItemQueue,
  type ItemQueueOptions,
  isSuccess,
  LeaderElector,
  type LeaderElectorOptions,
  type PendingCall,
  type Sync,
  Workers,
  type WorkersOptions,
  type WorkQueue,
} from '../models/client-go/index.ts';
export * from '../models/objects/index.ts';
export * from './analyze/index.ts';
export {
  HORIZON_NS_MAX,
  hashSeed,
  hashText,
  InvariantViolation,
  LimitError,
  type Simulation,
  type Stream,
  type Waitable,
} from './core/index.ts';
export {
  calibrate,
  calibrationText,
  namedProfiles,
  profilesByName,
  profileYaml,
} from './import/index.ts';
export * from './output/index.ts';
export {
  openMetrics,
  type Picture,
  perfettoTrace,
  type ReportInput,
  reportHtml,
  reportPictures,
  svgFile,
  svgOf,
} from './report/index.ts';
export type { ModelContext } from './resource/index.ts';
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
