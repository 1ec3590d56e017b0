// Writes the DDL of one table for a reader, who can also run it, with all that `pg_dump --schema-only --table` writes but
// security labels: sequences, CREATE TABLE, what CREATE TABLE can't say, indexes, extended statistics, rules, triggers,
// policies, the partition's place in its parent, comments, owner and privileges. Names and literals come quoted by the
// server, which knows its own keywords.
import { quoteLiteral } from '../sql/identifiers';

export interface DdlOption {
  name: string;
  value: string;
}

export interface DdlColumn {
  name: string;
  type: string;
  collation: string | null;
  notNull: boolean;
  /** False for a column that came with an inheritance parent. */
  isLocal: boolean;
  /** What an inheritance parent gives the column; false for one that has no such parent, and in a partition. */
  parentNotNull: boolean;
  parentHasDefault: boolean;
  /** Default or generation expression. */
  expression: string | null;
  identity: 'always' | 'by default' | null;
  generated: 'stored' | 'virtual' | null;
  /** Null for what the type, or the inheritance parent, gives it. */
  storage: string | null;
  compression: string | null;
  statisticsTarget: number | null;
  options: DdlOption[];
  foreignOptions: DdlOption[];
  comment: string | null;
}

export interface DdlSequence {
  column: string;
  isIdentity: boolean;
  name: string;
  isUnlogged: boolean;
  /** LOGGED or UNLOGGED when it differs from what the table gives its identity's sequence. */
  alteredPersistence: string | null;
  hasDefaultName: boolean;
  type: string;
  start: string;
  increment: string;
  minimum: string;
  maximum: string;
  cache: string;
  cycle: boolean;
  comment: string | null;
}

export interface DdlConstraint {
  name: string;
  kind: 'primary key' | 'unique' | 'exclusion' | 'check' | 'foreign key' | 'not null';
  definition: string;
  isValidated: boolean;
  isLocal: boolean;
  /** A partition's share of a constraint of its parent. */
  hasParent: boolean;
  isNoInherit: boolean;
  hasDefaultName: boolean;
  notNullColumn: string | null;
  comment: string | null;
}

export interface DdlIndex {
  /** Schema and name. */
  name: string;
  shortName: string;
  /** Null for the index of a constraint. */
  definition: string | null;
  /** Only where the definition does not say them: a constraint's. */
  options: DdlOption[];
  tablespace: string | null;
  /** False for what a failed CREATE INDEX CONCURRENTLY left. */
  isComplete: boolean;
  isClustered: boolean;
  /** ALTER COLUMN ... SET STATISTICS of its expressions. */
  columnAlterations: string[];
  comment: string | null;
}

export interface DdlExtendedStatistics {
  name: string;
  owner: string;
  definition: string;
  statisticsTarget: number | null;
  comment: string | null;
}

/** A trigger or a rule. */
export interface DdlTrigger {
  name: string;
  /** Null for a partition's copy of its parent's trigger. */
  definition: string | null;
  firing: 'origin' | 'disabled' | 'replica' | 'always';
  comment: string | null;
}

export interface DdlPolicy {
  name: string;
  isPermissive: boolean;
  command: string;
  roles: string[];
  usingExpression: string | null;
  checkExpression: string | null;
  comment: string | null;
}

export interface DdlGrant {
  action: 'grant' | 'revoke';
  /** "TABLE schema.name". */
  object: string;
  column: string | null;
  privileges: string[];
  grantee: string;
  /** Null for the owner. */
  grantor: string | null;
  isGrantable: boolean;
}

export interface TableDefinition {
  /** Schema and name. */
  name: string;
  schema: string;
  kind: 'table' | 'partitioned table' | 'materialized view' | 'foreign table';
  owner: string;
  isUnlogged: boolean;
  isPartition: boolean;
  parents: string[];
  partitionBound: string | null;
  partitionKey: string | null;
  /** Composite type of a typed table. */
  ofType: string | null;
  options: DdlOption[];
  toastOptions: DdlOption[];
  accessMethod: string | null;
  tablespace: string | null;
  replicaIdentity: 'default' | 'nothing' | 'full' | 'index';
  replicaIdentityIndex: string | null;
  hasRowSecurity: boolean;
  forcesRowSecurity: boolean;
  /** Of a materialized view. */
  query: string | null;
  isPopulated: boolean;
  foreignServer: string | null;
  foreignOptions: DdlOption[];
  comment: string | null;
  columns: DdlColumn[];
  sequences: DdlSequence[];
  constraints: DdlConstraint[];
  indexes: DdlIndex[];
  extendedStatistics: DdlExtendedStatistics[];
  triggers: DdlTrigger[];
  rules: DdlTrigger[];
  policies: DdlPolicy[];
  /** In the order in which they must be run. */
  grants: DdlGrant[];
}

const identifier = (text: string) => (/^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);

/** Storage parameters; numbers and plain words stand as they are. */
function formatOptions(options: readonly DdlOption[], prefix = ''): string {
  return options
    .map(
      ({ name, value }) =>
        `${prefix}${identifier(name)}=${/^[a-z0-9_.+-]+$/.test(value) ? value : quoteLiteral(value)}`,
    )
    .join(', ');
}

const formatForeignOptions = (options: readonly DdlOption[]) =>
  options.length === 0
    ? ''
    : ` OPTIONS (${options.map(({ name, value }) => `${identifier(name)} ${quoteLiteral(value)}`).join(', ')})`;

const largestOf: Record<string, string> = {
  smallint: '32767',
  integer: '2147483647',
  bigint: '9223372036854775807',
};

/** Only what differs from an ascending sequence of its type. */
function formatSequenceOptions(sequence: DdlSequence): string[] {
  const descends = sequence.increment.startsWith('-');
  return [
    descends || sequence.start !== '1' ? `START WITH ${sequence.start}` : '',
    sequence.increment === '1' ? '' : `INCREMENT BY ${sequence.increment}`,
    descends || sequence.minimum !== '1' ? `MINVALUE ${sequence.minimum}` : '',
    descends || sequence.maximum !== largestOf[sequence.type] ? `MAXVALUE ${sequence.maximum}` : '',
    sequence.cache === '1' ? '' : `CACHE ${sequence.cache}`,
    sequence.cycle ? 'CYCLE' : '',
  ].filter((text) => text !== '');
}

function formatIdentity(column: DdlColumn, sequences: readonly DdlSequence[]): string {
  const sequence = sequences.find(({ isIdentity, column: name }) => isIdentity && name === column.name);
  const options =
    sequence === undefined
      ? []
      : [...(sequence.hasDefaultName ? [] : [`SEQUENCE NAME ${sequence.name}`]), ...formatSequenceOptions(sequence)];
  const kind = column.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT';
  return `GENERATED ${kind} AS IDENTITY${options.length === 0 ? '' : ` (${options.join(' ')})`}`;
}

function formatColumn(column: DdlColumn, table: TableDefinition, namedNotNull: ReadonlySet<string>): string {
  const parts = [column.name, column.type];
  if (column.foreignOptions.length > 0) parts.push(formatForeignOptions(column.foreignOptions).trim());
  if (column.compression !== null) parts.push(`COMPRESSION ${column.compression}`);
  if (column.collation !== null) parts.push(`COLLATE ${column.collation}`);
  // a partition gets its identity from the parent when it is attached
  if (column.identity !== null && !table.isPartition) parts.push(formatIdentity(column, table.sequences));
  if (column.generated !== null) {
    parts.push(`GENERATED ALWAYS AS (${column.expression ?? ''}) ${column.generated.toUpperCase()}`);
  } else if (column.expression !== null) {
    parts.push(`DEFAULT ${column.expression}`);
  }
  if (column.notNull && !namedNotNull.has(column.name)) parts.push('NOT NULL');
  return parts.join(' ');
}

/** A column that comes from an inheritance parent does not stand in CREATE TABLE. */
const findWrittenColumns = (table: TableDefinition) =>
  table.columns.filter(({ isLocal }) => isLocal || table.isPartition);

/** Which constraints stand in CREATE TABLE, which must be added afterwards, and which come from elsewhere. */
function sortConstraints(table: TableDefinition) {
  const written = new Set<string | null>(findWrittenColumns(table).map(({ name }) => name));
  const own = table.constraints.filter((constraint) => {
    // NOT NULL of an ordinary name is said at the column, if that stands in CREATE TABLE
    if (constraint.kind === 'not null') {
      const isOrdinary = constraint.hasDefaultName && constraint.isValidated && !constraint.isNoInherit;
      return constraint.isLocal && !(isOrdinary && written.has(constraint.notNullColumn));
    }
    // a partition's foreign keys come with the parent; keys and checks must be there before it is attached
    return table.isPartition ? constraint.kind !== 'foreign key' || !constraint.hasParent : constraint.isLocal;
  });
  return { inside: own.filter(({ isValidated }) => isValidated), after: own.filter(({ isValidated }) => !isValidated) };
}

function formatCreate(table: TableDefinition): string {
  if (table.kind === 'materialized view') {
    const options = table.options.length === 0 ? '' : ` WITH (${formatOptions(table.options)})`;
    const using = table.accessMethod === null ? '' : ` USING ${table.accessMethod}`;
    const tablespace = table.tablespace === null ? '' : ` TABLESPACE ${table.tablespace}`;
    return [
      `CREATE MATERIALIZED VIEW ${table.name}${using}${options}${tablespace} AS`,
      (table.query ?? '').trim().replace(/;$/, ''),
      `WITH ${table.isPopulated ? '' : 'NO '}DATA`,
    ].join('\n');
  }
  const constraints = sortConstraints(table);
  const namedNotNull = new Set(
    [...constraints.inside, ...constraints.after].flatMap(({ notNullColumn }) => notNullColumn ?? []),
  );
  const lines = [
    ...findWrittenColumns(table).map((column) => formatColumn(column, table, namedNotNull)),
    ...constraints.inside.map(({ name, definition }) => `CONSTRAINT ${name} ${definition}`),
  ];
  const parameters = [formatOptions(table.options), formatOptions(table.toastOptions, 'toast.')].filter(
    (text) => text !== '',
  );
  const words = [
    'CREATE',
    table.isUnlogged ? 'UNLOGGED' : '',
    table.kind === 'foreign table' ? 'FOREIGN TABLE' : 'TABLE',
    table.name,
    lines.length === 0 ? '()' : `(\n  ${lines.join(',\n  ')}\n)`,
    table.isPartition || table.parents.length === 0 ? '' : `\nINHERITS (${table.parents.join(', ')})`,
    table.partitionKey === null ? '' : `\nPARTITION BY ${table.partitionKey}`,
    table.accessMethod === null ? '' : `\nUSING ${table.accessMethod}`,
    table.foreignServer === null ? '' : `\nSERVER ${table.foreignServer}${formatForeignOptions(table.foreignOptions)}`,
    parameters.length === 0 ? '' : `\nWITH (${parameters.join(', ')})`,
    table.tablespace === null ? '' : `\nTABLESPACE ${table.tablespace}`,
  ];
  return words
    .filter((word) => word !== '')
    .join(' ')
    .replaceAll(' \n', '\n');
}

function formatColumnAlterations(table: TableDefinition): string[] {
  const constrained = new Set(table.constraints.map(({ notNullColumn }) => notNullColumn));
  return table.columns.flatMap((column) => {
    const isInherited = !column.isLocal && !table.isPartition;
    const isChangedDefault = isInherited && column.generated === null;
    const actions = [
      isChangedDefault && column.expression !== null ? `SET DEFAULT ${column.expression}` : '',
      isChangedDefault && column.expression === null && column.parentHasDefault ? 'DROP DEFAULT' : '',
      // where NOT NULL is a constraint, it has been written as one
      isInherited && column.notNull && !column.parentNotNull && !constrained.has(column.name) ? 'SET NOT NULL' : '',
      isInherited && column.compression !== null ? `SET COMPRESSION ${column.compression}` : '',
      column.storage === null ? '' : `SET STORAGE ${column.storage}`,
      column.statisticsTarget === null ? '' : `SET STATISTICS ${column.statisticsTarget}`,
      column.options.length === 0 ? '' : `SET (${formatOptions(column.options)})`,
    ];
    return actions
      .filter((action) => action !== '')
      .map((action) => `ALTER ${toAlterKind(table)} ${table.name} ALTER COLUMN ${column.name} ${action}`);
  });
}

const toWholeKind = ({ kind }: TableDefinition) => (kind === 'partitioned table' ? 'TABLE' : kind.toUpperCase());

/** What is altered is this table alone. */
const toAlterKind = (table: TableDefinition) => (toWholeKind(table) === 'TABLE' ? 'TABLE ONLY' : toWholeKind(table));

function formatReplicaIdentity(table: TableDefinition): string[] {
  switch (table.replicaIdentity) {
    // a materialized view and a foreign table have none, whatever the catalogue holds
    case 'default':
      return [];
    case 'nothing':
    case 'full':
      return table.kind === 'table' || table.kind === 'partitioned table'
        ? [`ALTER TABLE ONLY ${table.name} REPLICA IDENTITY ${table.replicaIdentity.toUpperCase()}`]
        : [];
    case 'index':
      return table.replicaIdentityIndex === null
        ? []
        : [`ALTER TABLE ONLY ${table.name} REPLICA IDENTITY USING INDEX ${table.replicaIdentityIndex}`];
  }
}

/** An invalid index may be one that the rows do not allow; pg_dump leaves it out too. */
const findCompleteIndexes = ({ indexes }: TableDefinition) => indexes.filter(({ isComplete }) => isComplete);

function formatIndexes(table: TableDefinition): string[] {
  const complete = findCompleteIndexes(table).flatMap(
    ({ name, definition, options, tablespace, columnAlterations }) => [
      ...(definition === null ? [] : [definition]),
      ...(options.length === 0 ? [] : [`ALTER INDEX ${name} SET (${formatOptions(options)})`]),
      ...(tablespace === null ? [] : [`ALTER INDEX ${name} SET TABLESPACE ${tablespace}`]),
      ...columnAlterations.map((alteration) => `ALTER INDEX ${name} ${alteration}`),
    ],
  );
  const incomplete = table.indexes
    .filter(({ isComplete }) => !isComplete)
    .map(({ definition }) => `-- invalid, so left out: ${(definition ?? '').replaceAll(/\s+/g, ' ')}`);
  return [...complete, ...incomplete];
}

function formatExtendedStatistics({ name, owner, definition, statisticsTarget }: DdlExtendedStatistics): string[] {
  return [
    definition,
    ...(statisticsTarget === null ? [] : [`ALTER STATISTICS ${name} SET STATISTICS ${statisticsTarget}`]),
    `ALTER STATISTICS ${name} OWNER TO ${owner}`,
  ];
}

const firingClauses: Record<DdlTrigger['firing'], string> = {
  origin: 'ENABLE',
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
};

/** A new trigger or rule fires as 'origin'; a partition's copy fires as its parent's does, so that it is always said. */
function formatFirings(table: TableDefinition, kind: 'TRIGGER' | 'RULE', triggers: readonly DdlTrigger[]): string[] {
  return triggers
    .filter(({ definition, firing }) => definition === null || firing !== 'origin')
    .map(({ name, firing }) => `ALTER ${toAlterKind(table)} ${table.name} ${firingClauses[firing]} ${kind} ${name}`);
}

const findDefinitions = (triggers: readonly DdlTrigger[]) =>
  triggers.flatMap(({ definition }) => definition?.replace(/;\s*$/, '') ?? []);

function formatPolicies(table: TableDefinition): string[] {
  return [
    ...(table.hasRowSecurity ? [`ALTER TABLE ${table.name} ENABLE ROW LEVEL SECURITY`] : []),
    ...(table.forcesRowSecurity ? [`ALTER TABLE ONLY ${table.name} FORCE ROW LEVEL SECURITY`] : []),
    ...table.policies.map((policy) =>
      [
        `CREATE POLICY ${policy.name} ON ${table.name}`,
        policy.isPermissive ? '' : 'AS RESTRICTIVE',
        policy.command === 'ALL' ? '' : `FOR ${policy.command}`,
        `TO ${policy.roles.join(', ')}`,
        policy.usingExpression === null ? '' : `USING (${policy.usingExpression})`,
        policy.checkExpression === null ? '' : `WITH CHECK (${policy.checkExpression})`,
      ]
        .filter((text) => text !== '')
        .join(' '),
    ),
  ];
}

function formatGrant({ action, object, column, privileges, grantee, grantor, isGrantable }: DdlGrant): string[] {
  const list = privileges.map((each) => (column === null ? each : `${each} (${column})`)).join(', ');
  if (action === 'revoke') return [`REVOKE ${list} ON ${object} FROM ${grantee}`];
  const grant = `GRANT ${list} ON ${object} TO ${grantee}${isGrantable ? ' WITH GRANT OPTION' : ''}`;
  return grantor === null ? [grant] : [`SET ROLE ${grantor}`, grant, 'RESET ROLE'];
}

function formatComments(table: TableDefinition): string[] {
  const comment = (object: string, text: string | null) => (text === null ? [] : [`COMMENT ON ${object} IS ${text}`]);
  const ofTable = (kind: string, objects: readonly { name: string; comment: string | null }[]) =>
    objects.flatMap((object) => comment(`${kind} ${object.name} ON ${table.name}`, object.comment));
  return [
    ...comment(`${toWholeKind(table)} ${table.name}`, table.comment),
    ...table.columns.flatMap((column) => comment(`COLUMN ${table.name}.${column.name}`, column.comment)),
    ...table.sequences.flatMap((sequence) => comment(`SEQUENCE ${sequence.name}`, sequence.comment)),
    // an inherited NOT NULL may get another name
    ...ofTable(
      'CONSTRAINT',
      table.constraints.filter(({ kind, isLocal }) => isLocal || kind !== 'not null'),
    ),
    ...findCompleteIndexes(table).flatMap((index) => comment(`INDEX ${index.name}`, index.comment)),
    ...table.extendedStatistics.flatMap((each) => comment(`STATISTICS ${each.name}`, each.comment)),
    ...ofTable('RULE', table.rules),
    ...ofTable('TRIGGER', table.triggers),
    ...ofTable('POLICY', table.policies),
  ];
}

/** Paragraphs of statements, each ended by a semicolon. */
export function formatTableDdl(table: TableDefinition): string {
  const serials = table.sequences.filter(({ isIdentity }) => !isIdentity);
  const alter = `ALTER ${toAlterKind(table)} ${table.name}`;
  const paragraphs = [
    serials.map((sequence) =>
      [
        `CREATE ${sequence.isUnlogged ? 'UNLOGGED ' : ''}SEQUENCE ${sequence.name}`,
        ...(sequence.type === 'bigint' ? [] : [`AS ${sequence.type}`]),
        ...formatSequenceOptions(sequence),
      ].join(' '),
    ),
    [formatCreate(table)],
    table.ofType === null ? [] : [`${alter} OF ${table.ofType}`],
    table.sequences.flatMap(({ name, alteredPersistence }) =>
      alteredPersistence === null ? [] : [`ALTER SEQUENCE ${name} SET ${alteredPersistence}`],
    ),
    serials.map((sequence) => `ALTER SEQUENCE ${sequence.name} OWNED BY ${table.name}.${sequence.column}`),
    table.kind === 'materialized view'
      ? []
      : sortConstraints(table).after.map(({ name, definition }) => `${alter} ADD CONSTRAINT ${name} ${definition}`),
    formatColumnAlterations(table),
    formatIndexes(table),
    table.indexes
      .filter(({ isClustered }) => isClustered)
      .map(({ shortName }) => `ALTER ${toWholeKind(table)} ${table.name} CLUSTER ON ${shortName}`),
    formatReplicaIdentity(table),
    table.extendedStatistics.flatMap(formatExtendedStatistics),
    [...findDefinitions(table.rules), ...formatFirings(table, 'RULE', table.rules)],
    findDefinitions(table.triggers),
    formatPolicies(table),
    table.isPartition && table.partitionBound !== null
      ? [`ALTER TABLE ONLY ${table.parents[0] ?? ''} ATTACH PARTITION ${table.name} ${table.partitionBound}`]
      : [],
    formatFirings(table, 'TRIGGER', table.triggers),
    formatComments(table),
    [`ALTER ${toWholeKind(table)} ${table.name} OWNER TO ${table.owner}`],
    table.grants.flatMap(formatGrant),
  ];
  return paragraphs
    .filter((statements) => statements.length > 0)
    .map((statements) => statements.map((statement) => `${statement};\n`).join(''))
    .join('\n');
}
