// The port through which advice asks "what would the planner do with this index". Advice code knows nothing of how the
// answer is made; the grade of the answer is the grade of the evidence.
import type { EvidenceGrade } from '../finding';
import type { Plan } from '../plan/plan';

export interface HypotheticalIndex {
  schema: string;
  table: string;
  method: 'btree' | 'gin' | 'gist' | 'brin' | 'hash';
  /** Columns (quoted where needed) or parenthesized expressions, with DESC / NULLS and operator class where they are not the default. */
  keys: readonly string[];
  included: readonly string[];
  /** Of a partial index; null for others. */
  predicate: string | null;
}

export interface WhatIfStatement {
  /** The caller's name for it. */
  id: string;
  /** Placeholders already numbered ($1, ...). */
  sql: string;
  /** Values of the placeholders as text; null or absent: it is planned for unknown values (generic plan). */
  parameters?: readonly (string | null)[] | null;
}

/** An index that the server has. */
export interface ExistingIndexName {
  schema: string;
  name: string;
}

export interface WhatIfResult {
  statementId: string;
  /** Planner's cost units of the whole statement. */
  costBefore: number;
  costAfter: number;
  /** Indexes of the request that the plan would use, by their place in it. */
  used: readonly number[];
  /** null where the engine makes no plans of its own (statistics). */
  planBefore: Plan | null;
  planAfter: Plan | null;
  /** Why there is no answer for this statement, a sentence; the costs are 0 then. null when there is one. */
  unsupported: string | null;
}

export interface WhatIfAnswer {
  results: readonly WhatIfResult[];
  /** By the place of the index in the request; null when it can't be told. */
  indexSizesBytes: readonly (number | null)[];
}

export interface WhatIfPlanner {
  readonly engine: 'sandbox' | 'hypopg' | 'statistics';
  readonly grade: EvidenceGrade;
  /**
   * Rejects with a DatabaseFailure, also when whoever made the planner has cancelled; with one of kind 'statement' when the
   * server would refuse one of the indexes. Never builds anything on the user's server.
   */
  plan(
    statements: readonly WhatIfStatement[],
    indexes: readonly HypotheticalIndex[],
    /** The plan "after" is made as if these were dropped. */
    hidden?: readonly ExistingIndexName[],
  ): Promise<WhatIfAnswer>;
}
