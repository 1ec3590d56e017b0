// Chooses the set of indexes that makes a workload cheapest: greedy from several starts, indexes given up for others that do
// more, until nothing is gained or the time is over; then what no longer pays is taken out. The same input gives the same
// set, unless the deadline cuts in.
import type { Price, PriceBook, PricedStatement } from './price-book';

export interface SelectionOptions {
  /** Of all chosen indexes together; null: any. */
  budgetBytes: number | null;
  maximumIndexes: number | null;
  /** By `now`; null: until nothing is gained. */
  deadlineMs: number | null;
  now: () => number;
  /** A statement that saves less is taken for one that saves nothing. */
  minimumSavedRatio: number;
  /** What keeping an index up to date costs, in cost units for as long as the weights were counted. */
  writeCost: (id: number) => number;
}

export interface Selection {
  /** The most worthwhile first, each with those before it in place. */
  chosen: readonly number[];
  /** False when the deadline ended it. */
  isComplete: boolean;
}

/** What pays for a doubtful estimate: at ten times too many or too few rows, a gain has to be twice as large. */
const doubtPerMagnitude = 1;
/** No estimate is so bad that a gain of more than half counts for nothing. */
const maximumSavedRatio = 0.5;
/** Of the total: a move that gains less is noise, and could go round in circles. */
const minimumImprovement = 0.001;
/** Two sets that are as good as this are told apart by the geometric mean, which no single statement rules. */
const asGoodRatio = 0.005;
/** What takes the place of one that is given up is among the best, or hardly worth the search. */
const likelyCount = 20;
/** Sums of costs are equal to their last digits only. */
const tiny = 1e-9;

/** Share of its cost that a statement has to save before it counts. */
export function trustedRatio({ estimateFactor }: PricedStatement, minimumSavedRatio: number): number {
  const doubt = Math.log10(Math.max(1, estimateFactor ?? 1));
  return Math.min(maximumSavedRatio, minimumSavedRatio * (1 + doubtPerMagnitude * doubt));
}

type Start = 'absolute' | 'per-byte' | 'relative';

export class IndexSelector {
  readonly #book: PriceBook;
  readonly #statements: readonly PricedStatement[];
  readonly #before: readonly number[];
  readonly #options: SelectionOptions;
  /** By set. */
  readonly #costs = new Map<string, number[]>();
  /** Those that gained most on their own. */
  #likely: readonly number[] = [];

  constructor(
    book: PriceBook,
    statements: readonly PricedStatement[],
    before: readonly Price[],
    options: SelectionOptions,
  ) {
    this.#book = book;
    this.#statements = statements;
    this.#before = before.map(({ cost }) => cost);
    this.#options = options;
  }

  /** `bundles` are sets of which the planner used several at once. */
  async select(candidates: readonly number[], bundles: readonly (readonly number[])[]): Promise<Selection> {
    let best: { set: number[]; total: number; mean: number } | null = null;
    for (const start of ['absolute', 'per-byte', 'relative'] as const) {
      if (best !== null && this.#isOver()) break;
      const greedy = await this.#grow([], candidates, bundles, start);
      const set = await this.#prune(await this.#improve(greedy, candidates, bundles));
      const found = { set, total: await this.total(set), mean: await this.meanRatio(set) };
      if (best === null || isBetter(found, best)) best = found;
    }
    return { chosen: await this.#order(best?.set ?? []), isComplete: !this.#isOver() };
  }

  /** Costs of all statements as often as they count, and of all writes. */
  async total(set: readonly number[]): Promise<number> {
    const costs = await this.costs(set);
    return (
      costs.reduce((sum, cost, at) => sum + cost * (this.#statements[at]?.weight ?? 0), 0) +
      set.reduce((sum, id) => sum + this.#options.writeCost(id), 0)
    );
  }

  /** Geometric mean of cost after / before. */
  async meanRatio(set: readonly number[]): Promise<number> {
    const costs = await this.costs(set);
    const logs = costs.map((cost, at) => Math.log(Math.max(tiny, cost) / Math.max(tiny, this.#before[at] ?? cost)));
    return logs.length === 0 ? 1 : Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  }

  /** What can be relied on: a saving that may be an error of the estimate is none. */
  async costs(set: readonly number[]): Promise<number[]> {
    const key = [...set].sort((a, b) => a - b).join();
    const known = this.#costs.get(key);
    if (known !== undefined) return known;
    const prices = await this.#book.price(this.#statements, set);
    const costs = this.#statements.map((statement, at) => {
      const before = this.#before[at] ?? 0;
      const cost = prices[at]?.cost ?? before;
      const needed = before * (1 - trustedRatio(statement, this.#options.minimumSavedRatio));
      return cost < before && cost > needed ? before : cost;
    });
    this.#costs.set(key, costs);
    return costs;
  }

  #isOver(): boolean {
    const { deadlineMs, now } = this.#options;
    return deadlineMs !== null && now() >= deadlineMs;
  }

  #size(set: readonly number[]): number {
    return set.reduce((sum, id) => sum + (this.#book.sizeOf(id) ?? 0), 0);
  }

  #fits(set: readonly number[]): boolean {
    const { budgetBytes, maximumIndexes } = this.#options;
    return (
      (maximumIndexes === null || set.length <= maximumIndexes) &&
      (budgetBytes === null || this.#size(set) <= budgetBytes)
    );
  }

  /** The set with more in it; what the newcomers begin with or hold makes room for them where that is better. */
  async #with(set: readonly number[], added: readonly number[]): Promise<number[]> {
    const fresh = added.filter((id) => !set.includes(id));
    const larger = [...set, ...fresh];
    const superseded = set.filter((id) => fresh.some((each) => this.#isPrefix(id, each)));
    if (superseded.length === 0) return larger;
    const leaner = larger.filter((id) => !superseded.includes(id));
    if (!this.#fits(larger)) return leaner;
    return (await this.total(leaner)) <= (await this.total(larger)) + tiny ? leaner : larger;
  }

  #isPrefix(shorter: number, longer: number): boolean {
    const [a, b] = [this.#book.find(shorter).index, this.#book.find(longer).index];
    return (
      a.schema === b.schema &&
      a.table === b.table &&
      a.method === b.method &&
      a.predicate === b.predicate &&
      a.keys.every((key, at) => key === b.keys[at])
    );
  }

  /** Worth of going from one set to another, in what a start looks at. */
  async #worth(from: readonly number[], to: readonly number[], start: Start): Promise<number> {
    const gain = (await this.total(from)) - (await this.total(to));
    if (gain <= tiny || start === 'absolute') return gain;
    const size = Math.max(1, this.#size(to) - this.#size(from));
    if (start === 'per-byte') return gain / size;
    return (await this.meanRatio(from)) / Math.max(tiny, await this.meanRatio(to)) - 1;
  }

  /** Adds the best one again and again. A worth once measured is hardly ever less than it is later on: only the best are measured again. */
  async #grow(
    set: readonly number[],
    candidates: readonly number[],
    bundles: readonly (readonly number[])[],
    start: Start,
  ): Promise<number[]> {
    let current = [...set];
    const moves: { added: readonly number[]; worth: number; measuredAt: number }[] = [];
    for (const added of [...candidates.map((id) => [id]), ...bundles]) {
      if (this.#isOver()) break;
      const next = await this.#with(current, added);
      moves.push({ added, worth: await this.#worth(current, next, start), measuredAt: 0 });
    }
    if (set.length === 0) this.#likely = findLikely(moves);
    for (let step = 0; !this.#isOver();) {
      moves.sort(
        (a, b) => b.worth - a.worth || (a.added[0] ?? 0) - (b.added[0] ?? 0) || a.added.length - b.added.length,
      );
      const [best] = moves;
      if (best === undefined || best.worth <= tiny) break;
      const next = await this.#with(current, best.added);
      if (best.measuredAt < step) {
        best.worth = await this.#worth(current, next, start);
        best.measuredAt = step;
        continue;
      }
      moves.shift();
      if (!this.#fits(next)) continue;
      current = next;
      step++;
    }
    return current;
  }

  /** Swaps one for another, gives one up for several smaller ones, until nothing is gained. */
  async #improve(
    greedy: readonly number[],
    candidates: readonly number[],
    bundles: readonly (readonly number[])[],
  ): Promise<number[]> {
    let current = [...greedy];
    let total = await this.total(current);
    let isImproved = true;
    while (isImproved && !this.#isOver()) {
      isImproved = false;
      for (const id of [...current]) {
        if (!current.includes(id)) continue;
        const without = current.filter((each) => each !== id);
        const { schema, table } = this.#book.find(id).index;
        const rivals = candidates.filter((each) => {
          const other = this.#book.find(each).index;
          return each !== id && !current.includes(each) && other.schema === schema && other.table === table;
        });
        const tries = [without, ...rivals.map((rival) => [...without, rival])];
        if (this.#options.budgetBytes !== null)
          tries.push(
            await this.#grow(
              without,
              this.#likely.filter((each) => each !== id),
              bundles,
              'per-byte',
            ),
          );
        for (const next of tries) {
          if (this.#isOver()) return current;
          if (!this.#fits(next)) continue;
          const cost = await this.total(next);
          if (cost >= total * (1 - minimumImprovement)) continue;
          [current, total, isImproved] = [next, cost, true];
          break;
        }
      }
    }
    return current;
  }

  /** Without those that gain nothing any more, the least worthwhile first. */
  async #prune(set: readonly number[]): Promise<number[]> {
    let current = [...set];
    for (;;) {
      const total = await this.total(current);
      let least: { id: number; loss: number } | null = null;
      for (const id of current) {
        const loss = (await this.total(current.filter((each) => each !== id))) - total;
        if (least === null || loss < least.loss) least = { id, loss };
      }
      if (least === null || least.loss > tiny * Math.max(1, total)) return current;
      const { id } = least;
      current = current.filter((each) => each !== id);
    }
  }

  async #order(set: readonly number[]): Promise<number[]> {
    const ordered: number[] = [];
    const left = [...set].sort((a, b) => a - b);
    while (left.length > 0) {
      let best = { at: 0, total: Infinity };
      for (const [at, id] of left.entries()) {
        const total = await this.total([...ordered, id]);
        if (total < best.total) best = { at, total };
      }
      ordered.push(...left.splice(best.at, 1));
    }
    return ordered;
  }
}

function findLikely(moves: readonly { added: readonly number[]; worth: number }[]): number[] {
  const best = moves.toSorted((a, b) => b.worth - a.worth || (a.added[0] ?? 0) - (b.added[0] ?? 0));
  return [...new Set(best.slice(0, likelyCount).flatMap(({ added }) => added))];
}

function isBetter(a: { total: number; mean: number }, b: { total: number; mean: number }): boolean {
  if (Math.abs(a.total - b.total) > asGoodRatio * b.total) return a.total < b.total;
  return a.mean < b.mean - tiny;
}
