import assert from 'node:assert/strict';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { DatabaseFailure } from '../../src/analysis/connection/connection-failure';
import type { ExplainRequest } from '../../src/analysis/explain/explain';
import type { Consent } from '../../src/analysis/sql/consent';
import { numberPlaceholders } from '../../src/analysis/sql/placeholders';
import { isToolStatement } from '../../src/analysis/statements/tool-statement';
import { assessStatement, type StatementContext } from '../../src/database/consent';
import { explainStatement } from '../../src/database/explain';
import type { Session } from '../../src/database/session';
import { captureTypicalValues } from '../../src/database/typical-values';
import { findValueProblem } from '../../src/database/value-problem';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

async function failureOf(promise: Promise<unknown>): Promise<DatabaseFailure> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof DatabaseFailure, String(error));
    return error;
  }
  throw new Error('It succeeded.');
}

for (const major of [13, 15, 16, 18] as const) {
  describe(`EXPLAIN on PostgreSQL ${major}`, () => {
    let server: PostgresServer;
    let session: Session;
    let context: StatementContext;
    let client: pg.Client;

    const cleanUps: (() => Promise<void>)[] = [];

    before(async () => {
      server = await startPostgres({ major });
      cleanUps.unshift(() => server.stop());
      client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      cleanUps.unshift(() => client.end());
      await client.query(`
        CREATE TABLE parcels (id int PRIMARY KEY, status text NOT NULL, weight int, sent timestamptz);
        INSERT INTO parcels SELECT i, CASE WHEN i % 10 = 0 THEN 'lost' ELSE 'sent' END, i, now() FROM generate_series(1, 2000) AS i;
        CREATE INDEX parcels_status ON parcels (status) WHERE status = 'lost';
        CREATE TABLE secrets (word text);
        INSERT INTO secrets SELECT 'x' FROM generate_series(1, 10);
        ANALYZE;
        CREATE TABLE fresh (a int);
        CREATE FUNCTION slow(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(30); RETURN a; END $$;
        CREATE ROLE reader LOGIN PASSWORD 'reader';
        GRANT SELECT ON parcels TO reader;`);
      session = await openTestSession(server);
      cleanUps.unshift(() => session.close());
      context = await makeStatementContext(session);
    });
    after(async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    });

    const explain = (sql: string, request: Partial<ExplainRequest> = {}, signal?: AbortSignal) =>
      explainStatement(
        context,
        { sql, parameters: { mode: 'none' }, analyze: false, timeoutMs: 20_000, ...request },
        signal,
      );
    const agree = async (sql: string, analyze: boolean): Promise<Consent> => {
      const verdict = await assessStatement(context, sql, analyze);
      assert.ok(verdict.verdict === 'ask', `${verdict.verdict} instead of ask`);
      return { sql, server: context.server, database: 'postgres', reasons: verdict.reasons };
    };
    const count = async (sql: string) =>
      Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${sql}`)).rows[0]!.n);

    it('says what is wrong with a value as soon as its type is known', async () => {
      const accepted = [
        ['date', '2026-06-30'],
        ['date', 'yesterday'],
        ['bigint', '10'],
        ['integer[]', '{1,2}'],
        // somebody's own type is not asked about
        ['shop.mood', 'x'],
      ] as const;
      for (const [type, text] of accepted) assert.equal(await findValueProblem(context, type, text), null, text);
      assert.match((await findValueProblem(context, 'date', '2026-06-99')) ?? '', /out of range/);
      assert.equal(await findValueProblem(context, 'bigint', 'ten'), 'is not a valid bigint');
      assert.match((await findValueProblem(context, 'smallint', '99999')) ?? '', /out of range/);
      assert.match((await findValueProblem(context, 'timestamp with time zone', '')) ?? '', /is not a valid timestamp/);
    });

    it("asks about a value in a statement that counts as PG Insight's own", async () => {
      const sent: string[] = [];
      const watched: StatementContext = {
        ...context,
        run: (options, work) =>
          context.run(options, (unit) =>
            work({
              query: (text, values) => {
                sent.push(text);
                return unit.query(text, values);
              },
              atEnd: (text) => {
                unit.atEnd(text);
              },
            }),
          ),
      };
      assert.equal(await findValueProblem(watched, 'date', '2026-06-30'), null);
      assert.equal(sent.length, 1);
      assert.deepEqual(
        sent.filter((text) => !isToolStatement(text)),
        [],
      );
    });

    it('plans and runs a query', async () => {
      const planned = await explain('select * from parcels where id = 7');
      assert.equal(planned.plan.executionMs, null);
      assert.equal(planned.plan.nodes[0]?.type, 'Index Scan');
      assert.equal(planned.plan.nodes[0].schema, 'public');
      assert.equal(planned.server, context.server);
      assert.equal(planned.database, 'postgres');
      const run = await explain('select * from parcels where id = 7', { analyze: true });
      assert.equal(run.plan.nodes[0]?.actualRows, 1);
      assert.ok(run.plan.executionMs !== null && !run.rolledBack);
      assert.equal((JSON.parse(run.planJson) as unknown[]).length, 1);
    });

    it("keeps the server's own JSON", async () => {
      const { planJson } = await explain('select 1 where false');
      assert.match(planJson, /"Total Cost": 0\.0\d/);
      assert.match(planJson, /\n {2}\{\n {4}"Plan": \{/);
    });

    it('plans given values as the planner would plan them written out', async () => {
      const sql = 'select count(*) from parcels where status = $1';
      for (const [value, index] of [
        ['lost', true],
        ['sent', false],
      ] as const) {
        const { plan } = await explain(sql, { parameters: { mode: 'values', values: [value] } });
        // a plan for an unknown value could never use the partial index
        assert.equal(
          plan.nodes.some((node) => node.index === 'parcels_status'),
          index,
          value,
        );
      }
      const run = await explain('select * from parcels where id = $1 and sent > now() - $2::interval', {
        parameters: { mode: 'values', values: ['7', '1 day'] },
        analyze: true,
      });
      assert.equal(run.plan.nodes[0]?.actualRows, 1);
      const none = await explain('select * from parcels where id = $1', {
        parameters: { mode: 'values', values: [null] },
      });
      assert.equal(none.plan.nodes[0]?.type, 'Result');
    });

    it('plans with parameters, once it has the word, where the grammar could not be loaded', async () => {
      const { loadFallbackParser } = await import('../../src/analysis/sql/fallback-parser');
      const parser = await loadFallbackParser();
      const rough = { ...context, loadParser: () => Promise.resolve({ parser, fallbackReason: 'no WebAssembly' }) };
      const sql = 'select * from parcels where weight = $1 and status = $2';
      const asked = await assessStatement(rough, sql, false);
      assert.ok(asked.verdict === 'ask', asked.verdict);
      const consent = { sql, server: context.server, database: 'postgres', reasons: asked.reasons };
      const request = { sql, analyze: false, timeoutMs: 20_000, consent };
      const generic = await explainStatement(rough, { ...request, parameters: { mode: 'generic' } });
      assert.match(JSON.stringify(generic.plan.nodes[0]?.fields), /\$1/);
      const given = await explainStatement(rough, {
        ...request,
        parameters: { mode: 'values', values: ['7', 'lost'] },
      });
      assert.match(JSON.stringify(given.plan.nodes[0]?.fields), /weight = 7/);
    });

    it('plans for unknown values and leaves nothing prepared', async () => {
      const { plan } = await explain('select * from parcels where weight = $1 and status = $2', {
        parameters: { mode: 'generic' },
      });
      assert.match(JSON.stringify(plan.nodes[0]?.fields), /\$1/);
      await explain('select 1 from parcels', { parameters: { mode: 'generic' } });
      await failureOf(explain('select 1 / 0 from parcels where id = $1', { parameters: { mode: 'generic' } }));
      await failureOf(explain('select nothing from parcels where id = $1', { parameters: { mode: 'generic' } }));
      await failureOf(
        explain('select * from parcels where id = $1', { parameters: { mode: 'generic' }, analyze: true }),
      );
      const left = await session.run(
        { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 5000 },
        (unit) => unit.query('SELECT name FROM pg_catalog.pg_prepared_statements'),
      );
      assert.deepEqual(left, []);
    });

    it('takes a prepared statement back after a cancel', async () => {
      // planned, it sleeps: the cancel comes between PREPARE and DEALLOCATE
      const sql = 'select slow(1) from parcels where id = $1';
      const consent = await agree(sql, false);
      const abort = new AbortController();
      const pending = failureOf(explain(sql, { parameters: { mode: 'generic' }, consent }, abort.signal));
      const isSleeping = async () => (await count("pg_stat_activity where wait_event = 'PgSleep'")) > 0;
      while (!(await isSleeping())) await new Promise((resolve) => setTimeout(resolve, 20));
      abort.abort();
      assert.equal((await pending).kind, 'cancelled');
      const left = await session.run(
        { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 5000 },
        (unit) => unit.query('SELECT name FROM pg_catalog.pg_prepared_statements'),
      );
      assert.deepEqual(left, []);
    });

    it('rolls back what an agreed write has written, and measures its WAL', async () => {
      const sql = "update parcels set status = 'seen' where id <= 10";
      const failure = await failureOf(explain(sql, { analyze: true }));
      assert.equal(failure.kind, 'consent-required');
      const consent = await agree(sql, true);
      const run = await explain(sql, { analyze: true, consent });
      assert.ok(run.rolledBack);
      assert.match(run.planJson, /"WAL Records": [1-9]/);
      assert.equal(await count("parcels where status = 'seen'"), 0);
      // without ANALYZE nothing is written and nobody need agree
      assert.equal((await explain(sql)).plan.nodes[0]?.type, 'ModifyTable');
    });

    it('takes a word for one statement, server, database and set of reasons only', async () => {
      const sql = 'delete from parcels where id = 1';
      const consent = await agree(sql, true);
      const other: Partial<Consent>[] = [
        { sql: 'delete from parcels where id = 2' },
        { server: 'elsewhere:5432' },
        { database: 'template1' },
        { reasons: [] },
        { reasons: consent.reasons.map((reason) => ({ ...reason, message: 'something else' })) },
      ];
      for (const change of other) {
        const failure = await failureOf(explain(sql, { analyze: true, consent: { ...consent, ...change } }));
        assert.equal(failure.kind, 'consent-required', JSON.stringify(change));
      }
      assert.equal(await count('parcels'), 2000);
    });

    it('asks before every ANALYZE on production', async () => {
      const production = { ...context, environment: 'production' as const };
      const verdict = await assessStatement(production, 'select 1', true);
      assert.ok(verdict.verdict === 'ask' && !verdict.rollsBack);
      assert.deepEqual(
        verdict.reasons.map(({ kind }) => kind),
        ['production'],
      );
      assert.equal((await assessStatement(production, 'select 1', false)).verdict, 'free');
      const consent = { sql: 'select 1', server: context.server, database: 'postgres', reasons: verdict.reasons };
      const request = { sql: 'select 1', parameters: { mode: 'none' }, analyze: true, timeoutMs: 5000 } as const;
      assert.equal((await failureOf(explainStatement(production, request))).kind, 'consent-required');
      assert.equal((await explainStatement(production, { ...request, consent })).rolledBack, false);
    });

    describe('points at errors in the user’s own text', () => {
      const cases: [sql: string, at: string][] = [
        ['select nothing from parcels', 'nothing'],
        ["select '😀 é',\r\n\tnothing from parcels", 'nothing'],
        ['select 1 frm parcels where', 'parcels'],
        ["select '😀' from\r\n\tparcels wher id = 1", 'id'],
        ['select * from missing', 'missing'],
        ['select :long_name + nothing from parcels where id = :id', 'nothing'],
        ['select * from parcels where sent > interval :when and nothing', 'interval'],
      ];
      for (const [sql, at] of cases) {
        it(JSON.stringify(sql), async () => {
          const numbered = numberPlaceholders(sql);
          const modes =
            numbered.parameters.length === 0
              ? [{ mode: 'none' } as const, { mode: 'generic' } as const]
              : [{ mode: 'values', values: numbered.parameters.map(() => '1') } as const, { mode: 'generic' } as const];
          for (const parameters of modes) {
            const failure = await failureOf(explain(numbered.sql, { parameters }));
            assert.equal(failure.kind, 'statement', failure.message);
            const offset = failure.details.offset;
            assert.ok(typeof offset === 'number');
            const original = numbered.toOriginalOffset(offset);
            // PostgreSQL points at the operator between two operands that don't fit
            const expected = at === 'interval' ? sql.indexOf('>') : sql.lastIndexOf(at);
            assert.equal(original, expected, failure.message);
          }
        });
      }
    });

    it('says a timeout in words', async () => {
      const failure = await failureOf(
        explain('select count(*) from parcels a, parcels b, parcels c where a.weight + b.weight > c.weight', {
          analyze: true,
          timeoutMs: 200,
        }),
      );
      assert.equal(failure.kind, 'timed-out');
      assert.match(failure.message, /0\.2 s/);
    });

    it('says which values are missing', async () => {
      const failure = await failureOf(explain('select * from parcels where id = $1'));
      assert.match(failure.message, /1 parameter, and 0 values/);
    });

    it('offers typical values', async () => {
      const sql =
        'select * from parcels p where p.status = $1 and weight between $2 and $3 and $4 = $4 and exists (select from fresh where a = any ($5)) limit $6';
      const values = await captureTypicalValues(context, sql);
      assert.equal(values.length, 6);
      assert.equal(values[0]?.column, 'parcels.status');
      assert.deepEqual(
        values[0].values.map(({ value }) => value),
        ['sent', 'lost'],
      );
      assert.ok(Math.abs((values[0].values[1]?.frequency ?? 0) - 0.1) < 0.001);
      assert.equal(values[1]?.type, 'integer');
      assert.equal(values[2]?.values.length, 5);
      assert.deepEqual([values[1].values[0]?.value, values[1].values[4]?.value], ['1', '2000']);
      assert.equal(values[3], null);
      assert.match(values[4]?.note ?? '', /no statistics of fresh\.a yet/);
      assert.equal(values[5], null);
      const written = await captureTypicalValues(context, 'insert into parcels (id, status) values ($1, $2)');
      assert.deepEqual(
        written.map((each) => each?.column),
        ['parcels.id', 'parcels.status'],
      );
      const changed = await captureTypicalValues(
        context,
        'select * from parcels where lower(status) = lower($1) and id::text = $2 and length(status) = $3',
      );
      assert.deepEqual(
        changed.map((each) => each?.column),
        ['parcels.status', 'parcels.id', undefined],
      );
      assert.deepEqual(changed[0]?.values, values[0].values);
    });

    it('says "not permitted" where the role may not see the statistics', async () => {
      const reader = await openTestSession({ ...server, user: 'reader', password: 'reader' });
      try {
        const asReader = await makeStatementContext(reader);
        const [word] = await captureTypicalValues(asReader, 'select * from secrets where word = $1');
        assert.deepEqual(word?.values, []);
        assert.match(word.note ?? '', /may not read statistics of secrets\.word/);
        const [status] = await captureTypicalValues(asReader, 'select * from parcels where status = $1');
        assert.equal(status?.note, null);
      } finally {
        await reader.close();
      }
    });
  });
}
