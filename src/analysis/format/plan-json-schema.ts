// Apart from plan-json.ts, so that a webview that prints a plan does not carry zod.
import * as z from 'zod';
import { findingSchema } from '../finding';
import { planSchema } from '../plan/plan';
import { planJsonVersion } from './plan-json';

export const planJsonSchema = planSchema.extend({
  schemaVersion: z.literal(planJsonVersion),
  findings: z.array(findingSchema),
});
