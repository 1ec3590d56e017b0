// Tells a statement that the sandbox's server has refused, after which it goes on, from a connection or server that is
// gone: the first is about the user's statement or object, the second about the sandbox.
import pg from 'pg';

/** FATAL and PANIC end the connection; a lost one has no severity. The server's messages are in English (lc_messages). */
export function isRefused(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}
