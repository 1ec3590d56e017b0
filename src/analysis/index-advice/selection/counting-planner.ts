import type {
  ExistingIndexName,
  HypotheticalIndex,
  WhatIfAnswer,
  WhatIfPlanner,
  WhatIfStatement,
} from '../what-if-planner';

/** Counts what it hands on: statements that were priced, each as often as it was. */
export class CountingPlanner implements WhatIfPlanner {
  readonly #planner: WhatIfPlanner;
  #callCount = 0;

  readonly #onCount: (count: number) => void;

  constructor(planner: WhatIfPlanner, onCount: (count: number) => void = () => undefined) {
    this.#planner = planner;
    this.#onCount = onCount;
  }

  get engine(): WhatIfPlanner['engine'] {
    return this.#planner.engine;
  }

  get grade(): WhatIfPlanner['grade'] {
    return this.#planner.grade;
  }

  get callCount(): number {
    return this.#callCount;
  }

  plan(
    statements: readonly WhatIfStatement[],
    indexes: readonly HypotheticalIndex[],
    hidden?: readonly ExistingIndexName[],
  ): Promise<WhatIfAnswer> {
    this.#callCount += statements.length;
    this.#onCount(this.#callCount);
    return this.#planner.plan(statements, indexes, hidden);
  }
}
