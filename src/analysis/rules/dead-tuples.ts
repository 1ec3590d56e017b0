import * as z from 'zod';
import { findStandbyGap, notCountedGap } from '../counting-gaps';
import { formatCount, formatQuantity, formatRatio } from '../format/numbers';
import { defineRule, measured } from '../rule';
import { quoteQualifiedName } from '../sql/identifiers';
import { findPartitionRoots, groupByRoot } from '../tables/partition-roots';

/** autovacuum_vacuum_scale_factor, 0.2 by default: with more, autovacuum is late or held back. */
const minRatio = 0.2;
/** Fewer are a matter of one vacuum that takes milliseconds. */
const minDeadTuples = 10_000;
/** With more dead than live tuples a scan reads more than twice what it needs. */
const highFromRatio = 0.5;

/** "never" where one of them never was. */
function findEarliest(times: readonly (string | null)[]): string {
  return times.includes(null) ? 'never' : (times.toSorted()[0] ?? 'never');
}

export const deadTuples = defineRule({
  id: 'dead-tuples',
  title: 'Tables with many dead tuples',
  category: 'tables',
  defaultSeverity: 'medium',
  needs: ['tables'],
  options: z.strictObject({
    minRatio: z.number().min(0).max(1).default(minRatio),
    minDeadTuples: z.number().min(0).default(minDeadTuples),
  }),
  blockedBy: ({ tables, server }) =>
    findStandbyGap(server) ??
    (tables.some(({ kind, activity }) => kind === 'table' && activity === null) ? notCountedGap : null),
  check({ tables }, options) {
    const bad = tables.flatMap((table) => {
      if (table.activity === null || table.isBeingVacuumed) return [];
      const { deadTuples: dead, liveTuples: live } = table.activity;
      const ratio = dead / Math.max(1, dead + live);
      return dead > options.minDeadTuples && ratio > options.minRatio ? [table] : [];
    });
    return [...groupByRoot(bad, findPartitionRoots(tables))].map(([root, parts]) => {
      const sum = (count: (table: (typeof parts)[number]) => number) =>
        parts.reduce((total, part) => total + count(part), 0);
      const dead = sum(({ activity }) => activity?.deadTuples ?? 0);
      const live = sum(({ activity }) => activity?.liveTuples ?? 0);
      const ratio = dead / (dead + live);
      const name = quoteQualifiedName(root.schema, root.name);
      const names = parts.map((part) => quoteQualifiedName(part.schema, part.name));
      const where = parts[0] === root ? '' : ` in ${formatQuantity(parts.length, 'partition')}`;
      const off = parts
        .filter(({ autovacuumEnabled }) => autovacuumEnabled === false)
        .map((part) => quoteQualifiedName(part.schema, part.name));
      return {
        severity: ratio > highFromRatio ? ('high' as const) : ('medium' as const),
        weight: dead,
        subject: { kind: 'relation' as const, schema: root.schema, name: root.name },
        message: `${formatCount(dead)} of ${formatQuantity(dead + live, 'tuple')} of ${name}${where} are dead (${formatRatio(ratio)}).`,
        advice:
          off.length > 0
            ? 'autovacuum_enabled is off for it: nothing removes them.'
            : 'If VACUUM removes few of them, an old transaction, a replication slot or a prepared transaction still needs them. If they come back, lower autovacuum_vacuum_scale_factor for the table.',
        evidence: [
          measured('dead tuples', dead, 'tuples'),
          measured('live tuples', live, 'tuples'),
          measured('last vacuum', findEarliest(parts.map(({ lastVacuum }) => lastVacuum)), null),
        ],
        fix: {
          title: off.length > 0 ? `Vacuum ${name}, and let autovacuum do it from now on` : `Vacuum ${name}`,
          sql: [
            `VACUUM (ANALYZE) ${names.join(', ')};`,
            ...off.map((each) => `ALTER TABLE ${each} RESET (autovacuum_enabled);`),
          ].join('\n'),
          ...(off.length > 0
            ? { undoSql: off.map((each) => `ALTER TABLE ${each} SET (autovacuum_enabled = off);`).join('\n') }
            : {}),
          risk: 'Reads and writes the tables and their indexes; readers and writers are not blocked. The space is kept for new rows.',
          outsideTransaction: true,
        },
        fingerprint: `dead-tuples: ${name}`,
      };
    });
  },
});
