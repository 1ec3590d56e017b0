// The WhatIfPlanner that needs nothing on the server: it estimates costs from statistics and makes no plans. Its word is
// the weakest of all engines, and its grade says so.
import { estimateIndexSizeBytes, estimateStatementCost } from '../../analysis/index-advice/cost/statement-cost';
import type { PlannedStatement } from '../../analysis/index-advice/planned-statement';
import type {
  HypotheticalIndex,
  WhatIfAnswer,
  WhatIfPlanner,
  WhatIfResult,
  WhatIfStatement,
} from '../../analysis/index-advice/what-if-planner';

export class StatisticsPlanner implements WhatIfPlanner {
  readonly engine = 'statistics';
  readonly grade = 'estimated';
  readonly #statements = new Map<string, PlannedStatement>();
  /** What the server plans for a statement today; the estimates start from it. */
  add(id: string, planned: PlannedStatement): void {
    this.#statements.set(id, planned);
  }

  plan(statements: readonly WhatIfStatement[], indexes: readonly HypotheticalIndex[]): Promise<WhatIfAnswer> {
    return Promise.resolve({
      results: statements.map(({ id }) => this.#price(id, indexes)),
      indexSizesBytes: indexes.map((index) => this.#findSize(index)),
    });
  }

  #price(statementId: string, indexes: readonly HypotheticalIndex[]): WhatIfResult {
    const planned = this.#statements.get(statementId);
    const none = { statementId, planBefore: null, planAfter: null };
    if (planned === undefined) {
      return { ...none, costBefore: 0, costAfter: 0, used: [], unsupported: 'The statement has not been planned.' };
    }
    return { ...none, ...estimateStatementCost(planned, indexes), unsupported: null };
  }

  /** Any statement that touches the table knows its size. */
  #findSize(index: HypotheticalIndex): number | null {
    for (const planned of this.#statements.values()) {
      const sizeBytes = estimateIndexSizeBytes(planned.facts, index);
      if (sizeBytes !== null) return sizeBytes;
    }
    return null;
  }
}
