import * as z from 'zod';
import { formatCount, formatRatio } from '../format/numbers';
import { defineRule, measured } from '../rule';
import type { SnapshotSequence } from '../snapshot';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';

/** Half of it was used up since the beginning; changing the type of a large table's key takes planning. */
const minRatio = 0.5;
const highFromRatio = 0.8;
/** INSERTs will fail within days at the speed of many systems. */
const criticalFromRatio = 0.95;

/** The greatest value of each integer type; the smallest is its negative. */
const largest = new Map([
  ['smallint', 2 ** 15 - 1],
  ['integer', 2 ** 31 - 1],
  ['bigint', 2 ** 63],
]);

/** How far it has come on its way to where it, or the column it fills, ends. */
function findUse({ lastValue, minimum, maximum, increment, column }: SnapshotSequence) {
  if (lastValue === null) return null;
  const columnLimit = largest.get(column?.type ?? '') ?? Number.POSITIVE_INFINITY;
  const limit = increment > 0 ? Math.min(maximum, columnLimit) : Math.max(minimum, -columnLimit);
  const start = increment > 0 ? minimum : maximum;
  return {
    limit,
    ratio: Math.min(1, (lastValue - start) / (limit - start)),
    endsWithColumn: limit !== (increment > 0 ? maximum : minimum),
  };
}

export const sequenceExhaustion = defineRule({
  id: 'sequence-exhaustion',
  title: 'Sequences that come to their end',
  category: 'schema',
  defaultSeverity: 'medium',
  needs: ['sequences'],
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
  check: ({ sequences }, options) =>
    sequences.flatMap((sequence) => {
      const use = findUse(sequence);
      // one that begins again never ends, unless the column ends first
      if (use === null || use.ratio <= options.minRatio || (sequence.cycles && !use.endsWithColumn)) return [];
      const name = quoteQualifiedName(sequence.schema, sequence.name);
      const { column } = sequence;
      const columnName =
        column === null ? null : `${quoteQualifiedName(column.schema, column.table)}.${quoteName(column.name)}`;
      const isNarrow = column !== null && column.type !== 'bigint' && largest.has(column.type);
      const steps = [
        ...(isNarrow
          ? [
              `ALTER TABLE ${quoteQualifiedName(column.schema, column.table)} ALTER COLUMN ${quoteName(column.name)} TYPE bigint;`,
            ]
          : []),
        `ALTER SEQUENCE ${name} AS bigint ${sequence.increment > 0 ? 'NO MAXVALUE' : 'NO MINVALUE'};`,
      ];
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
          advice: 'When none is left, INSERT fails. Columns that refer to it by a foreign key need the wider type too.',
          evidence: [
            measured('last value', sequence.lastValue ?? 0, null),
            measured('last possible value', use.limit, null),
            measured(
              'left',
              formatCount(Math.floor(Math.abs(use.limit - (sequence.lastValue ?? 0)) / Math.abs(sequence.increment))),
              'values',
            ),
          ],
          ...(isAtEnd
            ? {}
            : {
                fix: {
                  title: isNarrow ? `Make ${columnName ?? ''} a bigint` : `Let ${name} use all of bigint`,
                  sql: steps.join('\n'),
                  risk: isNarrow
                    ? 'Rewrites the table and its indexes while nobody can read or write it. For a large one add a bigint column, fill it in parts and swap the two.'
                    : 'None for the data; programs must take 64-bit numbers.',
                  outsideTransaction: false,
                },
              }),
          fingerprint: `sequence-exhaustion: ${name}`,
        },
      ];
    }),
});
