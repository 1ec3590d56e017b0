// What the runner outside VS Code asks of the suite inside its extension host, and what it hears back.
import * as z from 'zod';

/** The environment variable that holds the request as JSON. */
export const suiteRequestVariable = 'PG_INSIGHT_SUITE';

export const suiteRequestSchema = z.object({
  /** Becomes the working directory, as it is in the other tiers. */
  root: z.string(),
  files: z.array(z.string()),
  resultFile: z.string(),
  timeoutMs: z.number(),
  forbidOnly: z.boolean(),
  grep: z.string().optional(),
});
export type SuiteRequest = z.infer<typeof suiteRequestSchema>;

export const suiteEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('start'), title: z.string() }),
  z.object({ event: z.literal('pass'), title: z.string(), durationMs: z.number() }),
  z.object({ event: z.literal('fail'), title: z.string(), error: z.string() }),
  z.object({ event: z.literal('pending'), title: z.string() }),
  z.object({ event: z.literal('end') }),
]);
export type SuiteEvent = z.infer<typeof suiteEventSchema>;
