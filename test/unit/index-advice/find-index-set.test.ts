// What is proposed for several statements together, and how long the search for a set may take, with a planner that finds
// every index as good as none.
import assert from 'node:assert/strict';
import { IndexSetFinder, type IndexSetStatement } from '../../../src/analysis/index-advice/find-index-set';
import type { AdviceTable, IndexAdviceFacts } from '../../../src/analysis/index-advice/index-advice-facts';
import type { IndexCondition } from '../../../src/analysis/index-advice/proposals/index-conditions';
import type { Plan } from '../../../src/analysis/plan/plan';
import type {
  HypotheticalIndex,
  WhatIfAnswer,
  WhatIfPlanner,
  WhatIfStatement,
} from '../../../src/analysis/index-advice/what-if-planner';

const column = (name: string, typeName: string) => ({
  ...{ name, typeName, isDomain: false, typeLengthBytes: -1, alignmentBytes: 4, hasBtree: true, sortsByBytes: false },
  statistics: { nullRatio: 0.8, averageWidthBytes: 8, distinct: 20, correlation: 0, mostCommon: [] },
  statisticsMissing: null,
});
const table: AdviceTable = {
  ...{ oid: 1, schema: 'shop', name: 'orders', pages: 1_000, rows: 100_000 },
  ...{ isPartitioned: false, partitions: [], refusal: null, allVisibleRatio: 1, indexes: [] },
  columns: [column('coupon', 'text'), column('paid', 'bool')],
  writes: { inserted: 0, updated: 0, hotUpdated: 0, deleted: 0 },
};
const facts: IndexAdviceFacts = {
  settings: {
    ...{ seqPageCost: 1, randomPageCost: 4, cpuTupleCost: 0.01, cpuIndexTupleCost: 0.005, cpuOperatorCost: 0.0025 },
    ...{ effectiveCacheSizeBytes: 4_000_000_000, blockSizeBytes: 8192, parallelLeaderParticipation: true },
  },
  ...{
    tables: [table],
    volatileFunctions: [],
    immutableFunctions: [],
    trigramSchema: null,
    takenNames: [],
    role: 'me',
  },
};

/** `value` is a literal; null is a placeholder. */
function ask(id: string, key: string, value: string | null): IndexSetStatement {
  const text = `(${key} = ${value ?? '$1'})`;
  const constants = value === null ? null : [value];
  const compared = { constants, count: 1, aliases: new Set<string>(), column: null, functions: [] };
  const condition: IndexCondition = {
    ...{ use: 'equality', alias: 'orders', key, column: key, castTo: null, castKey: null, operator: '=', text },
    value: compared,
    columnCondition: {
      ...{ column: { alias: 'orders', column: key, castTo: null }, operator: 'equality', value: compared },
    },
    ...{ keyFunctions: [], predicate: value === null ? null : text, isAlternative: false },
  };
  const use = { table, aliases: new Set(['orders']), conditions: [condition], orders: [], columns: null };
  const plan = { nodes: [], fields: {} } as unknown as Plan;
  return {
    ...{ id, sql: id, calls: null, estimateFactor: null },
    planned: { plan, facts, targets: [], uses: [use], updates: [] },
  };
}

class IdlePlanner implements WhatIfPlanner {
  readonly engine = 'sandbox';
  readonly grade = 'planned';
  readonly asked = new Set<string>();
  readonly #onPlan: () => void;

  constructor(onPlan: () => void = () => undefined) {
    this.#onPlan = onPlan;
  }

  plan(statements: readonly WhatIfStatement[], indexes: readonly HypotheticalIndex[]): Promise<WhatIfAnswer> {
    this.#onPlan();
    for (const { keys, predicate } of indexes) this.asked.add(`${keys.join()}${predicate ?? ''}`);
    return Promise.resolve({
      results: statements.map(({ id }) => ({
        ...{ statementId: id, costBefore: 1_000, costAfter: 1_000, used: [] },
        ...{ planBefore: null, planAfter: null, unsupported: null },
      })),
      indexSizesBytes: indexes.map(() => 1_000),
    });
  }
}

const options = {
  ...{ budgetBytes: null, maximumIndexes: null, deadlineMs: null, now: () => 0, minimumSavedRatio: 0.1 },
  ...{ findsDrops: false, weighsEach: false, budgetSteps: 0, isAllowed: () => true },
};

async function propose(...statements: IndexSetStatement[]): Promise<string[]> {
  const planner = new IdlePlanner();
  await new IndexSetFinder(planner, statements, options).find();
  return [...planner.asked].sort();
}

describe('indexes for several statements', () => {
  it('are for rows of one value only where every statement asks for that value', async () => {
    const [summer, query] = ["'SUMMER'", "'Q'"];
    assert.deepEqual(await propose(ask('a', 'coupon', summer)), ['coupon']);
    assert.deepEqual(await propose(ask('a', 'coupon', summer), ask('b', 'coupon', query)), ['coupon']);
    assert.deepEqual(await propose(ask('a', 'coupon', summer), ask('b', 'coupon', null)), ['coupon']);
    assert.deepEqual(await propose(ask('a', 'coupon', summer), ask('b', 'coupon', summer)), [
      'coupon',
      `coupon(coupon = 'SUMMER')`,
    ]);
  });

  it('may be for rows of one boolean value, which is a kind of rows', async () => {
    assert.deepEqual(await propose(ask('a', 'paid', 'true')), ['paid', 'paid(paid = true)']);
  });
});

describe('the search for a set of indexes', () => {
  it('has its time from when the costs of today are known', async () => {
    let nowMs = 0;
    const planner = new IdlePlanner(() => {
      // as a sandbox that has to be started for the first question
      if (nowMs === 0) nowMs = 60_000;
    });
    const statements = [ask('a', 'coupon', null)];
    const finder = new IndexSetFinder(planner, statements, { ...options, deadlineMs: 20_000, now: () => nowMs });
    const { isComplete } = await finder.find();
    assert.ok(isComplete);
    assert.ok(planner.asked.has('coupon'));
    nowMs += 20_000;
    assert.ok(finder.isOver);
  });
});
