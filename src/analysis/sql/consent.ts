// When may PG Insight plan or run a statement without asking? Only when nothing in it can write, lock, notify, kill or
// set something. READ ONLY is not enough (see docs/safety.md).

/** One reason to ask, shown to the user as it is. */
export interface ConsentReason {
  kind: 'production' | 'writes' | 'locks-rows' | 'function' | 'not-understood';
  /** A sentence that names the function, the relation or the clause. */
  message: string;
}

export type ConsentVerdict =
  | { verdict: 'free' }
  /** Runs only with the user's word; what it writes is rolled back. */
  | { verdict: 'ask'; reasons: ConsentReason[]; rollsBack: boolean }
  /** EXPLAIN can't take it, or it can't be rolled back; no word of the user changes that. */
  | { verdict: 'refuse'; reason: string };

/** What the user agreed to, for this statement only. Made where the dialog (or the terminal's flag) is, nowhere else. */
export interface Consent {
  sql: string;
  /** What the dialog named. */
  server: string;
  database: string;
  reasons: ConsentReason[];
}
