// Reads what statements lead to in one snapshot of the source: read-only, catalogue and pg_stats only, and the lengths of
// the files of the relations that are touched.
import type { SqlParser } from '../../../analysis/sql/sql-parser';
import { readStatement, type QualifiedName, type StatementFacts } from '../../../analysis/sql/statement-facts';
import { namedRelationsQuery, statementSettingsQuery } from '../../queries/consent';
import { captureRows } from '../../queries/query';
import {
  collationsQuery,
  columnStatisticsQuery,
  columnsQuery,
  constraintsQuery,
  databaseQuery,
  extendedStatisticsDataQuery,
  extendedStatisticsQuery,
  extendedStatisticsViewQuery,
  functionsQuery,
  indexesQuery,
  namedObjectsQuery,
  rangeStatisticsQuery,
  reachedObjectsQuery,
  relationsQuery,
  sessionSettingsQuery,
  typesQuery,
} from '../../queries/what-if/what-if';
import type { StatementContext } from '../../consent';
import type { UnitOfWork } from '../../unit-of-work';
import type {
  CapturedColumn,
  CapturedDatabase,
  CapturedExtendedStatistics,
  CapturedFunction,
  CapturedRelation,
  CapturedStatistics,
} from './captured-database';
import { captureColumnEnds } from './capture-column-ends';
import { toDependenciesBytes, toDistinctBytes } from './extended-statistics-bytes';

/** Some twenty look-ups in the catalogue and in pg_stats. */
const captureTimeoutMs = 30_000;
/** Functions that call functions that ...: more levels than a schema has. */
const maximumRounds = 20;
/** FirstNormalObjectId: what is below is PostgreSQL's own. */
const firstUserOid = 16_384;

/** Texts of statistics have to be read back in the sandbox, whatever the role's settings are. */
const textFormats = [
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['bytea_output', 'hex'],
  ['extra_float_digits', '1'],
] as const;

/** Catalogue tables whose rows are objects of other kinds that a plan may depend on. */
const otherClasses = new Set([
  'pg_operator',
  'pg_opclass',
  'pg_opfamily',
  'pg_am',
  'pg_cast',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
  'pg_conversion',
  'pg_language',
]);

/** `statements` by their text; null for one that can't be parsed: it has no roots and is in nobody's way. */
export async function captureDatabase(
  context: StatementContext,
  statements: ReadonlyMap<string, StatementFacts | null>,
  signal?: AbortSignal,
): Promise<CapturedDatabase> {
  const { parser } = await context.loadParser();
  const facts = new Map([...statements].flatMap(([sql, each]) => (each === null ? [] : [[sql, each] as const])));
  return context.run(
    {
      searchPath: 'role',
      access: 'read-only',
      isolation: 'repeatable read',
      statementTimeoutMs: captureTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    },
    (unit) => new DatabaseCapture(unit, context, parser).capture(facts),
  );
}

class DatabaseCapture {
  readonly #unit: UnitOfWork;
  readonly #context: StatementContext;
  readonly #parser: SqlParser;
  /** Schemas that names are looked up in. */
  #path: readonly string[] = [];

  constructor(unit: UnitOfWork, context: StatementContext, parser: SqlParser) {
    this.#unit = unit;
    this.#context = context;
    this.#parser = parser;
  }

  async capture(statements: ReadonlyMap<string, StatementFacts>): Promise<CapturedDatabase> {
    const { facts: server } = this.#context;
    const rows = <Query extends Parameters<typeof captureRows>[2]>(query: Query, values: readonly unknown[] = []) =>
      captureRows(this.#unit, server, query, values) as ReturnType<typeof captureRows<Query['row']>>;

    const settings = await rows(sessionSettingsQuery);
    const [path] = await rows(statementSettingsQuery);
    if (path === undefined) throw new Error('The server answered a SELECT without FROM with no row.');
    this.#path = path.schemas;
    await this.#unit.query("SELECT pg_catalog.set_config('search_path', '', true)");
    for (const format of textFormats) await this.#unit.query('SELECT pg_catalog.set_config($1, $2, true)', format);

    const objects = new Map<string, { class: string; oid: number }>();
    const named = await this.#findNamed([...statements.values()], objects);
    const reached = await this.#reach(
      named.filter((oid) => oid >= firstUserOid),
      objects,
    );
    const find = (name: string) =>
      reached.objects.filter((each) => each.class === name && each.extension === null).map(({ oid }) => oid);
    const relationOids = find('pg_class');

    const [database] = await rows(databaseQuery);
    if (database === undefined) throw new Error('The server has no row for its own database.');
    const relations = await rows(relationsQuery, [relationOids]);
    const catalogue = await rows(relationsQuery, [named.filter((oid) => oid < firstUserOid)]);
    const indexes = await rows(indexesQuery, [relationOids]);
    const columns = await rows(columnsQuery, [relationOids]);
    const withStatistics = [...relationOids, ...indexes.filter((each) => each.has_expressions).map(({ oid }) => oid)];
    const ranges =
      server.versionNumber < 170_000 && database.may_read_statistics
        ? await rows(rangeStatisticsQuery, [withStatistics])
        : [];
    const statistics = addRanges(await rows(columnStatisticsQuery, [withStatistics]), ranges);
    return {
      versionNumber: server.versionNumber,
      database: server.database,
      role: server.role,
      locale: database,
      settings,
      searchPath: path.schemas.filter((schema) => schema !== 'pg_catalog' && !schema.startsWith('pg_temp_')),
      extensions: server.extensions.filter(({ name }) => name !== 'plpgsql'),
      collations: await rows(collationsQuery, [find('pg_collation')]),
      types: await rows(typesQuery, [find('pg_type')]),
      functions: reached.functions,
      relations,
      columns,
      indexes,
      constraints: await rows(constraintsQuery, [relationOids]),
      statistics,
      ends: await captureColumnEnds(this.#unit, { relations, columns, indexes, statistics }),
      extendedStatistics: await this.#captureExtended(relationOids, columns, database.may_read_extended),
      otherObjects: reached.objects
        .filter((each) => otherClasses.has(each.class) && each.extension === null)
        .map(({ class: of, description }) => description ?? of),
      mayReadRanges: server.versionNumber >= 170_000 || database.may_read_statistics,
      roots: new Map(
        [...statements].map(([sql, { relations: names }]) => [
          sql,
          {
            relations: this.#select(names, relations).map(({ oid }) => oid),
            catalogueRelations: this.#select(names, catalogue).map(({ schema, name }) => `${schema}.${name}`),
          },
        ]),
      ),
    };
  }

  /** OIDs of the relations that are named; functions and types go to `objects`. */
  async #findNamed(
    facts: readonly Pick<StatementFacts, 'relations' | 'functions' | 'types'>[],
    objects: Map<string, { class: string; oid: number }>,
  ): Promise<number[]> {
    const { facts: server } = this.#context;
    const split = (names: readonly QualifiedName[]) => {
      const unique = [...new Map(names.map((each) => [`${each.schema ?? ''} ${each.name}`, each])).values()];
      return [unique.map(({ schema }) => schema), unique.map(({ name }) => name)];
    };
    const relations = split(facts.flatMap((each) => each.relations));
    const named = await captureRows(this.#unit, server, namedRelationsQuery, [...relations, this.#path]);
    const others = await captureRows(this.#unit, server, namedObjectsQuery, [
      ...split(facts.flatMap((each) => each.functions)),
      ...split(facts.flatMap((each) => each.types)),
      this.#path,
    ]);
    for (const each of others) objects.set(`${each.class} ${each.oid}`, each);
    return [...new Set(named.map(({ oid }) => oid))];
  }

  #select(names: readonly QualifiedName[], relations: readonly CapturedRelation[]): CapturedRelation[] {
    return relations.filter((relation) =>
      names.some(
        ({ schema, name }) =>
          name === relation.name &&
          (schema === null ? this.#path.includes(relation.schema) : schema === relation.schema),
      ),
    );
  }

  /** Follows the catalogue's own dependencies, and the names in the bodies of SQL functions, which it has none of. */
  async #reach(relations: readonly number[], objects: Map<string, { class: string; oid: number }>) {
    const { facts: server } = this.#context;
    const roots = new Set(relations);
    const read = new Set<number>();
    for (let round = 0; ; round++) {
      const named = [...objects.values()];
      const reached = await captureRows(this.#unit, server, reachedObjectsQuery, [
        [...roots],
        named.map((each) => each.class),
        named.map(({ oid }) => oid),
      ]);
      const oids = reached.filter((each) => each.class === 'pg_proc' && each.extension === null).map(({ oid }) => oid);
      const functions: CapturedFunction[] = await captureRows(this.#unit, server, functionsQuery, [oids]);
      const before = roots.size + objects.size;
      for (const { oid, language, body } of functions) {
        if (read.has(oid) || language !== 'sql' || body === null || body === '') continue;
        read.add(oid);
        const reading = readStatement(this.#parser, body);
        if (!reading.understood) continue;
        const found = await this.#findNamed([reading.facts], objects);
        for (const relation of found.filter((each) => each >= firstUserOid)) roots.add(relation);
      }
      if (roots.size + objects.size === before || round === maximumRounds) return { objects: reached, functions };
    }
  }

  async #captureExtended(
    relations: readonly number[],
    columns: readonly CapturedColumn[],
    mayReadData: boolean,
  ): Promise<CapturedExtendedStatistics[]> {
    const { facts: server } = this.#context;
    const definitions = await captureRows(this.#unit, server, extendedStatisticsQuery, [relations]);
    const oids = definitions.map(({ oid }) => oid);
    if (oids.length === 0) return [];
    if (mayReadData) {
      const data = await captureRows(this.#unit, server, extendedStatisticsDataQuery, [oids]);
      return definitions.map((definition) => {
        const own = data.filter(({ oid }) => oid === definition.oid);
        return {
          ...definition,
          data: own.map((each) => ({
            inherited: each.inherited,
            distinctValues: each.distinct_values,
            dependencies: each.dependencies,
            mostCommon: each.most_common,
          })),
          unreadable: own.some((each) => each.has_expressions) ? 'statistics of expressions' : null,
        };
      });
    }
    const data = await captureRows(this.#unit, server, extendedStatisticsViewQuery, [oids]);
    return definitions.map((definition) => {
      const own = data.filter(({ oid }) => oid === definition.oid);
      return {
        ...definition,
        data: own.map((each) => ({
          inherited: each.inherited,
          distinctValues: each.distinct_values === null ? null : toDistinctBytes(each.distinct_values),
          dependencies: each.dependencies === null ? null : toDependenciesBytes(each.dependencies),
          mostCommon: null,
        })),
        unreadable: findUnreadable(
          own,
          columns.filter(({ relation }) => relation === definition.relation),
        ),
      };
    });
  }
}

/** What pg_stats_ext does not show, or not in a form that can be stored again. */
function findUnreadable(
  shown: readonly { has_most_common: boolean }[],
  columns: readonly CapturedColumn[],
): string | null {
  if (shown.some((each) => each.has_most_common)) return 'most common combinations of values';
  // it shows statistics only to who may read all of their columns
  return shown.length === 0 && columns.some((each) => !each.is_dropped && !each.may_select) ? 'nothing of it' : null;
}

/** STATISTIC_KIND_RANGE_LENGTH_HISTOGRAM and STATISTIC_KIND_BOUNDS_HISTOGRAM. */
const rangeLengthKind = 6;
const rangeBoundsKind = 7;

function addRanges(
  statistics: readonly CapturedStatistics[],
  ranges: readonly {
    relation: number;
    number: number;
    inherited: boolean;
    kinds: readonly number[];
    value_lists: readonly (string | null)[];
    number_lists: readonly (string | null)[];
  }[],
): CapturedStatistics[] {
  return statistics.map((each) => {
    const range = ranges.find(
      ({ relation, number, inherited }) =>
        relation === each.relation && number === each.number && inherited === each.inherited,
    );
    if (range === undefined) return each;
    const length = range.kinds.indexOf(rangeLengthKind);
    const bounds = range.kinds.indexOf(rangeBoundsKind);
    return {
      ...each,
      range_length_histogram: range.value_lists[length] ?? null,
      // the share of empty ranges is the only number of its slot: {0.25}
      range_empty_frac: range.number_lists[length]?.slice(1, -1) ?? null,
      range_bounds_histogram: range.value_lists[bounds] ?? null,
    };
  });
}
