import { homedir } from 'node:os';
import path from 'node:path';

export const runsAsRoot = process.getuid?.() === 0;

/** nobody and nogroup on every Linux: what root runs PostgreSQL and pgbouncer as, since both refuse root. */
export const unprivileged = { uid: 65534, gid: 65534 };

/**
 * Where provisioned programs and the ledgers of running scripts are kept. PostgreSQL refuses to run as root, so as root
 * its files must lie where another user can read them.
 */
export const cacheFolder =
  process.env['PG_INSIGHT_CACHE'] ??
  (runsAsRoot
    ? '/var/cache/pg-insight'
    : path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'pg-insight'));
