// Everything the catalogue says about how one table is made, and the DDL of it.
import {
  formatTableDdl,
  type DdlConstraint,
  type DdlTrigger,
  type TableDefinition,
} from '../analysis/tables/table-ddl';
import type { ServerFacts } from '../analysis/server/server-facts';
import { captureRows } from './queries/query';
import {
  ddlColumnsQuery,
  ddlConstraintsQuery,
  ddlGrantsQuery,
  ddlIndexesQuery,
  ddlPoliciesQuery,
  ddlRulesQuery,
  ddlSequencesQuery,
  ddlTableQuery,
  ddlTriggersQuery,
  type DdlTriggerRow,
} from './queries/table-definition';
import { extendedStatisticsQuery } from './queries/table-details';
import { oneTableUnit, toDroppedTableFailure } from './table-details';
import type { RunUnitOfWork } from './unit-of-work';

const kinds = { r: 'table', p: 'partitioned table', m: 'materialized view', f: 'foreign table' } as const;
const replicaIdentities = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const;
const firings = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' } as const;
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

const toTrigger = ({ name, definition, enabled, comment }: DdlTriggerRow): DdlTrigger => ({
  name,
  definition,
  firing: firings[enabled],
  comment,
});

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
    const triggers = await captureRows(unit, facts, ddlTriggersQuery, [oid]);
    const rules = await captureRows(unit, facts, ddlRulesQuery, [oid]);
    const policies = await captureRows(unit, facts, ddlPoliciesQuery, [oid]);
    const grants = await captureRows(unit, facts, ddlGrantsQuery, [oid]);
    return {
      name: table.name,
      schema: table.schema,
      kind: kinds[table.kind],
      owner: table.owner,
      isUnlogged: table.is_unlogged,
      isPartition: table.is_partition,
      parents: table.parents,
      partitionBound: table.partition_bound,
      partitionKey: table.partition_key,
      ofType: table.of_type,
      options: table.options,
      toastOptions: table.toast_options,
      accessMethod: table.access_method,
      tablespace: table.tablespace,
      replicaIdentity: replicaIdentities[table.replica_identity],
      replicaIdentityIndex: table.replica_identity_index,
      hasRowSecurity: table.has_row_security,
      forcesRowSecurity: table.forces_row_security,
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
        parentNotNull: column.parent_not_null,
        parentHasDefault: column.parent_has_default,
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
        isUnlogged: sequence.is_unlogged,
        alteredPersistence: sequence.altered_persistence,
        hasDefaultName: sequence.has_default_name,
        type: sequence.type,
        start: sequence.start,
        increment: sequence.increment,
        minimum: sequence.minimum,
        maximum: sequence.maximum,
        cache: sequence.cache,
        cycle: sequence.cycle,
        comment: sequence.comment,
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
        comment: constraint.comment,
      })),
      indexes: indexes.map((index) => ({
        name: index.name,
        shortName: index.short_name,
        definition: index.definition,
        options: index.options,
        tablespace: index.tablespace,
        isComplete: index.is_complete,
        isClustered: index.is_clustered,
        columnAlterations: index.column_alterations,
        comment: index.comment,
      })),
      extendedStatistics: extendedStatistics.map((statistics) => ({
        name: statistics.qualified_name,
        owner: statistics.owner,
        definition: statistics.definition,
        statisticsTarget: statistics.statistics_target,
        comment: statistics.comment,
      })),
      triggers: triggers.map(toTrigger),
      rules: rules.map(toTrigger),
      policies: policies.map((policy) => ({
        name: policy.name,
        isPermissive: policy.is_permissive,
        command: policy.command,
        roles: policy.roles,
        usingExpression: policy.using_expression,
        checkExpression: policy.check_expression,
        comment: policy.comment,
      })),
      grants: grants.map((grant) => ({
        action: grant.action,
        object: grant.object,
        column: grant.column_name,
        privileges: grant.is_all ? ['ALL'] : grant.privileges,
        grantee: grant.grantee,
        grantor: grant.grantor,
        isGrantable: grant.is_grantable,
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
