// One transaction on the server, the only way to send SQL. Each query is one message of the extended protocol, so a
// second statement can't ride along.

export interface UnitOfWork {
  /**
   * Rejects with a DatabaseFailure; its `details.offset` is a UTF-16 offset into `text`. Several calls at once run one after the other.
   * Rows as the driver gives them (int8 and numeric are strings): the caller checks them with a schema.
   */
  query(text: string, values?: readonly unknown[]): Promise<unknown[]>;
  /**
   * Has a statement sent right before the transaction is rolled back, whatever has happened by then, a cancel too: for
   * what a rollback leaves behind (PREPARE). In the order of the calls; when one fails the connection is cut.
   */
  atEnd(text: string): void;
}

export interface UnitOfWorkOptions {
  /** 'catalogue': empty search_path, everything is qualified. 'role': the role's own or the profile's, for user SQL. */
  searchPath: 'catalogue' | 'role';
  /**
   * 'read-only': BEGIN READ ONLY, always rolled back at the end. 'rolled-back': read-write, for a statement the user agreed to run, and always
   * rolled back.
   */
  access: 'read-only' | 'rolled-back';
  /** statement_timeout, SET LOCAL. */
  statementTimeoutMs: number;
  /** lock_timeout, SET LOCAL; default 3 s. */
  lockTimeoutMs?: number;
  /** REPEATABLE READ when several queries must see one snapshot; default is the server's READ COMMITTED. */
  isolation?: 'repeatable read';
  /**
   * The statement is run because the user asked for it, so the server counts what it uses. Otherwise scans and rows are not
   * counted where the role may switch that off: looking at an index must not make it a used one.
   */
  countsUse?: boolean;
  signal?: AbortSignal;
}

/** Runs `work` inside one transaction of a session and ends the transaction whatever happens. */
export type RunUnitOfWork = <Result>(
  options: UnitOfWorkOptions,
  work: (unit: UnitOfWork) => Promise<Result>,
) => Promise<Result>;
