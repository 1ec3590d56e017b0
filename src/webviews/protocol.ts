// Messages between a webview and its host. What comes in from the webview is checked; one message carries a whole state.
import * as z from 'zod';
import type { ExplainResult } from '../analysis/explain/explain';
import type { Finding } from '../analysis/finding';

/** Everything the plan view shows. */
export interface PlanDocument {
  title: string;
  /** The statement as it was sent, for the header and for copying. */
  sql: string;
  analyzed: boolean;
  /** Parameters as shown: "$1 = 'delivered'"; "generic plan" when planned for unknown values; null without parameters. */
  parameters: string | null;
  result: ExplainResult;
  findings: Finding[];
}

export interface PlanViewMessage {
  type: 'plan';
  document: PlanDocument;
}

export const planViewRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('copy'), format: z.enum(['json', 'text', 'markdown']) }),
  z.object({ type: z.literal('run-again') }),
  z.object({ type: z.literal('reveal-sql') }),
  z.object({ type: z.literal('open-json') }),
]);
export type PlanViewRequest = z.infer<typeof planViewRequestSchema>;
