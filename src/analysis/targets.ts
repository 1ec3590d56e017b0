// A few figures that tell how a server does, each beside what it should be. A figure that could not be looked at is
// "unknown", never "met". The values are those from which the rules begin to complain (docs/report.md).
import { toRatio } from './ratio';
import type { Target } from './report';
import { countConnections, findConnectionLimit, isClientSession } from './rules/connections-high';
import type { Section, Snapshot, TableActivity } from './snapshot';
import { isToolStatement } from './statements/tool-statement';

/** Of all blocks asked for, 0 to 1: below it PostgreSQL's documentation and most guides see too little memory. */
const hitRatioTarget = 0.95;
/** Mean time of a statement, all calls together. */
const meanMsTarget = 100;
/** Of what max_connections leaves to applications, 0 to 1. */
const connectionsRatioTarget = 0.8;
/** Of all rows, 0 to 1: autovacuum_vacuum_scale_factor, the share at which autovacuum starts by default. */
const deadTupleRatioTarget = 0.2;
/** Of autovacuum_freeze_max_age, 0 to 1. */
const transactionAgeRatioTarget = 0.5;

interface TargetDefinition {
  id: string;
  title: string;
  unit: Target['unit'];
  direction: Target['direction'];
  target: number;
  find: (snapshot: Snapshot) => number | null;
}

function rowsOf<Row>(section: Section<Row>): readonly Row[] {
  return section.status === 'available' ? section.rows : [];
}

function sumActivity({ sections }: Snapshot, figure: (activity: TableActivity) => number): number {
  return rowsOf(sections.tables).reduce((sum, { activity }) => sum + (activity === null ? 0 : figure(activity)), 0);
}

function findSetting({ sections }: Snapshot, name: string): number | null {
  const row = rowsOf(sections.settings).find((setting) => setting.name === name);
  return row === undefined ? null : Number(row.setting);
}

const definitions: readonly TargetDefinition[] = [
  {
    id: 'mean-statement-time',
    title: 'Mean statement time',
    unit: 'ms',
    direction: 'at-most',
    target: meanMsTarget,
    find: ({ sections }) => {
      const all = rowsOf(sections.statements);
      // without its text a statement may be a tool's, and many quick ones of tools would make a slow application look well
      if (all.some(({ text }) => text === null)) return null;
      const statements = all.filter(({ text }) => !isToolStatement(text));
      const calls = statements.reduce((sum, each) => sum + each.calls, 0);
      return calls === 0 ? null : statements.reduce((sum, each) => sum + each.totalExecMs, 0) / calls;
    },
  },
  {
    id: 'table-hit-ratio',
    title: 'Table blocks found in shared buffers',
    unit: 'ratio',
    direction: 'at-least',
    target: hitRatioTarget,
    find: (snapshot) =>
      toRatio(
        sumActivity(snapshot, ({ heapBlocksHit }) => heapBlocksHit),
        sumActivity(snapshot, ({ heapBlocksRead }) => heapBlocksRead),
      ),
  },
  {
    id: 'index-hit-ratio',
    title: 'Index blocks found in shared buffers',
    unit: 'ratio',
    direction: 'at-least',
    target: hitRatioTarget,
    find: (snapshot) =>
      toRatio(
        sumActivity(snapshot, ({ indexBlocksHit }) => indexBlocksHit),
        sumActivity(snapshot, ({ indexBlocksRead }) => indexBlocksRead),
      ),
  },
  {
    id: 'dead-rows',
    title: 'Dead rows',
    unit: 'ratio',
    direction: 'at-most',
    target: deadTupleRatioTarget,
    find: (snapshot) =>
      toRatio(
        sumActivity(snapshot, ({ deadTuples }) => deadTuples),
        sumActivity(snapshot, ({ liveTuples }) => liveTuples),
      ),
  },
  {
    id: 'connections',
    title: 'Connections in use',
    unit: 'ratio',
    direction: 'at-most',
    target: connectionsRatioTarget,
    find: (snapshot) => {
      const { activity } = snapshot.sections;
      const limit = findConnectionLimit(rowsOf(snapshot.sections.settings));
      if (activity.status !== 'available' || limit === null) return null;
      const { least, most } = countConnections(
        activity.rows.filter(isClientSession),
        rowsOf(snapshot.sections.settings),
      );
      return least === most ? most / limit : null;
    },
  },
  {
    id: 'transaction-age',
    title: 'Oldest transaction age, of autovacuum_freeze_max_age',
    unit: 'ratio',
    direction: 'at-most',
    target: transactionAgeRatioTarget,
    find: (snapshot) => {
      const limit = findSetting(snapshot, 'autovacuum_freeze_max_age');
      const ages = rowsOf(snapshot.sections.databases).map(({ transactionAge }) => transactionAge);
      return limit === null || ages.length === 0 ? null : Math.max(...ages) / limit;
    },
  },
];

export function findTargets(snapshot: Snapshot): Target[] {
  return definitions.map(({ id, title, unit, direction, target, find }) => {
    const current = find(snapshot);
    const isMet = current !== null && (direction === 'at-least' ? current >= target : current <= target);
    return {
      id,
      title,
      unit,
      direction,
      target,
      current,
      status: current === null ? 'unknown' : isMet ? 'met' : 'missed',
    };
  });
}
