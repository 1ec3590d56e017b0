// The shop is what tests, demo and benchmarks stand on: the same rows on the oldest and the newest major, every promised
// defect really there, and every statement of the demo workspace runs on it, slow for the reason it names.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { demoWorkspaceFolder, readDemoStatements } from '../factories/demo-statements';
import { fillShopDatabase, shopDefects, shopNow, shopRowCounts, shopServerSettings } from '../factories/shop-database';
import {
  captureFirstValues,
  helpfulIndexes,
  runShopWorkload,
  statementsWithoutHelpfulIndex,
  writingDemoStatements,
} from '../factories/shop-workload';

const scale = 0.1;
const majors = [13, 18] as const;
const passwords = { app: 'app ' + 'x'.repeat(12), readonly: "read'only" };
/** A backend of 13 and 14 reports what it has done up to half a second later. */
const statisticsDelayMs = 10_000;

const content = `
  SELECT 'customers' AS name, count(*), sum(hashtextextended(t::text, 0)) AS checksum FROM customers t
  UNION ALL SELECT 'products', count(*), sum(hashtextextended(t::text, 0)) FROM products t
  UNION ALL SELECT 'orders', count(*), sum(hashtextextended(t::text, 0)) FROM orders t
  UNION ALL SELECT 'order_items', count(*), sum(hashtextextended(t::text, 0)) FROM order_items t
  UNION ALL SELECT 'reviews', count(*), sum(hashtextextended(t::text, 0)) FROM reviews t
  UNION ALL SELECT 'events', count(*), sum(hashtextextended(t.tableoid::regclass::text || t::text, 0)) FROM events t
  UNION ALL SELECT 'audit_log', count(*), sum(hashtextextended(t::text, 0)) FROM audit_log t
  UNION ALL SELECT 'accounts', count(*), sum(hashtextextended(t::text, 0)) FROM "UserAccount" t
  UNION ALL SELECT 'sessions', count(*), sum(hashtextextended(t::text, 0)) FROM "userSessions" t
  UNION ALL SELECT 'supplier_prices', count(*), sum(hashtextextended(t::text, 0)) FROM supplier_prices t
  UNION ALL SELECT 'daily_sales', count(*), sum(hashtextextended(t::text, 0)) FROM reporting.daily_sales t
  ORDER BY name`;

/** What a plan must show for some of the statements: the reason why they are slow. */
const reasons: Readonly<Record<string, RegExp>> = {
  'sql/accounts.sql#active_sessions': /Seq Scan on "userSessions"/,
  'sql/customers.sql#customer_by_email': /Seq Scan on customers\s+.*\s+Filter: \(lower\(email\)/,
  'sql/customers.sql#customer_summary': /SubPlan 2[^]*Seq Scan on events_2025_07/,
  'sql/customers.sql#customers_in_segment': /Seq Scan on customers\s+.*\s+Filter: .*tags @>/,
  'sql/customers.sql#product_reviews': /Seq Scan on reviews/,
  'sql/customers.sql#search_customers': /Seq Scan on customers\s+.*\s+Filter: .*~~\*/,
  'sql/events.sql#customer_timeline':
    /Seq Scan on events_2025_07[^]*Seq Scan on events_2026_06|events_2026_06[^]*events_2025_07/,
  'sql/events.sql#events_of_day': /events_2025_07[^]*Filter: \(date_trunc/,
  'sql/orders.sql#latest_orders': /Sort Key: placed_at DESC[^]*Seq Scan on orders/,
  'sql/orders.sql#open_orders': /Seq Scan on orders/,
  'sql/orders.sql#order_lines': /Seq Scan on order_items/,
  'src/api/orders.ts#linesOfOrder': /Seq Scan on order_items/,
  'src/api/orders.ts#orderById': /Index Scan using orders_pkey/,
  'src/api/products.ts#searchProducts': /Seq Scan on products/,
  'src/reports/sales.py#products_by_colour': /Seq Scan on products/,
  'src/worker/worker.go#CustomerEmail': /Index Scan using customers_pkey/,
};

describe('shop database', function () {
  this.timeout(180_000);
  const servers = new Map<number, PostgresServer>();

  before(async () => {
    await Promise.all(
      majors.map(async (major) => {
        const server = await startPostgres({ major, settings: { ...shopServerSettings } });
        servers.set(major, server);
        await fillShopDatabase(server.url(), { scale, passwords });
      }),
    );
  });

  after(async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  });

  function serverOf(major: number): PostgresServer {
    const server = servers.get(major);
    assert.ok(server, `PostgreSQL ${major} did not start`);
    return server;
  }

  async function withClient<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  const rowsOf = <Row extends QueryResultRow>(major: number, sql: string, values: unknown[] = [], database?: string) =>
    withClient(serverOf(major).url(database), async (client) => (await client.query<Row>(sql, values)).rows);

  it('has the same content on both majors, and again on the next fill', async () => {
    const [oldest, newest] = await Promise.all(majors.map((major) => rowsOf(major, content)));
    assert.deepEqual(oldest, newest);
    await rowsOf(18, 'CREATE DATABASE again');
    const progress: [number, number][] = [];
    await fillShopDatabase(serverOf(18).url('again'), { scale, onProgress: (done, of) => progress.push([done, of]) });
    assert.deepEqual(await rowsOf(18, content, [], 'again'), newest);
    assert.deepEqual(
      progress,
      progress.map((_, index) => [index + 1, progress.length]),
    );
    await rowsOf(18, 'DROP DATABASE again');
  });

  for (const major of majors) {
    describe(`on PostgreSQL ${major}`, () => {
      const rows = <Row extends QueryResultRow>(sql: string, values: unknown[] = []) => rowsOf<Row>(major, sql, values);

      it('has the rows of its scale, all before the shop’s now', async () => {
        const counts = Object.fromEntries(
          (await rows<{ name: string; count: string }>(content)).map(({ name, count }) => [name, Number(count)]),
        );
        const planned = shopRowCounts(scale);
        const { audit_log: kept = 0, daily_sales: days = 0, ...others } = counts;
        const { audit_log: written, ...plannedOthers } = planned;
        assert.deepEqual(others, plannedOthers);
        assert.ok(
          Math.abs(kept / written - (1 - shopDefects.deadRows.ratio)) < 0.01,
          `${kept} of ${written} rows kept`,
        );
        assert.ok(days > 700);
        const [latest] = await rows<{ orders: boolean; events: boolean }>(
          `SELECT (SELECT max(placed_at) FROM orders) BETWEEN $1::timestamptz - interval '3 days' AND $1 AS orders,
             (SELECT max(occurred_at) FROM events) BETWEEN $1::timestamptz - interval '1 hour' AND $1 AS events`,
          [shopNow],
        );
        assert.deepEqual(latest, { orders: true, events: true });
      });

      it('fills each month’s partition and leaves the coming one and the default empty', async () => {
        const partitions = await rows<{ name: string; filled: boolean }>(`
          SELECT c.relname AS name, c.reltuples > 0 AS filled
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'events'::regclass ORDER BY 1`);
        assert.equal(partitions.length, 14);
        assert.deepEqual(
          partitions.filter(({ filled }) => !filled).map(({ name }) => name),
          ['events_2026_07', 'events_default'],
        );
      });

      it('has skewed values, NULLs, comments and all kinds of relations', async () => {
        const statistics = await rows<{ column: string; null_frac: number; first: number }>(`
          SELECT attname AS column, null_frac, most_common_freqs[1] AS first
          FROM pg_stats WHERE schemaname = 'public' AND tablename = 'orders' AND attname IN ('status', 'coupon') ORDER BY 1`);
        assert.equal(statistics.length, 2);
        assert.ok(statistics[0]!.null_frac > 0.9);
        assert.ok(statistics[1]!.first > 0.8);
        const kinds = await rows<{ kind: string; count: number }>(`
          SELECT relkind AS kind, count(*)::integer FROM pg_class
          WHERE relnamespace IN ('public'::regnamespace, 'reporting'::regnamespace)
            AND relkind IN ('r', 'p', 'v', 'm') AND relname NOT LIKE 'pg_stat%'
          GROUP BY 1 ORDER BY 1`);
        assert.deepEqual(kinds, [
          { kind: 'm', count: 1 },
          { kind: 'p', count: 1 },
          { kind: 'r', count: 23 },
          { kind: 'v', count: 1 },
        ]);
        const [objects] = await rows(`
          SELECT obj_description('orders'::regclass) IS NOT NULL AS "tableComment",
            col_description('customers'::regclass, 2) IS NOT NULL AS "columnComment",
            to_regproc('order_total') IS NOT NULL AS "function",
            EXISTS (SELECT FROM pg_trigger WHERE tgname = 'orders_log_change') AS "trigger"`);
        assert.deepEqual(objects, { tableComment: true, columnComment: true, function: true, trigger: true });
      });

      it('has an enum, arrays, jsonb, words for text search and quoted names', async () => {
        const columns = await rows<{ column: string; type: string }>(`
          SELECT c.relname || '.' || attname AS column, atttypid::regtype::text AS type
          FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
          WHERE c.relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0
            AND (c.relname, attname) IN (('orders', 'status'), ('orders', 'shipping_address'), ('customers', 'tags'),
              ('products', 'search'), ('UserAccount', 'customerId'), ('userSessions', 'userId'))
          ORDER BY c.relname COLLATE "C", attname COLLATE "C"`);
        assert.deepEqual(
          columns.map(({ column, type }) => `${column} ${type}`),
          [
            'UserAccount.customerId integer',
            'customers.tags text[]',
            'orders.shipping_address jsonb',
            'orders.status order_status',
            'products.search tsvector',
            'userSessions.userId text',
          ],
        );
        const [used] = await rows(`
          SELECT (SELECT count(DISTINCT status)::integer FROM orders) AS statuses,
            EXISTS (SELECT FROM customers WHERE cardinality(tags) = 3) AS tags,
            EXISTS (SELECT FROM products WHERE search @@ to_tsquery('english', 'oak & lamp')) AS found,
            NOT EXISTS (SELECT FROM "userSessions" s WHERE NOT EXISTS (SELECT FROM "UserAccount" a WHERE a."id" = s."userId")) AS joined`);
        assert.deepEqual(used, { statuses: 6, tags: true, found: true, joined: true });
      });

      it('has an index that is not valid, and a table with rows and no primary key', async () => {
        const invalid = await rows('SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid');
        assert.deepEqual(invalid, [{ name: shopDefects.invalidIndex }]);
        const withoutKey = await rows(`
          SELECT c.relname AS name FROM pg_class c
          WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)`);
        assert.deepEqual(withoutKey, [{ name: shopDefects.tableWithoutPrimaryKey }]);
      });

      it('has statistics that have not seen most of a table', async () => {
        const { table, changedRatio } = shopDefects.staleStatistics;
        const planned = shopRowCounts(scale).supplier_prices;
        const deadline = Date.now() + statisticsDelayMs;
        for (;;) {
          const [statistics] = await rows<{ known: number; changed: number }>(
            `SELECT c.reltuples::integer AS known, n_mod_since_analyze::integer AS changed
             FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.relname = $1`,
            [table],
          );
          assert.equal(statistics?.known, planned * (1 - changedRatio));
          if (statistics.changed === planned * changedRatio) return;
          if (Date.now() > deadline) assert.fail(`changed since ANALYZE: ${statistics.changed}`);
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      });

      it('has the duplicate and the redundant index', async () => {
        const pairs = await rows<{ kind: string; indexes: string[] }>(`
          SELECT CASE WHEN a.indkey::text = b.indkey::text THEN 'duplicate' ELSE 'redundant' END AS kind,
            ARRAY[a.indexrelid::regclass::text, b.indexrelid::regclass::text] AS indexes
          FROM pg_index a JOIN pg_index b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid
          WHERE a.indrelid IN ('orders'::regclass, 'order_items'::regclass)
            AND (b.indkey::text = a.indkey::text AND a.indexrelid::regclass::text < b.indexrelid::regclass::text
              OR b.indkey::text LIKE a.indkey::text || ' %')
          ORDER BY 1`);
        assert.deepEqual(pairs, [
          { kind: 'duplicate', indexes: shopDefects.duplicateIndexes },
          { kind: 'redundant', indexes: shopDefects.redundantIndexes },
        ]);
      });

      it('has the foreign keys without index', async () => {
        const keys = await rows<{ name: string }>(`
          SELECT conname AS name
          FROM pg_constraint k
          WHERE contype = 'f' AND conparentid = 0 AND NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
          ORDER BY conname COLLATE "C"`);
        assert.deepEqual(
          keys.map(({ name }) => name),
          shopDefects.foreignKeysWithoutIndex,
        );
      });

      it('has orphans behind the key that is NOT VALID', async () => {
        const { table, constraint, inverseRatio } = shopDefects.orphans;
        const notValid = await rows(
          `SELECT conrelid::regclass::text AS table, conname AS constraint
           FROM pg_constraint WHERE contype = 'f' AND NOT convalidated`,
        );
        assert.deepEqual(notValid, [{ table, constraint }]);
        const [orphans] = await rows<{ count: number }>(
          'SELECT count(*)::integer FROM reviews r WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = r.product_id)',
        );
        assert.equal(orphans?.count, shopRowCounts(scale).reviews / inverseRatio);
        await assert.rejects(rows(`ALTER TABLE ${table} VALIDATE CONSTRAINT ${constraint}`), { code: '23503' });
      });

      it('has a sequence near its end that still works', async () => {
        const { name, usedRatio } = shopDefects.exhaustedSequence;
        const [sequence] = await rows<{ type: string; ratio: number }>(
          `SELECT data_type::text AS type, (last_value::float8 / max_value) AS ratio
           FROM pg_sequences WHERE sequencename = $1`,
          [name],
        );
        assert.equal(sequence?.type, 'integer');
        assert.ok(Math.abs(sequence.ratio - usedRatio) < 0.0001);
      });

      it('has statistics that count each row once', async () => {
        const counted = await rows<{ name: string; ratio: number }>(`
          SELECT c.relname AS name, n_live_tup::float8 / reltuples AS ratio
          FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid AND c.reltuples > 0 AND c.relkind = 'r'
          WHERE c.relname <> '${shopDefects.staleStatistics.table}'`);
        assert.ok(counted.length > 18);
        for (const { name, ratio } of counted) assert.ok(Math.abs(ratio - 1) < 0.05, `${name}: ${ratio}`);
      });

      it('keeps the dead rows, and autovacuum off that table', async () => {
        const { table, ratio } = shopDefects.deadRows;
        const deadline = Date.now() + statisticsDelayMs;
        for (;;) {
          const [counts] = await rows<{ live: number; dead: number; ratio: number | null; off: boolean }>(
            `SELECT n_live_tup::integer AS live, n_dead_tup::integer AS dead, n_dead_tup::float8 / nullif(n_live_tup + n_dead_tup, 0) AS ratio,
               'autovacuum_enabled=false' = ANY (c.reloptions) AS off
             FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.relname = $1`,
            [table],
          );
          if (Math.abs((counts?.ratio ?? 0) - ratio) < 0.02) {
            assert.equal(counts?.off, true);
            return;
          }
          if (Date.now() > deadline) assert.fail(`dead rows: ${JSON.stringify(counts)}, planned ratio ${ratio}`);
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      });

      it('gives each role what it should have and no more', async () => {
        const as = (user: string, password: string) => {
          const url = new URL(serverOf(major).url());
          url.username = user;
          url.password = encodeURIComponent(password);
          return url.href;
        };
        await withClient(as('shop_readonly', passwords.readonly), async (client) => {
          assert.equal((await client.query('SELECT FROM orders LIMIT 1')).rowCount, 1);
          await assert.rejects(client.query('SELECT FROM audit_log LIMIT 1'), { code: '42501' });
          await assert.rejects(client.query('UPDATE orders SET note = NULL WHERE id = 1'), { code: '42501' });
        });
        await withClient(as('shop_app', passwords.app), async (client) => {
          await client.query('BEGIN');
          // the trigger writes to audit_log with the next value of the sequence
          await client.query(`UPDATE orders SET status = 'returned' WHERE id = 1`);
          const { rows: logged } = await client.query(
            `SELECT action, actor, after FROM audit_log WHERE id > 2040109465`,
          );
          assert.deepEqual(logged, [{ action: 'UPDATE', actor: 'shop_app', after: { status: 'returned' } }]);
          await client.query('ROLLBACK');
          await assert.rejects(client.query('DELETE FROM orders WHERE id = 1'), { code: '42501' });
          await assert.rejects(client.query('ALTER TABLE orders ADD COLUMN surprise text'), { code: '42501' });
        });
      });

      it('explains every statement of the demo workspace, slow for the reason it names', async () => {
        const statements = await readDemoStatements();
        await withClient(serverOf(major).url(), async (client) => {
          await client.query('SET plan_cache_mode = force_generic_plan');
          for (const { id, numbered, parameterCount } of statements) {
            await client.query(`PREPARE demo AS ${numbered}`).catch((error: unknown) => {
              throw new Error(`${id}: ${String(error)}`);
            });
            const nulls = parameterCount === 0 ? '' : `(${Array(parameterCount).fill('NULL').join(', ')})`;
            const { rows: lines } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE demo${nulls}`);
            const plan = lines.map((line) => line['QUERY PLAN']).join('\n');
            const reason = reasons[id];
            if (reason !== undefined) assert.match(plan, reason, `${id}:\n${plan}`);
            await client.query('DEALLOCATE demo');
          }
        });
        assert.deepEqual(
          Object.keys(reasons).filter((id) => !statements.some((statement) => statement.id === id)),
          [],
        );
      });

      it('has statements that an index helps, and some that none does', async () => {
        const statements = await readDemoStatements();
        await withClient(serverOf(major).url(), async (client) => {
          const costOf = async (id: string) => {
            const statement = statements.find((each) => each.id === id);
            assert.ok(statement, id);
            const values = await captureFirstValues(client, id);
            const { rows: plans } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(
              `EXPLAIN (FORMAT JSON) ${statement.numbered}`,
              [...values],
            );
            return plans[0]!['QUERY PLAN'][0].Plan['Total Cost'];
          };
          for (const [id, index] of Object.entries(helpfulIndexes)) {
            const before = await costOf(id);
            await client.query(`BEGIN; CREATE INDEX ON ${index}`);
            const after = await costOf(id);
            await client.query('ROLLBACK');
            assert.ok(after < before / 2, `${id} with an index on ${index}: ${before}, then ${after}`);
          }
          const before = new Map<string, number>();
          for (const id of statementsWithoutHelpfulIndex) before.set(id, await costOf(id));
          await client.query(`BEGIN;
            DO $$
            DECLARE
              c record;
            BEGIN
              FOR c IN SELECT attrelid::regclass AS name, attname FROM pg_attribute
                WHERE attrelid = ANY ('{customers,products,orders,order_items}'::regclass[]) AND attnum > 0
              LOOP
                EXECUTE format('CREATE INDEX ON %s (%I)', c.name, c.attname);
              END LOOP;
            END $$`);
          for (const [id, cost] of before) {
            const after = await costOf(id);
            assert.ok(after > cost * 0.9, `${id} with an index on every column: ${cost}, then ${after}`);
          }
          await client.query('ROLLBACK');
        });
      });

      it('runs the workload without changing a row', async () => {
        const before = await rows(content);
        const ran: string[] = [];
        await runShopWorkload(serverOf(major).url(), { onProgress: (_done, _of, what) => ran.push(what) });
        assert.deepEqual(await rows(content), before);
        assert.deepEqual(
          ran,
          (await readDemoStatements()).map(({ id }) => id).filter((id) => !writingDemoStatements.includes(id)),
        );

        const statements = await rows<{ query: string; calls: number; mean: number }>(`
          SELECT query, calls::integer, mean_exec_time AS mean FROM pg_stat_statements
          WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`);
        const find = (text: string) => statements.find(({ query }) => query.includes(text));
        assert.ok(statements.length > ran.length - 3, `${statements.length} statements of ${ran.length}`);
        const lookup = find('SELECT * FROM orders WHERE id = $1');
        const perOrder = find('SELECT i.id, p.name, i.quantity, i.unit_price\n');
        assert.equal(lookup?.calls, 400);
        assert.equal(perOrder?.calls, 30);
        assert.ok(perOrder.mean > 5 * lookup.mean, 'the foreign key without index is slow, the primary key is not');
      });

      it('has counts of scans, and none of the unused index, after the workload', async () => {
        const deadline = Date.now() + statisticsDelayMs;
        for (;;) {
          const [counts] = await rows<{ sequential: number; byIndex: number; unused: number }>(
            `SELECT seq_scan::integer AS sequential, idx_scan::integer AS "byIndex",
               (SELECT idx_scan::integer FROM pg_stat_user_indexes WHERE indexrelname = $1) AS unused
             FROM pg_stat_user_tables WHERE relname = 'orders'`,
            [shopDefects.unusedIndex],
          );
          assert.equal(counts?.unused, 0);
          if (counts.sequential > 20 && counts.byIndex > 400) return;
          if (Date.now() > deadline) assert.fail(`scans of orders: ${JSON.stringify(counts)}`);
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      });
    });
  }
});

describe('demo workspace', () => {
  /** Files without SQL. */
  const declarations = ['src/api/database.ts'];

  it('has no statement that its reader overlooks', async () => {
    const ids = (await readDemoStatements()).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const file of await readdir(demoWorkspaceFolder, { recursive: true })) {
      const extension = path.extname(file);
      if (!['.sql', '.ts', '.py', '.go'].includes(extension)) continue;
      const text = await readFile(path.join(demoWorkspaceFolder, file), 'utf8');
      // each statement of this workspace has exactly one of these words at the start of a line or a string
      const expected =
        extension === '.sql'
          ? text.match(/;$/gm)?.length
          : text.match(/(?:^\s*|["'`])(?:SELECT|UPDATE|DELETE)\b/gm)?.length;
      const found = ids.filter((id) => id.startsWith(`${file.replaceAll(path.sep, '/')}#`));
      assert.equal(found.length, expected ?? 0, file);
      assert.equal(found.length > 0, !declarations.includes(file), file);
    }
  });

  it('numbers parameters of every style', async () => {
    const statements = await readDemoStatements();
    const of = (id: string) => statements.find((statement) => statement.id === id);
    assert.match(of('sql/customers.sql#customer_by_email')!.numbered, /lower\(\$1\)$/);
    assert.match(of('sql/customers.sql#search_customers')!.numbered, /'%' \|\| \$1 \|\| '%'[^]*'%' \|\| \$1/);
    assert.match(of('sql/events.sql#campaign_events')!.numbered, /@> \$1::jsonb\s+AND occurred_at >= \$2/);
    assert.match(of('src/api/orders.ts#unpaidOrders')!.numbered, />= \$1[^]*LIMIT \$2$/);
    assert.match(of('src/reports/sales.py#revenue_per_country')!.numbered, />= \$1[^]*< \$2/);
    assert.match(of('src/reports/sales.py#discounted_share')!.numbered, /'SAVE%'[^]*= \$1/);
  });
});
