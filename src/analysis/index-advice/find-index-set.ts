// Advice by a planner that makes real plans: proposes indexes for all statements, leaves to the planner which of them help,
// widens and merges those, chooses the set, and says what each of it is for, what it costs and what it was chosen over.
import {
  findConditionKeys,
  findLookedUpKeys,
  proposeIndexes,
  toTableKey,
  type ProposedIndex,
} from './proposals/propose-indexes';
import { PriceBook, type Price, type PricedStatement } from './selection/price-book';
import type { PlannedStatement } from './planned-statement';
import { groupBy } from '../group-by';
import { IndexSelector, trustedRatio, type SelectionOptions } from './selection/select-indexes';
import type { TableUse } from './proposals/table-uses';
import { coverColumns, mergeIndexes } from './proposals/widen-indexes';
import type { HypotheticalIndex, WhatIfPlanner, WhatIfStatement } from './what-if-planner';
import { estimateWriteCost, type UpdatedShares, type WriteCost } from './cost/write-cost';

/** Of each statement: the indexes of its two best plans are worth a second thought. */
const widenedRounds = 2;
/** What is only taken when seven better ones are missing is never chosen. */
const maximumRounds = 8;
/** A value that one statement compares with may be one of many; that others compare with it too makes it a kind of rows. */
const fixedStatements = 2;
/** Of each table: merging all with all would ask more than it finds. */
const mergedPerTable = 6;
/** Named in "why": more is no longer read. */
const namedAlternatives = 2;
/** A step that makes nothing cheaper prepares another one. */
const groupRatio = 1e-9;
/** Below a thousandth nobody can tell a winner from rounding. */
const changedRatio = 0.001;

export interface IndexSetStatement extends WhatIfStatement {
  planned: PlannedStatement;
  /** Null where nobody counted. */
  calls: number | null;
  estimateFactor: number | null;
}

export interface IndexSetOptions {
  budgetBytes: number | null;
  maximumIndexes: number | null;
  /** From when the statements' costs of today are known: starting the planner does not count. */
  deadlineMs: number | null;
  now: () => number;
  minimumSavedRatio: number;
  /** Whether existing indexes are looked at that the statements could do without. */
  findsDrops: boolean;
  /** Whether each statement counts the same, whatever it costs: for advice that is given statement by statement. */
  weighsEach: boolean;
  /** How many smaller sets of a workload are chosen besides, for budgets up to what the advised set takes. */
  budgetSteps: number;
  isAllowed: (index: HypotheticalIndex) => boolean;
  /** What was asked for the same statements before; null: nothing. */
  book?: PriceBook | null;
}

export interface StatementChange {
  id: string;
  costBefore: number;
  costAfter: number;
}

/** With the indexes chosen before it already in place. */
export interface Winner extends StatementChange {
  /** What this index does to the statement by itself: nothing, where it helps only beside others. */
  alone: { costBefore: number; costAfter: number };
}

export interface LosingAlternative {
  proposed: ProposedIndex;
  /** Of the statements that the chosen one serves, with it in the chosen one's place. */
  costAfter: number;
  sizeBytes: number | null;
  /** What the statement that would miss the chosen one most costs with that one and with this; null where none would. */
  missing: { id: string; costChosen: number; cost: number } | null;
}

export interface ChosenIndex {
  proposed: ProposedIndex;
  sizeBytes: number | null;
  /** Sums over the statements that use it, each as often as it was called; with the indexes before it already in place. */
  costBefore: number;
  costAfter: number;
  winners: readonly Winner[];
  /** Statements that become dearer with it. */
  losers: readonly StatementChange[];
  unaffectedCount: number;
  /** Of the chosen ones, those that help only together with it: costs and winners are those of all of them. */
  together: readonly ProposedIndex[];
  write: WriteCost;
  alternatives: readonly LosingAlternative[];
}

export interface IndexSet {
  chosen: readonly ChosenIndex[];
  /** Costs of one run without and with all chosen ones; null, with a reason, where the planner has none. */
  statements: readonly { id: string; costBefore: number; costAfter: number; unsupported: string | null }[];
  /** Geometric mean of cost after / before over the statements. */
  meanRatio: number;
  isComplete: boolean;
}

/** What does not depend on the budget. */
interface Search {
  priced: readonly PricedStatement[];
  before: readonly (Price | null)[];
  considered: readonly Considered[];
  candidates: readonly number[];
  /** Indexes of which a plan used several at once. */
  bundles: readonly (readonly number[])[];
  /** By statement: indexes that one of its plans used. */
  mattering: ReadonlyMap<string, ReadonlySet<number>>;
}

interface Considered {
  statement: PricedStatement;
  uses: readonly TableUse[];
  before: Price;
  /** Indexes that were proposed for it. */
  proposed: number[];
}

export class IndexSetFinder {
  readonly #book: PriceBook;
  readonly #statements: readonly IndexSetStatement[];
  readonly #options: IndexSetOptions;
  /** By table and column. */
  readonly #updatedShares: ReadonlyMap<string, UpdatedShares>;
  #search: Search | null = null;
  /** By `now`. */
  #endsAtMs: number | null = null;

  constructor(planner: WhatIfPlanner, statements: readonly IndexSetStatement[], options: IndexSetOptions) {
    this.#book = options.book?.use(planner) ?? new PriceBook(planner);
    this.#statements = statements;
    this.#options = options;
    this.#updatedShares = toUpdatedShares(statements);
  }

  find(): Promise<IndexSet> {
    return this.findUnder(this.#options.budgetBytes);
  }

  /** The same search under another storage budget: candidates and what was asked about them are kept. */
  async findUnder(budgetBytes: number | null): Promise<IndexSet> {
    this.#search ??= await this.#findCandidates();
    const { priced, before, considered, candidates, bundles, mattering } = this.#search;
    this.#book.limitTo(mattering);
    const selector = new IndexSelector(
      this.#book,
      considered.map(({ statement, before: { cost } }) =>
        this.#options.weighsEach ? { ...statement, weight: 1 / Math.max(1, cost) } : statement,
      ),
      considered.map((each) => each.before),
      { ...this.#selectionOptions(), budgetBytes },
    );
    const { chosen, isComplete } = await selector.select(candidates, bundles);
    // what is told is what the planner does with all of them
    this.#book.limitTo(null);
    const after = await this.#book.price(priced, chosen);
    this.#book.limitTo(
      new Map(priced.map(({ id }, at) => [id, new Set([...(mattering.get(id) ?? []), ...(after[at]?.used ?? [])])])),
    );
    return {
      chosen: await this.#describe(chosen, candidates, considered),
      statements: priced.map((statement, at) => ({
        id: statement.id,
        costBefore: before[at]?.cost ?? 0,
        costAfter: after[at]?.cost ?? before[at]?.cost ?? 0,
        unsupported: this.#book.unsupported(statement),
      })),
      meanRatio: await selector.meanRatio(chosen),
      isComplete,
    };
  }

  /**
   * Each statement is planned with all that was proposed for it, then without those that its plan used, and so on: that tells
   * which of them matter, in their order, and answers most questions about sets of them. What came of it is widened, and
   * every statement sees what the others brought.
   */
  async #findCandidates(): Promise<Search> {
    const priced = this.#statements.map(toPriced);
    const before = await this.#book.price(priced, []);
    const { deadlineMs, now } = this.#options;
    this.#endsAtMs = deadlineMs === null ? null : now() + deadlineMs;
    const considered = this.#propose(priced, before);
    const own = new Map<Considered, number[][]>();
    for (const each of considered) {
      if (this.isOver) break;
      const rounds = await this.#peel(each, each.proposed);
      if (rounds.length > 0) own.set(each, rounds);
    }
    const helping = [...new Set([...own.values()].flat(2))];
    const isAllowed = (id: number) => this.#options.isAllowed(this.#book.find(id).index);
    const offered = [...new Set([...helping, ...this.#widen(own)])].filter(isAllowed).sort((a, b) => a - b);
    const promising = [...own.keys()];
    // the first round of all of them is one question
    await this.#book.price(
      promising.map(({ statement }) => statement),
      offered,
    );
    const mattering = new Map<string, ReadonlySet<number>>();
    const bundles: number[][] = [];
    for (const each of promising) {
      const first = (own.get(each) ?? []).filter((round) => round.every(isAllowed));
      const rounds = [...first, ...(this.isOver ? [] : await this.#peel(each, offered))];
      mattering.set(each.statement.id, new Set(rounds.flat()));
      bundles.push(...rounds.filter(({ length }) => length > 1));
    }
    const candidates = [...new Set([...mattering.values()].flatMap((ids) => [...ids]))].sort((a, b) => a - b);
    return { priced, before, considered, candidates, bundles: toDistinct(bundles), mattering };
  }

  get isOver(): boolean {
    return this.#endsAtMs !== null && this.#options.now() >= this.#endsAtMs;
  }

  #selectionOptions(): SelectionOptions {
    // writes are counted by the server, statements by their calls: without calls there is no common measure
    const areCounted = this.#statements.every(({ calls }) => calls !== null);
    const costs = new Map<number, number>();
    return {
      ...this.#options,
      deadlineMs: this.#endsAtMs,
      tableBytes: this.#sumTableBytes(),
      writeCost: (id) => {
        if (!areCounted) return 0;
        const known = costs.get(id) ?? this.#writeCost(id).cost;
        costs.set(id, known);
        return known;
      },
    };
  }

  #sumTableBytes(): number {
    const sizes = new Map<number, number>();
    for (const { planned } of this.#statements) {
      const { tables, settings } = planned.facts;
      for (const { oid, pages } of tables) sizes.set(oid, pages * settings.blockSizeBytes);
    }
    return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  #writeCost(id: number): WriteCost {
    const { index, table, keptRatio } = this.#book.find(id);
    const settings = this.#statements.find(({ planned }) => planned.facts.tables.some(({ oid }) => oid === table.oid))
      ?.planned.facts.settings;
    const shares = this.#updatedShares.get(toTableKey(index)) ?? new Map<string, number>();
    return settings === undefined
      ? { cost: 0, ratio: null, lostHotUpdates: 0 }
      : estimateWriteCost(index, this.#book.sizeOf(id), table, settings, shares, keptRatio);
  }

  #propose(priced: readonly PricedStatement[], before: readonly (Price | null)[]): Considered[] {
    const counts = new Map<string, number>();
    const predicatesOf = new Map<string, ReadonlySet<string | null>[]>();
    const keyOf = (oid: number, key: string) => JSON.stringify([oid, key]);
    for (const { planned } of this.#statements) {
      const keys = new Set(findLookedUpKeys(planned.uses).map(({ table, key }) => keyOf(table.oid, key)));
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
      const asked = groupBy(findConditionKeys(planned.uses), ({ table, key }) => keyOf(table.oid, key));
      for (const [key, conditions] of asked) {
        const predicates = new Set(conditions.map(({ predicate }) => predicate));
        predicatesOf.set(key, [...(predicatesOf.get(key) ?? []), predicates]);
      }
    }
    const isFixed = (oid: number, key: string, predicate: string) => {
      const asked = predicatesOf.get(keyOf(oid, key)) ?? [];
      return asked.length >= fixedStatements && asked.every((each) => each.size === 1 && each.has(predicate));
    };
    return this.#statements.flatMap(({ planned }, at) => {
      const [statement, price] = [priced[at], before[at]];
      if (statement === undefined || price === undefined || price === null) return [];
      const proposals = proposeIndexes(planned.uses, planned.facts, {
        countLookUps: ({ oid }, key) => counts.get(keyOf(oid, key)) ?? 0,
        isFixed: ({ oid }, key, predicate) => isFixed(oid, key, predicate),
      });
      return [
        { statement, uses: planned.uses, before: price, proposed: proposals.map((each) => this.#book.add(each)) },
      ];
    });
  }

  #helps({ statement, before }: Considered, price: Price | null | undefined): boolean {
    if (price === null || price === undefined) return false;
    return price.cost <= before.cost * (1 - trustedRatio(statement, this.#options.minimumSavedRatio));
  }

  /** Indexes that its plans use, those of each plan taken away for the next one; empty where not even all together help. */
  async #peel(each: Considered, ids: readonly number[]): Promise<number[][]> {
    let left = [...ids];
    const rounds: number[][] = [];
    while (left.length > 0 && rounds.length < maximumRounds && !this.isOver) {
      const [price] = await this.#book.price([each.statement], left);
      if (price === undefined || price === null || price.used.size === 0 || !this.#helps(each, price)) break;
      rounds.push([...price.used]);
      left = left.filter((id) => !price.used.has(id));
    }
    return rounds;
  }

  /** What would serve the statements better still, or several at once. */
  #widen(own: ReadonlyMap<Considered, readonly (readonly number[])[]>): Set<number> {
    const widened = new Set<number>();
    const worths = new Map<number, number>();
    const helped = new Map<number, Set<string>>();
    for (const [{ statement, uses, before }, rounds] of own) {
      for (const [round, ids] of rounds.entries()) {
        for (const id of ids) {
          helped.set(id, (helped.get(id) ?? new Set()).add(statement.id));
          worths.set(id, (worths.get(id) ?? 0) + (before.cost * statement.weight) / (round + 1));
        }
      }
      for (const id of rounds.slice(0, widenedRounds).flat()) {
        const proposed = this.#book.find(id);
        for (const use of uses.filter(({ table }) => table.oid === proposed.table.oid)) {
          const covering = coverColumns(proposed, use);
          if (covering === null) continue;
          const wider = this.#book.add(covering);
          widened.add(wider);
          helped.set(wider, new Set(helped.get(id)));
        }
      }
    }
    for (const [a, b] of this.#pairs([...worths.keys(), ...widened], worths)) {
      // what one statement alone could want was proposed for it already
      const isForOthers = [...(helped.get(b) ?? [])].some((id) => helped.get(a)?.has(id) !== true);
      if (!isForOthers) continue;
      const merged = mergeIndexes(this.#book.find(a), this.#book.find(b));
      if (merged !== null) widened.add(this.#book.add(merged));
    }
    return widened;
  }

  /** Pairs of the best indexes of each table, both ways round. */
  #pairs(ids: readonly number[], gains: ReadonlyMap<number, number>): [number, number][] {
    const byTable = new Map<string, number[]>();
    for (const id of ids) {
      const key = toTableKey(this.#book.find(id).index);
      byTable.set(key, [...(byTable.get(key) ?? []), id]);
    }
    return [...byTable.values()].flatMap((all) => {
      const best = all.sort((a, b) => (gains.get(b) ?? 0) - (gains.get(a) ?? 0) || a - b).slice(0, mergedPerTable);
      return best.flatMap((a) => best.filter((b) => b !== a).map((b): [number, number] => [a, b]));
    });
  }

  async #describe(
    chosen: readonly number[],
    candidates: readonly number[],
    considered: readonly Considered[],
  ): Promise<ChosenIndex[]> {
    const statements = considered.map(({ statement }) => statement);
    const all = await this.#book.price(statements, chosen);
    const described: ChosenIndex[] = [];
    const groups = await this.#findGroups(chosen, statements);
    for (const [at, id] of chosen.entries()) {
      const group = groups.find(({ start, end }) => at >= start && at < end) ?? { start: at, end: at + 1 };
      const from = await this.#book.price(statements, chosen.slice(0, group.start));
      const to = await this.#book.price(statements, chosen.slice(0, group.end));
      const changes = statements.flatMap((statement, place) => {
        const [costBefore, costAfter] = [from[place]?.cost, to[place]?.cost];
        if (costBefore === undefined || costAfter === undefined) return [];
        return [
          {
            id: statement.id,
            weight: statement.weight,
            costBefore,
            costAfter,
            isUsed: all[place]?.used.has(id) ?? false,
            today: considered[place]?.before.cost ?? costBefore,
          },
        ];
      });
      const isChanged = ({ costBefore, costAfter }: StatementChange) =>
        Math.abs(costAfter - costBefore) > changedRatio * costBefore;
      const winners = changes.filter((each) => each.costAfter < each.costBefore && (isChanged(each) || each.isUsed));
      const losers = changes.filter((each) => each.costAfter > each.costBefore && isChanged(each));
      const sum = (of: 'costBefore' | 'costAfter') =>
        winners.reduce((total, each) => total + each[of] * each.weight, 0);
      const served = statements.filter((statement) => winners.some((winner) => winner.id === statement.id));
      const alone = await this.#book.price(served, [id]);
      described.push({
        proposed: this.#book.find(id),
        sizeBytes: this.#book.sizeOf(id),
        costBefore: sum('costBefore'),
        costAfter: sum('costAfter'),
        winners: winners.map((each, place) => ({
          ...toChange(each),
          alone: { costBefore: each.today, costAfter: alone[place]?.cost ?? each.today },
        })),
        losers: losers.map(toChange),
        together: chosen.slice(group.start, group.end).flatMap((each) => (each === id ? [] : [this.#book.find(each)])),
        unaffectedCount: changes.length - winners.length - losers.length,
        write: this.#writeCost(id),
        alternatives: await this.#findAlternatives(id, chosen.slice(0, group.end), candidates, served),
      });
    }
    return described;
  }

  /** Chosen ones in the order of their worth, in runs of which only the last one makes anything cheaper. */
  async #findGroups(
    chosen: readonly number[],
    statements: readonly PricedStatement[],
  ): Promise<{ start: number; end: number }[]> {
    const total = async (set: readonly number[]) =>
      (await this.#book.price(statements, set)).reduce(
        (sum, price, at) => sum + (price?.cost ?? 0) * (statements[at]?.weight ?? 0),
        0,
      );
    const groups: { start: number; end: number }[] = [];
    let start = 0;
    let before = await total([]);
    for (const end of chosen.keys()) {
      const after = await total(chosen.slice(0, end + 1));
      if (after >= before * (1 - groupRatio)) continue;
      groups.push({ start, end: end + 1 });
      [start, before] = [end + 1, after];
    }
    return groups;
  }

  /** The next best of the same table, by what they would do for the same statements. */
  async #findAlternatives(
    id: number,
    inPlace: readonly number[],
    candidates: readonly number[],
    served: readonly PricedStatement[],
  ): Promise<LosingAlternative[]> {
    const key = toTableKey(this.#book.find(id).index);
    const found: (LosingAlternative & { id: number })[] = [];
    const rivals = candidates.filter(
      (each) =>
        !inPlace.includes(each) &&
        toTableKey(this.#book.find(each).index) === key &&
        served.some((statement) => this.#book.matters(statement, each)),
    );
    const alone = new Map(
      rivals.map((rival) => [
        rival,
        served.reduce((sum, each) => sum + (this.#book.atLeast(each, [rival]) ?? 0) * each.weight, 0),
      ]),
    );
    const withChosen = await this.#book.price(served, inPlace);
    rivals.sort((a, b) => (alone.get(a) ?? 0) - (alone.get(b) ?? 0) || a - b);
    for (const rival of rivals.slice(0, namedAlternatives)) {
      if (this.isOver) break;
      const proposed = this.#book.find(rival);
      const prices = await this.#book.price(served, [...inPlace.filter((each) => each !== id), rival]);
      const costAfter = prices.reduce((sum, price, at) => sum + (price?.cost ?? 0) * (served[at]?.weight ?? 0), 0);
      const [missing = null] = served
        .flatMap(({ id: statementId }, at) => {
          const [costChosen, cost] = [withChosen[at]?.cost, prices[at]?.cost];
          const isDearer = costChosen !== undefined && cost !== undefined && cost > costChosen * (1 + changedRatio);
          return isDearer ? [{ id: statementId, costChosen, cost }] : [];
        })
        .sort((a, b) => b.cost / b.costChosen - a.cost / a.costChosen);
      found.push({ id: rival, proposed, costAfter, sizeBytes: this.#book.sizeOf(rival), missing });
    }
    return found
      .sort((a, b) => a.costAfter - b.costAfter || a.id - b.id)
      .slice(0, namedAlternatives)
      .map(({ proposed, costAfter, sizeBytes, missing }) => ({ proposed, costAfter, sizeBytes, missing }));
  }
}

function toDistinct(sets: readonly (readonly number[])[]): number[][] {
  const sorted = sets.map((set) => [...set].sort((a, b) => a - b));
  return [...new Map(sorted.map((set) => [set.join(), set])).values()];
}

function toChange({ id, costBefore, costAfter }: StatementChange): StatementChange {
  return { id, costBefore, costAfter };
}

function toPriced({ id, sql, parameters, planned, calls, estimateFactor }: IndexSetStatement): PricedStatement {
  const tables = new Set(planned.facts.tables.map(({ schema, name }) => toTableKey({ schema, table: name })));
  return {
    ...{ id, sql, tables, weight: calls ?? 1, estimateFactor },
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** How often a column is set, among the updates of its table in these statements. */
function toUpdatedShares(statements: readonly IndexSetStatement[]): Map<string, UpdatedShares> {
  const totals = new Map<string, number>();
  const columns = new Map<string, Map<string, number>>();
  for (const { planned, calls } of statements) {
    for (const updated of planned.updates) {
      const key = toTableKey(updated);
      totals.set(key, (totals.get(key) ?? 0) + (calls ?? 1));
      const counts = columns.get(key) ?? new Map<string, number>();
      for (const name of updated.columns) counts.set(name, (counts.get(name) ?? 0) + (calls ?? 1));
      columns.set(key, counts);
    }
  }
  return new Map(
    [...columns].map(([key, counts]) => [
      key,
      new Map([...counts].map(([name, count]) => [name, count / Math.max(1, totals.get(key) ?? 1)])),
    ]),
  );
}
