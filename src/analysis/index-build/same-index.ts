// Whether an index that is there is the one that would be built, so that a partition needs no second one. PostgreSQL
// compares catalogue rows (CompareIndexInfo), which an index that is not there does not have: so both are compared as
// CREATE INDEX. Stricter than the server in one thing: the order of the keys (DESC, NULLS FIRST) counts here, since an
// index in another order does not answer the same queries. What is written in another way, like a cast that the server
// adds, counts as different: then a second index is built, and nothing is wrong.
import type { SqlParser } from '../sql/sql-parser';
import { isFields, unwrap, type Fields } from '../sql/parse-tree';

/** Not part of what an index answers: its name and table, where it lies, how full its pages are, how it is made. */
const otherFields = new Set(['idxname', 'relation', 'tableSpace', 'options', 'concurrent']);
const positionFields = new Set(['location', 'stmt_location', 'stmt_len']);

/** One text for all ways to write an index; null when it is no CREATE INDEX that PostgreSQL's grammar takes. */
export function toIndexShape(createIndex: string, parser: SqlParser): string | null {
  const parse = parser.parse(createIndex);
  if (parse.confidence !== 'full') return null;
  const [first, ...others] = parse.tree.stmts ?? [];
  const statement = unwrap(first?.stmt);
  if (statement?.type !== 'IndexStmt' || others.length > 0) return null;
  const own = Object.entries(statement.fields).filter(([field]) => !otherFields.has(field));
  return JSON.stringify(toPlain(Object.fromEntries(own)));
}

/** Without places in the text, and with what is understood of itself left out. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (!isFields(value)) return value;
  const fields = 'nulls_ordering' in value ? toPlainOrder(value) : value;
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([field]) => !positionFields.has(field))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, each]) => [field, toPlain(each)]),
  );
}

/** ASC is the default, and nulls come last, with DESC first. */
function toPlainOrder(key: Fields): Fields {
  const isDescending = key['ordering'] === 'SORTBY_DESC';
  const isDefault = key['nulls_ordering'] === (isDescending ? 'SORTBY_NULLS_FIRST' : 'SORTBY_NULLS_LAST');
  return {
    ...key,
    ordering: isDescending ? 'SORTBY_DESC' : 'SORTBY_DEFAULT',
    nulls_ordering: isDefault ? 'SORTBY_NULLS_DEFAULT' : key['nulls_ordering'],
  };
}
