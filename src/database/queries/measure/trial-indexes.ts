import * as z from 'zod';
import { int8, oldestVersionNumber, type CatalogueQuery } from '../query';
import trialIndexesSql from './trial-indexes.sql';

const trialIndexRow = z.object({
  oid: int8,
  schema: z.string(),
  name: z.string(),
  is_partitioned: z.boolean(),
  /** Its trial is going on. */
  is_live: z.boolean(),
});
export type TrialIndexRow = z.output<typeof trialIndexRow>;

export const trialIndexesQuery: CatalogueQuery<typeof trialIndexRow> = {
  name: 'indexes of trials',
  row: trialIndexRow,
  variants: [{ when: oldestVersionNumber, sql: trialIndexesSql }],
};
