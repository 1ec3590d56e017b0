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
    await this.query(`SET LOCAL idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}`);
    const path = searchPath === 'catalogue' ? [] : roleSearchPath;
    if (path !== null) await this.query(`SET LOCAL search_path = ${path.map(quoteIdentifier).join(', ') || "''"}`);
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
