// What the catalogue says of the tables that a plan reads: how old their statistics are, and of which types their columns.
// A plan tells neither, and rules that need it say less without.
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import type { ServerFacts } from '../analysis/server/server-facts';
import type { Plan } from '../analysis/plan/plan';
import type { PlanFacts } from '../analysis/plan/plan-rule';
import { captureRows } from './queries/query';
import { planTablesQuery, toTableStatistics } from './queries/plan-tables';
import { catalogueUnit } from './tables';
import type { RunUnitOfWork } from './unit-of-work';

/** A plan of thousands of partitions has more tables than a rule will ever name. */
const mostTables = 200;
/** It reads a few rows of the catalogue. */
const timeoutMs = 10_000;

export async function capturePlanFacts(
  run: RunUnitOfWork,
  facts: Pick<ServerFacts, 'versionNumber'>,
  plan: Plan,
  signal?: AbortSignal,
): Promise<PlanFacts> {
  const tables = new Map(
    plan.nodes.flatMap(({ schema, relation }): [string, { schema: string; relation: string }][] =>
      schema === null || relation === null ? [] : [[`${schema}.${relation}`, { schema, relation }]],
    ),
  );
  const asked = [...tables.values()].slice(0, mostTables);
  const serverVersionNumber = facts.versionNumber;
  if (asked.length === 0) return { serverVersionNumber };
  try {
    // the query looks whether the server counts, so counting must not be switched off for it
    const rows = await run({ ...catalogueUnit(timeoutMs, signal), countsUse: true }, (unit) =>
      captureRows(unit, facts, planTablesQuery, [
        asked.map(({ schema }) => schema),
        asked.map(({ relation }) => relation),
      ]),
    );
    return {
      serverVersionNumber,
      tableStatistics: new Map(rows.map((row) => [`${row.schema}.${row.name}`, toTableStatistics(row)])),
    };
  } catch (error) {
    // the plan is there and is shown; only whoever cancels wants nothing more
    if (!isDatabaseFailure(error) || error.kind === 'cancelled') throw error;
    return { serverVersionNumber };
  }
}
