// What CREATE TABLE has to say about one table, and the DDL of it.
import { formatTableDdl, type DdlConstraint, type TableDefinition } from '../analysis/tables/table-ddl';
import type { ServerFacts } from '../analysis/server/server-facts';
import { captureRows } from './queries/query';
import {
  ddlColumnsQuery,
  ddlConstraintsQuery,
  ddlIndexesQuery,
  ddlSequencesQuery,
  ddlTableQuery,
} from './queries/table-definition';
import { extendedStatisticsQuery } from './queries/table-details';
import { oneTableUnit, toDroppedTableFailure } from './table-details';
import type { RunUnitOfWork } from './unit-of-work';

const kinds = { r: 'table', p: 'partitioned table', m: 'materialized view', f: 'foreign table' } as const;
const replicaIdentities = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const;
const identities = { '': null, a: 'always', d: 'by default' } as const;
const generations = { '': null, s: 'stored', v: 'virtual' } as const;
const constraintKinds: Record<'p' | 'u' | 'x' | 'c' | 'f' | 'n', DdlConstraint['kind']> = {
  p: 'primary key',
  u: 'unique',
  x: 'exclusion',
  c: 'check',
  f: 'foreign key',
  n: 'not null',
};

async function captureTableDefinition(
  run: RunUnitOfWork,
  facts: ServerFacts,
  oid: number,
  signal?: AbortSignal,
): Promise<TableDefinition> {
  return run(oneTableUnit(signal), async (unit) => {
    const [table] = await captureRows(unit, facts, ddlTableQuery, [oid]);
    if (table === undefined) throw toDroppedTableFailure(facts);
    const columns = await captureRows(unit, facts, ddlColumnsQuery, [oid]);
    const sequences = await captureRows(unit, facts, ddlSequencesQuery, [oid]);
    const constraints = await captureRows(unit, facts, ddlConstraintsQuery, [oid]);
    const indexes = await captureRows(unit, facts, ddlIndexesQuery, [oid]);
    const extendedStatistics = await captureRows(unit, facts, extendedStatisticsQuery, [oid]);
    return {
      name: table.name,
      schema: table.schema,
      kind: kinds[table.kind],
      isUnlogged: table.is_unlogged,
      isPartition: table.is_partition,
      parents: table.parents,
      partitionBound: table.partition_bound,
      partitionKey: table.partition_key,
      options: table.options,
      toastOptions: table.toast_options,
      accessMethod: table.access_method,
      tablespace: table.tablespace,
      replicaIdentity: replicaIdentities[table.replica_identity],
      replicaIdentityIndex: table.replica_identity_index,
      query: table.query,
      isPopulated: table.is_populated,
      foreignServer: table.foreign_server,
      foreignOptions: table.foreign_options,
      comment: table.comment,
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type,
        collation: column.collation,
        notNull: column.not_null,
        isLocal: column.is_local,
        expression: column.expression,
        identity: identities[column.identity],
        generated: generations[column.generated],
        storage: column.storage,
        compression: column.compression,
        statisticsTarget: column.statistics_target,
        options: column.options,
        foreignOptions: column.foreign_options,
        comment: column.comment,
      })),
      sequences: sequences.map((sequence) => ({
        column: sequence.column_name,
        isIdentity: sequence.is_identity,
        name: sequence.name,
        hasDefaultName: sequence.has_default_name,
        type: sequence.type,
        start: sequence.start,
        increment: sequence.increment,
        minimum: sequence.minimum,
        maximum: sequence.maximum,
        cache: sequence.cache,
        cycle: sequence.cycle,
      })),
      constraints: constraints.map((constraint) => ({
        name: constraint.name,
        kind: constraintKinds[constraint.type],
        definition: constraint.definition,
        isValidated: constraint.is_validated,
        isLocal: constraint.is_local,
        hasParent: constraint.has_parent,
        isNoInherit: constraint.is_no_inherit,
        hasDefaultName: constraint.has_default_name === true,
        notNullColumn: constraint.not_null_column,
        indexName: constraint.index_name,
        indexOptions: constraint.index_options,
        comment: constraint.comment,
      })),
      indexes,
      extendedStatistics: extendedStatistics.map(({ qualified_name, definition, comment }) => ({
        name: qualified_name,
        definition,
        comment,
      })),
    };
  });
}

export async function captureTableDdl(
  run: RunUnitOfWork,
  facts: ServerFacts,
  oid: number,
  signal?: AbortSignal,
): Promise<string> {
  return formatTableDdl(await captureTableDefinition(run, facts, oid, signal));
}
