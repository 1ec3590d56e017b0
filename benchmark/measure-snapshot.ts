// Snapshot and analysis of a database with 10,000 tables, 30,000 indexes and 5,000 statements.
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../scripts/environment/postgres-server';
import { analyze } from '../src/analysis/analyze';
import { captureServerFacts } from '../src/database/server-facts';
import { captureSnapshot } from '../src/database/snapshot';
import { openTestSession } from '../test/database/test-session';

export const snapshotTables = 10_000;
export const snapshotStatements = 5_000;
/** Locks of one transaction are limited; so many tables fit with the default settings. */
const tablesPerTransaction = 200;

export interface SnapshotFigures {
  captureMs: number;
  analyzeMs: number;
  /** What the process holds more than before, garbage included. */
  memoryBytes: number;
}

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

export async function measureSnapshot(server: PostgresServer): Promise<SnapshotFigures> {
  const session = await openTestSession(server);
  try {
    const facts = await captureServerFacts(session);
    const memoryBefore = process.memoryUsage().rss;
    const started = performance.now();
    const snapshot = await captureSnapshot(session.run, facts, { server: session.server });
    const captured = performance.now();
    const { findings } = analyze(snapshot);
    const analyzed = performance.now();
    if (findings.length < snapshotTables) throw new Error('Each table has a redundant index.');
    return {
      captureMs: captured - started,
      analyzeMs: analyzed - captured,
      memoryBytes: process.memoryUsage().rss - memoryBefore,
    };
  } finally {
    await session.close();
  }
}
