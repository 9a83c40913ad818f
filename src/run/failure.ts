/**
 * Why a run died, with everything needed to repeat it. Plain data: it survives the way out of a
 * worker.
 */
export interface RunFailureData {
  readonly point: number;
  readonly replication: number;
  readonly seed: string;
  readonly simulatedNs: number;
  readonly eventCount: number;
  readonly message: string;
  readonly stack: string;
  /** A named bound was reached: the scenario asks for too much. null where it is a bug of ours. */
  readonly limit: { readonly code: string; readonly hint: string } | null;
}

export class RunFailure extends Error {
  readonly data: RunFailureData;

  constructor(data: RunFailureData) {
    super(data.message);
    this.name = 'RunFailure';
    this.data = data;
  }
}
