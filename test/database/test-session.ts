// A session on an embedded server, for tests.
import type { ConnectionSettings } from '../../src/database/connection-settings';
import { openSession, type Session } from '../../src/database/session';
import { uncheckedTls } from '../../src/database/transport';

/** What startPostgres gives, or a proxy or pooler in front of it. */
export interface TestServer {
  host: string;
  port: number;
  user: string;
  password: string;
}

export function toTestSettings(server: TestServer, settings: Partial<ConnectionSettings> = {}): ConnectionSettings {
  return {
    targets: [{ host: server.host, address: null, port: server.port }],
    database: 'postgres',
    user: server.user,
    readPassword: () => Promise.resolve(server.password),
    sslMode: 'prefer',
    tls: uncheckedTls,
    requireChannelBinding: false,
    searchPath: null,
    applicationName: 'pg-insight test',
    connectTimeoutMs: 10_000,
    notes: [],
    ...settings,
  };
}

export function openTestSession(
  server: TestServer,
  settings: Partial<ConnectionSettings> = {},
  signal?: AbortSignal,
): Promise<Session> {
  return openSession(toTestSettings(server, settings), signal);
}
