// From where on an index is worth a thought: on both sides of each threshold, with plans as the server prints them.
import assert from 'node:assert/strict';
import { findIndexCandidates } from '../../../src/analysis/index-advice/proposals/index-candidates';
import type { AdviceColumn, AdviceTable } from '../../../src/analysis/index-advice/index-advice-facts';
import { toPlannedStatement } from '../../../src/analysis/index-advice/planned-statement';
import { parsePlanJson } from '../../../src/analysis/plan/parse-plan';
import { loadSqlParser } from '../../../src/analysis/sql/load-sql-parser';
import type { SqlParser } from '../../../src/analysis/sql/sql-parser';
import { inner, nodeJson, outer, planText, type PlanNodeJson } from '../../factories/plan-json';

const tableRows = 100_000;

const column = (name: string): AdviceColumn => ({
  name,
  ...{ typeName: 'int4', isDomain: false, typeLengthBytes: 4, alignmentBytes: 4, hasBtree: true, sortsByBytes: true },
  statistics: { nullRatio: 0, distinct: 1_000, averageWidthBytes: 4, correlation: 0, mostCommon: [] },
  statisticsMissing: null,
});

const tableOf = (pages: number): AdviceTable => ({
  ...{ oid: 1, schema: 'shop', name: 'orders', pages, rows: tableRows, isPartitioned: false, partitions: [] },
  ...{ refusal: null, allVisibleRatio: 1, writes: { inserted: 0, updated: 0, hotUpdated: 0, deleted: 0 } },
  columns: [column('a'), column('b')],
  indexes: [],
});

describe('candidates for an index', () => {
  let parser: SqlParser;
  before(async () => {
    ({ parser } = await loadSqlParser());
  });

  const find = (root: PlanNodeJson, pages: number) => {
    const facts = {
      settings: {
        ...{ seqPageCost: 1, randomPageCost: 4, cpuTupleCost: 0.01, cpuIndexTupleCost: 0.005, cpuOperatorCost: 0.0025 },
        ...{ effectiveCacheSizeBytes: 2 ** 32, blockSizeBytes: 8192, parallelLeaderParticipation: true },
      },
      tables: [tableOf(pages)],
      ...{ volatileFunctions: [], immutableFunctions: [], trigramSchema: null, takenNames: [], role: 'app' },
    };
    const plan = parsePlanJson(planText(root));
    return findIndexCandidates(toPlannedStatement('SELECT 1', plan, facts, parser)).map(
      ({ index, usage }) => `${usage.purpose} ${index.keys.join()}`,
    );
  };

  const scan = (rows: number, filter: string | null, totalCost = 2_500): PlanNodeJson => ({
    ...nodeJson('Seq Scan', {}),
    ...{ Schema: 'shop', 'Relation Name': 'orders', Alias: 'orders' },
    ...{ 'Startup Cost': 0, 'Total Cost': totalCost, 'Plan Rows': rows, 'Plan Width': 8 },
    ...(filter === null ? {} : { Filter: filter }),
  });
  const costing = (node: PlanNodeJson, startupCost: number, totalCost: number, rows: number): PlanNodeJson => ({
    ...node,
    ...{ 'Startup Cost': startupCost, 'Total Cost': totalCost, 'Plan Rows': rows, 'Plan Width': 8 },
  });
  const sorted = (below: PlanNodeJson, totalCost: number): PlanNodeJson => ({
    ...costing(nodeJson('Sort', {}, [outer(below)]), totalCost, totalCost, tableRows),
    'Sort Key': ['orders.a'],
  });

  it('are looked for in tables of more than 1000 pages', () => {
    assert.deepEqual(find(scan(100, '(orders.a = 1)'), 1_000), []);
    assert.deepEqual(find(scan(100, '(orders.a = 1)'), 1_001), ['filter a']);
    const limited = (rows: number) =>
      costing(nodeJson('Limit', {}, [outer(sorted(scan(tableRows, null), 9_000))]), 9_000, 9_000, rows);
    assert.deepEqual(find(limited(10), 1_000), []);
    assert.deepEqual(find(limited(10), 1_001), ['sort a']);
  });

  it('count the pages of a scan as often as it runs', () => {
    const looped = () =>
      costing(
        nodeJson('Nested Loop', {}, [
          outer(costing(nodeJson('Function Scan', {}), 0, 10, 10)),
          inner(scan(100, '(orders.a = 1)')),
        ]),
        0,
        25_010,
        1_000,
      );
    assert.deepEqual(find(looped(), 100), []);
    assert.deepEqual(find(looped(), 101), ['filter a']);
  });

  it('keep less than a tenth of the rows', () => {
    assert.deepEqual(find(scan(tableRows / 10 - 1, '(orders.a = 1)'), 5_000), ['filter a']);
    assert.deepEqual(find(scan(tableRows / 10, '(orders.a = 1)'), 5_000), []);
  });

  it('take the place of sorts that are more than half of the statement', () => {
    assert.deepEqual(find(sorted(scan(tableRows, null, 2_499), 5_000), 1), ['sort a']);
    assert.deepEqual(find(sorted(scan(tableRows, null, 2_500), 5_000), 1), []);
  });
});
