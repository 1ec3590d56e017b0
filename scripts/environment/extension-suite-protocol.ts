// What the runner outside VS Code asks of the suite inside its extension host, and what it hears back.
import type { Hook, Test } from 'mocha';
import * as z from 'zod';

/** Where mocha read a test, or the tests of a hook, from; none for a hook of all files. */
export function fileOf(test: Test | Hook): string | undefined {
  return test.file ?? test.parent?.file;
}

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

/** The bundle that the test is from; none for a hook of all files. */
const fileSchema = z.string().optional();

export const suiteEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('start'), title: z.string() }),
  z.object({ event: z.literal('pass'), file: fileSchema, title: z.string(), durationMs: z.number() }),
  z.object({ event: z.literal('fail'), file: fileSchema, title: z.string(), error: z.string() }),
  z.object({ event: z.literal('pending'), title: z.string() }),
  z.object({ event: z.literal('end') }),
]);
export type SuiteEvent = z.infer<typeof suiteEventSchema>;
