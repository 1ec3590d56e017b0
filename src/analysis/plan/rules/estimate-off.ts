import type { SuggestedFix } from '../../finding';
import { formatCount, formatFactor } from '../../format/numbers';
import {
  definePlanRule,
  filterOf,
  isWorthwhile,
  measured,
  planned,
  savedMsOf,
  unknownPlanRatio,
  type PlanFacts,
  type PlanObservation,
} from '../plan-rule';
import { inputsOf, nodeLabel, parentOf, selfRatio, type PlanTree } from '../plan-tree';
import type { PlanNode } from '../plan';
import { findComparisons, isConstant, toColumnReference } from '../conditions';
import { textField, textsField } from '../fields';
import { quoteIdentifier, quoteName, quoteQualifiedName } from '../../sql/identifiers';

/** Estimates that are a few times off rarely change a plan; an order of magnitude does. */
const minFactor = 10;
/** Being wrong about a handful of rows costs nothing. */
const minRows = 100;
/** Autovacuum analyzes at 10 % by default (autovacuum_analyze_scale_factor); at twice that it is late. */
const staleFromRatio = 0.2;

/** Their estimates are fixed guesses of the planner's: no statistics stand behind them, so none can be mended. */
const guessed: ReadonlySet<string> = new Set([
  'WorkTable Scan',
  'Recursive Union',
  'Values Scan',
  'Named Tuplestore Scan',
]);
const functionScans: ReadonlySet<string> = new Set(['Function Scan', 'Table Function Scan', 'ProjectSet']);
/** They read what another part of the statement made: no statistics are kept of that. */
const derived: ReadonlySet<string> = new Set(['CTE Scan', 'Subquery Scan']);
const joins: ReadonlySet<string> = new Set(['Nested Loop', 'Hash Join', 'Merge Join']);
const sums: ReadonlySet<string> = new Set(['Aggregate', 'Group', 'Unique', 'SetOp', 'HashSetOp']);

function isBad(node: PlanNode): boolean {
  if (node.estimateFactor === null || node.estimateFactor < minFactor) return false;
  const larger = Math.max(node.actualRows ?? 0, node.plannedRows ?? 0) * (node.loops ?? 1);
  return larger >= minRows;
}

/** The definitions that CTE Scans read, by name; where names repeat any of them will do to look below. */
function findDefinitions(tree: PlanTree): Map<string, PlanNode> {
  return new Map(
    tree.plan.nodes.flatMap((node): [string, PlanNode][] => {
      const name = node.subplanName;
      return name?.startsWith('CTE ') === true ? [[name.slice(4), node]] : [];
    }),
  );
}

/** Bad nodes with a good input only: what is wrong above them follows from them. */
function findOrigins(tree: PlanTree): PlanNode[] {
  const definitions = findDefinitions(tree);
  return tree.plan.nodes.filter((node) => {
    if (!isBad(node) || guessed.has(node.type)) return false;
    const inputs = inputsOf(tree, node);
    const definition = definitions.get(textField(node, 'CTE Name') ?? '');
    return ![...inputs, ...(definition === undefined ? [] : [definition])].some(
      (input) => isBad(input) || (guessed.has(input.type) && input.estimateFactor !== 1),
    );
  });
}

/** What a wrong estimate may have spoiled: the node and what was planned on top of it. */
function affectedRatio(tree: PlanTree, node: PlanNode): number {
  let ratio = 0;
  for (let at: PlanNode | null = node; at !== null; at = parentOf(tree, at)) ratio += selfRatio(tree, at);
  return Math.min(1, ratio);
}

interface TableColumns {
  schema: string;
  table: string;
  columns: string[];
}

function toTableColumns({ schema, relation }: PlanNode, columns: readonly string[]): TableColumns | null {
  const different = [...new Set(columns)].sort();
  // one column has statistics of its own, and more than eight are refused (STATS_MAX_DIMENSIONS)
  if (schema === null || relation === null || different.length < 2 || different.length > 8) return null;
  return { schema, table: relation, columns: different };
}

/** Columns of a scan that its conditions compare with values. */
function findComparedColumns(node: PlanNode): TableColumns | null {
  const conditions = [filterOf(node), textField(node, 'Index Cond'), textField(node, 'Recheck Cond')];
  const columns = conditions.flatMap((condition) =>
    findComparisons(condition ?? '').flatMap(({ left, right }) => {
      const column = toColumnReference(left);
      return column === null || !isConstant(right) ? [] : [column.column];
    }),
  );
  return toTableColumns(node, columns);
}

/** Columns by which rows of one table are grouped. */
function findGroupedColumns(tree: PlanTree, node: PlanNode): TableColumns | null {
  const references = textsField(node, 'Group Key').map(toColumnReference);
  const alias = references[0]?.alias ?? null;
  const columns = references.flatMap((reference) => (reference?.alias === alias ? [reference.column] : []));
  const scan = tree.plan.nodes.find((each) => each.alias === alias && each.relation !== null);
  return alias === null || scan === undefined || columns.length < references.length
    ? null
    : toTableColumns(scan, columns);
}

/** Only where the catalogue was read: without it nobody knows whether there are such statistics already. */
function withFix(of: TableColumns | null, kinds: string, facts: PlanFacts): { fix?: SuggestedFix } {
  const known = of === null ? undefined : facts.tableStatistics?.get(`${of.schema}.${of.table}`);
  if (of === null || known?.extendedStatistics === undefined || known.columnTypes === undefined) return {};
  const { schema, table, columns } = of;
  if (columns.some((column) => known.columnTypes?.has(column) !== true)) return {};
  if (known.extendedStatistics.some((covered) => columns.every((column) => covered.includes(column)))) return {};
  // names are cut at 63 bytes
  const name = quoteQualifiedName(schema, `${[table, ...columns].join('_').slice(0, 50)}_stat`);
  const relation = quoteQualifiedName(schema, table);
  return {
    fix: {
      title: `Create statistics on ${columns.join(', ')} of ${schema}.${table}`,
      // they are empty until the table is analyzed
      sql: `CREATE STATISTICS ${name} (${kinds}) ON ${columns.map(quoteName).join(', ')} FROM ${relation}; ANALYZE ${relation};`,
      undoSql: `DROP STATISTICS ${name};`,
      risk: 'Reads a sample of the table; other plans on it may change as well.',
      outsideTransaction: false,
    },
  };
}

function adviceFor(tree: PlanTree, node: PlanNode, facts: PlanFacts): { advice: string; fix?: SuggestedFix } {
  const table = node.relation === null || node.schema === null ? null : `${node.schema}.${node.relation}`;
  const statistics = table === null ? undefined : facts.tableStatistics?.get(table);
  if (table !== null && typeof statistics?.modifiedSinceAnalyze === 'number') {
    const ratio = statistics.modifiedSinceAnalyze / Math.max(1, statistics.rows);
    if (ratio >= staleFromRatio) {
      const name = [node.schema ?? '', node.relation ?? ''].map(quoteIdentifier).join('.');
      return {
        advice: `${formatCount(statistics.modifiedSinceAnalyze)} rows of ${table} changed since it was last analyzed: its statistics are out of date.`,
        fix: {
          title: `Analyze ${table}`,
          sql: `ANALYZE ${name};`,
          risk: 'Reads a sample of the table; other plans on it may change as well.',
          outsideTransaction: false,
        },
      };
    }
  }
  const fresh =
    typeof statistics?.modifiedSinceAnalyze !== 'number' ? '' : `The statistics of ${table ?? ''} are fresh. `;
  if (functionScans.has(node.type)) {
    return {
      advice: 'The planner takes the number of rows from the function: give it a ROWS clause, or a support function.',
    };
  }
  if (derived.has(node.type)) {
    return {
      advice:
        'The planner has no statistics of rows that the statement makes itself. Written into the query that reads it (AS NOT ' +
        'MATERIALIZED for a CTE), the condition reaches columns that have some.',
    };
  }
  if (joins.has(node.type)) {
    return {
      advice:
        'Both inputs were estimated well, so it is the join itself: no statistics go across tables. Look for a condition that ' +
        'depends on another, or for keys whose values are very uneven.',
    };
  }
  if (sums.has(node.type)) {
    return {
      advice:
        'The number of groups was misjudged: extended statistics (CREATE STATISTICS ... (ndistinct)) on the grouped columns, or a ' +
        'higher statistics target, may mend it.',
      ...withFix(findGroupedColumns(tree, node), 'ndistinct', facts),
    };
  }
  const unknown =
    statistics === undefined
      ? ' Whether the statistics are out of date is not in a plan: look when the table was last analyzed.'
      : '';
  if (/\) (?:AND|OR) \(/.test(`${filterOf(node) ?? ''} ${textField(node, 'Index Cond') ?? ''}`)) {
    return {
      advice:
        `${fresh}Several columns are compared, and the planner takes them as independent: extended statistics (CREATE STATISTICS ... ` +
        `(dependencies, mcv)) on them may mend it.${unknown}`,
      ...withFix(findComparedColumns(node), 'dependencies, mcv', facts),
    };
  }
  return {
    advice:
      `${fresh}A higher statistics target for the compared column, or extended statistics on the compared expression, may mend ` +
      `it.${unknown}`,
  };
}

export const estimateOff = definePlanRule({
  id: 'estimate-off',
  title: 'The planner expected a very different number of rows',
  check: (tree, facts) =>
    findOrigins(tree).flatMap((node): PlanObservation[] => {
      const ratio = affectedRatio(tree, node);
      const { estimateFactor, plannedRows, actualRows } = node;
      if (!isWorthwhile(tree, ratio) || estimateFactor === null || plannedRows === null || actualRows === null)
        return [];
      return [
        {
          node,
          // a plan may be right by luck: an estimate alone is no more than a cause
          severity: estimateFactor >= minFactor * minFactor ? 'medium' : 'low',
          message:
            `${nodeLabel(node)} gave ${formatFactor(estimateFactor)} ${node.estimateDirection === 'under' ? 'more' : 'fewer'} rows than the ` +
            `planner expected (${formatCount(actualRows)} instead of ${formatCount(plannedRows)}${node.loops === 1 ? '' : ' per loop'}).`,
          ...adviceFor(tree, node, facts),
          evidence: [
            planned('rows expected per loop', plannedRows, 'rows'),
            measured('rows per loop', actualRows, 'rows'),
            measured('loops', node.loops ?? 1, null),
            measured('factor', estimateFactor, 'factor'),
          ],
          // what another plan would take is not known; at best all that was built on the estimate
          savedMs: savedMsOf(tree, ratio * unknownPlanRatio),
        },
      ];
    }),
});
