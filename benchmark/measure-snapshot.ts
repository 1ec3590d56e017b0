// Snapshot and analysis of a database with 10,000 tables, 30,000 indexes and 5,000 statements.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { buildForTests } from '../scripts/environment/bundles';
import { startPostgres, type PostgresServer } from '../scripts/environment/postgres-server';
import { snapshotFiguresSchema, snapshotServerVariable, type SnapshotFigures } from './snapshot-figures';

export const snapshotTables = 10_000;
export const snapshotStatements = 5_000;
/** Locks of one transaction are limited; so many tables fit with the default settings. */
const tablesPerTransaction = 200;

export async function startManyIndexes(): Promise<PostgresServer> {
  const server = await startPostgres({
    major: 18,
    settings: {
      autovacuum: 'off',
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.max': '20000',
      'pg_stat_statements.track': 'all',
    },
  });
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  await client.query('CREATE EXTENSION pg_stat_statements');
  for (let first = 0; first < snapshotTables; first += tablesPerTransaction) {
    await client.query(`DO $$
      BEGIN
        FOR n IN ${first}..${first + tablesPerTransaction - 1} LOOP
          EXECUTE format('CREATE TABLE t%s (id bigint PRIMARY KEY, name text, created_at timestamptz)', n);
          EXECUTE format('INSERT INTO t%s VALUES (1, ''name'', now())', n);
          EXECUTE format('CREATE INDEX ON t%s (name)', n);
          EXECUTE format('CREATE INDEX ON t%s (name, created_at)', n);
        END LOOP;
      END $$`);
  }
  await client.query('VACUUM (ANALYZE)');
  await client.query('SELECT pg_stat_statements_reset()');
  for (let first = 0; first < snapshotStatements; first += tablesPerTransaction) {
    await client.query(`DO $$
      DECLARE x record;
      BEGIN
        FOR n IN ${first}..${first + tablesPerTransaction - 1} LOOP
          EXECUTE format('SELECT count(*) FROM t%s WHERE id = 1', n) INTO x;
        END LOOP;
      END $$`);
  }
  await client.end();
  return server;
}

/** In a process of its own, so that neither compiled code nor garbage of another run counts. */
export async function measureSnapshot(server: PostgresServer): Promise<SnapshotFigures> {
  const file = await buildForTests('benchmark/snapshot.ts', path.resolve('out', 'benchmark'));
  const { host, port, user, password } = server;
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: { ...process.env, [snapshotServerVariable]: JSON.stringify({ host, port, user, password }) },
  });
  return snapshotFiguresSchema.parse(JSON.parse(stdout));
}
