// Apart from the schema, so that the editor can start without loading zod.
import type { ConnectionProfile } from './connection-profile';

/** What a profile says when it says nothing: everything comes from PG* and libpq's defaults. */
export const unsetConnection = {
  host: null,
  port: null,
  database: null,
  user: null,
  service: null,
  sslMode: null,
  sslRootCert: null,
  sslCert: null,
  sslKey: null,
  searchPath: null,
  passwordCommand: null,
} as const satisfies Omit<ConnectionProfile, 'id' | 'name' | 'environment'>;
