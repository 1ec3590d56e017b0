// When may PG Insight plan or run a statement without asking? Only when nothing in it can write, lock, notify, kill or
// set something. READ ONLY is not enough (see docs/safety.md).
import type { Environment } from '../connection/connection-profile';
import { harmfulStableFunctions, harmfulVolatileFunctions } from './function-review';
import harmlessFunctionNames from './harmless-functions.json';
import type { QualifiedName, StatementFacts, StatementReading } from './statement-facts';

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

/** A function that planning or running the statement may call. */
export interface ReachedFunction {
  schema: string;
  name: string;
  /** With schema and argument types, as regprocedure prints it. */
  signature: string;
  /** Made by initdb in pg_catalog or information_schema. */
  builtin: boolean;
  /** pg_proc.provolatile. */
  volatility: 'i' | 's' | 'v';
  /** How the statement comes to it: "called in the statement", "in the view shop.v". */
  via: string;
  /**
   * 'planned': part of what is planned and, with ANALYZE, run. 'folded': the planner may compute it, nothing runs it.
   * 'run': only ANALYZE calls it. 'early': planning may call it whatever its volatility, to read a value of a domain or to
   * estimate an operator.
   */
  reach: 'planned' | 'folded' | 'run' | 'early';
}

/** What the catalogue says about the names of a statement. */
export interface ConsentFacts {
  functions: ReachedFunction[];
  /** Foreign tables, schema-qualified: the other side's code can't be looked into. */
  foreignTables: string[];
  /** Sentences about what could not be looked into. */
  notUnderstood: string[];
}

export interface ConsentQuestion {
  reading: Exclude<StatementReading, { why: 'syntax' }>;
  catalogue: ConsentFacts;
  environment: Environment;
  /** True for ANALYZE, which runs the statement. */
  analyze: boolean;
}

const harmlessFunctions: ReadonlySet<string> = new Set(harmlessFunctionNames);

export function isHarmlessBuiltin(name: string): boolean {
  return harmlessFunctions.has(name);
}

/** The rule of docs/safety.md. */
export function assessConsent({ reading, catalogue, environment, analyze }: ConsentQuestion): ConsentVerdict {
  const reasons: ConsentReason[] = [];
  if (reading.understood) {
    const refusal = findRefusal(reading.facts);
    if (refusal !== null) return { verdict: 'refuse', reason: refusal };
    if (analyze) reasons.push(...toEffectReasons(reading.facts));
    reasons.push(...toFunctionReasons(catalogue, analyze));
    for (const node of reading.facts.unknownNodes) {
      reasons.push({ kind: 'not-understood', message: `PG Insight does not know the syntax "${node}" in it.` });
    }
  } else {
    reasons.push({
      kind: 'not-understood',
      message: `PostgreSQL's grammar could not be loaded here, so PG Insight can't tell what the statement does${toNames(reading.relations)}.`,
    });
  }
  for (const message of catalogue.notUnderstood) reasons.push({ kind: 'not-understood', message });
  const rollsBack = analyze && reasons.length > 0;
  if (analyze && environment === 'production') {
    reasons.push({
      kind: 'production',
      message: 'The connection is marked as production, and ANALYZE runs the statement.',
    });
  }
  return reasons.length === 0 ? { verdict: 'free' } : { verdict: 'ask', reasons, rollsBack };
}

/** Why EXPLAIN can't take it, and what to do instead; null when it can. */
function findRefusal({ kind, command, selectsInto }: StatementFacts): string | null {
  switch (kind) {
    case 'empty':
      return 'There is no statement here: select one, or put the cursor into it.';
    case 'several':
      return 'These are several statements, and EXPLAIN takes one: select one of them.';
    case 'explain':
      return 'It begins with EXPLAIN itself: leave that out, PG Insight adds its own.';
    case 'utility':
      return `EXPLAIN shows plans of SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES, and this is ${command}: select the query inside it, if it has one.`;
    case 'select':
    case 'values':
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge':
      return selectsInto ? 'SELECT INTO makes a table: leave INTO out to see the plan of the query.' : null;
  }
}

function formatName({ schema, name }: QualifiedName): string {
  return schema === null ? name : `${schema}.${name}`;
}

/** What the fallback parser read is good enough to recognize a statement by. */
function toNames(relations: readonly QualifiedName[]): string {
  return relations.length === 0 ? '' : `; it names ${relations.map(formatName).join(', ')}`;
}

function toEffectReasons({ writes, lockingClauses }: StatementFacts): ConsentReason[] {
  return [
    ...writes.map(({ verb, relation }): ConsentReason => ({
      kind: 'writes',
      message: `${verb} really changes rows of ${formatName(relation)} until it is rolled back, and runs its triggers.`,
    })),
    ...[...new Set(lockingClauses)].map((clause): ConsentReason => ({
      kind: 'locks-rows',
      message: `${clause} locks the rows it reads until it is rolled back, and waits for rows that others have locked.`,
    })),
  ];
}

function isHarmless(reached: ReachedFunction, analyze: boolean): boolean {
  const { reach, builtin, name, volatility } = reached;
  if (reach === 'run' && !analyze) return true;
  if (!builtin) return false;
  if (isHarmlessBuiltin(name)) return true;
  // the planner computes calls of IMMUTABLE and STABLE functions, never of VOLATILE ones
  const runs = reach === 'early' || (analyze && reach !== 'folded');
  return !runs && volatility === 'v';
}

function describeEffect({ builtin, name }: ReachedFunction): string {
  if (!builtin) return "is not one of PostgreSQL's own functions, so it may do anything";
  const known = harmfulStableFunctions[name] ?? harmfulVolatileFunctions[name];
  if (known !== undefined) return known;
  return name.startsWith('pg_advisory') || name.startsWith('pg_try_advisory')
    ? 'takes or releases a lock that other sessions see'
    : "is not on PG Insight's list of functions that only read";
}

function toFunctionReasons({ functions, foreignTables }: ConsentFacts, analyze: boolean): ConsentReason[] {
  const messages = functions
    .filter((reached) => !isHarmless(reached, analyze))
    .map((reached) => {
      const when = analyze ? '' : ' (even planning may call it)';
      return `The function ${reached.signature}, ${reached.via}, ${describeEffect(reached)}${when}.`;
    });
  for (const table of foreignTables) {
    messages.push(
      `${table} is a foreign table: what its server or foreign data wrapper does can't be seen from here${analyze ? '' : ' (even planning may ask it)'}.`,
    );
  }
  return [...new Set(messages)].map((message): ConsentReason => ({ kind: 'function', message }));
}

/** Whether the user's word covers this verdict: for this very statement, on this database, and all that it was asked for. */
export function coversVerdict(
  consent: Consent | undefined,
  verdict: Extract<ConsentVerdict, { verdict: 'ask' }>,
  statement: { sql: string; server: string; database: string },
): boolean {
  if (consent === undefined) return false;
  const { sql, server, database, reasons } = consent;
  if (sql !== statement.sql || server !== statement.server || database !== statement.database) return false;
  return verdict.reasons.every(({ kind, message }) =>
    reasons.some((agreed) => agreed.kind === kind && agreed.message === message),
  );
}
