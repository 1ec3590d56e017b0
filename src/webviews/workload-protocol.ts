// Messages between the view of a workload's index advice and its host. One message carries all that is shown.
import * as z from 'zod';
import type { EvidenceGrade } from '../analysis/finding';
import {
  workloadSelectionSchema,
  type StatementFate,
  type WorkloadSelection,
  type WorkloadSummary,
} from '../analysis/index-advice/workload-selection';
import { indexDropRequestSchema, parameterValuesSchema, statementSourceSchema } from './protocol';
import { reportConnectionSchema, type ReportConnection, type ReportConnectionState } from './report-protocol';

/** What is kept of a view over a reload of the window, and what advising once more needs. */
export const workloadDocumentSchema = z.object({
  /** Behind "Index Advice: ". */
  title: z.string(),
  connection: reportConnectionSchema,
  /** host:port */
  server: z.string(),
  database: z.string(),
  serverVersion: z.string(),
  role: z.string(),
  /** ISO 8601: when the statements were planned. */
  madeAt: z.string(),
  /** Where the statements come from, how often they count, and what was left out: a sentence each. */
  notes: z.array(z.string()),
  statements: z.array(
    z.object({
      id: z.string(),
      /** As it is planned: placeholders numbered. */
      sql: z.string(),
      /** Null where nobody counted. */
      calls: z.number().nullable(),
      parameters: parameterValuesSchema,
      /** Where it stands; null for one that is in no file. */
      source: statementSourceSchema.nullable(),
    }),
  ),
  /** One for each budget that was asked for. */
  selections: z.array(workloadSelectionSchema),
  /** Of the selection that is shown; null: any. */
  budgetBytes: z.number().nullable(),
  /** Indexes of this advice that have been created since, by schema and name. */
  created: z.array(z.object({ schema: z.string(), name: z.string(), undo: indexDropRequestSchema })),
  /** Existing indexes that have been dropped since. */
  dropped: z.array(z.object({ schema: z.string(), name: z.string() })),
});
export type WorkloadDocument = z.infer<typeof workloadDocumentSchema>;
export type WorkloadSource = WorkloadDocument['statements'][number];

export interface ShownStatement {
  id: string;
  /** "orders.sql:12"; null for one that is in no file. */
  place: string | null;
  /** Null where nobody counted. */
  calls: number | null;
  fate: StatementFate;
  /** Of one run; null where it could not be advised. */
  costBefore: number | null;
  costAfter: number | null;
  /** Why it could not be advised. */
  reason: string | null;
}

export interface ShownIndex {
  name: string;
  schema: string;
  /** "orders (customer_id, status)" */
  columns: string;
  evidence: EvidenceGrade;
  /** Of the statements that it helps, each as often as it was called. */
  costBefore: number;
  costAfter: number;
  sizeBytes: number | null;
  /** How much dearer writing to the table becomes; null where that was not looked at. */
  writeRatio: number | null;
  winnerCount: number;
  loserCount: number;
  why: readonly string[];
  makesRedundant: readonly string[];
  ddl: string;
  undo: string;
  isCreated: boolean;
}

export interface ShownDrop {
  schema: string;
  name: string;
  table: string;
  sizeBytes: number;
  scans: number;
  isDropped: boolean;
}

/** What is on screen. */
export interface WorkloadView {
  title: string;
  connection: ReportConnection & { state: ReportConnectionState };
  server: string;
  database: string;
  serverVersion: string;
  role: string;
  madeAt: string;
  notes: readonly string[];
  engine: WorkloadSelection['engine'];
  grade: EvidenceGrade;
  engineNote: string | null;
  isComplete: boolean;
  areCallsCounted: boolean;
  summary: WorkloadSummary;
  budget: {
    /** Null: any. */
    bytes: number | null;
    /** What all indexes take that are worth having. */
    maximumBytes: number;
    /** Why no other can be asked for, a sentence; null when one can. */
    obstacle: string | null;
    /** What is known already: budgets and what is left of the cost there. */
    known: readonly { sizeBytes: number; costAfter: number }[];
  };
  indexes: readonly ShownIndex[];
  statements: readonly ShownStatement[];
  drops: readonly ShownDrop[];
  redundant: WorkloadSelection['redundant'];
}

/** What the host tells the view. */
export type WorkloadViewMessage =
  | { type: 'workload'; documentId: string; view: WorkloadView }
  /** A restored view whose document is gone; `reason` is a sentence for the user. */
  | { type: 'unavailable'; reason: string }
  /** What is being done, a few words; null when nothing is. */
  | { type: 'running'; what: string | null; canCancel: boolean };

/** What the view asks of the host. */
export const workloadViewRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  /** Null: any. */
  z.object({ type: z.literal('set-budget'), budgetBytes: z.number().nonnegative().nullable() }),
  z.object({ type: z.literal('cancel') }),
  /** Plans the same statements on the server as it is now. */
  z.object({ type: z.literal('refresh') }),
  z.object({ type: z.literal('export') }),
  z.object({ type: z.literal('open-statement'), id: z.string() }),
  /** An index of the advice by schema and name; null: all that are not there yet. */
  z.object({
    type: z.literal('index'),
    action: z.enum(['create', 'copy', 'open', 'migrate']),
    index: z.object({ schema: z.string(), name: z.string() }).nullable(),
  }),
  z.object({ type: z.literal('undo'), schema: z.string(), name: z.string() }),
  z.object({ type: z.literal('drop'), schema: z.string(), name: z.string() }),
]);
export type WorkloadViewRequest = z.infer<typeof workloadViewRequestSchema>;
