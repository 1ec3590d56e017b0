// Where a new profile can come from, as functions for the editor's "Add Connection".
import { randomUUID } from 'node:crypto';
import { parseConnectionUrl, type UrlConnection } from './connection-url';
import type { LocalSystem } from './local-system';
import { findServiceFiles, listServiceNames } from './service-file';
import { findDatabaseUrl } from './workspace-env';

export interface ConnectionSources {
  /** A fresh identity for a profile. */
  createId(): Promise<string>;
  /** Rejects with a DatabaseFailure that says what is wrong with the URL and does not repeat it. */
  parseUrl(url: string): Promise<UrlConnection>;
  /** DATABASE_URL of a .env file's text; null when it has none of a PostgreSQL server. */
  findDatabaseUrl(dotEnv: string): Promise<string | null>;
  /** PG* variables that choose a server, by name; empty when none is set. */
  listEnvironmentVariables(): Promise<Record<string, string>>;
  /** Sections of pg_service.conf. */
  listServices(): Promise<string[]>;
}

/** Variables that say where to connect to; none of them is a secret. */
const choosingVariables = ['PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGSERVICE', 'PGSSLMODE'];

export function createConnectionSources(system: LocalSystem): ConnectionSources {
  return {
    createId: () => Promise.resolve(randomUUID()),
    parseUrl: async (url) => Promise.resolve(parseConnectionUrl(url)),
    findDatabaseUrl: (dotEnv) => Promise.resolve(findDatabaseUrl(dotEnv)),
    listEnvironmentVariables: () =>
      Promise.resolve(
        Object.fromEntries(
          choosingVariables.flatMap((name) => {
            const value = system.env[name];
            return value === undefined || value === '' ? [] : [[name, value]];
          }),
        ),
      ),
    async listServices() {
      const files = await Promise.all(
        findServiceFiles(system, null).map((file) => system.readFile(file).catch(() => null)),
      );
      return [...new Set(files.flatMap((file) => (file === null ? [] : listServiceNames(file.text))))];
    },
  };
}
