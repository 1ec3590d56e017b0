// Messages between the report view and its host. One message carries a whole report, so that none can be missed.
import * as z from 'zod';
import { environmentSchema } from '../analysis/connection/connection-profile';
import type { ReportDocument } from '../analysis/format/report-document';
import { reportSchema } from '../analysis/report';

export const reportConnectionSchema = z.object({
  profileId: z.string(),
  name: z.string(),
  environment: environmentSchema,
});
/** Whose report it is. */
export type ReportConnection = z.infer<typeof reportConnectionSchema>;

/** What is kept of a report view over a reload of the window. */
export const keptReportSchema = z.object({ connection: reportConnectionSchema, report: reportSchema });
export type KeptReport = z.infer<typeof keptReportSchema>;

/** Whether the connection of a report can be used now; one that is not connected is connected by Refresh. */
export type ReportConnectionState = 'connected' | 'not-connected' | 'removed';

/** What the host tells the report view. */
export type ReportViewMessage =
  /** `notice` is a sentence that belongs above the report; null without. */
  | {
      type: 'report';
      document: ReportDocument;
      connection: ReportConnection & { state: ReportConnectionState };
      notice: string | null;
    }
  /** A restored view whose report is gone; `reason` is a sentence for the user. `profileId` is null where Refresh can't help. */
  | { type: 'unavailable'; reason: string; profileId: string | null }
  /** The server is being looked at again. */
  | { type: 'refreshing'; refreshing: boolean };

/** What the report view asks of the host. */
export const reportViewRequestSchema = z.discriminatedUnion('type', [
  /** The view can show a report now: after it was opened, hidden and shown again, or restored. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('refresh') }),
  z.object({ type: z.literal('export') }),
  /** What the commands of the Findings view do, for a finding of this report. */
  z.object({
    type: z.literal('finding'),
    action: z.enum(['copy-fix', 'open-fix', 'show-documentation', 'open-statement', 'explain-statement']),
    fingerprint: z.string(),
  }),
  /** SQL that mends what could not be looked at. */
  z.object({ type: z.literal('copy-sql'), sql: z.string() }),
  z.object({ type: z.literal('open-sql'), sql: z.string() }),
]);
export type ReportViewRequest = z.infer<typeof reportViewRequestSchema>;
