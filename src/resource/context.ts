/** The context of models and resources. */
import type { Constants, Simulation } from '../core/index.ts';
import type { Metrics } from '../metrics/index.ts';

/** What every model and resource is built with. */
export interface ModelContext {
  readonly sim: Simulation;
  readonly metrics: Metrics;
  readonly constants: Constants;
}
