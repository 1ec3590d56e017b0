// What PG Insight says about a server, a table or a plan node. Every view and every output format shows these.
import * as z from 'zod';

export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export const severitySchema = z.enum(severities);
export type Severity = z.infer<typeof severitySchema>;

/** How well a statement of PG Insight is backed; see docs/architecture.md, "Evidence". */
export const evidenceGradeSchema = z.enum(['measured', 'planned', 'estimated']);
export type EvidenceGrade = z.infer<typeof evidenceGradeSchema>;

/** One number or text that a finding rests on. */
export const evidenceSchema = z.object({
  grade: evidenceGradeSchema,
  /** What was looked at, in PostgreSQL's terms ("rows removed by filter"). */
  label: z.string(),
  value: z.union([z.number(), z.string()]),
  /** Unit of a number ("rows", "ms", "bytes", "ratio"); null for a text or a bare count. */
  unit: z.string().nullable(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** What a finding is about. Names, never OIDs: a finding outlives a dump and restore. */
export const objectRefSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('server') }),
  z.object({ kind: z.literal('role'), name: z.string() }),
  z.object({ kind: z.literal('database'), name: z.string() }),
  z.object({ kind: z.literal('setting'), name: z.string() }),
  z.object({ kind: z.literal('extension'), name: z.string() }),
  z.object({ kind: z.literal('relation'), schema: z.string(), name: z.string() }),
  z.object({ kind: z.literal('index'), schema: z.string(), name: z.string(), table: z.string() }),
  z.object({ kind: z.literal('constraint'), schema: z.string(), table: z.string(), name: z.string() }),
  z.object({ kind: z.literal('sequence'), schema: z.string(), name: z.string() }),
  /** A row of pg_stat_statements, by its queryid. */
  z.object({ kind: z.literal('statement'), queryId: z.string() }),
  /** A session, for as long as it lives. */
  z.object({ kind: z.literal('session'), pid: z.number().int() }),
  /** A node of the plan at hand, by PlanNode.id. */
  z.object({ kind: z.literal('plan-node'), nodeId: z.number().int() }),
  z.object({ kind: z.literal('machine') }),
]);
export type ObjectRef = z.infer<typeof objectRefSchema>;

/** SQL that mends what a finding says. Never run without the user's word. */
export const suggestedFixSchema = z.object({
  title: z.string(),
  sql: z.string(),
  /** Takes the fix back; absent when nothing can, or nothing has to. */
  undoSql: z.string().optional(),
  /** A sentence about taking it back: why nothing has to be, or what to mind. */
  undoNote: z.string().optional(),
  /** What can go wrong, in a sentence. */
  risk: z.string(),
  /** True for statements that refuse to run in a transaction block (CREATE INDEX CONCURRENTLY). */
  outsideTransaction: z.boolean(),
});
export type SuggestedFix = z.infer<typeof suggestedFixSchema>;

export const findingSchema = z.object({
  ruleId: z.string(),
  severity: severitySchema,
  subject: objectRefSchema,
  /** One sentence that names the object. */
  message: z.string(),
  /** What to do next, in a sentence or two; absent where the message says it all. */
  advice: z.string().optional(),
  evidence: z.array(evidenceSchema),
  fix: suggestedFixSchema.optional(),
  /** Same finding, same text, on every run: what "ignore" and baselines refer to. */
  fingerprint: z.string(),
});
export type Finding = z.infer<typeof findingSchema>;
