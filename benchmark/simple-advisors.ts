// What the advisor is measured against: simple ways to choose indexes that others could write in an afternoon.
import { keyOfIndex, proposeIndexes, toTableKey } from '../src/analysis/index-advice/proposals/propose-indexes';
import type { AdvisedStatement } from '../src/analysis/index-advice/index-advice';
import { PriceBook, type PricedStatement } from '../src/analysis/index-advice/selection/price-book';
import type { HypotheticalIndex, WhatIfPlanner } from '../src/analysis/index-advice/what-if-planner';

/** An index that saves less is none. */
const helpingRatio = 0.9;

export interface CountedStatement extends AdvisedStatement {
  calls: number;
}

function toPriced({ id, sql, planned, calls }: CountedStatement): PricedStatement {
  const tables = new Set(planned.facts.tables.map(({ schema, name }) => toTableKey({ schema, table: name })));
  return { id, sql, tables, weight: calls, estimateFactor: null };
}

/** Every column that the planner would use an index on, were there one on each; those that save most by themselves first. */
export async function adviseSingleColumns(
  statements: readonly CountedStatement[],
  planner: WhatIfPlanner,
): Promise<HypotheticalIndex[]> {
  const gains = new Map<string, { index: HypotheticalIndex; gain: number }>();
  for (const statement of statements) {
    const { planned, calls } = statement;
    const single = proposeIndexes(planned.uses, planned.facts)
      .map(({ index }) => index)
      .filter(({ keys, predicate, method }) => method === 'btree' && predicate === null && isColumn(keys));
    const { results } = await planner.plan([statement], single);
    const [all] = results;
    if (all?.unsupported !== null) continue;
    for (const place of all.used) {
      const index = single[place];
      if (index === undefined) continue;
      const [alone] = (await planner.plan([statement], [index])).results;
      const gain = (alone === undefined ? 0 : alone.costBefore - alone.costAfter) * calls;
      const key = keyOfIndex(index);
      gains.set(key, { index, gain: (gains.get(key)?.gain ?? 0) + gain });
    }
  }
  return [...gains.values()].sort((a, b) => b.gain - a.gain).map(({ index }) => index);
}

const isColumn = ([first, ...others]: readonly string[]) => others.length === 0 && /^[\w"]+$/.test(first ?? '');

/** For each budget: the one that gains most is added again and again, from nothing, as long as it fits and anything is gained. */
export async function adviseGreedily(
  statements: readonly CountedStatement[],
  planner: WhatIfPlanner,
  budgetsBytes: readonly number[],
): Promise<HypotheticalIndex[][]> {
  const book = new PriceBook(planner);
  const priced = statements.map(toPriced);
  const before = await book.price(priced, []);
  const mattering = new Map<string, Set<number>>();
  for (const [at, { planned }] of statements.entries()) {
    const statement = priced[at];
    if (statement === undefined) continue;
    const helping = new Set<number>();
    for (const id of proposeIndexes(planned.uses, planned.facts).map((each) => book.add(each))) {
      const [alone] = await book.price([statement], [id]);
      if ((alone?.cost ?? Infinity) < (before[at]?.cost ?? 0) * helpingRatio) helping.add(id);
    }
    mattering.set(statement.id, helping);
  }
  book.limitTo(mattering);
  const candidates = [...new Set([...mattering.values()].flatMap((ids) => [...ids]))];
  const sets: HypotheticalIndex[][] = [];
  for (const budgetBytes of budgetsBytes) sets.push(await fill(book, priced, candidates, budgetBytes));
  return sets;
}

async function fill(
  book: PriceBook,
  statements: readonly PricedStatement[],
  candidates: readonly number[],
  budgetBytes: number,
): Promise<HypotheticalIndex[]> {
  const total = async (set: readonly number[]) =>
    (await book.price(statements, set)).reduce(
      (sum, price, at) => sum + (price?.cost ?? 0) * (statements[at]?.weight ?? 0),
      0,
    );
  const size = (set: readonly number[]) => set.reduce((sum, id) => sum + (book.sizeOf(id) ?? 0), 0);
  let chosen: number[] = [];
  let before = await total([]);
  let left = candidates.map((id) => ({ id, gain: Infinity }));
  for (;;) {
    let best: { id: number; after: number } | null = null;
    left = left.filter(({ id }) => size([...chosen, id]) <= budgetBytes).sort((a, b) => b.gain - a.gain);
    for (const each of left) {
      // what an index gains besides others is hardly more than what it gained before
      if (best !== null && each.gain <= before - best.after) break;
      const after = await total([...chosen, each.id]);
      each.gain = before - after;
      if (best === null || after < best.after) best = { id: each.id, after };
    }
    if (best === null || best.after >= before * (1 - 1e-9)) return chosen.map((id) => book.find(id).index);
    const { id, after } = best;
    chosen = [...chosen, id];
    left = left.filter((each) => each.id !== id);
    before = after;
  }
}
