// Advice with a planner that makes real plans, on real servers: the planner of these tests creates each index, so what is
// advised is what the server really does.
import assert from 'node:assert/strict';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import type { ParameterValues } from '../../src/analysis/explain/explain';
import { adviceJsonSchema, toAdviceJson } from '../../src/analysis/index-advice/text/advice-json';
import { adviceUnderBudget, sumSizeBytes } from '../../src/analysis/index-advice/selection/advice-under-budget';
import type { HypotheticalIndex } from '../../src/analysis/index-advice/what-if-planner';
import type { WorkloadRecommendation } from '../../src/analysis/index-advice/workload-advice';
import { toIndexClause } from '../../src/analysis/index-build/index-steps';
import type { StatementContext } from '../../src/database/consent';
import type { Session } from '../../src/database/session';
import { adviseStatement, adviseWorkload, type AdviceOptions } from '../../src/database/what-if/advise-statement';
import { IndexCreatingPlanner } from './index-creating-planner';
import { makeStatementContext } from './statement-context';
import { openTestSession } from './test-session';

const tables = `
  CREATE EXTENSION pg_trgm;
  CREATE TABLE tickets (
    id bigint PRIMARY KEY, account_id int NOT NULL, owner_id int NOT NULL, state text NOT NULL, urgent boolean NOT NULL,
    title text NOT NULL, mail varchar(60) COLLATE "en_US" NOT NULL, opened_at timestamptz NOT NULL, closed_at timestamptz,
    deleted_at timestamptz, price numeric NOT NULL, labels text[] NOT NULL, details jsonb NOT NULL, valid tstzrange NOT NULL,
    filler text NOT NULL) WITH (autovacuum_enabled = false);
  INSERT INTO tickets
  SELECT i, i % 2000, i % 37, (ARRAY['closed', 'closed', 'closed', 'closed', 'solved'])[1 + i % 5], i % 400 = 0,
    'Printer ' || md5(i::text) || ' is on fire', 'user' || i % 9000 || '@example.com',
    '2026-01-01'::timestamptz + i * interval '1 minute', CASE WHEN i % 50 > 0 THEN '2026-06-01'::timestamptz END,
    CASE WHEN i % 3 = 0 THEN '2026-05-01'::timestamptz END, i * 7 % 10007, ARRAY['l' || i % 3000, 'm' || i % 7],
    jsonb_build_object('source', 's' || i % 4000, 'kind', i % 5),
    tstzrange('2026-01-01'::timestamptz + i * interval '1 minute', '2026-01-01'::timestamptz + (i + 20) * interval '1 minute'),
    repeat('x', 100)
  FROM generate_series(1, 30000) AS i;
  UPDATE tickets SET state = 'new' WHERE id % 700 = 0;
  CREATE TABLE comments (id bigint PRIMARY KEY, ticket_id bigint NOT NULL, author int NOT NULL, written_at timestamptz NOT NULL,
    body text NOT NULL) WITH (autovacuum_enabled = false);
  INSERT INTO comments
  SELECT i, i % 3000 + 1, i % 500, '2026-01-01'::timestamptz + i * interval '20 seconds', repeat('c', 60)
  FROM generate_series(1, 75000) AS i;
  CREATE TABLE visits (id int, customer_id int NOT NULL, seen_at date NOT NULL, note text) PARTITION BY RANGE (seen_at);
  CREATE TABLE visits_2026_01 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
  CREATE TABLE visits_2026_02 PARTITION OF visits FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  CREATE TABLE visits_2026_03 PARTITION OF visits FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
  INSERT INTO visits SELECT i, i % 3000, date '2026-01-01' + i % 90, repeat('v', 80) FROM generate_series(1, 30000) AS i;
  VACUUM (ANALYZE) visits;
  VACUUM (ANALYZE) tickets;
  VACUUM (ANALYZE) comments;`;

const generic: ParameterValues = { mode: 'generic' };

interface PlannedCase {
  name: string;
  sql: string;
  parameters?: ParameterValues;
  /** From USING on; one of them. */
  index: RegExp;
}

const cases: readonly PlannedCase[] = [
  {
    name: 'an expression',
    sql: `SELECT id FROM tickets WHERE lower(mail) = 'user7@example.com'`,
    index: /btree \(\(?lower\(/,
  },
  {
    name: 'a cast of a column',
    sql: `SELECT * FROM tickets WHERE account_id::text = '17'`,
    index: /btree \(\(\(?account_id\)?::text\)\)/,
  },
  {
    name: 'a key inside jsonb',
    sql: `SELECT * FROM tickets WHERE details ->> 'source' = 's5'`,
    index: /btree \(\(details ->> 'source'::text\)\)/,
  },
  {
    name: 'jsonb that contains',
    sql: `SELECT * FROM tickets WHERE details @> '{"source": "s5"}'`,
    index: /gin \(details( jsonb_path_ops)?\)/,
  },
  { name: 'a key that exists', sql: `SELECT * FROM tickets WHERE details ? 'nothing'`, index: /gin \(details\)/ },
  { name: 'arrays that overlap', sql: `SELECT * FROM tickets WHERE labels && ARRAY['l5']`, index: /gin \(labels\)/ },
  {
    name: 'an array that contains',
    sql: 'SELECT * FROM tickets WHERE labels @> $1',
    parameters: generic,
    index: /gin \(labels\)/,
  },
  {
    name: 'ranges that overlap',
    sql: `SELECT * FROM tickets WHERE valid && tstzrange('2026-01-05', '2026-01-05 00:10')`,
    index: /gist \(valid\)/,
  },
  {
    name: 'full text',
    sql: `SELECT id FROM tickets WHERE to_tsvector('english', title) @@ to_tsquery('english', 'c4ca4238a0b923820dcc509a6f75849b')`,
    index: /gin \(to_tsvector\('english'::regconfig, title\)\)|gin \(\(to_tsvector/,
  },
  {
    name: 'a pattern',
    sql: `SELECT id FROM tickets WHERE title ILIKE '%c4ca4238a0b9%'`,
    index: /gin \(title public\.gin_trgm_ops\)/,
  },
  {
    name: 'the beginning of a text, C collation',
    sql: `SELECT id FROM tickets WHERE title LIKE 'Printer c4ca%'`,
    index: /btree \(title\)/,
  },
  {
    name: 'the beginning of a text, another collation',
    sql: `SELECT id FROM tickets WHERE mail LIKE 'user77@%'`,
    index: /btree \(mail varchar_pattern_ops\)/,
  },
  {
    name: 'a few rows that are asked for in every call',
    sql: 'SELECT id FROM tickets WHERE closed_at IS NULL AND owner_id = $1 ORDER BY opened_at LIMIT 20',
    parameters: generic,
    index: /btree \((owner_id|closed_at|opened_at).*/,
  },
  { name: 'OR', sql: `SELECT * FROM tickets WHERE account_id = 5 OR price = 7`, index: /btree \((account_id|price)\)/ },
  {
    name: 'the greatest value of a group',
    sql: 'SELECT max(written_at) FROM comments WHERE author = 7',
    index: /btree \(author, written_at\)/,
  },
  { name: 'the least value', sql: 'SELECT min(price) FROM tickets', index: /btree \(price\)/ },
  {
    name: 'a lateral top row',
    sql: `SELECT t.id, c.written_at FROM tickets t CROSS JOIN LATERAL
      (SELECT written_at FROM comments c WHERE c.ticket_id = t.id ORDER BY written_at DESC LIMIT 1) c WHERE t.id < 50`,
    index: /comments|btree \(ticket_id, written_at\)/,
  },
  {
    name: 'an order by an expression',
    sql: 'SELECT id FROM tickets ORDER BY lower(title) LIMIT 10',
    index: /btree \(\(lower\(title\)\)\)/,
  },
  { name: 'groups', sql: 'SELECT author, count(*) FROM comments GROUP BY author', index: /btree \(author\)/ },
  { name: 'rows to update', sql: `UPDATE tickets SET title = 'x' WHERE account_id = 5`, index: /btree \(account_id\)/ },
  {
    name: 'what an index-only scan needs',
    sql: 'SELECT sum(price) FROM tickets WHERE opened_at < $1 AND owner_id = $2',
    parameters: generic,
    index: /btree \(owner_id, opened_at\) INCLUDE \(price\)/,
  },
];

function groupByTable(recommendations: readonly WorkloadRecommendation[]): Map<string, WorkloadRecommendation[]> {
  const groups = new Map<string, WorkloadRecommendation[]>();
  for (const each of recommendations) groups.set(each.index.table, [...(groups.get(each.index.table) ?? []), each]);
  return groups;
}

for (const major of [13, 18] as const) {
  describe(`planned index advice on PostgreSQL ${major}`, function () {
    this.timeout(120_000);
    let server: PostgresServer;
    let session: Session;
    let context: StatementContext;
    let client: pg.Client;
    const cleanUps: (() => Promise<void>)[] = [];
    const options: AdviceOptions = {
      usePlanner: async (_, work) => ({ result: await work(new IndexCreatingPlanner(client)), engineNote: null }),
    };

    before(async () => {
      server = await startPostgres({ major });
      cleanUps.unshift(() => server.stop());
      client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      cleanUps.unshift(() => client.end());
      await client.query(`CREATE COLLATION "en_US" (provider = icu, locale = 'en-US')`);
      for (const statement of tables.split(/;\n/)) await client.query(statement);
      session = await openTestSession(server);
      cleanUps.unshift(() => session.close());
      context = await makeStatementContext(session);
    });
    after(async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    });

    const advise = (sql: string, parameters: ParameterValues = { mode: 'none' }) =>
      adviseStatement(context, { sql, parameters, timeoutMs: 20_000 }, undefined, options);
    const describeIndex = (index: HypotheticalIndex) => toIndexClause(index).replace(/^USING /, '');

    for (const { name, sql, parameters, index } of cases) {
      it(`advises for ${name}`, async () => {
        const advice = await advise(sql, parameters);
        assert.equal(
          advice.status,
          'advice',
          advice.reason ?? JSON.stringify(advice.plan?.nodes.map(({ fields }) => fields)),
        );
        const found = advice.recommendations.map((each) => describeIndex(each.index));
        assert.ok(
          found.some((each) => index.test(each)),
          found.join('; '),
        );
      });
    }

    it('says of tables with partitions the names that were written', async () => {
      for (const [sql, said] of [
        ['SELECT * FROM visits WHERE customer_id = 7', 'visits.customer_id = 7'],
        [`SELECT * FROM visits WHERE customer_id = 7 AND seen_at < '2026-01-20'`, 'visits.customer_id = 7'],
        ['SELECT * FROM visits v_2 WHERE customer_id = 7', 'v_2.customer_id = 7'],
        [`SELECT * FROM visits v_2 WHERE customer_id = 7 AND seen_at < '2026-01-20'`, 'v_2.customer_id = 7'],
        [
          'SELECT "V".note FROM comments JOIN visits "V" ON customer_id = author WHERE comments.id = 5',
          '"V".customer_id',
        ],
        ['SELECT * FROM visits ORDER BY id DESC LIMIT 5', 'sort: visits.id DESC'],
        [
          'SELECT title FROM tickets t WHERE id IN (SELECT id FROM visits t WHERE customer_id = 7)',
          't.customer_id = 7',
        ],
        ['UPDATE visits SET note = $$x$$ WHERE customer_id = 7', 'visits.customer_id = 7'],
      ] as const) {
        const { recommendations, reason } = await advise(sql);
        const serves = recommendations.map(({ why }) => why[0] ?? '');
        assert.ok(
          serves.some((text) => text.includes(said)),
          `${sql}: ${serves.join()} ${reason ?? ''}`,
        );
        // between two that are both called t a condition says which is which, in the plan's names
        const texts = serves.join().replaceAll('v_2.', '').replaceAll('(t.id = t_1.id)', '');
        assert.doesNotMatch(texts, /_\d+\./, `${sql}: ${texts}`);
      }
    });

    it('advises a set for a workload, with what it costs, what loses and what could go', async () => {
      await client.query('CREATE INDEX comments_body_idx ON comments USING hash (body)');
      // a constant of the statements may have stood for $1 in its expression
      await client.query('CREATE INDEX comments_left_idx ON comments (left(body, 1))');
      await client.query('CREATE INDEX tickets_price_idx ON tickets (price)');
      const statements = [
        'SELECT * FROM comments WHERE ticket_id = $1',
        'SELECT written_at FROM comments WHERE ticket_id = $1 ORDER BY written_at DESC LIMIT 5',
        'SELECT * FROM tickets WHERE account_id = $1 AND deleted_at IS NULL',
        'UPDATE tickets SET title = $2 WHERE account_id = $1',
        'SELECT * FROM tickets WHERE price = $1',
        'SELECT * FROM no_such_table',
      ].map((sql, at) => ({
        ...{ id: `s${at + 1}`, sql, calls: 100, timeoutMs: 20_000 },
        parameters: sql.includes('$1') ? generic : ({ mode: 'none' } as const),
      }));
      const all = await adviseWorkload(context, statements, () => undefined, undefined, options);
      const byTable = groupByTable(all.recommendations);
      assert.deepEqual([...byTable.keys()].sort(), ['comments', 'tickets']);
      const comments = byTable.get('comments') ?? [];
      assert.deepEqual(
        comments.map(({ index, statementIds }) => [index.keys, statementIds]),
        [
          [
            ['ticket_id', 'written_at'],
            ['s1', 's2'],
          ],
        ],
      );
      const [tickets] = byTable.get('tickets') ?? [];
      assert.equal(tickets?.index.keys[0], 'account_id');
      assert.deepEqual(tickets.statementIds, ['s3', 's4']);
      assert.ok((tickets.write?.cost ?? 0) > 0 && tickets.planAfter !== null);
      assert.equal(tickets.evidence, 'planned');
      assert.match(all.statements.at(-1)?.reason ?? '', /no_such_table/);
      assert.ok((all.meanRatio ?? 1) < 0.5 && all.isComplete);
      const drops = all.drops.map(({ name, regressions }) => [name, regressions.map(({ id }) => id)]);
      assert.deepEqual(drops, [
        ['comments_body_idx', []],
        ['tickets_price_idx', ['s5']],
      ]);
      const one = await adviseWorkload(context, statements, () => undefined, undefined, {
        ...options,
        maximumIndexes: 1,
      });
      assert.equal(one.recommendations.length, 1);
      const small = await adviseWorkload(context, statements, () => undefined, undefined, {
        ...options,
        budgetBytes: 1_000_000,
      });
      assert.ok(small.recommendations.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0) <= 1_000_000);
      assert.ok(adviceJsonSchema.safeParse(toAdviceJson(all, 0)).success);
    });

    it('has a smaller set for each smaller budget, without planning again', async () => {
      const statements = ['ticket_id', 'author'].map((column) => `SELECT * FROM comments WHERE ${column} = 7`);
      statements.push('SELECT * FROM tickets WHERE account_id = 7 AND owner_id = 7');
      const workload = statements.map((sql, at) => ({
        ...{ id: `s${at + 1}`, sql, calls: 100, timeoutMs: 20_000 },
        parameters: { mode: 'none' } as const,
      }));
      const advice = await adviseWorkload(context, workload, () => undefined, undefined, {
        ...options,
        findsDrops: false,
        budgetSteps: 5,
      });
      const total = sumSizeBytes(advice.recommendations);
      assert.equal(advice.recommendations.length, 3);
      assert.ok(advice.budgetSteps.length > 1, 'more than one smaller set');
      assert.equal(adviceUnderBudget(advice, total), advice);
      let last = Infinity;
      for (let budgetBytes = total; budgetBytes > 0; budgetBytes -= Math.ceil(total / 20)) {
        const smaller = adviceUnderBudget(advice, budgetBytes);
        assert.ok(sumSizeBytes(smaller.recommendations) <= budgetBytes);
        assert.ok((smaller.meanRatio ?? 0) >= (advice.meanRatio ?? 1));
        assert.ok(smaller.recommendations.length <= last);
        last = smaller.recommendations.length;
      }
      const [smallest] = advice.budgetSteps;
      const asked = await adviseWorkload(context, workload, () => undefined, undefined, {
        ...options,
        findsDrops: false,
        budgetBytes: smallest?.sizeBytes ?? 0,
      });
      assert.deepEqual(
        asked.recommendations.map(({ steps }) => steps),
        smallest?.recommendations.map(({ steps }) => steps),
      );
      assert.deepEqual(adviceUnderBudget(advice, 0).recommendations, []);
    });
  });
}
