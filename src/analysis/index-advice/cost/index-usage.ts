// How one index would serve one scan of a plan, and what the statement would then cost: as a look-up by the filter's
// conditions, as the inner side of a nested loop, or as rows that come in the wanted order. An estimate from statistics.
import type { PlannedStatement } from '../planned-statement';
import { estimateBtreeScan, type BtreeScanCost } from './btree-cost';
import { estimateBtreeSize } from './btree-size';
import type { AdviceColumn } from '../index-advice-facts';
import type { IndexKey } from '../proposals/index-key';
import type { ColumnCondition } from '../proposals/plan-conditions';
import { costWithReplacement, type ScanTarget } from '../proposals/scan-targets';
import { estimateEquality, estimateIndexSelectivity } from './selectivity';

export interface IndexUsage {
  target: ScanTarget;
  purpose: 'filter' | 'join' | 'sort';
  /** Columns that the index looks up by, in its order. */
  lookedUp: readonly string[];
  /** Rows that are read through the index, of all loops. */
  fetchedRows: number;
  /** Of the whole statement. */
  costAfter: number;
}

interface Match {
  equalities: ColumnCondition[];
  bounds: ColumnCondition[];
  /** Key columns behind the equalities. */
  behind: IndexKey[];
}

function matchKeys(keys: readonly IndexKey[], conditions: readonly ColumnCondition[]): Match {
  const equalities: ColumnCondition[] = [];
  for (const [position, { column }] of keys.entries()) {
    const of = conditions.filter((each) => each.column.column === column);
    const equality = of.find(({ operator }) => operator === 'equality' || operator === 'is-null');
    if (equality === undefined) return { equalities, bounds: of, behind: keys.slice(position) };
    equalities.push(equality);
  }
  return { equalities, bounds: [], behind: [] };
}

/** Rows come in the wanted order, read forwards or backwards. */
function isInOrder(behind: readonly IndexKey[], wanted: readonly IndexKey[]): boolean {
  if (wanted.length > behind.length) return false;
  const same = (flip: boolean) =>
    wanted.every((key, index) => {
      const have = behind[index];
      return (
        have?.column === key.column &&
        (have.descending === key.descending) !== flip &&
        (have.nullsFirst === key.nullsFirst) !== flip
      );
    });
  return same(false) || same(true);
}

export class IndexUsageEstimator {
  readonly #statement: PlannedStatement;
  readonly #target: ScanTarget;
  readonly #keys: readonly IndexKey[];
  readonly #columns: readonly AdviceColumn[];

  constructor(statement: PlannedStatement, target: ScanTarget, keys: readonly IndexKey[]) {
    this.#statement = statement;
    this.#target = target;
    this.#keys = keys;
    this.#columns = keys.flatMap(({ column }) => target.table.columns.find(({ name }) => name === column) ?? []);
  }

  /** Every way in which the index can serve the scan. */
  estimate(): IndexUsage[] {
    if (this.#columns.length < this.#keys.length || this.#target.tableRows === 0) return [];
    return [this.#asFilter(), this.#asJoin(), this.#asSort()].filter((usage) => usage !== null);
  }

  #column({ column }: ColumnCondition): AdviceColumn | undefined {
    return this.#target.table.columns.find(({ name }) => name === column.column);
  }

  #equality(condition: ColumnCondition): number {
    const column = this.#column(condition);
    return column === undefined ? 1 : estimateEquality(column, condition);
  }

  /** Share of the table's rows that the filter's part of a match finds. */
  #selectivity({ equalities, bounds }: Match): number {
    const { filters, otherFilterCount, rows, tableRows } = this.#target;
    const left = filters.filter((each) => !equalities.includes(each) && !bounds.includes(each));
    const isEquality = ({ operator }: ColumnCondition) => operator === 'equality' || operator === 'is-null';
    return estimateIndexSelectivity({
      planned: Math.min(1, rows / tableRows),
      equalities: equalities.map((each) => this.#equality(each)),
      bounds,
      leftEqualities: left.filter(isEquality).map((each) => this.#equality(each)),
      hasOthers: otherFilterCount > 0 || !left.every(isEquality),
    });
  }

  /** Of one scanned relation; all partitions are taken for equally large. */
  #scan(selectivity: number, conditionCount: number, loops: number): BtreeScanCost & { scans: number } {
    const { relations, tableRows, pages, filters, otherFilterCount } = this.#target;
    const { settings } = this.#statement.facts;
    const scans = Math.max(1, relations.length);
    const cost = estimateBtreeScan(
      {
        tableRows: tableRows / scans,
        tablePages: pages / scans,
        index: estimateBtreeSize(this.#columns, [], tableRows / scans, settings),
        selectivity,
        correlation: this.#columns[0]?.statistics?.correlation ?? 0,
        keyCount: this.#keys.length,
        indexConditionCount: conditionCount,
        filterCount: Math.max(0, filters.length + otherFilterCount - conditionCount),
        loops,
      },
      settings,
    );
    return { ...cost, scans };
  }

  #asFilter(): IndexUsage | null {
    const target = this.#target;
    const match = matchKeys(this.#keys, target.filters);
    const conditions = [...match.equalities, ...match.bounds];
    if (conditions.length === 0) return null;
    const selectivity = this.#selectivity(match);
    const { total, scans } = this.#scan(selectivity, conditions.length, 1);
    const around = Math.max(0, (target.node.totalCost ?? 0) - target.scanCost);
    return {
      target,
      purpose: 'filter',
      lookedUp: lookedUp(match),
      fetchedRows: selectivity * target.tableRows,
      costAfter: this.#replace(target.node, around + total * scans),
    };
  }

  #asJoin(): IndexUsage | null {
    const target = this.#target;
    const { join } = target;
    if (join === null) return null;
    const match = matchKeys(this.#keys, [...join.equalities, ...target.filters]);
    const joined = match.equalities.filter((each) => join.equalities.includes(each));
    if (joined.length === 0) return null;
    const ofFilter = { ...match, equalities: match.equalities.filter((each) => !joined.includes(each)) };
    const filtered = ofFilter.equalities.length + match.bounds.length === 0 ? 1 : this.#selectivity(ofFilter);
    const selectivity = joined.reduce((ratio, each) => ratio * this.#equality(each), filtered);
    const conditionCount = match.equalities.length + match.bounds.length;
    const { total, scans } = this.#scan(selectivity, conditionCount, Math.max(1, join.otherRows));
    const { cpuTupleCost } = this.#statement.facts.settings;
    const joinRows = join.node.plannedRows ?? 0;
    const newCost = (join.other.totalCost ?? 0) + join.otherRows * total * scans + joinRows * cpuTupleCost;
    return {
      target,
      purpose: 'join',
      lookedUp: lookedUp(match),
      fetchedRows: join.otherRows * selectivity * target.tableRows,
      costAfter: this.#replace(join.node, newCost),
    };
  }

  #asSort(): IndexUsage | null {
    const target = this.#target;
    const { sort } = target;
    if (sort === null) return null;
    const match = matchKeys(this.#keys, target.filters);
    // several values of a column: one order for each of them, and none for all
    if (match.equalities.some(({ value }) => value.count > 1) || !isInOrder(match.behind, sort.keys)) return null;
    const conditions = [...match.equalities, ...match.bounds];
    const isFiltered = target.otherFilterCount > 0 || target.filters.some((each) => !conditions.includes(each));
    // a Limit's rows may all be at the other end: where a filter remains, an estimate that is off makes it a full scan
    if (sort.fetchedRows !== null && isFiltered) return null;
    const conditionCount = conditions.length;
    const selectivity = conditionCount === 0 ? 1 : this.#selectivity(match);
    const { ordered, descent, scans } = this.#scan(selectivity, conditionCount, 1);
    const readRatio = sort.fetchedRows === null ? 1 : Math.min(1, sort.fetchedRows / Math.max(1, target.rows));
    return {
      target,
      purpose: 'sort',
      lookedUp: lookedUp(match),
      fetchedRows: readRatio * selectivity * target.tableRows,
      costAfter: this.#replace(sort.node, scans * (descent + (ordered - descent) * readRatio)),
    };
  }

  #replace(node: ScanTarget['node'], newCost: number): number {
    const { plan, facts } = this.#statement;
    return costWithReplacement(plan, node, newCost, facts);
  }
}

function lookedUp({ equalities, bounds }: Match): string[] {
  return [...new Set([...equalities, ...bounds].map(({ column }) => column.column))];
}
