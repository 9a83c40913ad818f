/** Where the registry stands when a metric is registered: one that comes late fills in its past. */
export interface TickContext {
  readonly nowNs: number;
  /** Rows of the time series: the whole run. */
  readonly slots: number;
  /** Rows already closed. */
  readonly slotsClosed: number;
  /** Segments already closed. */
  readonly segmentsClosed: number;
}

/** One column of the time series; what came before registration holds `past`, the future NaN. */
export function seriesArray(context: TickContext, past: number): Float64Array {
  const values = new Float64Array(context.slots).fill(Number.NaN);
  return values.fill(past, 0, context.slotsClosed);
}
