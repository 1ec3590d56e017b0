import * as z from 'zod';
import { formatCount, formatRatio } from '../format/numbers';
import type { SuggestedFix } from '../finding';
import { defineRule, measured, type RuleFinding } from '../rule';
import type { SnapshotTable } from '../snapshot';
import { quoteQualifiedName } from '../sql/identifiers';

/** Of autovacuum_freeze_max_age, where autovacuum begins to freeze whatever else is set. */
const minRatio = 0.5;
/** vacuum_failsafe_age (from 14 on), 1.6 billion by default: from there VACUUM drops everything else to be done in time. */
const criticalFromAge = 1_600_000_000;
/** Half of the 2 billion after which the server refuses writes: autovacuum has failed for long. */
const highFromAge = 1_000_000_000;
/** Multixacts are made while tables and databases are read one after the other. */
const sameAgeRatio = 0.99;
/** Tables to be vacuumed first. */
const namedTables = 3;

export const wraparound = defineRule({
  id: 'wraparound',
  title: 'Transaction ids that have to be frozen',
  category: 'server',
  defaultSeverity: 'low',
  needs: ['databases', 'settings', 'tables'],
  options: z.strictObject({ minRatio: z.number().min(0).default(minRatio) }),
  check({ databases, settings, tables }, options) {
    const setting = (name: string) => Number(settings.find((each) => each.name === name)?.setting ?? Number.NaN);
    const kinds = [
      { what: 'transactions', limit: setting('autovacuum_freeze_max_age'), age: 'transactionAge' },
      { what: 'multixacts', limit: setting('autovacuum_multixact_freeze_max_age'), age: 'multixactAge' },
    ] as const;
    return databases.flatMap((database) =>
      kinds.flatMap(({ what, limit, age: key }): RuleFinding[] => {
        const age = database[key];
        // not a number where the setting is hidden
        if (!(age / limit > options.minRatio)) return [];
        const oldest = database.isCurrent ? findOldest(tables, key, limit * options.minRatio) : [];
        // a table that was dropped since counts until the next VACUUM of the database
        const isElsewhere = (oldest[0]?.[key] ?? 0) < age * sameAgeRatio;
        return [
          {
            severity: age > criticalFromAge ? 'critical' : age > highFromAge ? 'high' : age > limit ? 'medium' : 'low',
            weight: age,
            subject: { kind: 'database', name: database.name },
            message: `The oldest unfrozen ${what} of database "${database.name}" are ${formatCount(age)} back, ${formatRatio(age / limit)} of the age at which autovacuum has to act.`,
            advice:
              (age > limit
                ? 'Autovacuum does not keep up: look for long transactions, old replication slots and prepared transactions, then vacuum.'
                : 'Autovacuum will read the tables whole to freeze them: do it at a quiet time if that would disturb.') +
              (database.isCurrent && isElsewhere
                ? ' No table of a user is as old: the oldest is of the catalogue, or a temporary one of an open session.'
                : ''),
            evidence: [
              measured(`age in ${what}`, age, null),
              measured('autovacuum acts at', limit, null),
              ...oldest.map((table) => measured(`age of ${table.schema}.${table.name}`, table[key] ?? 0, null)),
            ],
            ...(database.isCurrent ? { fix: toFix(isElsewhere ? [] : oldest) } : {}),
            fingerprint: `wraparound: ${what} of ${database.name}`,
          },
        ];
      }),
    );
  },
});

/** Younger ones have no part in it. */
function findOldest(
  tables: readonly SnapshotTable[],
  key: 'transactionAge' | 'multixactAge',
  minAge: number,
): SnapshotTable[] {
  return tables
    .filter((table) => (table[key] ?? 0) > minAge)
    .toSorted((a, b) => (b[key] ?? 0) - (a[key] ?? 0))
    .slice(0, namedTables);
}

/** Without tables: of the whole database, its catalogue included. Pages that are frozen already are not read again. */
function toFix(tables: readonly SnapshotTable[]): SuggestedFix {
  const names = tables.map(({ schema, name }) => quoteQualifiedName(schema, name));
  const isWhole = names.length === 0;
  return {
    title: isWhole ? 'Freeze all tables, the catalogue included' : 'Freeze the oldest tables',
    sql: isWhole ? 'VACUUM (FREEZE);' : `VACUUM (FREEZE) ${names.join(', ')};`,
    undoNote: 'Nothing has to be taken back: no data are changed.',
    risk:
      'Reads what is not frozen yet of the tables and may write much of them; readers and writers are not blocked.' +
      (isWhole
        ? " The catalogue is left out with a warning unless a superuser or the database's owner runs it, and its tables that all databases share unless a superuser does."
        : ''),
    outsideTransaction: true,
  };
}
