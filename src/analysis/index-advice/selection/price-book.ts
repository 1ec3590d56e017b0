// What each statement costs with each set of indexes, asked of the planner as seldom as can be: indexes of other tables
// don't matter to a statement, and a plan made with many indexes that uses a few of them is also the plan for every set in
// between.
import { isDatabaseFailure } from '../../connection/connection-failure';
import { keyOfIndex, toTableKey, type ProposedIndex } from '../proposals/propose-indexes';
import type { WhatIfPlanner, WhatIfResult, WhatIfStatement } from '../what-if-planner';

export interface PricedStatement extends WhatIfStatement {
  /** "schema.table" of all that it reads, as `toTableKey` writes it. */
  tables: ReadonlySet<string>;
  /** How often it counts: calls, or 1 where nobody counted. */
  weight: number;
  /** By how much its row estimates are known to be off (1: not at all); null where it never ran under our eyes. */
  estimateFactor: number | null;
}

export interface Price {
  cost: number;
  /** Indexes that the plan uses. */
  used: ReadonlySet<number>;
}

interface Answer extends Price {
  /** All that the planner could choose from. */
  offered: ReadonlySet<number>;
}

const isSubset = (part: ReadonlySet<number>, whole: ReadonlySet<number>) => [...part].every((each) => whole.has(each));

export class PriceBook {
  #planner: WhatIfPlanner;
  readonly #answers = new Map<string, Answer[]>();
  /** By statement and those indexes of a set that matter to it. */
  readonly #found = new Map<string, Answer>();
  readonly #indexes: ProposedIndex[] = [];
  readonly #tableKeys: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #sizes = new Map<number, number | null>();
  readonly #unsupported = new Map<string, string>();
  readonly #refused = new Set<number>();
  /** By statement; null: whatever stands on its tables. */
  #mattering: ReadonlyMap<string, ReadonlySet<number>> | null = null;
  #callCount = 0;
  #savedCount = 0;

  constructor(planner: WhatIfPlanner) {
    this.#planner = planner;
  }

  /** Asks this one from now on: a planner lives as long as a request, what is known may serve the next one. */
  use(planner: WhatIfPlanner): this {
    this.#planner = planner;
    return this;
  }

  /** Statements that the planner was asked about, each with other indexes. */
  get callCount(): number {
    return this.#callCount;
  }

  /** Questions that an earlier answer answered. */
  get savedCount(): number {
    return this.#savedCount;
  }

  /** The place of an index here; the same index is taken once, with the reasons of both. */
  add(proposed: ProposedIndex): number {
    const key = keyOfIndex(proposed.index);
    const known = this.#ids.get(key);
    if (known === undefined) {
      this.#ids.set(key, this.#indexes.length);
      return this.#indexes.push(proposed) - 1;
    }
    const before = this.#indexes[known] ?? proposed;
    const reasons = [...new Set([...before.reasons, ...proposed.reasons])];
    this.#indexes[known] = { ...before, reasons };
    return known;
  }

  find(id: number): ProposedIndex {
    const found = this.#indexes[id];
    if (found === undefined) throw new Error(`No index ${id} was proposed.`);
    return found;
  }

  /** Null when it can't be told, or nothing was asked about the index. */
  sizeOf(id: number): number | null {
    return this.#sizes.get(id) ?? null;
  }

  /** The server takes no such index (not IMMUTABLE, no operator class). */
  isRefused(id: number): boolean {
    return this.#refused.has(id);
  }

  /** Why there are no prices of a statement; null when there are. */
  unsupported({ id }: WhatIfStatement): string | null {
    return this.#unsupported.get(id) ?? null;
  }

  /**
   * From now on prices are those with the indexes that matter to a statement, by its id; null: with all on its tables. Fewer
   * sets differ then, so that more questions are answered already.
   */
  limitTo(mattering: ReadonlyMap<string, ReadonlySet<number>> | null): void {
    this.#mattering = mattering;
  }

  matters(statement: PricedStatement, id: number): boolean {
    if (this.#refused.has(id)) return false;
    if (this.#mattering !== null) return this.#mattering.get(statement.id)?.has(id) === true;
    return statement.tables.has(this.#tableKey(id));
  }

  /** What the statement costs with these indexes at least, by what was asked until now; null where nothing was. */
  atLeast(statement: PricedStatement, indexes: Iterable<number>): number | null {
    if (this.#unsupported.has(statement.id)) return null;
    const wanted = this.#wanted(statement, indexes);
    const known = this.#known(statement, wanted);
    if (known !== null) return known.cost;
    let cost: number | null = null;
    for (const answer of this.#answers.get(statement.id) ?? []) {
      // with more to choose from the planner finds nothing dearer
      if (isSubset(wanted, answer.offered) && (cost === null || answer.cost > cost)) cost = answer.cost;
    }
    return cost;
  }

  /** In the order of the statements; null for one that is not supported. One question, hardly ever more. */
  async price(statements: readonly PricedStatement[], indexes: Iterable<number>): Promise<(Price | null)[]> {
    const set = [...new Set(indexes)].sort((a, b) => a - b);
    const find = (each: PricedStatement) => this.#known(each, this.#wanted(each, set));
    const supported = statements.filter((each) => !this.#unsupported.has(each.id));
    const missing = supported.filter((each) => find(each) === null);
    this.#savedCount += statements.length - missing.length;
    if (missing.length > 0) await this.#ask(missing, set);
    // one whose plan took what was there for another statement
    for (const each of missing)
      if (!this.#unsupported.has(each.id) && find(each) === null) await this.#ask([each], set);
    return statements.map((each) => (this.#unsupported.has(each.id) ? null : find(each)));
  }

  #tableKey(id: number): string {
    const known = this.#tableKeys[id] ?? toTableKey(this.find(id).index);
    this.#tableKeys[id] = known;
    return known;
  }

  #wanted(statement: PricedStatement, indexes: Iterable<number>): Set<number> {
    const wanted: number[] = [];
    for (const id of indexes) if (this.matters(statement, id)) wanted.push(id);
    return new Set(wanted.sort((a, b) => a - b));
  }

  #known(statement: PricedStatement, wanted: ReadonlySet<number>): Price | null {
    const key = `${statement.id};${[...wanted].join()}`;
    const before = this.#found.get(key);
    if (before !== undefined) return before;
    const answers = this.#answers.get(statement.id) ?? [];
    const found = answers.find(({ offered, used }) => isSubset(wanted, offered) && isSubset(used, wanted));
    if (found !== undefined) this.#found.set(key, found);
    return found ?? null;
  }

  async #ask(statements: readonly PricedStatement[], indexes: readonly number[]): Promise<void> {
    const offered = [...new Set(statements.flatMap((each) => [...this.#wanted(each, indexes)]))].sort((a, b) => a - b);
    const results = await this.#plan(statements, offered);
    const accepted = offered.filter((id) => !this.#refused.has(id));
    for (const [at, statement] of statements.entries()) {
      const result = results?.[at];
      if (result === undefined) continue;
      this.#callCount++;
      if (result.unsupported !== null) {
        if (accepted.length === 0) this.#unsupported.set(statement.id, result.unsupported);
        continue;
      }
      // the planner could choose from all on its tables, whatever it was that mattered
      const own = new Set(accepted.filter((id) => statement.tables.has(this.#tableKey(id))));
      const used = new Set(result.used.flatMap((place) => accepted[place] ?? []));
      const answers = this.#answers.get(statement.id) ?? [];
      answers.push({ offered: own, used, cost: accepted.length === 0 ? result.costBefore : result.costAfter });
      if (!answers.some((each) => each.offered.size === 0)) {
        answers.push({ offered: new Set(), used: new Set(), cost: result.costBefore });
      }
      this.#answers.set(statement.id, answers);
    }
  }

  /** An index that the server refuses is found by asking for the half with it, again and again. */
  async #plan(
    statements: readonly PricedStatement[],
    offered: readonly number[],
  ): Promise<readonly WhatIfResult[] | null> {
    try {
      const { results, indexSizesBytes } = await this.#planner.plan(
        statements.map(({ id, sql, parameters }) => ({ id, sql, ...(parameters === undefined ? {} : { parameters }) })),
        offered.map((id) => this.find(id).index),
      );
      for (const [at, id] of offered.entries()) this.#sizes.set(id, indexSizesBytes[at] ?? this.#sizes.get(id) ?? null);
      return results;
    } catch (error) {
      const isRefused = isDatabaseFailure(error) && (error.kind === 'statement' || error.kind === 'not-permitted');
      const [only, ...others] = offered;
      if (!isRefused || only === undefined) throw error;
      if (others.length === 0) {
        this.#refused.add(only);
        return this.#plan(statements, []);
      }
      const middle = Math.ceil(offered.length / 2);
      for (const half of [offered.slice(0, middle), offered.slice(middle)]) await this.#plan(statements, half);
      const accepted = offered.filter((id) => !this.#refused.has(id));
      if (accepted.length === offered.length) throw error;
      return this.#plan(statements, accepted);
    }
  }
}
