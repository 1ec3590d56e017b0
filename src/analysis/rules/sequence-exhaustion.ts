import * as z from 'zod';
import type { SuggestedFix } from '../finding';
import { formatRatio } from '../format/numbers';
import { defineRule, measured } from '../rule';
import type { SnapshotSequence } from '../snapshot';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';

/** Half of it was used up since the beginning; changing the type of a large table's key takes planning. */
const minRatio = 0.5;
const highFromRatio = 0.8;
/** INSERTs will fail within days at the speed of many systems. */
const criticalFromRatio = 0.95;

/** Of the integer types; the greatest of bigint is rounded. */
const bits = new Map([
  ['smallint', 15],
  ['integer', 31],
  ['bigint', 63],
]);

/** The last value of a type on the way up or down; types that are no integers have none. */
function findEnd(type: string | undefined, increment: number): number {
  const width = bits.get(type ?? '') ?? Number.POSITIVE_INFINITY;
  return increment > 0 ? 2 ** width - 1 : -(2 ** width);
}

/** How far it has come on its way to where it, or the column it fills, ends. */
function findUse({ lastValue, type, minimum, maximum, increment, column }: SnapshotSequence) {
  if (lastValue === null) return null;
  const columnEnd = findEnd(column?.type, increment);
  const limit = increment > 0 ? Math.min(maximum, columnEnd) : Math.max(minimum, columnEnd);
  const start = increment > 0 ? minimum : maximum;
  return {
    limit,
    ratio: Math.min(1, (lastValue - start) / (limit - start)),
    /** Somebody gave the sequence an end that neither type asks for. */
    isChosenEnd: limit !== columnEnd && limit !== findEnd(type, increment),
    columnEnd,
    endsWithColumn: limit !== (increment > 0 ? maximum : minimum),
  };
}

/** The last digits of the greatest numbers of a bigint are not known here. */
const nameValue = (name: string, value: number) => (Number.isSafeInteger(value) ? name : `${name}, rounded`);

export const sequenceExhaustion = defineRule({
  id: 'sequence-exhaustion',
  title: 'Sequences that come to their end',
  category: 'schema',
  defaultSeverity: 'medium',
  needs: ['sequences', 'tables'],
  options: z.strictObject({
    minRatio: z.number().min(0).max(1).default(minRatio),
    highFromRatio: z.number().min(0).max(1).default(highFromRatio),
  }),
  blockedBy: ({ sequences, server }) =>
    sequences.length > 0 && sequences.every(({ mayRead }) => !mayRead)
      ? {
          kind: 'not-permitted',
          message: `Role "${server.role}" may not read the last value of any of the ${sequences.length} sequences.`,
          nextStep: 'Have their owner grant it SELECT on them; Doctor has the statement for all tables.',
        }
      : null,
  check({ sequences, tables }, options) {
    const children = new Set(
      tables.flatMap(({ parentOid, schema, name }) => (parentOid === null ? [] : [quoteQualifiedName(schema, name)])),
    );
    return sequences.flatMap((sequence) => {
      const use = findUse(sequence);
      // one that begins again never ends, unless the column ends first
      if (use === null || use.ratio <= options.minRatio || (sequence.cycles && !use.endsWithColumn)) return [];
      const name = quoteQualifiedName(sequence.schema, sequence.name);
      const { column } = sequence;
      const table = column === null ? null : quoteQualifiedName(column.schema, column.table);
      const columnName = column === null ? null : `${table ?? ''}.${quoteName(column.name)}`;
      // wider than the end that was chosen: the types are none of its limits
      const isNarrow = !use.isChosenEnd && column !== null && column.type !== 'bigint' && bits.has(column.type);
      // the type of an inherited column is changed in the parent, which may have more children
      const isInherited = isNarrow && table !== null && children.has(table);
      const isAtEnd = Math.abs(use.limit) >= 2 ** 63;
      return [
        {
          severity:
            use.ratio >= criticalFromRatio
              ? ('critical' as const)
              : use.ratio >= options.highFromRatio
                ? ('high' as const)
                : ('medium' as const),
          weight: use.ratio,
          subject: { kind: 'sequence' as const, schema: sequence.schema, name: sequence.name },
          message:
            `Sequence ${name} has used ${formatRatio(use.ratio)} of its values` +
            (use.endsWithColumn && column !== null ? `: column ${columnName ?? ''} is of type ${column.type}.` : '.'),
          advice:
            'When none is left, INSERT fails.' +
            (use.isChosenEnd
              ? ' Its end was chosen, the type allows more.'
              : ' Columns that refer to it by a foreign key need the wider type too.') +
            (isInherited
              ? ` ${table} inherits from another table: make the column a bigint where it was declared first, then the sequence.`
              : ''),
          evidence: [
            measured('used', use.ratio, 'ratio'),
            measured(nameValue('last value', sequence.lastValue ?? 0), sequence.lastValue ?? 0, null),
            measured(nameValue('last possible value', use.limit), use.limit, null),
            measured(
              'left',
              Math.floor(Math.abs(use.limit - (sequence.lastValue ?? 0)) / Math.abs(sequence.increment)),
              'values',
            ),
          ],
          ...(isAtEnd || isInherited
            ? {}
            : {
                fix: use.isChosenEnd
                  ? toLaterEnd(sequence, use.columnEnd)
                  : toWiderType(sequence, isNarrow, use.endsWithColumn),
              }),
          fingerprint: `sequence-exhaustion: ${name}`,
        },
      ];
    });
  },
});

const undoLimit = 'That works until a greater number was handed out.';

/** An end of the sequence beyond its narrow column's is kept, unless it is that of its type: `AS` moves it. */
function toWiderType(
  { schema, name, type, minimum, maximum, increment, column }: SnapshotSequence,
  isNarrow: boolean,
  endsWithColumn: boolean,
): SuggestedFix {
  const sequence = quoteQualifiedName(schema, name);
  const end = increment > 0 ? ' NO MAXVALUE' : ' NO MINVALUE';
  const widen = `ALTER SEQUENCE ${sequence} AS bigint${endsWithColumn ? '' : end};`;
  const narrow = `ALTER SEQUENCE ${sequence} AS ${type} ${increment > 0 ? `MAXVALUE ${maximum}` : `MINVALUE ${minimum}`};`;
  if (column === null || !isNarrow) {
    return {
      title: `Let ${sequence} use all of bigint`,
      sql: widen,
      undoSql: narrow,
      undoNote: undoLimit,
      risk: 'None for the data; programs must take 64-bit numbers.',
      outsideTransaction: false,
    };
  }
  const table = quoteQualifiedName(column.schema, column.table);
  const users = column.users.map((user) => quoteQualifiedName(user.schema, user.name));
  const alter = (columnType: string, sequenceSql: string) =>
    [
      `ALTER TABLE ${table} ALTER COLUMN ${quoteName(column.name)} TYPE ${columnType};`,
      ...(endsWithColumn && type === 'bigint' ? [] : [sequenceSql]),
    ].join('\n');
  return {
    title: `Make ${table}.${quoteName(column.name)} a bigint`,
    sql: alter('bigint', widen),
    undoSql: alter(column.type, narrow),
    undoNote: `${undoLimit} It rewrites the table again.`,
    risk:
      'Rewrites the table and its indexes while nobody can read or write it. For a large one add a bigint column, fill it in parts and swap the two. ' +
      (users.length === 0
        ? 'The server refuses it while a view, rule, trigger, policy, generated column or publication names the column.'
        : `The server refuses it while views or rules name the column: drop those of ${users.join(', ')} first, and make them again afterwards; likewise triggers, policies, generated columns and publications that name it.`),
    outsideTransaction: false,
  };
}

/** As far as the sequence's type and its column reach. */
function toLaterEnd(
  { schema, name, type, minimum, maximum, increment }: SnapshotSequence,
  columnEnd: number,
): SuggestedFix {
  const sequence = quoteQualifiedName(schema, name);
  const end = increment > 0 ? 'MAXVALUE' : 'MINVALUE';
  const chosenEnd = increment > 0 ? maximum : minimum;
  const isColumnFirst = Math.abs(columnEnd) < Math.abs(findEnd(type, increment));
  return {
    title: `Let ${sequence} go on`,
    sql: `ALTER SEQUENCE ${sequence} ${isColumnFirst ? `${end} ${columnEnd}` : `NO ${end}`};`,
    // beyond that the end at hand is rounded
    ...(Number.isSafeInteger(chosenEnd)
      ? { undoSql: `ALTER SEQUENCE ${sequence} ${end} ${chosenEnd};`, undoNote: undoLimit }
      : { undoNote: `ALTER SEQUENCE with the ${end} that it has now takes it back.` }),
    risk: 'Its end may have been chosen for a reason: make sure that programs take greater numbers.',
    outsideTransaction: false,
  };
}
