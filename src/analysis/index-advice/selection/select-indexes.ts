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
  /** Whether each statement counts the same; then an index that serves one of them well enough is worth a word. */
  weighsEach: boolean;
  /** Of all tables that the statements read; null where space is not weighed. */
  tableBytes: number | null;
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

/**
 * One index more is one more to build, to vacuum and to wonder about: it has to save a hundredth of the workload's cost, or to
 * halve a statement, which a single heavy one would hide otherwise.
 */
const minimumWorth = 0.01;
/**
 * And as much again for each tenth of its tables' size that it takes: space is cache, backup and replication, too. So a column
 * more has to be worth its place, and of two that do the same the small one is taken.
 */
const worthOfSpace = 0.1;

type Start = 'absolute' | 'per-byte' | 'relative';

/** A set and what each statement costs with it. */
interface Priced {
  set: readonly number[];
  costs: readonly number[];
  total: number;
  /** Of the logarithms of cost after / before. */
  logSum: number;
}

export class IndexSelector {
  readonly #book: PriceBook;
  readonly #statements: readonly PricedStatement[];
  readonly #before: readonly number[];
  readonly #options: SelectionOptions;
  /** By index: places of the statements that it matters to. */
  readonly #places = new Map<number, readonly number[]>();
  readonly #none: Priced;
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
    this.#none = this.#toPriced([], this.#before);
  }

  /** `bundles` are sets of which the planner used several at once. */
  async select(candidates: readonly number[], bundles: readonly (readonly number[])[]): Promise<Selection> {
    let best: Priced | null = null;
    for (const start of ['absolute', 'per-byte', 'relative'] as const) {
      if (best !== null && this.#isOver()) break;
      const greedy = await this.#grow(this.#none, candidates, bundles, start);
      const found = await this.#prune(await this.#improve(greedy, candidates, bundles));
      if (best === null || this.#isBetter(found, best)) best = found;
    }
    return { chosen: await this.#order(best?.set ?? []), isComplete: !this.#isOver() };
  }

  /** Costs of all statements as often as they count, and of all writes. */
  async total(set: readonly number[]): Promise<number> {
    return (await this.#price(this.#none, set)).total;
  }

  /** Geometric mean of cost after / before. */
  async meanRatio(set: readonly number[]): Promise<number> {
    return this.#mean(await this.#price(this.#none, set));
  }

  /** `set`, starting from what is known of another one: only the statements are looked at that the difference matters to. */
  async #price(from: Priced, set: readonly number[]): Promise<Priced> {
    const places = this.#affected(from.set, set);
    if (places.length === 0) return this.#toPriced(set, from.costs);
    const prices = await this.#book.price(
      places.flatMap((place) => this.#statements[place] ?? []),
      set,
    );
    const costs = [...from.costs];
    for (const [at, place] of places.entries()) costs[place] = this.#trusted(place, prices[at]?.cost ?? null);
    return this.#toPriced(set, costs);
  }

  /** The same without a question: what the set costs at least. */
  #priceAtLeast(from: Priced, set: readonly number[]): Priced {
    const costs = [...from.costs];
    for (const place of this.#affected(from.set, set)) {
      const statement = this.#statements[place];
      if (statement === undefined) continue;
      const cost = this.#book.atLeast(statement, set) ?? 0;
      costs[place] = this.#trusted(place, cost);
    }
    return this.#toPriced(set, costs);
  }

  #toPriced(set: readonly number[], costs: readonly number[]): Priced {
    let [total, logSum] = [0, 0];
    for (const [at, cost] of costs.entries()) {
      total += cost * (this.#statements[at]?.weight ?? 0);
      logSum += Math.log(Math.max(tiny, cost) / Math.max(tiny, this.#before[at] ?? cost));
    }
    for (const id of set) total += this.#options.writeCost(id);
    return { set, costs, total, logSum };
  }

  /** What is to become small. Under a limit everything does that gains anything: the space is given. */
  #score({ set, total, logSum }: Priced): number {
    if (!this.#isUnlimited()) return total;
    return this.#totalWithSpace({ set, total }) + (this.#minimumWorth() * logSum) / Math.LN2;
  }

  #totalWithSpace({ set, total }: Pick<Priced, 'set' | 'total'>): number {
    return total + set.reduce((sum, id) => sum + this.#spaceCost(id), 0);
  }

  #isUnlimited(): boolean {
    return this.#options.budgetBytes === null && this.#options.maximumIndexes === null;
  }

  #spaceCost(id: number): number {
    const { tableBytes } = this.#options;
    const share = tableBytes === null ? 0 : (this.#book.sizeOf(id) ?? 0) / Math.max(1, tableBytes);
    return worthOfSpace * share * this.#whole();
  }

  /** Of an index, and of half of a statement. */
  #minimumWorth(): number {
    return minimumWorth * this.#whole();
  }

  /** What shares are meant of. */
  #whole(): number {
    return this.#options.weighsEach ? 1 : Math.max(tiny, this.#none.total);
  }

  #mean({ logSum, costs }: Priced): number {
    return costs.length === 0 ? 1 : Math.exp(logSum / costs.length);
  }

  /** What can be relied on: a saving that may be an error of the estimate is none. */
  #trusted(place: number, price: number | null): number {
    const before = this.#before[place] ?? 0;
    const statement = this.#statements[place];
    const cost = price ?? before;
    if (statement === undefined) return cost;
    const needed = before * (1 - trustedRatio(statement, this.#options.minimumSavedRatio));
    return cost < before && cost > needed ? before : cost;
  }

  #affected(from: readonly number[], to: readonly number[]): number[] {
    const changed = [...to.filter((id) => !from.includes(id)), ...from.filter((id) => !to.includes(id))];
    return [...new Set(changed.flatMap((id) => this.#placesOf(id)))].sort((a, b) => a - b);
  }

  #placesOf(id: number): readonly number[] {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const places = this.#statements.flatMap((statement, at) => (this.#book.matters(statement, id) ? [at] : []));
    this.#places.set(id, places);
    return places;
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

  #isBetter(a: Priced, b: Priced): boolean {
    const [scoreA, scoreB] = [this.#score(a), this.#score(b)];
    if (Math.abs(scoreA - scoreB) > asGoodRatio * scoreB) return scoreA < scoreB;
    return a.logSum < b.logSum - tiny;
  }

  /** The set with more in it; what the newcomers begin with or hold makes room for them where that is better. */
  async #with(from: Priced, added: readonly number[]): Promise<Priced> {
    const { set } = from;
    const fresh = added.filter((id) => !set.includes(id));
    const superseded = this.#superseded(set, fresh);
    const larger = [...set, ...fresh];
    if (superseded.length === 0) return this.#price(from, larger);
    const leaner = await this.#price(
      from,
      larger.filter((id) => !superseded.includes(id)),
    );
    if (!this.#fits(larger)) return leaner;
    const both = await this.#price(from, larger);
    return this.#score(leaner) <= this.#score(both) + tiny ? leaner : both;
  }

  #superseded(set: readonly number[], fresh: readonly number[]): readonly number[] {
    return set.filter((id) => fresh.some((each) => this.#isPrefix(id, each)));
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
  #worth(from: Priced, to: Priced, start: Start): number {
    // what small statements gain much from may be little for the workload, and is weighed in the end
    if (start === 'relative' && from.total - to.total <= tiny) return 0;
    const gain = this.#score(from) - this.#score(to);
    if (start === 'absolute' || (start === 'per-byte' && gain <= tiny)) return gain;
    if (start === 'per-byte') return gain / Math.max(1, this.#size(to.set) - this.#size(from.set));
    return this.#mean(from) / Math.max(tiny, this.#mean(to)) - 1;
  }

  /**
   * Adds the best one again and again. A move is worth no more than what is known of it without asking, and hardly ever more
   * than it was earlier: only the best ones are measured, and measured again.
   */
  async #grow(
    from: Priced,
    candidates: readonly number[],
    bundles: readonly (readonly number[])[],
    start: Start,
  ): Promise<Priced> {
    let current = from;
    const moves = [...candidates.map((id) => [id]), ...bundles].map((added) => ({
      added: added,
      worth: this.#worth(current, this.#priceAtLeast(current, [...new Set([...current.set, ...added])]), start),
      measuredAt: -1,
    }));
    const isFirst = from.set.length === 0;
    const tried: typeof moves = [];
    for (let step = 0; !this.#isOver();) {
      moves.sort(
        (a, b) => b.worth - a.worth || (a.added[0] ?? 0) - (b.added[0] ?? 0) || a.added.length - b.added.length,
      );
      const [best] = moves;
      if (best === undefined || best.worth <= tiny) break;
      if (best.measuredAt < step) {
        best.worth = this.#worth(current, await this.#with(current, best.added), start);
        best.measuredAt = step;
        continue;
      }
      moves.shift();
      tried.push(best);
      const next = await this.#with(current, best.added);
      if (!this.#fits(next.set)) continue;
      current = next;
      step++;
    }
    if (isFirst) this.#likely = findLikely([...tried, ...moves]);
    return current;
  }

  /** Swaps one for another, gives one up for several smaller ones, until nothing is gained. */
  async #improve(
    greedy: Priced,
    candidates: readonly number[],
    bundles: readonly (readonly number[])[],
  ): Promise<Priced> {
    let current = greedy;
    let isImproved = true;
    while (isImproved && !this.#isOver()) {
      isImproved = false;
      for (const id of current.set) {
        if (this.#isOver()) return current;
        if (!current.set.includes(id)) continue;
        const next = await this.#findBetter(current, id, candidates, bundles);
        if (next === null) continue;
        [current, isImproved] = [next, true];
      }
    }
    return current;
  }

  /** Without this one, or with others in its place; null where that is no better. */
  async #findBetter(
    current: Priced,
    id: number,
    candidates: readonly number[],
    bundles: readonly (readonly number[])[],
  ): Promise<Priced | null> {
    const bar = this.#score(current) - minimumImprovement * current.total;
    const without = current.set.filter((each) => each !== id);
    const places = new Set(this.#placesOf(id));
    const rivals = candidates.filter(
      (each) => each !== id && !current.set.includes(each) && this.#placesOf(each).some((place) => places.has(place)),
    );
    // one that loses less than its space is worth is not given up here: pruning looks at the geometric mean, too
    const alone = await this.#price(current, without);
    if (alone.total < current.total * (1 - minimumImprovement)) return alone;
    for (const rival of rivals) {
      if (this.#isOver()) return null;
      const set = [...without, rival];
      if (!this.#fits(set) || this.#score(this.#priceAtLeast(current, set)) >= bar) continue;
      const next = await this.#price(current, set);
      if (this.#score(next) < bar) return next;
    }
    if (this.#options.budgetBytes === null) return null;
    const rest = this.#likely.filter((each) => each !== id);
    const next = await this.#grow(alone, rest, bundles, 'per-byte');
    return this.#score(next) < bar && this.#fits(next.set) ? next : null;
  }

  /** Without those that gain too little; of two that do the same, and one of which would pay, the better one stays. */
  async #prune(from: Priced): Promise<Priced> {
    let current = from;
    for (;;) {
      let best: Priced | null = null;
      for (const id of current.set) {
        const next = await this.#price(
          current,
          current.set.filter((each) => each !== id),
        );
        if (this.#marginalWorth(id, next, current) > 0) continue;
        if (best === null || this.#totalWithSpace(next) < this.#totalWithSpace(best)) best = next;
      }
      if (best === null) return current;
      current = best;
    }
  }

  /** Above nothing: it pays. */
  #marginalWorth(id: number, without: Priced, current: Priced): number {
    const lost = without.total - current.total;
    if (lost <= tiny * Math.max(1, current.total)) return lost - tiny * Math.max(1, current.total);
    if (!this.#isUnlimited()) return lost;
    if (this.#options.weighsEach) return lost - this.#spaceCost(id);
    const halvings = (without.logSum - current.logSum) / Math.LN2;
    const least = this.#minimumWorth();
    return Math.max(lost, halvings * least) - least - this.#spaceCost(id);
  }

  async #order(set: readonly number[]): Promise<number[]> {
    let current = this.#none;
    const left = [...set].sort((a, b) => a - b);
    while (left.length > 0) {
      let best: { at: number; next: Priced } | null = null;
      for (const [at, id] of left.entries()) {
        const next = await this.#price(current, [...current.set, id]);
        if (best === null || next.total < best.next.total) best = { at, next };
      }
      if (best === null) break;
      current = best.next;
      left.splice(best.at, 1);
    }
    return [...current.set];
  }
}

function findLikely(moves: readonly { added: readonly number[]; worth: number }[]): number[] {
  const best = moves.toSorted((a, b) => b.worth - a.worth || (a.added[0] ?? 0) - (b.added[0] ?? 0));
  return [...new Set(best.slice(0, likelyCount).flatMap(({ added }) => added))];
}
