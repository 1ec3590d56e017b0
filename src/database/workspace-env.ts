// DATABASE_URL of a workspace's .env: offered, never taken unasked, and never put into the environment.
import { parse } from 'dotenv';
import { isConnectionUrl } from './connection-url';

/** Null when the file has no DATABASE_URL of a PostgreSQL server. */
export function findDatabaseUrl(envText: string): string | null {
  const url = parse(envText)['DATABASE_URL'];
  return url !== undefined && isConnectionUrl(url) ? url : null;
}
