import * as z from 'zod';
import { formatCount, formatRatio } from '../format/numbers';
import { defineRule, measured, type RuleFinding } from '../rule';
import type { SnapshotTable } from '../snapshot';
import { quoteQualifiedName } from '../sql/identifiers';

/** Of autovacuum_freeze_max_age, where autovacuum begins to freeze whatever else is set. */
const minRatio = 0.5;
/** vacuum_failsafe_age (from 14 on), 1.6 billion by default: from there VACUUM drops everything else to be done in time. */
const criticalFromAge = 1_600_000_000;
/** Half of the 2 billion after which the server refuses writes: autovacuum has failed for long. */
const highFromAge = 1_000_000_000;
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
        const oldest = database.isCurrent ? findOldest(tables, key) : [];
        const names = oldest.map(({ schema, name }) => quoteQualifiedName(schema, name));
        return [
          {
            severity: age > criticalFromAge ? 'critical' : age > highFromAge ? 'high' : age > limit ? 'medium' : 'low',
            weight: age,
            subject: { kind: 'database', name: database.name },
            message: `The oldest unfrozen ${what} of database "${database.name}" are ${formatCount(age)} back, ${formatRatio(age / limit)} of the age at which autovacuum has to act.`,
            advice:
              age > limit
                ? 'Autovacuum does not keep up: look for long transactions, old replication slots and prepared transactions, then vacuum.'
                : 'Autovacuum will read the tables whole to freeze them: do it at a quiet time if that would disturb.',
            evidence: [
              measured(`age in ${what}`, age, null),
              measured('autovacuum acts at', limit, null),
              ...oldest.map((table) => measured(`age of ${table.schema}.${table.name}`, table[key] ?? 0, null)),
            ],
            ...(names.length === 0
              ? {}
              : {
                  fix: {
                    title: 'Freeze the oldest tables',
                    sql: `VACUUM (FREEZE) ${names.join(', ')};`,
                    undoNote: 'Nothing has to be taken back: no data are changed.',
                    risk: 'Reads the tables whole and may write much of them; readers and writers are not blocked.',
                    outsideTransaction: true,
                  },
                }),
            fingerprint: `wraparound: ${what} of ${database.name}`,
          },
        ];
      }),
    );
  },
});

function findOldest(tables: readonly SnapshotTable[], key: 'transactionAge' | 'multixactAge'): SnapshotTable[] {
  return tables
    .filter((table) => table[key] !== null)
    .toSorted((a, b) => (b[key] ?? 0) - (a[key] ?? 0))
    .slice(0, namedTables);
}
