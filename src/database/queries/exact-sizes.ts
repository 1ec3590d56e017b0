import * as z from 'zod';
import exactSizesSql from './exact-sizes.sql';
import { int8, oldestVersionNumber, type CatalogueQuery } from './query';

const exactSizesRow = z.object({
  /** All null when the table has been dropped meanwhile. */
  heap_bytes: int8.nullable(),
  toast_bytes: int8.nullable(),
  index_bytes: int8.nullable(),
  total_bytes: int8.nullable(),
});

export const exactSizesQuery: CatalogueQuery<typeof exactSizesRow> = {
  name: 'sizes',
  row: exactSizesRow,
  variants: [{ when: oldestVersionNumber, sql: exactSizesSql }],
};
