// A server with tables to build indexes on, and a connected profile, for the tests of building and dropping.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type {
  IndexBuildOutcome,
  IndexBuildRequest,
  IndexConsent,
  IndexDropOutcome,
  IndexDropRequest,
  IndexPlan,
} from '../../src/analysis/index-build/index-build';
import { parseConnectionUrl } from '../../src/database/connection-url';
import { connectProfile, type DatabaseConnection } from '../../src/database/database-access';
import type { IndexRunOptions } from '../../src/database/index-build/index-context';
import { localSystem } from '../../src/database/local-system';

export const applicationName = 'PG Insight index test';

/** `slow` makes a build take as long as a large table would: 1 ms a row. Its rows fill many blocks. */
export const schemaSql = `
  CREATE SCHEMA app;
  CREATE FUNCTION app.slow(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.001); RETURN n; END';
  CREATE TABLE app.orders (id integer PRIMARY KEY, customer_id integer, note text);
  INSERT INTO app.orders SELECT n, n % 100, repeat('x', 500) FROM generate_series(1, 1500) n;
  ANALYZE app.orders;
  CREATE TABLE app.other (id integer)`;

export async function connect(url: string): Promise<DatabaseConnection> {
  const { fields, password } = parseConnectionUrl(url);
  const profile = {
    ...fields,
    id: 'p',
    name: 'p',
    environment: 'production',
    parameters: { application_name: applicationName },
  } as const;
  return connectProfile(profile, password, { ...localSystem, env: {} });
}

export async function connectClient(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  // a client that the test cuts off says so
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export function toRequest(
  name: string,
  clause = 'USING btree (customer_id)',
  table: { schema: string; table: string } = { schema: 'app', table: 'orders' },
  unique = false,
): IndexBuildRequest {
  return { index: { ...table, name, unique, clause }, estimatedSizeBytes: null };
}

export function agreeTo({ server, database, steps }: IndexPlan): IndexConsent {
  return { server, database, sql: steps.map(({ sql }) => sql) };
}

export async function build(
  connection: DatabaseConnection,
  request: IndexBuildRequest,
  options?: IndexRunOptions,
): Promise<IndexBuildOutcome> {
  const plan = await connection.prepareIndexBuild(request);
  return connection.runIndexBuild(request, agreeTo(plan), options);
}

export async function drop(
  connection: DatabaseConnection,
  request: IndexDropRequest,
  options?: IndexRunOptions,
): Promise<IndexDropOutcome> {
  const plan = await connection.prepareIndexDrop(request);
  return connection.runIndexDrop(request, agreeTo(plan), options);
}

export interface IndexRow {
  oid: string;
  name: string;
  valid: boolean;
  definition: string;
}

/** What the server itself says, by name. */
export async function listIndexes(admin: Client, pattern: string): Promise<IndexRow[]> {
  const { rows } = await admin.query<IndexRow>(
    `SELECT c.oid::text, c.relname AS name, i.indisvalid AS valid, pg_get_indexdef(c.oid) AS definition
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE $1 ORDER BY c.relname COLLATE "C"`,
    [pattern],
  );
  return rows;
}

/** The build's own connection is closed, and the session has no more than its two. */
export async function assertNothingOpen(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ count: number; busy: number }>(
    `SELECT count(*)::int AS count, count(*) FILTER (WHERE state <> 'idle')::int AS busy
     FROM pg_stat_activity WHERE application_name = $1`,
    [applicationName],
  );
  assert.ok(rows[0] !== undefined && rows[0].count <= 2 && rows[0].busy === 0, JSON.stringify(rows));
}

export async function waitUntil(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline;) {
    if (await check()) return;
    await delay(50);
  }
  throw new Error(`Not within 30 s: ${what}`);
}
