// The health report: what `analyze` makes of a snapshot, and the only input of every output format and of the report view.
// The schema is the contract of `pg-insight report --format json`.
import * as z from 'zod';
import { findingSchema, suggestedFixSchema } from './finding';

/** Grows when a field is renamed or removed; new fields alone do not change it. */
export const reportVersion = 1;

export const gradeSchema = z.enum(['A', 'B', 'C', 'D', 'F', 'incomplete']);
export type Grade = z.infer<typeof gradeSchema>;

export const sectionGapSchema = z.object({
  kind: z.enum(['not-permitted', 'missing', 'switched-off', 'not-possible', 'failed']),
  message: z.string(),
  nextStep: z.string(),
  fix: suggestedFixSchema.optional(),
});

export const ruleOutcomeSchema = z.discriminatedUnion('status', [
  z.object({ ruleId: z.string(), title: z.string(), status: z.literal('ran'), findings: z.number().int() }),
  /** Switched off in the settings. */
  z.object({ ruleId: z.string(), title: z.string(), status: z.literal('disabled') }),
  z.object({ ruleId: z.string(), title: z.string(), status: z.literal('skipped'), reason: sectionGapSchema }),
]);
export type RuleOutcome = z.infer<typeof ruleOutcomeSchema>;

/** A finding that somebody chose not to see, and why. */
export const ignoredFindingSchema = z.object({ finding: findingSchema, reason: z.string() });
export type IgnoredFinding = z.infer<typeof ignoredFindingSchema>;

/** A figure with what it should be; `current` is null when it could not be looked at. */
export const targetSchema = z.object({
  id: z.string(),
  title: z.string(),
  unit: z.enum(['ratio', 'ms', 'count', 'bytes']),
  /** "at least 0.99" is direction 'at-least', value 0.99. */
  direction: z.enum(['at-least', 'at-most']),
  target: z.number(),
  current: z.number().nullable(),
  status: z.enum(['met', 'missed', 'unknown']),
});
export type Target = z.infer<typeof targetSchema>;

export const reportTableSchema = z.object({
  schema: z.string(),
  name: z.string(),
  sizeBytes: z.number(),
  indexesSizeBytes: z.number(),
  /** As findings have them: the greater of reltuples and n_live_tup; null where neither is known. */
  rows: z.number().nullable(),
  /** Index scans / all scans, 0 to 1; null without scans. */
  indexCoverageRatio: z.number().nullable(),
  indexes: z.number().int(),
  /** Hits / (hits + reads) of the heap, 0 to 1; null without reads. */
  heapHitRatio: z.number().nullable(),
  deadTupleRatio: z.number().nullable(),
  findings: z.number().int(),
});

export const reportIndexSchema = z.object({
  schema: z.string(),
  name: z.string(),
  table: z.string(),
  definition: z.string(),
  sizeBytes: z.number(),
  scans: z.number().nullable(),
  lastScan: z.string().nullable(),
  findings: z.number().int(),
});

export const reportStatementSchema = z.object({
  /** null where the role may not see it. */
  queryId: z.string().nullable(),
  text: z.string().nullable(),
  calls: z.number(),
  totalMs: z.number(),
  meanMs: z.number(),
  rows: z.number(),
  /** Of the total time of all statements but those of tools, 0 to 1. */
  loadRatio: z.number(),
  /** Hits / (hits + reads), 0 to 1; null without. */
  hitRatio: z.number().nullable(),
  tempBytes: z.number(),
});

export const reportConnectionsSchema = z.object({
  /** What max_connections leaves to applications; null when not permitted. */
  limit: z.number().nullable(),
  used: z.number(),
  /** Less than `used` where helpers of the server can't be told from clients: kinds are hidden from the role. */
  usedAtLeast: z.number(),
  byState: z.array(z.object({ state: z.string(), count: z.number() })),
  byApplication: z.array(z.object({ application: z.string(), role: z.string().nullable(), count: z.number() })),
});

/** Indexes that the statements of pg_stat_statements lack; the grade does not count them. */
export const reportMissingIndexesSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('looked'),
    engine: z.enum(['sandbox', 'hypopg', 'statistics']),
    /** Why it was not a better engine, in sentences; null when there is nothing to say. */
    engineNote: z.string().nullable(),
    /** How many were looked at: those with the most time. */
    statements: z.number().int(),
    /** Of these, those without a verdict; `id` is the query identifier. */
    notAssessed: z.array(z.object({ id: z.string(), sql: z.string(), reason: z.string() })),
    /** False when a deadline ended the search. */
    complete: z.boolean(),
    findings: z.array(findingSchema),
  }),
  z.object({ status: z.literal('unavailable'), message: z.string(), nextStep: z.string() }),
]);
export type ReportMissingIndexes = z.infer<typeof reportMissingIndexesSchema>;

/** `section` in the words of a reader: a whole section, or "some" of its rows. */
export const reportSectionGapSchema = sectionGapSchema.extend({ section: z.string() });
export type ReportSectionGap = z.infer<typeof reportSectionGapSchema>;

export const reportSchema = z.object({
  schemaVersion: z.literal(reportVersion),
  capturedAt: z.iso.datetime(),
  server: z.object({
    /** host:port */
    server: z.string(),
    database: z.string(),
    role: z.string(),
    version: z.string(),
    versionNumber: z.number().int(),
    inRecovery: z.boolean(),
  }),
  grade: gradeSchema,
  /** Why it is this grade, a sentence. */
  gradeReason: z.string(),
  findings: z.array(findingSchema),
  ignored: z.array(ignoredFindingSchema),
  rules: z.array(ruleOutcomeSchema),
  targets: z.array(targetSchema),
  /** Each null when its section is unavailable; then `gaps` says why. Largest first, partitions within their table. */
  tables: z.array(reportTableSchema).nullable(),
  indexes: z.array(reportIndexSchema).nullable(),
  statements: z.array(reportStatementSchema).nullable(),
  /** Catalogue queries and transaction control, which `statements` leaves out; null when there are no statistics. */
  toolStatements: z.number().int().nullable(),
  connections: reportConnectionsSchema.nullable(),
  /** Null when nobody has looked; absent in reports of older versions. */
  missingIndexes: reportMissingIndexesSchema.nullable().default(null),
  /** What could not be looked at, and why. */
  gaps: z.array(reportSectionGapSchema),
});
export type AnalysisReport = z.infer<typeof reportSchema>;
