import assert from 'node:assert/strict';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { parseConnectionUrl } from '../../src/database/connection-url';
import { connectProfile, type DatabaseConnection } from '../../src/database/database-access';
import { localSystem } from '../../src/database/local-system';

for (const major of [13, 15, 16, 18] as const) {
  describe(`connected profile on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let connection: DatabaseConnection;

    before(async () => {
      server = await startPostgres({ major });
      const admin = new Client({ connectionString: server.url() });
      await admin.connect();
      await admin.query(`
        CREATE SCHEMA app;
        CREATE TABLE app.things (id integer PRIMARY KEY, colour text);
        INSERT INTO app.things SELECT n, 'red' FROM generate_series(1, 100) n;
        ANALYZE app.things`);
      await admin.end();
      const { fields, password } = parseConnectionUrl(`${server.url()}?schema=app&connection_limit=3`);
      const profile = { ...fields, id: 'p', name: 'p', environment: 'development' } as const;
      connection = await connectProfile(profile, password, { ...localSystem, env: {} });
    });

    after(async () => {
      await connection.close();
      await server.stop();
    });

    it('knows server, database and facts', () => {
      assert.equal(connection.server, `127.0.0.1:${server.port}`);
      assert.equal(connection.database, 'postgres');
      assert.equal(Math.floor(connection.facts.versionNumber / 10_000), major);
      assert.equal(connection.facts.pooler, 'none');
    });

    it('says what of its URL has no effect', () => {
      assert.match(connection.notes.join(), /connection_limit/);
    });

    it('reads tables, one table, its sizes and its DDL', async () => {
      const table = (await connection.captureTables()).find(({ name }) => name === 'things');
      assert.ok(table !== undefined);
      assert.equal(table.estimatedRows, 100);
      const { columns } = await connection.captureTableDetails(table.oid);
      assert.deepEqual(
        columns.map(({ name }) => name),
        ['id', 'colour'],
      );
      assert.ok((await connection.captureExactSizes(table.oid)).totalBytes > 0);
      assert.match(await connection.captureTableDdl(table.oid), /CREATE TABLE app\.things/);
    });

    it("resolves user SQL in Prisma's schema, assesses and explains it", async () => {
      const sql = 'SELECT * FROM things WHERE colour = $1';
      assert.deepEqual(await connection.assessStatement(sql, true), { verdict: 'free' });
      const [colour] = await connection.captureTypicalValues(sql);
      assert.equal(colour?.values[0]?.value, 'red');
      const result = await connection.explain({
        sql,
        parameters: { mode: 'values', values: ['red'] },
        analyze: true,
        timeoutMs: 10_000,
      });
      assert.match(result.planJson, /"Relation Name": "things"/);
      assert.equal(result.rolledBack, false);
    });
  });
}
