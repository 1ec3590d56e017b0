// A database at the scale that lists have to bear: 10,000 tables, 30,000 indexes of which 10,000 are redundant, and 5,000
// statements in pg_stat_statements.
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../scripts/environment/postgres-server';

export const bigTables = 10_000;
export const bigIndexes = 3 * bigTables;
export const bigStatements = 5_000;
/** Locks of one transaction are limited; so many tables fit with the default settings. */
const tablesPerTransaction = 200;

export async function startBigDatabase(): Promise<PostgresServer> {
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
  for (let first = 0; first < bigTables; first += tablesPerTransaction) {
    await client.query(`DO $$
      DECLARE t text;
      BEGIN
        FOR n IN ${first}..${first + tablesPerTransaction - 1} LOOP
          t := 't' || lpad(n::text, 5, '0');
          EXECUTE format('CREATE TABLE %s (id bigint PRIMARY KEY, name text, created_at timestamptz)', t);
          EXECUTE format('INSERT INTO %s VALUES (1, ''name'', now())', t);
          EXECUTE format('CREATE INDEX ON %s (name)', t);
          EXECUTE format('CREATE INDEX ON %s (name, created_at)', t);
        END LOOP;
      END $$`);
  }
  await client.query('VACUUM (ANALYZE)');
  await client.query('SELECT pg_stat_statements_reset()');
  for (let first = 0; first < bigStatements; first += tablesPerTransaction) {
    await client.query(`DO $$
      DECLARE x record;
      BEGIN
        FOR n IN ${first}..${first + tablesPerTransaction - 1} LOOP
          EXECUTE format('SELECT count(*) FROM t%s WHERE id = 1', lpad(n::text, 5, '0')) INTO x;
        END LOOP;
      END $$`);
  }
  await client.end();
  return server;
}
