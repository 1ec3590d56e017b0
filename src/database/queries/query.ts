// A query of the catalogue: a .sql file for each variant, and one row schema that all variants serve by aliasing their
// columns. Versions are told apart here and nowhere else.
import * as z from 'zod';
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import { ownQueryMark } from '../../analysis/statements/tool-statement';
import type { UnitOfWork } from '../unit-of-work';

export interface QueryVariant {
  /** Lowest server_version_num it is meant for. */
  when: number;
  sql: string;
}

export interface CatalogueQuery<Row extends z.ZodType> {
  /** For messages: what is read, "tables". */
  name: string;
  row: Row;
  /** Newest first; the last one's `when` is the oldest server that is supported. */
  variants: readonly [QueryVariant, ...QueryVariant[]];
}

/** PostgreSQL 13, the oldest supported server. */
export const oldestVersionNumber = 130_000;

/** int8 and numeric reach us as texts; what they hold here (OIDs, counts, bytes) is far below 2^53. */
export const int8 = z
  .union([z.string().regex(/^-?\d+$/), z.number().int()])
  .transform(Number)
  .refine(Number.isSafeInteger, 'is beyond what a number can hold exactly');

/** Runs the variant for this server and returns its rows, checked. */
export async function captureRows<Row extends z.ZodType>(
  unit: UnitOfWork,
  server: { versionNumber: number },
  query: CatalogueQuery<Row>,
  values: readonly unknown[] = [],
): Promise<z.output<Row>[]> {
  const variant =
    query.variants.find(({ when }) => server.versionNumber >= when) ?? query.variants[query.variants.length - 1];
  // below the text, which may end with a comment, and not before it: PostgreSQL 18 counts it without what leads it
  const rows = await unit.query(`${variant?.sql ?? query.variants[0].sql}\n${ownQueryMark}`, values);
  const checked = z.array(query.row).safeParse(rows);
  if (checked.success) return checked.data;
  throw new DatabaseFailure(
    'other',
    `The server's answer about ${query.name} is not what PG Insight expects: ${z.prettifyError(checked.error)}`,
    `Please report this with the server's version (${server.versionNumber}).`,
    {},
    { cause: checked.error },
  );
}
