// Proposes B-trees for the sequential scans and sorts of a plan, where reading through an index can be right at all: a
// large table of which little is kept, or a sort that an index makes needless. What they are worth is asked afterwards.
import { findCoveringIndex } from './covering-index';
import { ascending, formatIndexKey, type IndexKey } from './index-key';
import { IndexUsageEstimator, type IndexUsage } from '../cost/index-usage';
import type { ColumnCondition } from './plan-conditions';
import type { PlannedStatement } from '../planned-statement';
import type { ScanTarget } from './scan-targets';
import { estimateEquality } from '../cost/selectivity';
import type { HypotheticalIndex } from '../what-if-planner';

/** 8 MB with pages of 8 kB: what fits a cache as a whole is read faster than it is worth an index's upkeep. */
export const minimumScannedPages = 1_000;
/** Above a tenth of the rows the planner itself prefers to read the table from end to end. */
export const maximumKeptRatio = 0.1;
/** A sort that takes less of the statement leaves more to gain elsewhere. */
export const minimumSortCostRatio = 0.5;
/** Each column makes the index larger and more often written; the fourth hardly ever filters anything. */
const maximumKeyColumns = 4;

export interface IndexCandidate {
  index: HypotheticalIndex;
  keys: readonly IndexKey[];
  target: ScanTarget;
  /** Why it was proposed, the cheapest use first. */
  usage: IndexUsage;
}

interface Proposal {
  keys: IndexKey[];
  equalityCount: number;
  isOrdered: boolean;
}

function isEquality({ operator }: ColumnCondition): boolean {
  return operator === 'equality' || operator === 'is-null';
}

/** Columns of conditions, the ones that keep fewest rows first, each once. */
function orderBySelectivity(conditions: readonly ColumnCondition[], { table }: ScanTarget): string[] {
  const ratios = new Map<string, number>();
  for (const condition of conditions) {
    const column = table.columns.find(({ name }) => name === condition.column.column);
    if (column !== undefined) ratios.set(column.name, estimateEquality(column, condition));
  }
  const position = (name: string) => table.columns.findIndex((column) => column.name === name);
  return [...ratios].sort(([a, x], [b, y]) => x - y || position(a) - position(b)).map(([name]) => name);
}

/** Read backwards, an index has the opposite order: where that needs no words at all, it is taken. */
function toPlainOrder(keys: readonly IndexKey[]): IndexKey[] {
  const isReversed = keys.every(({ descending, nullsFirst }) => descending && nullsFirst);
  return isReversed ? keys.map(({ column }) => ascending(column)) : [...keys];
}

/** Equalities in all lengths, with one range behind them or the wanted order. */
function propose(target: ScanTarget): Proposal[] {
  const { filters, join, sort } = target;
  const equal = orderBySelectivity(filters.filter(isEquality), target).slice(0, maximumKeyColumns);
  const ranges = [...new Set(filters.filter((each) => !isEquality(each)).map(({ column }) => column.column))];
  const withRanges = (columns: readonly string[]): Proposal[] => {
    const keys = columns.map(ascending);
    const behind = ranges.filter((range) => !columns.includes(range)).map(ascending);
    return [
      { keys, equalityCount: keys.length, isOrdered: false },
      ...behind.map((range) => ({ keys: [...keys, range], equalityCount: keys.length, isOrdered: false })),
    ];
  };
  const proposals = Array.from({ length: equal.length + 1 }, (_, count) => withRanges(equal.slice(0, count))).flat();
  if (join !== null) {
    const joined = orderBySelectivity(join.equalities, target);
    const both = orderBySelectivity([...join.equalities, ...filters.filter(isEquality)], target);
    proposals.push(...withRanges(joined), ...withRanges(both));
  }
  if (sort !== null) {
    // of a column that has one value the order is of no matter
    const single = filters.filter((each) => isEquality(each) && each.value.count === 1);
    const constant = orderBySelectivity(single, target);
    const wanted = sort.keys.filter(({ column }) => !constant.includes(column));
    const first = constant.slice(0, Math.max(0, maximumKeyColumns - wanted.length));
    proposals.push({
      keys: [...first.map(ascending), ...toPlainOrder(wanted)],
      equalityCount: first.length,
      isOrdered: true,
    });
  }
  return proposals.filter(({ keys }) => keys.length > 0 && keys.length <= maximumKeyColumns);
}

/** The rule when an index is worth a thought. */
function isWorthwhile({ target, purpose, fetchedRows }: IndexUsage): boolean {
  const { pages, times, rows, tableRows, sort } = target;
  const readsMuch = pages * times > minimumScannedPages;
  const fetchesLittle = fetchedRows / (tableRows * Math.max(1, times)) < maximumKeptRatio;
  switch (purpose) {
    case 'filter':
      return readsMuch && fetchesLittle && rows / tableRows < maximumKeptRatio;
    case 'join':
      return readsMuch && fetchesLittle;
    case 'sort':
      if (sort?.fetchedRows === null) return sort.costRatio > minimumSortCostRatio;
      return pages > minimumScannedPages && fetchesLittle;
  }
}

/** In the order of the plan; each index once for each scan. */
export function findIndexCandidates(statement: PlannedStatement): IndexCandidate[] {
  return statement.targets.flatMap((target) => {
    const { table } = target;
    if (table.refusal !== null) return [];
    const proposals = new Map(propose(target).map((each) => [each.keys.map(formatIndexKey).join(), each]));
    return [...proposals.values()].flatMap(({ keys, equalityCount, isOrdered }) => {
      if (findCoveringIndex(table, keys, equalityCount, isOrdered) !== null) return [];
      const usages = new IndexUsageEstimator(statement, target, keys).estimate().filter(isWorthwhile);
      const [usage] = usages.sort((a, b) => a.costAfter - b.costAfter);
      if (usage === undefined) return [];
      const index: HypotheticalIndex = {
        schema: table.schema,
        table: table.name,
        method: 'btree',
        keys: keys.map(formatIndexKey),
        included: [],
        predicate: null,
      };
      return [{ index, keys, target, usage }];
    });
  });
}
