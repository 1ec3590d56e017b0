import assert from 'node:assert/strict';
import type { AdviceTable } from '../../../src/analysis/index-advice/index-advice-facts';
import {
  formatIndexMigration,
  formatIndexScript,
  makeIndexScript,
  TakenNames,
} from '../../../src/analysis/index-advice/index-ddl';
import { formatIndexKey, parseIndexKey } from '../../../src/analysis/index-advice/proposals/index-key';
import type { HypotheticalIndex } from '../../../src/analysis/index-advice/what-if-planner';

const table = (name: string, more: Partial<AdviceTable> = {}): AdviceTable => ({
  oid: 1,
  schema: 'shop',
  name,
  pages: 1,
  rows: 1,
  isPartitioned: false,
  partitions: [],
  refusal: null,
  allVisibleRatio: 0,
  writes: { inserted: 0, updated: 0, hotUpdated: 0, deleted: 0 },
  columns: [],
  indexes: [],
  ...more,
});
const index = (of: string, keys: string[], more: Partial<HypotheticalIndex> = {}): HypotheticalIndex => ({
  schema: 'shop',
  table: of,
  method: 'btree',
  keys,
  included: [],
  predicate: null,
  ...more,
});
const none = () => new TakenNames([]);

describe('DDL of an advised index', () => {
  it('reads keys as it writes them', () => {
    for (const text of ['id', 'id DESC', 'id NULLS FIRST', 'id DESC NULLS LAST', '"a ""b" DESC', '"order"']) {
      const key = parseIndexKey(text);
      assert.ok(key !== null);
      assert.equal(formatIndexKey(key), text);
    }
    assert.deepEqual(parseIndexKey('id DESC'), { column: 'id', descending: true, nullsFirst: true });
    for (const text of ['lower(email)', '(a + 1)', 'name text_pattern_ops', 'a COLLATE "C"']) {
      assert.equal(parseIndexKey(text), null);
    }
  });

  it('names indexes as PostgreSQL does, and quotes what has to be', () => {
    assert.deepEqual(makeIndexScript(index('Order', ['"user"', 'placed_at DESC']), table('Order'), none()), {
      name: 'Order_user_placed_at_idx',
      steps: [
        'CREATE INDEX CONCURRENTLY "Order_user_placed_at_idx" ON shop."Order" USING btree ("user", placed_at DESC)',
      ],
      undo: 'DROP INDEX CONCURRENTLY shop."Order_user_placed_at_idx"',
    });
    const special = index('orders', ['(lower(note))'], { included: ['id'], predicate: '(id > 5)' });
    assert.deepEqual(makeIndexScript(special, table('orders'), none()).steps, [
      'CREATE INDEX CONCURRENTLY orders_expr_id_idx ON shop.orders USING btree ((lower(note))) INCLUDE (id) WHERE (id > 5)',
    ]);
  });

  it('cuts long names by whole characters and steps aside for names that are there', () => {
    const long = 'ü'.repeat(40);
    const taken = none();
    const first = makeIndexScript(index(long, ['id']), table(long), taken).name;
    assert.ok(Buffer.byteLength(first) <= 63 && Buffer.byteLength(first) > 60, first);
    assert.match(first, /^ü+_id_idx$/);
    assert.match(makeIndexScript(index(long, ['id']), table(long), taken).name, /^ü+_id_idx1$/);
    const other = new TakenNames([
      { schema: 'shop', name: 'orders_id_idx' },
      { schema: 'other', name: 'orders_id_idx1' },
    ]);
    assert.equal(makeIndexScript(index('orders', ['id']), table('orders'), other).name, 'orders_id_idx1');
  });

  it('makes the index of a partitioned table partition by partition', () => {
    const partition = { schema: 'shop', pages: 1, rows: 1, attachable: [] };
    const events = table('events', {
      isPartitioned: true,
      partitions: [
        { ...partition, oid: 2, parentOid: 1, name: 'events_1', isPartitioned: false },
        { ...partition, oid: 3, parentOid: 1, name: 'events_2', isPartitioned: true },
        { ...partition, oid: 4, parentOid: 3, name: 'events_2a', isPartitioned: false },
      ],
    });
    const { steps, undo } = makeIndexScript(index('events', ['kind']), events, none());
    assert.deepEqual(
      steps.map((step) => step.replace(/ USING.*/, '')),
      [
        'CREATE INDEX events_kind_idx ON ONLY shop.events',
        'CREATE INDEX CONCURRENTLY events_kind_idx_events_1 ON shop.events_1',
        'ALTER INDEX shop.events_kind_idx ATTACH PARTITION shop.events_kind_idx_events_1',
        'CREATE INDEX events_kind_idx_events_2 ON ONLY shop.events_2',
        'CREATE INDEX CONCURRENTLY events_kind_idx_events_2_events_2a ON shop.events_2a',
        'ALTER INDEX shop.events_kind_idx_events_2 ATTACH PARTITION shop.events_kind_idx_events_2_events_2a',
        'ALTER INDEX shop.events_kind_idx ATTACH PARTITION shop.events_kind_idx_events_2',
      ],
    );
    assert.equal(undo, 'DROP INDEX shop.events_kind_idx');
  });

  it('attaches what a partition has already, and makes it again when the whole is taken back', () => {
    const events = table('events', {
      isPartitioned: true,
      partitions: [1, 2].map((number) => ({
        schema: 'shop',
        pages: 1,
        rows: 1,
        oid: 10 + number,
        parentOid: 1,
        name: `events_${number}`,
        isPartitioned: false,
        attachable: [
          {
            oid: 20 + number,
            schema: 'shop',
            name: `mine_${number}`,
            definition: `CREATE INDEX mine_${number} ON shop.events_${number} USING btree (${number === 1 ? 'id' : 'kind'}) WITH (fillfactor='70')`,
          },
        ],
      })),
    });
    const script = makeIndexScript(index('events', ['kind']), events, none());
    assert.deepEqual(script.steps, [
      'CREATE INDEX events_kind_idx ON ONLY shop.events USING btree (kind)',
      'CREATE INDEX CONCURRENTLY events_kind_idx_events_1 ON shop.events_1 USING btree (kind)',
      'ALTER INDEX shop.events_kind_idx ATTACH PARTITION shop.events_kind_idx_events_1',
      'ALTER INDEX shop.events_kind_idx ATTACH PARTITION shop.mine_2',
    ]);
    assert.equal(
      script.undo,
      "DROP INDEX shop.events_kind_idx; CREATE INDEX CONCURRENTLY mine_2 ON shop.events_2 USING btree (kind) WITH (fillfactor='70')",
    );
    assert.match(
      formatIndexMigration(script, []),
      /-- The partitions, and the indexes that they have already, are those of/,
    );
  });

  it('writes a migration that says how to run it', () => {
    const script = makeIndexScript(index('orders', ['id']), table('orders'), none());
    const text = formatIndexMigration(script, ['The scan reads much.\nVery much.']);
    const statements = text.split('\n').filter((line) => line !== '' && !line.startsWith('--'));
    assert.deepEqual(statements, [formatIndexScript(script.steps)]);
    assert.match(text, /^-- The scan reads much\.\n-- Very much\.\n/);
    assert.match(text, /does not run inside a transaction/);
    assert.match(text, /-- To take it back: DROP INDEX CONCURRENTLY shop\.orders_id_idx;/);
  });
});
