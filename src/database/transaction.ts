// The transaction that a unit of work is: begun read-only (or to be rolled back), with SET LOCAL of timeouts, rolled
// back at its end whatever happened. Nothing is set for the session: behind a pooler the next client would get it.
import type { BackendConnection } from './backend-connection';
import { toClosedFailure, toStatementFailure, type FailureContext } from './failures';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { quoteIdentifier } from '../analysis/sql/identifiers';
import type { UnitOfWork, UnitOfWorkOptions } from './unit-of-work';

/** Reading waits for the locks of DDL only; standing in line behind it for longer is not worth it. */
const defaultLockTimeoutMs = 3_000;
/** Ends a transaction whose client hangs in the middle of it, so that it does not hold VACUUM back. */
const idleInTransactionTimeoutMs = 60_000;

/** GRANT SET ON PARAMETER. */
const grantedParametersSince = 15;

export class Transaction implements UnitOfWork {
  readonly #connection: BackendConnection;
  readonly #context: FailureContext;
  readonly #options: UnitOfWorkOptions & { signal: AbortSignal };
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;
  readonly #atEnd: string[] = [];

  constructor(
    connection: BackendConnection,
    context: FailureContext,
    options: UnitOfWorkOptions & { signal: AbortSignal },
  ) {
    this.#connection = connection;
    this.#context = context;
    this.#options = options;
  }

  /** `roleSearchPath` is the profile's path for user SQL; null leaves the role's own. */
  async begin(roleSearchPath: readonly string[] | null): Promise<void> {
    const { access, isolation, searchPath, statementTimeoutMs, lockTimeoutMs = defaultLockTimeoutMs } = this.#options;
    const level = isolation === undefined ? '' : 'ISOLATION LEVEL REPEATABLE READ ';
    await this.query(`BEGIN ${level}${access === 'read-only' ? 'READ ONLY' : 'READ WRITE'}`);
    await this.query(`SET LOCAL statement_timeout = ${toMilliseconds(statementTimeoutMs)}`);
    await this.query(`SET LOCAL lock_timeout = ${toMilliseconds(lockTimeoutMs)}`);
    await this.query(this.#toSettings());
    const path = searchPath === 'catalogue' ? [] : roleSearchPath;
    if (path !== null) await this.query(`SET LOCAL search_path = ${path.map(quoteIdentifier).join(', ') || "''"}`);
  }

  /**
   * Planning alone reads the ends of indexes, and pg_stat_user_indexes counts each time as a use. Only some roles may switch
   * that off, and trying it would end the transaction: so it is asked and set in one statement, sent instead of a SET.
   */
  #toSettings(): string {
    const idle = `SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '${idleInTransactionTimeoutMs}', true)`;
    if (this.#options.countsUse === true) return idle;
    const mayStopCounting =
      (this.#connection.serverMajor ?? 0) >= grantedParametersSince
        ? "pg_catalog.has_parameter_privilege('track_counts', 'SET')"
        : "pg_catalog.current_setting('is_superuser')::pg_catalog.bool";
    // where it is off anyway, pg_settings goes on to say who has set it
    const mayCount = "pg_catalog.current_setting('track_counts')::pg_catalog.bool";
    return `${idle}, CASE WHEN ${mayCount} AND ${mayStopCounting} THEN pg_catalog.set_config('track_counts', 'off', true) END`;
  }

  query(text: string, values: readonly unknown[] = []): Promise<unknown[]> {
    const result = this.#last.then(() => this.#send(text, values));
    this.#last = result.catch(() => undefined);
    return result;
  }

  atEnd(text: string): void {
    this.#atEnd.push(text);
  }

  async #send(text: string, values: readonly unknown[]): Promise<unknown[]> {
    this.#options.signal.throwIfAborted();
    if (this.#ended) throw toClosedFailure(this.#context);
    const start = performance.now();
    let rows: unknown[];
    try {
      rows = await this.#connection.query(text, values);
    } catch (error) {
      throw toStatementFailure(error, text, this.#context, {
        values,
        elapsedMs: performance.now() - start,
        timeoutMs: this.#options.statementTimeoutMs,
        lockTimeoutMs: this.#options.lockTimeoutMs ?? defaultLockTimeoutMs,
      });
    } finally {
      // outside the transaction nothing would be read-only or rolled back any more
      if (this.#connection.transactionStatus === 'I') this.#ended = true;
    }
    if (this.#ended) {
      throw new DatabaseFailure(
        'other',
        `A statement ended the transaction it ran in, on database "${this.#context.database}" on ${this.#context.server}.`,
        'Run statements that control transactions yourself, outside PG Insight.',
      );
    }
    return rows;
  }

  /** Rolls back and never throws: a connection that can't be rolled back is cut. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#last;
    if (this.#connection.lost !== null || this.#connection.transactionStatus === 'I') return;
    try {
      for (const text of this.#atEnd) await this.#connection.query(text);
      await this.#connection.query('ROLLBACK');
    } catch (error) {
      this.#connection.destroy(error instanceof Error ? error : new Error('ROLLBACK failed'));
    }
  }
}

function toMilliseconds(value: number): string {
  return String(Math.max(0, Math.ceil(value)));
}
