/** A limit of the registry was reached: not a defect of the run, but of what was asked of it. */
export class MetricsLimitError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(`${code}: ${message} (${hint})`);
    this.name = 'MetricsLimitError';
    this.code = code;
    this.hint = hint;
  }
}
