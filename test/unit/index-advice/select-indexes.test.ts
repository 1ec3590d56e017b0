// The choice of a set of indexes, with a planner that prices by a formula: a statement costs what is left after the best of
// the indexes that match its wish, so that the best set can be found by trying all of them.
import assert from 'node:assert/strict';
import { DatabaseFailure } from '../../../src/analysis/connection/connection-failure';
import type { AdviceTable } from '../../../src/analysis/index-advice/index-advice-facts';
import { PriceBook, type Price, type PricedStatement } from '../../../src/analysis/index-advice/selection/price-book';
import { toTableKey, type ProposedIndex } from '../../../src/analysis/index-advice/proposals/propose-indexes';
import {
  IndexSelector,
  trustedRatio,
  type SelectionOptions,
} from '../../../src/analysis/index-advice/selection/select-indexes';
import type {
  HypotheticalIndex,
  WhatIfAnswer,
  WhatIfPlanner,
  WhatIfStatement,
} from '../../../src/analysis/index-advice/what-if-planner';

const table: AdviceTable = {
  oid: 1,
  schema: 'shop',
  name: 'orders',
  pages: 1_000,
  rows: 100_000,
  isPartitioned: false,
  partitions: [],
  refusal: null,
  allVisibleRatio: 1,
  writes: { inserted: 0, updated: 0, hotUpdated: 0, deleted: 0 },
  columns: [],
  indexes: [],
};

const indexOn = (keys: string, of = 'orders'): HypotheticalIndex => ({
  schema: 'shop',
  table: of,
  method: 'btree',
  keys: keys.split(','),
  included: [],
  predicate: null,
});
const propose = (keys: string, of = 'orders'): ProposedIndex => ({
  index: indexOn(keys, of),
  table: { ...table, name: of },
  reasons: [keys],
  keptRatio: 1,
});

interface Wish {
  id: string;
  cost: number;
  weight?: number;
  /** By the beginning of an index's keys: what the statement then costs. */
  costs: Record<string, number>;
  /** Costs of two indexes that help together. */
  both?: { keys: [string, string]; cost: number };
  table?: string;
  estimateFactor?: number;
}

/** One kilobyte for each key column. */
class FormulaPlanner implements WhatIfPlanner {
  readonly engine = 'sandbox';
  readonly grade = 'planned';
  readonly #wishes: ReadonlyMap<string, Wish>;
  readonly calls: { statements: string[]; indexes: string[] }[] = [];

  constructor(wishes: readonly Wish[]) {
    this.#wishes = new Map(wishes.map((wish) => [wish.id, wish]));
  }

  plan(statements: readonly WhatIfStatement[], indexes: readonly HypotheticalIndex[]): Promise<WhatIfAnswer> {
    const keys = indexes.map((index) => index.keys.join());
    this.calls.push({ statements: statements.map(({ id }) => id), indexes: keys });
    if (keys.includes('refused')) return Promise.reject(new DatabaseFailure('statement', 'not IMMUTABLE', ''));
    return Promise.resolve({
      results: statements.map(({ id }) => {
        const wish = this.#wishes.get(id);
        assert.ok(wish !== undefined);
        const best = this.#best(wish, indexes);
        const used = [...best.used];
        return {
          ...{ statementId: id, costBefore: wish.cost, costAfter: best.cost, used },
          ...{ planBefore: null, planAfter: null, unsupported: id === 'broken' ? 'It is broken.' : null },
        };
      }),
      indexSizesBytes: indexes.map((index) => index.keys.length * 1_000),
    });
  }

  #best(wish: Wish, indexes: readonly HypotheticalIndex[]): { cost: number; used: number[] } {
    let best: { cost: number; used: number[] } = { cost: wish.cost, used: [] };
    const place = (keys: string) =>
      indexes.findIndex(
        (index) => index.table === (wish.table ?? 'orders') && `${index.keys.join()},`.startsWith(`${keys},`),
      );
    for (const [keys, cost] of Object.entries(wish.costs)) {
      const at = place(keys);
      if (at >= 0 && cost < best.cost) best = { cost, used: [at] };
    }
    if (wish.both !== undefined) {
      const places = wish.both.keys.map(place);
      if (places.every((at) => at >= 0) && wish.both.cost < best.cost) best = { cost: wish.both.cost, used: places };
    }
    return best;
  }
}

const toStatements = (wishes: readonly Wish[]): PricedStatement[] =>
  wishes.map(({ id, weight, table: of, estimateFactor }) => ({
    id,
    sql: id,
    tables: new Set([toTableKey({ schema: 'shop', table: of ?? 'orders' })]),
    weight: weight ?? 1,
    estimateFactor: estimateFactor ?? null,
  }));

const free: SelectionOptions = {
  budgetBytes: null,
  maximumIndexes: null,
  deadlineMs: null,
  now: () => 0,
  minimumSavedRatio: 0.1,
  weighsEach: false,
  tableBytes: null,
  writeCost: () => 0,
};

async function select(
  wishes: readonly Wish[],
  candidates: readonly string[],
  options: Partial<SelectionOptions> = {},
  bundles: readonly (readonly string[])[] = [],
) {
  const planner = new FormulaPlanner(wishes);
  const book = new PriceBook(planner);
  const statements = toStatements(wishes);
  const ids = new Map(candidates.map((keys) => [keys, book.add(propose(...(keys.split('@') as [string, string?])))]));
  const before = (await book.price(statements, [])).flatMap((price): Price[] => (price === null ? [] : [price]));
  for (const id of ids.values()) await book.price(statements, [id]);
  const toIds = (keys: readonly string[]) => keys.map((each) => ids.get(each) ?? -1);
  const selector = new IndexSelector(book, statements, before, { ...free, ...options });
  const { chosen, isComplete } = await selector.select(toIds(candidates), bundles.map(toIds));
  const names = chosen.map((id) => candidates[id]);
  return { names, total: await selector.total(chosen), isComplete, planner, book, selector, ids };
}

describe('choice of a set of indexes', () => {
  it('weighs gains by calls, the most worthwhile first', async () => {
    const wishes: Wish[] = [
      { id: 'rare', cost: 10_000, costs: { a: 10 } },
      { id: 'often', cost: 100, weight: 1_000, costs: { b: 1 } },
    ];
    assert.deepEqual((await select(wishes, ['a', 'b'])).names, ['b', 'a']);
    assert.deepEqual((await select(wishes, ['a', 'b'], { maximumIndexes: 1 })).names, ['b']);
  });

  it('takes one long index in the place of two short ones', async () => {
    const wishes: Wish[] = [
      { id: 's1', cost: 100, costs: { a: 10 } },
      { id: 's2', cost: 100, costs: { 'a,b': 5, a: 50 } },
    ];
    assert.deepEqual((await select(wishes, ['a', 'a,b'])).names, ['a,b']);
  });

  it('fills a budget better than the best ones one after the other would', async () => {
    // the greatest gain fills the budget by itself; two smaller ones gain more
    const wishes: Wish[] = [
      { id: 's1', cost: 1_000, costs: { 'a,b,c,d': 100 } },
      { id: 's2', cost: 800, costs: { 'e,f': 100 } },
      { id: 's3', cost: 800, costs: { 'g,h': 100 } },
    ];
    const { names, total } = await select(wishes, ['a,b,c,d', 'e,f', 'g,h'], { budgetBytes: 4_000 });
    assert.deepEqual([...names].sort(), ['e,f', 'g,h']);
    assert.equal(total, 1_200);
  });

  it('keeps the smaller and cheaper one of two, however little it gains beside the whole workload', async () => {
    const wishes: Wish[] = [
      { id: 'heavy', cost: 100_000, costs: {} },
      // its index makes (a,b) the best one, until it has a better one still
      { id: 's1', cost: 10_000, costs: { 'a,b': 100, 'c,d,e,f': 25 } },
      { id: 's2', cost: 1_000, costs: { g: 95, 'a,b': 100 } },
    ];
    const { names } = await select(wishes, ['g', 'a,b', 'c,d,e,f']);
    assert.deepEqual([...names].sort(), ['c,d,e,f', 'g']);
  });

  it('finds two that help only together', async () => {
    const wishes: Wish[] = [{ id: 's1', cost: 100, costs: {}, both: { keys: ['a', 'b'], cost: 10 } }];
    assert.deepEqual((await select(wishes, ['a', 'b'])).names, []);
    assert.deepEqual([...(await select(wishes, ['a', 'b'], {}, [['a', 'b']])).names].sort(), ['a', 'b']);
  });

  it('leaves out what costs more to keep than it saves', async () => {
    const wishes: Wish[] = [
      { id: 's1', cost: 100, costs: { a: 10 } },
      { id: 's2', cost: 100, costs: { b: 10 } },
    ];
    const writeCost = (id: number) => (id === 0 ? 91 : 89);
    assert.deepEqual((await select(wishes, ['a', 'b'], { writeCost })).names, ['b']);
  });

  it('asks more of an index that nobody limits: a hundredth of the workload, or half of a statement', async () => {
    const wishes: Wish[] = [
      { id: 'heavy', cost: 10_000, costs: { a: 5_000 } },
      { id: 'halved', cost: 10, costs: { b: 4 } },
      { id: 'a little cheaper', cost: 10, costs: { c: 8 } },
    ];
    const candidates = ['a', 'b', 'c'];
    assert.deepEqual((await select(wishes, candidates)).names, ['a', 'b']);
    assert.deepEqual((await select(wishes, candidates, { budgetBytes: 9_000 })).names, candidates);
    // each takes a tenth of the tables, so it has to do twice as much
    assert.deepEqual((await select(wishes, candidates, { tableBytes: 10_000 })).names, ['a']);
  });

  it('distrusts small gains, the more so where estimates were wrong', async () => {
    const [sure, doubtful] = toStatements([
      { id: 'sure', cost: 100, costs: {} },
      { id: 'doubtful', cost: 100, costs: {}, estimateFactor: 100 },
    ]);
    assert.ok(sure !== undefined && doubtful !== undefined);
    assert.equal(trustedRatio(sure, 0.1), 0.1);
    assert.ok(Math.abs(trustedRatio(doubtful, 0.1) - 0.3) < 1e-9);
    assert.equal(trustedRatio({ ...doubtful, estimateFactor: 1e12 }, 0.1), 0.5);
    const wish = (estimateFactor: number): Wish[] => [{ id: 's1', cost: 100, costs: { a: 75 }, estimateFactor }];
    assert.deepEqual((await select(wish(1), ['a'])).names, ['a']);
    assert.deepEqual((await select(wish(100), ['a'])).names, []);
  });

  it('takes a longer index in the place of a shorter one only where it is worth its space', async () => {
    const choose = async (shorter: number, budgetBytes: number | null = null) => {
      const wishes = [{ id: 's', cost: 1_000, costs: { a: shorter, 'a,b,c': 1 } }];
      return (await select(wishes, ['a', 'a,b,c'], { tableBytes: 10_000, budgetBytes })).names;
    };
    // 2 kB more are a fifth of the table: a fiftieth of the cost, as two times the half of what is left
    assert.deepEqual(await choose(3), ['a']);
    assert.deepEqual(await choose(4), ['a,b,c']);
    assert.deepEqual(await choose(3, 3_000), ['a,b,c']);
  });

  it('is as good as the best of all sets', async () => {
    const letters = ['a', 'b', 'c', 'd', 'e', 'f'];
    const candidates = [...letters, 'a,b', 'b,a', 'c,d', 'd,e', 'e,f', 'f,a'];
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 12; round++) {
      const wishes = Array.from({ length: 8 }, (_, at): Wish => {
        const cost = 100 + Math.floor(random() * 10_000);
        const some = candidates.filter(() => random() < 0.3);
        const costs = Object.fromEntries(some.map((keys) => [keys, Math.floor(cost * random())]));
        return { id: `s${at}`, cost, weight: 1 + Math.floor(random() * 50), costs };
      });
      const options = { budgetBytes: 3_000 + Math.floor(random() * 4) * 1_000 };
      const { total, book, selector, ids, names } = await select(wishes, candidates, options);
      let best = Infinity;
      for (let bits = 0; bits < 1 << candidates.length; bits++) {
        const set = candidates.filter((_, at) => (bits & (1 << at)) !== 0).map((keys) => ids.get(keys) ?? -1);
        if (set.reduce((sum, id) => sum + (book.sizeOf(id) ?? 0), 0) > options.budgetBytes) continue;
        best = Math.min(best, await selector.total(set));
      }
      assert.ok(total <= best * 1.02, `round ${round}: ${total}, best ${best} (${names.join('; ')})`);
      const again = await select(wishes, candidates, options);
      assert.deepEqual(again.names, names);
    }
  });

  it('answers most questions from earlier answers', async () => {
    const wishes = Array.from({ length: 20 }, (_, at): Wish => ({
      id: `s${at}`,
      cost: 1_000 + at,
      costs: { [`k${at % 10}`]: 10 },
      table: `t${at % 5}`,
    }));
    const candidates = Array.from({ length: 10 }, (_, at) => `k${at}@t${at % 5}`);
    const { book, names } = await select(wishes, candidates);
    assert.equal(names.length, 10);
    assert.ok(book.savedCount > 4 * book.callCount, `${book.savedCount} saved, ${book.callCount} asked`);
    assert.ok(book.callCount <= 4 * wishes.length, `${book.callCount} asked`);
  });

  it('never asks twice for a plan that a larger set has shown already', async () => {
    const wishes: Wish[] = [{ id: 's1', cost: 100, costs: { b: 10 } }];
    const planner = new FormulaPlanner(wishes);
    const book = new PriceBook(planner);
    const [a, b, c] = ['a', 'b', 'c'].map((keys) => book.add(propose(keys)));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const statements = toStatements(wishes);
    await book.price(statements, [a, b, c]);
    assert.equal(planner.calls.length, 1);
    for (const set of [[b], [a, b], [b, c], []]) {
      const [price] = await book.price(statements, set);
      assert.equal(price?.cost, set.length === 0 ? 100 : 10);
    }
    assert.equal(planner.calls.length, 1);
    assert.equal((await book.price(statements, [a, c]))[0]?.cost, 100);
    assert.equal(planner.calls.length, 2);
  });

  it('sorts out an index that the server refuses, and a statement that has no plan', async () => {
    const wishes: Wish[] = [
      { id: 's1', cost: 100, costs: { b: 10 } },
      { id: 'broken', cost: 0, costs: {} },
    ];
    const book = new PriceBook(new FormulaPlanner(wishes));
    const [statement, broken] = toStatements(wishes);
    assert.ok(statement !== undefined && broken !== undefined);
    const ids = ['a', 'refused', 'b'].map((keys) => book.add(propose(keys)));
    assert.equal((await book.price([broken], []))[0], null);
    assert.equal(book.unsupported(broken), 'It is broken.');
    const [price] = await book.price([statement], ids);
    assert.ok(price !== undefined && price !== null);
    assert.deepEqual([price.cost, ...price.used], [10, 2]);
    assert.deepEqual(
      ids.map((id) => book.isRefused(id)),
      [false, true, false],
    );
  });

  it('answers with what it has when the time is over', async () => {
    const wishes: Wish[] = [{ id: 's1', cost: 100, costs: { a: 10 } }];
    const over = await select(wishes, ['a'], { deadlineMs: 5, now: () => 10 });
    assert.deepEqual([over.names, over.isComplete], [[], false]);
  });
});
