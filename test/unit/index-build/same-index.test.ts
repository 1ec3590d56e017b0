import assert from 'node:assert/strict';
import { toIndexShape } from '../../../src/analysis/index-build/same-index';
import { loadSqlParser } from '../../../src/analysis/sql/load-sql-parser';
import type { SqlParser } from '../../../src/analysis/sql/sql-parser';

describe('the same index', () => {
  let parser: SqlParser;

  before(async () => {
    ({ parser } = await loadSqlParser());
  });

  const wanted = 'CREATE INDEX CONCURRENTLY log_day ON app.log USING btree (day DESC, kind) WHERE (kind IS NOT NULL)';
  const shape = (sql: string) => toIndexShape(sql, parser);

  it('may have another name, table, fill factor and way of writing', () => {
    assert.notEqual(shape(wanted), null);
    for (const same of [
      'CREATE INDEX x ON parts.log_1 USING btree (day DESC, kind) WHERE (kind IS NOT NULL)',
      'CREATE INDEX ON log_1 (day DESC NULLS FIRST, "kind" ASC NULLS LAST) WHERE kind IS NOT NULL',
      "CREATE INDEX x ON log_1 USING btree (day DESC, kind) WITH (fillfactor='70') TABLESPACE fast WHERE (kind IS NOT NULL)",
    ]) {
      assert.equal(shape(same), shape(wanted), same);
    }
  });

  it('differs in what it answers', () => {
    for (const other of [
      'CREATE INDEX x ON log_1 USING btree (day, kind) WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING btree (day DESC NULLS LAST, kind) WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING btree (kind, day DESC) WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING btree (day DESC, kind)',
      'CREATE INDEX x ON log_1 USING btree (day DESC, kind) WHERE (kind IS NULL)',
      'CREATE UNIQUE INDEX x ON log_1 USING btree (day DESC, kind) WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING btree (day DESC, kind text_pattern_ops) WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING btree (day DESC, kind COLLATE "C") WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING btree (day DESC) INCLUDE (kind) WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING gist (day DESC, kind) WHERE (kind IS NOT NULL)',
      'CREATE INDEX x ON log_1 USING btree (day DESC, lower(kind)) WHERE (kind IS NOT NULL)',
    ]) {
      assert.notEqual(shape(other), shape(wanted), other);
    }
  });

  it('is nothing that the grammar refuses, and no second statement', () => {
    assert.equal(shape('CREATE INDEX x ON'), null);
    assert.equal(shape('CREATE INDEX x ON a (b); DROP TABLE a'), null);
    assert.equal(shape('SELECT 1'), null);
  });
});
