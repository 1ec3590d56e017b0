// What an EXPLAIN is asked for and what comes back: shared by the editor, the terminal and the database layer.
import type { Consent } from '../sql/consent';
import type { Plan } from '../plan/plan';

/** Parameters $1 to $n of the statement, in order. */
export type ParameterValues =
  /** The statement has none. */
  | { mode: 'none' }
  /** Planned for unknown values (plan_cache_mode = force_generic_plan); can't be analyzed. */
  | { mode: 'generic' }
  /** Bound as texts in the extended protocol; null is SQL's NULL. */
  | { mode: 'values'; values: (string | null)[] };

export interface ExplainRequest {
  /** One statement, placeholders already numbered ($1, ...), without a leading EXPLAIN. */
  sql: string;
  parameters: ParameterValues;
  /** Runs the statement and measures it. */
  analyze: boolean;
  /** False: the run is timed as a whole, since timing every node makes it slower. Default: nodes are timed. */
  timesNodes?: boolean;
  /** Needed when the verdict on this statement is "ask". */
  consent?: Consent;
  /** statement_timeout of the run. */
  timeoutMs: number;
}

export interface ExplainResult {
  plan: Plan;
  /** The server's JSON, as it came. */
  planJson: string;
  /** True when the statement could have written and was rolled back. */
  rolledBack: boolean;
  /** ISO 8601. */
  ranAt: string;
  server: string;
  database: string;
  serverVersion: string;
}

/** Values that pg_stats knows of the column a parameter is compared with. */
export interface TypicalValues {
  /** "orders.status", as shown. */
  column: string;
  type: string;
  /** Most common first, then from the histogram; as texts. */
  values: { value: string; /** 0 to 1; null for a histogram bound. */ frequency: number | null }[];
  /** Why there are no values (not permitted, no statistics yet), a sentence; null when there are. */
  note: string | null;
}
