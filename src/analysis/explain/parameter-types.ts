// Of which type a parameter is, as far as that is certain without asking the server: the type of the column it is compared
// with, the one it is cast to, or a count of rows.
import { lexSql } from '../sql/lex-sql';
import type { TypicalValues } from './explain';

const rowCountWords = /^(?:limit|offset|first|next)$/i;

/** One entry a parameter of a statement with numbered placeholders; null where it is not certain. */
export function findParameterTypes(
  sql: string,
  count: number,
  typical: readonly (TypicalValues | null)[],
): (string | null)[] {
  const tokens = [...lexSql(sql)].filter(({ kind }) => kind !== 'comment');
  const textAt = (index: number) => sql.slice(tokens[index]?.start ?? 0, tokens[index]?.end ?? 0);
  return Array.from({ length: count }, (_, position) => {
    const column = typical[position]?.type;
    if (column !== undefined) return column;
    for (const [index, { kind }] of tokens.entries()) {
      if (kind !== 'parameter' || textAt(index) !== `$${position + 1}`) continue;
      if (textAt(index + 1) === '::' && tokens[index + 2]?.kind === 'word') {
        // a name of several words or with a schema is left to the server
        return /^[.[]$/.test(textAt(index + 3)) ? null : (castTypes[textAt(index + 2).toLowerCase()] ?? null);
      }
      if (rowCountWords.test(textAt(index - 1))) return 'bigint';
    }
    return null;
  });
}

/** Types that people cast parameters to, by the names they write. */
const castTypes: Readonly<Record<string, string>> = {
  bigint: 'bigint',
  bool: 'boolean',
  boolean: 'boolean',
  date: 'date',
  float8: 'double precision',
  int: 'integer',
  int4: 'integer',
  int8: 'bigint',
  integer: 'integer',
  interval: 'interval',
  numeric: 'numeric',
  text: 'text',
  timestamptz: 'timestamp with time zone',
  uuid: 'uuid',
};

/** Types that are PostgreSQL's own: to read a text as one of them runs nobody's code. */
const builtIn =
  /^(?:smallint|integer|bigint|real|double precision|numeric|boolean|date|interval|uuid|money|jsonb?|inet|cidr|macaddr|(?:timestamp|time)(?: with(?:out)? time zone)?|text)(?:\(\d+(?:,\d+)?\))?(?:\[\])?$/;

export function isBuiltInType(type: string): boolean {
  return builtIn.test(type);
}

/** Other types have no empty value: a timestamp can't be read from ''. Null: the type is not known. */
export function takesEmptyText(type: string | null): boolean {
  return type === null || /^(text|character|"?char|name|citext|bytea)/.test(type);
}
