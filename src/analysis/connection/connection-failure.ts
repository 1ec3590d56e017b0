// Failures as users meet them: what failed, on which server and database, what to do next. The database layer throws
// nothing else; editor and terminal print these fields and nothing of the driver's own.

export type FailureKind =
  | 'authentication'
  | 'unreachable'
  | 'tls'
  | 'not-postgresql'
  | 'no-such-database'
  | 'not-permitted'
  | 'connection-lost'
  | 'cancelled'
  | 'timed-out'
  | 'statement'
  | 'consent-required'
  | 'configuration'
  | 'other';

/** A value that the server did not take for a parameter. */
export interface WrongValue {
  /** Counts from 0. */
  index: number;
  /** What is said behind the value: "is not a valid integer". */
  problem: string;
}

/** A failure in words. `message` is what failed, on which server and database. */
export class DatabaseFailure extends Error {
  override readonly name = 'DatabaseFailure';
  constructor(
    readonly kind: FailureKind,
    message: string,
    /** What to do next, a sentence. */
    readonly nextStep: string,
    readonly details: {
      /** SQLSTATE; null when the failure did not come from a server. */
      code?: string | null;
      /** UTF-16 offset into the statement as it was given, for errors that have a position. */
      offset?: number | null;
      /** The server's HINT and DETAIL, joined; null without. */
      hint?: string | null;
      /** The parameter whose value the server can't read; null or absent when it is not about one. */
      parameter?: WrongValue | null;
    } = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** SQLSTATE of what PostgreSQL's grammar refuses, on the server and here. */
export const syntaxErrorCode = '42601';

/** By name: the editor's two bundles each have a class of their own. */
export function isDatabaseFailure(error: unknown): error is DatabaseFailure {
  return error instanceof Error && error.name === 'DatabaseFailure';
}
