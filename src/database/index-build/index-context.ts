// What the work on indexes needs of a connected profile, and what both building and dropping look at first.
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import type { Environment } from '../../analysis/connection/connection-profile';
import {
  coversSteps,
  type IndexConsent,
  type IndexPlan,
  type IndexProgress,
  type IndexRefusal,
  type OpenTransaction,
  type RelationName,
} from '../../analysis/index-build/index-build';
import type { ServerFacts } from '../../analysis/server/server-facts';
import {
  backendQuery,
  indexStatesQuery,
  openTransactionsQuery,
  toOpenTransaction,
  type IndexStateRow,
} from '../queries/index-build/index-build';
import { captureRows } from '../queries/query';
import type { RunDedicated } from '../session';
import { catalogueUnit } from '../tables';
import type { RunUnitOfWork, UnitOfWork, UnitOfWorkOptions } from '../unit-of-work';

export interface IndexContext {
  run: RunUnitOfWork;
  runDedicated: RunDedicated;
  facts: ServerFacts;
  /** host:port, for messages; of the server that answers now. */
  server: string;
  environment: Environment;
}

export interface IndexRunOptions {
  onProgress?: (progress: IndexProgress) => void;
  /** Cancels on the server. */
  signal?: AbortSignal;
}

/** A few rows of catalogues that are in memory; a server that needs longer has other troubles. */
const lookTimeoutMs = 30_000;

/** Younger transactions are over before anybody has read about them. */
const oldTransactionMs = 1_000;

/** One snapshot, so that table, partitions and names fit each other. */
export function lookUnit(signal: AbortSignal | undefined): UnitOfWorkOptions {
  return { ...catalogueUnit(lookTimeoutMs, signal), isolation: 'repeatable read' };
}

export async function captureOpenTransactions(
  unit: UnitOfWork,
  facts: ServerFacts,
  verb: 'build' | 'drop',
  tableOids: readonly number[],
): Promise<OpenTransaction[]> {
  const values = [tableOids, oldTransactionMs, verb === 'drop'];
  const rows = await captureRows(unit, facts, openTransactionsQuery, values);
  return rows.map(toOpenTransaction);
}

/** What has one of the names now, by place; null where there is nothing of that name. */
export async function captureIndexStates(
  unit: UnitOfWork,
  facts: ServerFacts,
  names: readonly RelationName[],
): Promise<(IndexStateRow | null)[]> {
  const values = [names.map(({ schema }) => schema), names.map(({ name }) => name)];
  const rows = await captureRows(unit, facts, indexStatesQuery, values);
  return names.map((_, index) => rows.find(({ place }) => place === index + 1) ?? null);
}

/** Why nothing can be changed over this connection; null when it can. */
export async function captureServerRefusal(
  unit: UnitOfWork,
  { facts, server }: IndexContext,
): Promise<IndexRefusal | null> {
  if (facts.pooler !== 'none') {
    return {
      reason: `${server} is a connection pooler, and work on an index has to switch off timeouts for a session of its own, which the pooler would hand on to others`,
      nextStep: 'Run the SQL on a direct connection to the server, or connect PG Insight to it directly.',
    };
  }
  const [backend] = await captureRows(unit, facts, backendQuery);
  if (backend?.in_recovery === true) {
    return {
      reason: `${server} is a standby, which takes no changes`,
      nextStep: 'Run the SQL on the primary; the index reaches the standby by replication.',
    };
  }
  if (backend?.is_read_only === true) {
    return {
      reason: `transactions of role "${facts.role}" are read-only on ${server} (default_transaction_read_only is on)`,
      nextStep:
        'Find out why (a full disk, a migration, a role meant for reading), then run the SQL as a role that may write.',
    };
  }
  return null;
}

/** Nothing is begun that can't be done, or that the user has not agreed to. */
export function checkAgreed(plan: IndexPlan, consent: IndexConsent): void {
  if (plan.refusal !== null) {
    throw new DatabaseFailure(
      'not-permitted',
      `Nothing was changed in database "${plan.database}" on ${plan.server}: ${plan.refusal.reason}.`,
      plan.refusal.nextStep,
    );
  }
  if (coversSteps(consent, plan)) return;
  throw new DatabaseFailure(
    'consent-required',
    `Nothing was changed in database "${plan.database}" on ${plan.server}: what would be run now is not what you have agreed to.`,
    'Look at the statements again (a partition may have come or gone meanwhile), and agree to them.',
  );
}
