/**
 * A mistake of the user or of the machine's state: coded, with what to do next, never a stack
 * trace.
 */
export interface UserErrorDetails {
  /** 'WT8001': the closed set is documented beside each use. */
  readonly code: string;
  readonly message: string;
  /** File or folder that it is about; '' where there is none. */
  readonly path: string;
  readonly hint: string;
}

export class UserError extends Error {
  readonly code: string;
  readonly path: string;
  readonly hint: string;

  constructor(details: UserErrorDetails) {
    super(details.message);
    this.name = 'UserError';
    this.code = details.code;
    this.path = details.path;
    this.hint = details.hint;
  }
}
