import * as z from 'zod';

/** The environment variable that names the file for the result. */
export const activationFileVariable = 'PG_INSIGHT_ACTIVATION';

export const activationSchema = z.object({
  /** Reading and compiling dist/extension.js. */
  loadMs: z.number(),
  /** Running activate(). */
  activateMs: z.number(),
  /** Resident memory of the extension host just before and after activation. */
  memoryBeforeBytes: z.number(),
  memoryAfterBytes: z.number(),
});
export type Activation = z.infer<typeof activationSchema>;
