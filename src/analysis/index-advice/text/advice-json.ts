// The JSON of `pg-insight advise`. The schema is what the tests hold the program to.
import * as z from 'zod';
import { evidenceGradeSchema } from '../../finding';
import { quoteQualifiedName } from '../../sql/identifiers';
import { formatIndexScript } from '../index-ddl';
import type { WorkloadAdvice } from '../workload-advice';
import { measuredJsonSchema } from './measured-text';

/** Grows when a field is renamed or removed. */
export const adviceJsonVersion = 1;

const cost = z.number().nonnegative();

export const adviceJsonSchema = z.object({
  schemaVersion: z.literal(adviceJsonVersion),
  engine: z.enum(['sandbox', 'hypopg', 'statistics']),
  /** Why it was not a better engine, in sentences; null when there is nothing to say. */
  engineNote: z.string().nullable(),
  elapsedMs: z.number().nonnegative(),
  /** Statements that were priced with an index, each as often as it was. */
  whatIfCalls: z.number().int().nonnegative(),
  statements: z.array(
    z.object({
      id: z.string(),
      sql: z.string(),
      /** Null where nobody counted. */
      calls: z.number().nullable(),
      /** Planner's cost units; null where nothing was planned. */
      costBefore: cost.nullable(),
      /** With all recommendations. */
      costAfter: cost.nullable(),
      /** Why there is no verdict; absent when there is one. */
      unsupported: z.string().optional(),
    }),
  ),
  recommendations: z.array(
    z.object({
      /** Statements, one a line; several for a partitioned table. */
      ddl: z.string(),
      undo: z.string(),
      name: z.string(),
      schema: z.string(),
      table: z.string(),
      /** Key columns in order, quoted where needed, with DESC and NULLS where they are not the default. */
      columns: z.array(z.string()),
      include: z.array(z.string()),
      where: z.string().nullable(),
      method: z.string(),
      sizeBytes: z.number().nullable(),
      evidence: evidenceGradeSchema,
      /** Sums over its statements, each as often as it was called. */
      costBefore: cost,
      costAfter: cost,
      /** Those that gain. */
      statements: z.array(z.string()),
      /** Those that become dearer. */
      losers: z.array(z.string()),
      /** What keeping it up to date costs; null where that was not looked at. */
      writeCost: cost.nullable(),
      notes: z.array(z.string()),
    }),
  ),
  redundant: z.array(z.object({ index: z.string(), coveredBy: z.string(), reason: z.string() })),
  /** Existing indexes that only find rows, planned without; the workload needs those with regressions. */
  drops: z.array(
    z.object({
      index: z.string(),
      table: z.string(),
      sizeBytes: z.number().nonnegative(),
      scans: z.number().nonnegative(),
      regressions: z.array(z.object({ id: z.string(), costBefore: cost, costAfter: cost })),
    }),
  ),
  /** Geometric mean of cost after / before over the statements; null where it was not computed. */
  meanRatio: z.number().nonnegative().nullable(),
  /** False when the deadline ended the search. */
  complete: z.boolean(),
  /** Of --measure. */
  measured: measuredJsonSchema.optional(),
});
export type AdviceJson = z.infer<typeof adviceJsonSchema>;

export function toAdviceJson(advice: WorkloadAdvice, elapsedMs: number): AdviceJson {
  return {
    schemaVersion: adviceJsonVersion,
    engine: advice.engine,
    engineNote: advice.engineNote,
    elapsedMs,
    whatIfCalls: advice.whatIfCalls,
    statements: advice.statements.map(({ id, sql, calls, costBefore, costAfter, reason }) => ({
      id,
      sql,
      calls,
      costBefore,
      costAfter,
      ...(reason === null ? {} : { unsupported: reason }),
    })),
    recommendations: advice.recommendations.map(({ index, ...recommendation }) => ({
      ddl: formatIndexScript(recommendation.steps),
      undo: `${recommendation.undo};`,
      name: recommendation.name,
      schema: index.schema,
      table: index.table,
      columns: [...index.keys],
      include: [...index.included],
      where: index.predicate,
      method: index.method,
      sizeBytes: recommendation.sizeBytes,
      evidence: recommendation.evidence,
      costBefore: recommendation.costBefore,
      costAfter: recommendation.costAfter,
      statements: [...recommendation.statementIds],
      losers: [...recommendation.losers],
      writeCost: recommendation.write?.cost ?? null,
      notes: [...recommendation.why],
    })),
    redundant: advice.redundant.map((each) => ({ ...each })),
    drops: advice.drops.map(({ schema, name, table, sizeBytes, scans, regressions }) => ({
      index: quoteQualifiedName(schema, name),
      table: quoteQualifiedName(schema, table),
      sizeBytes,
      scans,
      regressions: regressions.map((each) => ({ ...each })),
    })),
    meanRatio: advice.meanRatio,
    complete: advice.isComplete,
  };
}
