import * as z from 'zod';
import { findStandbyGap, notCountedGap } from '../counting-gaps';
import { formatCount, formatQuantity, formatRatio } from '../format/numbers';
import { defineRule, measured } from '../rule';
import type { SnapshotSetting, SnapshotTable } from '../snapshot';
import { quoteQualifiedName } from '../sql/identifiers';
import { findPartitionRoots, groupByRoot } from '../tables/partition-roots';
import { findVacuumTrigger } from '../tables/vacuum-trigger';

/** autovacuum_vacuum_scale_factor, 0.2 by default: with more, autovacuum is late or held back. */
const minRatio = 0.2;
/** Fewer are a matter of one vacuum that takes milliseconds. */
const minDeadTuples = 10_000;
/** With more dead than live tuples a scan reads more than twice what it needs. */
const highFromRatio = 0.5;
/** autovacuum_vacuum_threshold of a server that nobody has set it on. */
const defaultThreshold = 50;

/** "never" where one of them never was. */
function findEarliest(times: readonly (string | null)[]): string {
  return times.includes(null) ? 'never' : (times.toSorted()[0] ?? 'never');
}

export const deadTuples = defineRule({
  id: 'dead-tuples',
  title: 'Tables with many dead tuples',
  category: 'tables',
  defaultSeverity: 'medium',
  needs: ['tables', 'settings'],
  options: z.strictObject({
    minRatio: z.number().min(0).max(1).default(minRatio),
    minDeadTuples: z.number().min(0).default(minDeadTuples),
  }),
  blockedBy: ({ tables, server }) =>
    findStandbyGap(server) ??
    (tables.some(({ kind, activity }) => kind === 'table' && activity === null) ? notCountedGap : null),
  check({ tables, settings }, options) {
    const isServerOff = settings.some(({ name, setting }) => name === 'autovacuum' && setting === 'off');
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
      // while the server's own switch is off, a table's parameters do nothing
      const off = isServerOff ? [] : parts.filter(({ autovacuumEnabled }) => autovacuumEnabled === false);
      const late = isServerOff ? [] : parts.flatMap((part) => findLateTrigger(part, settings, options));
      const changes = [
        ...off.map((part) => changeParameters(part, { autovacuum_enabled: null })),
        ...late.map(({ table, parameters }) => changeParameters(table, parameters)),
      ];
      const latest = Math.max(...late.map(({ deadTuples }) => deadTuples));
      return {
        severity: ratio > highFromRatio ? ('high' as const) : ('medium' as const),
        weight: dead,
        subject: { kind: 'relation' as const, schema: root.schema, name: root.name },
        message: `${formatCount(dead)} of ${formatQuantity(dead + live, 'tuple')} of ${name}${where} are dead (${formatRatio(ratio)}).`,
        advice: isServerOff
          ? 'autovacuum is off on this server: nothing removes them until it is switched on.'
          : off.length > 0
            ? 'autovacuum_enabled is off for it: nothing removes them.'
            : late.length > 0
              ? `Autovacuum comes only when there are more than ${formatQuantity(Math.round(latest), 'dead tuple')}: autovacuum_vacuum_threshold + autovacuum_vacuum_scale_factor × rows. Have it come earlier.`
              : 'If VACUUM removes few of them, an old transaction, a replication slot or a prepared transaction still needs them. If they come back, autovacuum does not keep up.',
        evidence: [
          measured('dead tuples', dead, 'tuples'),
          measured('live tuples', live, 'tuples'),
          measured('last vacuum', findEarliest(parts.map(({ lastVacuum }) => lastVacuum)), null),
          ...(late.length === 0 ? [] : [measured('autovacuum comes above', Math.round(latest), 'dead tuples')]),
        ],
        fix: {
          title: `Vacuum ${name}${off.length > 0 ? ', and let autovacuum do it from now on' : late.length > 0 ? ', and have autovacuum come earlier' : ''}`,
          sql: [`VACUUM (ANALYZE) ${names.join(', ')};`, ...changes.map(({ sql }) => sql)].join('\n'),
          ...(changes.length > 0
            ? { undoSql: changes.map(({ undoSql }) => undoSql).join('\n') }
            : { undoNote: 'Nothing has to be taken back: no data are changed.' }),
          risk: 'Reads and writes the tables and their indexes; readers and writers are not blocked. The space is kept for new rows.',
          outsideTransaction: true,
        },
        fingerprint: `dead-tuples: ${name}`,
      };
    });
  },
});

/**
 * What makes autovacuum wait longer than this rule does, and what it would be at half of the rule's limits. Nothing where
 * it is due: then it is late, or something holds it back.
 */
function findLateTrigger(
  table: SnapshotTable,
  settings: readonly SnapshotSetting[],
  limits: { minRatio: number; minDeadTuples: number },
): { table: SnapshotTable; deadTuples: number; parameters: Record<string, number> }[] {
  const trigger = findVacuumTrigger(table, settings);
  if (trigger === null || (table.activity?.deadTuples ?? 0) > trigger.deadTuples) return [];
  const parameters = {
    ...(trigger.scaleFactor > limits.minRatio / 2 ? { autovacuum_vacuum_scale_factor: limits.minRatio / 2 } : {}),
    ...(trigger.threshold > limits.minDeadTuples / 2 ? { autovacuum_vacuum_threshold: defaultThreshold } : {}),
  };
  return Object.keys(parameters).length === 0 ? [] : [{ table, deadTuples: trigger.deadTuples, parameters }];
}

/** null takes the table's own value away. */
function changeParameters(
  { schema, name, storageParameters }: SnapshotTable,
  parameters: Readonly<Record<string, number | null>>,
): { sql: string; undoSql: string } {
  const toAlter = (values: readonly (readonly [string, number | string | null])[]) => {
    const set = values.flatMap(([key, value]) => (value === null ? [] : [`${key} = ${value}`]));
    const reset = values.flatMap(([key, value]) => (value === null ? [key] : []));
    return [
      ...(set.length > 0 ? [`SET (${set.join(', ')})`] : []),
      ...(reset.length > 0 ? [`RESET (${reset.join(', ')})`] : []),
    ]
      .map((action) => `ALTER TABLE ${quoteQualifiedName(schema, name)} ${action};`)
      .join('\n');
  };
  const names = Object.entries(parameters);
  return { sql: toAlter(names), undoSql: toAlter(names.map(([key]) => [key, storageParameters[key] ?? null])) };
}
