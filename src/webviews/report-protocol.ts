// Messages between the report view and its host. One message carries a whole report, so that none can be missed.
import * as z from 'zod';
import type { ReportDocument } from '../analysis/format/report-document';

/** What the host tells the report view. */
export type ReportViewMessage =
  /** `notice` is a sentence that belongs above the report; null without. */
  | { type: 'report'; document: ReportDocument; notice: string | null }
  /** A restored view whose report is gone; `reason` is a sentence for the user. */
  | { type: 'unavailable'; reason: string }
  /** The server is being looked at again. */
  | { type: 'refreshing'; refreshing: boolean };

/** What the report view asks of the host. */
export const reportViewRequestSchema = z.discriminatedUnion('type', [
  /** The view can show a report now: after it was opened, hidden and shown again, or restored. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('refresh') }),
  z.object({ type: z.literal('export') }),
  z.object({ type: z.literal('copy-sql'), sql: z.string() }),
  z.object({ type: z.literal('open-sql'), sql: z.string() }),
]);
export type ReportViewRequest = z.infer<typeof reportViewRequestSchema>;
