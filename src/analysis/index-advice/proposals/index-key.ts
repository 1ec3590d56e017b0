// Key columns of a hypothetical index, as they are written in CREATE INDEX: "customer_id", "placed_at DESC NULLS LAST".
import { quoteName } from '../../sql/identifiers';

export interface IndexKey {
  column: string;
  descending: boolean;
  nullsFirst: boolean;
}

export const ascending = (column: string): IndexKey => ({ column, descending: false, nullsFirst: false });

/** What is the default is left out. */
export function formatIndexKey({ column, descending, nullsFirst }: IndexKey): string {
  const order = descending ? ' DESC' : '';
  const nulls = nullsFirst === descending ? '' : nullsFirst ? ' NULLS FIRST' : ' NULLS LAST';
  return `${quoteName(column)}${order}${nulls}`;
}

/** The column of a key, whatever operator class, collation and direction stand behind it; null for an expression. */
export function columnOfKey(text: string): string | null {
  const match = /^(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_]*))(?= |$)/.exec(text);
  return match === null ? null : (match[1]?.replaceAll('""', '"') ?? match[2] ?? null);
}

/** Null for an expression, and for a column with an operator class or collation of its own. */
export function parseIndexKey(text: string): IndexKey | null {
  const match = /^(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_]*))( DESC)?(?: NULLS (FIRST|LAST))?$/.exec(text);
  if (match === null) return null;
  const [, quoted, plain, desc, nulls] = match;
  const column = quoted?.replaceAll('""', '"') ?? plain ?? '';
  const descending = desc !== undefined;
  return { column, descending, nullsFirst: nulls === undefined ? descending : nulls === 'FIRST' };
}
