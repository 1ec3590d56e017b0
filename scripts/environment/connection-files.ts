// What makes an editor under test, or the demo's, know one of our servers: a profile and a password file. A browser's
// secret storage would forget the password on a reload; a password file is read at every connection.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ConnectionProfile, Environment } from '../../src/analysis/connection/connection-profile';
import { unsetConnection } from '../../src/analysis/connection/unset-connection';
import { openProfileStore } from '../../src/database/profile-store';
import type { PostgresServer } from './postgres-server';

/** The superuser's connection to a database of the server. */
export function toServerProfile(
  { host, port, user }: PostgresServer,
  name: string,
  database: string,
  environment: Environment = 'development',
): ConnectionProfile {
  // saved twice it is one profile
  return { ...unsetConnection, id: name, name, environment, host, port, user, database };
}

/** Returns the file for PGPASSFILE. */
export async function writePasswordFile(
  folder: string,
  { host, port, user, password }: PostgresServer,
): Promise<string> {
  const file = path.join(folder, 'pgpass');
  await writeFile(file, `${host}:${port}:*:${user}:${password}\n`, { mode: 0o600 });
  return file;
}

/** Writes both into a folder that exists; returns the environment in which PG Insight knows this connection and no other. */
export async function writeConnectionFiles(
  folder: string,
  server: PostgresServer,
  name: string,
  database: string,
): Promise<{ PG_INSIGHT_CONFIG_HOME: string; PGPASSFILE: string }> {
  const configHome = path.join(folder, 'config');
  await mkdir(configHome, { mode: 0o700 });
  await openProfileStore(configHome).save(toServerProfile(server, name, database));
  return { PG_INSIGHT_CONFIG_HOME: configHome, PGPASSFILE: await writePasswordFile(folder, server) };
}
