// What of a source database the sandbox is made from: the rows of the catalogue as they came, and what the role may not see.
import type * as z from 'zod';
import type {
  collationsQuery,
  columnStatisticsQuery,
  columnsQuery,
  constraintsQuery,
  databaseQuery,
  extendedStatisticsQuery,
  functionsQuery,
  indexesQuery,
  relationsQuery,
  typesQuery,
} from '../../queries/what-if/what-if';

type Row<Query extends { row: z.ZodType }> = z.output<Query['row']>;

export type CapturedRelation = Row<typeof relationsQuery>;
export type CapturedColumn = Row<typeof columnsQuery>;
export type CapturedIndex = Row<typeof indexesQuery>;
export type CapturedConstraint = Row<typeof constraintsQuery>;
export type CapturedType = Row<typeof typesQuery>;
export type CapturedFunction = Row<typeof functionsQuery>;
export type CapturedCollation = Row<typeof collationsQuery>;
export type CapturedStatistics = Row<typeof columnStatisticsQuery>;
export type CapturedLocale = Pick<Row<typeof databaseQuery>, 'encoding' | 'collate' | 'ctype' | 'provider' | 'locale'>;

export interface CapturedExtendedStatistics extends Row<typeof extendedStatisticsQuery> {
  /** One for each of inherited false and true, with bytes as "\x..." texts. */
  data: readonly {
    inherited: boolean;
    distinctValues: string | null;
    dependencies: string | null;
    mostCommon: string | null;
  }[];
  /** What of it could not be read, "most common values"; null when all of it was. */
  unreadable: string | null;
}

/** What a statement comes to by its text, before any plan. */
export interface StatementRoots {
  relations: readonly number[];
  /** Relations of PostgreSQL's own that it names: they have no statistics in the sandbox. */
  catalogueRelations: readonly string[];
}

/** As stored: integers, days or microseconds since 2000. */
export interface ColumnEnds {
  lowest: bigint;
  highest: bigint;
  widthBytes: 2 | 4 | 8;
}

export interface CapturedDatabase {
  /** server_version_num of the source. */
  versionNumber: number;
  database: string;
  role: string;
  locale: CapturedLocale;
  settings: readonly { name: string; setting: string }[];
  /** Schemas, without "$user". */
  searchPath: readonly string[];
  extensions: readonly { name: string; schema: string }[];
  collations: readonly CapturedCollation[];
  types: readonly CapturedType[];
  functions: readonly CapturedFunction[];
  relations: readonly CapturedRelation[];
  columns: readonly CapturedColumn[];
  indexes: readonly CapturedIndex[];
  constraints: readonly CapturedConstraint[];
  statistics: readonly CapturedStatistics[];
  extendedStatistics: readonly CapturedExtendedStatistics[];
  /** Objects of kinds that the sandbox does not make (operators, aggregates ... outside extensions), as the server describes them. */
  otherObjects: readonly string[];
  /** By OID of the index: the lowest and highest value of its first column. */
  ends: ReadonlyMap<number, ColumnEnds>;
  /** Columns of range types, whose statistics only a role that may read pg_statistic sees before 17. */
  mayReadRanges: boolean;
  roots: ReadonlyMap<string, StatementRoots>;
}
