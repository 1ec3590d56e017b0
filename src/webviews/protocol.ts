// Messages between the plan view and its host. What comes in is checked: requests from the webview, and documents that
// were stored to survive a reload of the window. One message carries a whole state, so that none can be missed.
import * as z from 'zod';
import { environmentSchema } from '../analysis/connection/connection-profile';
import type { ExplainResult, ParameterValues } from '../analysis/explain/explain';
import { findingSchema } from '../analysis/finding';
import type { IndexDropRequest } from '../analysis/index-build/index-build';
import { planSchema } from '../analysis/plan/plan';

export const parameterValuesSchema: z.ZodType<ParameterValues> = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('none') }),
  z.object({ mode: z.literal('generic') }),
  z.object({ mode: z.literal('values'), values: z.array(z.string().nullable()) }),
]);

const explainResultSchema: z.ZodType<ExplainResult> = z.object({
  plan: planSchema,
  planJson: z.string(),
  rolledBack: z.boolean(),
  ranAt: z.string(),
  server: z.string(),
  database: z.string(),
  serverVersion: z.string(),
});

export const indexDropRequestSchema: z.ZodType<IndexDropRequest> = z.object({
  indexes: z.array(
    z.object({ oid: z.number().int(), schema: z.string(), name: z.string(), mustBeInvalid: z.boolean() }),
  ),
  keep: z.array(z.object({ oid: z.number().int(), schema: z.string(), name: z.string() })),
});

const positionSchema = z.object({
  /** From 0. */
  line: z.number().int().nonnegative(),
  /** UTF-16 units, from 0. */
  character: z.number().int().nonnegative(),
});

/** Where a statement was taken from, as the editor counts. */
export const statementSourceSchema = z.object({
  uri: z.string(),
  start: positionSchema,
  end: positionSchema,
});
export type StatementSource = z.infer<typeof statementSourceSchema>;

/** Everything the plan view shows, and what running the statement again needs. */
export const planDocumentSchema = z.object({
  title: z.string(),
  /** The statement as it was sent, for the header and for copying. */
  sql: z.string(),
  analyzed: z.boolean(),
  /** Parameters as shown: "$1 = 'delivered'"; "generic plan" when planned for unknown values; null without parameters. */
  parameters: z.string().nullable(),
  /** The same parameters as they are sent. */
  parameterValues: parameterValuesSchema,
  connection: z.object({ profileId: z.string(), name: z.string(), environment: environmentSchema }),
  /** Null when the statement is in no document that could be shown. */
  source: statementSourceSchema.nullable(),
  result: explainResultSchema,
  findings: z.array(findingSchema),
});
export type PlanDocument = z.infer<typeof planDocumentSchema>;

const planTextSchema = z.object({
  title: z.string(),
  /** Nobody is connected to the server that printed it. */
  connection: z.null(),
  /** Where the text was found, as shown: "orders.log, line 120", "clipboard". */
  from: z.string(),
  /** The same in the editor; null for the clipboard. */
  source: statementSourceSchema.nullable(),
  /** As it was found. */
  text: z.string(),
  /** The number of its first line where it was found, from 1. */
  firstLine: z.number().int().positive(),
});

/** A plan that was read from a text. */
export const openedPlanSchema = planTextSchema.extend({
  /** Null when the text has the plan alone. */
  sql: z.string().nullable(),
  analyzed: z.boolean(),
  result: z.object({
    plan: planSchema,
    /** The plan as EXPLAIN (FORMAT JSON) names and nests it, whatever the text's format. */
    planJson: z.string(),
  }),
  findings: z.array(findingSchema),
});
export type OpenedPlan = z.infer<typeof openedPlanSchema>;

/** A text that no plan could be read from: it is shown with the reason. */
export const unreadablePlanSchema = planTextSchema.extend({
  result: z.null(),
  failure: z.object({
    /** What failed, where, and what to do next. */
    message: z.string(),
    /** As `firstLine` counts. */
    line: z.number().int().positive(),
    /** UTF-16 units, from 1. */
    column: z.number().int().positive(),
  }),
});
export type UnreadablePlan = z.infer<typeof unreadablePlanSchema>;

/** Whatever a plan view shows. */
export const viewedPlanSchema = z.union([planDocumentSchema, openedPlanSchema, unreadablePlanSchema]);
export type ViewedPlan = z.infer<typeof viewedPlanSchema>;

/** The index that the plan's statement lacks, as its file is marked with it. */
export interface PlanMissingIndex {
  schema: string;
  table: string;
  /** "order_items (order_id)" */
  columns: string;
  /** What is said of it. */
  advice: string;
}

/** What the host tells the plan view. */
export type PlanViewMessage =
  /** `documentId` is what the webview keeps in its state, so that the host finds the document again. */
  | { type: 'plan'; documentId: string; document: ViewedPlan }
  /** A restored view whose document is gone; `reason` is a sentence for the user. */
  | { type: 'unavailable'; reason: string }
  /** Known later than the plan, and not for good: null when there is none (any more). */
  | { type: 'missing-index'; missingIndex: PlanMissingIndex | null }
  /** The statement is being run again. */
  | { type: 'running'; running: boolean };

/** What can be put on the clipboard. */
export const copyFormats = ['json', 'text', 'markdown', 'sql'] as const;
export type CopyFormat = (typeof copyFormats)[number];

/** What the plan view asks of the host. */
export const planViewRequestSchema = z.discriminatedUnion('type', [
  /** The view can show a document now: after it was opened, hidden and shown again, or restored. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('copy'), format: z.enum(copyFormats) }),
  /** One node with its conditions and figures. */
  z.object({ type: z.literal('copy-node'), nodeId: z.number().int() }),
  /** The SQL of a finding's fix. */
  z.object({ type: z.literal('copy-fix'), fingerprint: z.string() }),
  /** The quick fix of the missing index; asks as that does. */
  z.object({ type: z.literal('create-index') }),
  z.object({ type: z.literal('run-again') }),
  /** The statement, or the text that the plan was read from. */
  z.object({ type: z.literal('reveal-sql') }),
  z.object({ type: z.literal('open-json') }),
]);
export type PlanViewRequest = z.infer<typeof planViewRequestSchema>;

/** A statement before and after an index was made for it, or as it is planned without and with one that is not there. */
export const comparisonDocumentSchema = z.object({
  before: planDocumentSchema,
  after: planDocumentSchema,
  index: z.object({
    /** Null for one that is not there. */
    oid: z.number().int().nullable(),
    schema: z.string(),
    table: z.string(),
    name: z.string(),
    /** Its partitions have indexes of their own, called after it. */
    isPartitioned: z.boolean(),
    /** pg_get_indexdef(), or how it would be made. */
    definition: z.string(),
    /** Null when it can't be told. */
    sizeBytes: z.number().nullable(),
    /** Null for one that is not there. */
    durationMs: z.number().nullable(),
  }),
  /** What Undo drops: exactly this index. Null for one that is not there: both plans are a planner's word. */
  undo: indexDropRequestSchema.nullable(),
  /** The index has been dropped since. */
  undone: z.boolean(),
});
export type ComparisonDocument = z.infer<typeof comparisonDocumentSchema>;

/** What the host tells the comparison. */
export type ComparisonMessage =
  /** `documentId` is what the webview keeps in its state, so that the host finds the document again. */
  | { type: 'comparison'; documentId: string; document: ComparisonDocument }
  /** A restored view whose document is gone; `reason` is a sentence for the user. */
  | { type: 'unavailable'; reason: string }
  /** The statement is being run. */
  | { type: 'running'; running: boolean };

/** What the comparison asks of the host. */
export const comparisonRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('undo') }),
  /** Runs the statement with the index, to compare its time with the one before. */
  z.object({ type: z.literal('measure') }),
  z.object({ type: z.literal('show-plan'), which: z.enum(['before', 'after']) }),
  z.object({ type: z.literal('reveal-sql') }),
]);
export type ComparisonRequest = z.infer<typeof comparisonRequestSchema>;
