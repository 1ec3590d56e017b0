// Writes the DDL of one table for a reader, who can also run it: sequences, CREATE TABLE, what CREATE TABLE can't say,
// indexes, extended statistics, comments, and at the end the partition's place in its parent. Owner, grants, triggers and
// policies are not part of it. Names and literals come quoted by the server, which knows its own keywords.

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
  /** Default or generation expression. */
  expression: string | null;
  identity: 'always' | 'by default' | null;
  generated: 'stored' | 'virtual' | null;
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
  hasDefaultName: boolean;
  type: string;
  start: string;
  increment: string;
  minimum: string;
  maximum: string;
  cache: string;
  cycle: boolean;
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
  indexName: string | null;
  indexOptions: DdlOption[];
  comment: string | null;
}

export interface DdlObject {
  name: string;
  definition: string;
  comment: string | null;
}

export interface TableDefinition {
  /** Schema and name. */
  name: string;
  schema: string;
  kind: 'table' | 'partitioned table' | 'materialized view' | 'foreign table';
  isUnlogged: boolean;
  isPartition: boolean;
  parents: string[];
  partitionBound: string | null;
  partitionKey: string | null;
  options: DdlOption[];
  toastOptions: DdlOption[];
  accessMethod: string | null;
  tablespace: string | null;
  replicaIdentity: 'default' | 'nothing' | 'full' | 'index';
  replicaIdentityIndex: string | null;
  /** Of a materialized view. */
  query: string | null;
  isPopulated: boolean;
  foreignServer: string | null;
  foreignOptions: DdlOption[];
  comment: string | null;
  columns: DdlColumn[];
  sequences: DdlSequence[];
  constraints: DdlConstraint[];
  indexes: DdlObject[];
  extendedStatistics: DdlObject[];
}

const literal = (text: string) =>
  text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`;
const identifier = (text: string) => (/^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);

/** Storage parameters; numbers and plain words stand as they are. */
function formatOptions(options: readonly DdlOption[], prefix = ''): string {
  return options
    .map(({ name, value }) => `${prefix}${identifier(name)}=${/^[a-z0-9_.+-]+$/.test(value) ? value : literal(value)}`)
    .join(', ');
}

const formatForeignOptions = (options: readonly DdlOption[]) =>
  options.length === 0
    ? ''
    : ` OPTIONS (${options.map(({ name, value }) => `${identifier(name)} ${literal(value)}`).join(', ')})`;

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

/** Which constraints stand in CREATE TABLE, which must be added afterwards, and which come from elsewhere. */
function sortConstraints(table: TableDefinition) {
  const own = table.constraints.filter((constraint) => {
    // NOT NULL of an ordinary name is said at the column
    if (constraint.kind === 'not null') {
      return constraint.isLocal && (!constraint.hasDefaultName || !constraint.isValidated || constraint.isNoInherit);
    }
    // a partition's foreign keys come with the parent; keys and checks must be there before it is attached
    return table.isPartition ? constraint.kind !== 'foreign key' || !constraint.hasParent : constraint.isLocal;
  });
  return { inside: own.filter(({ isValidated }) => isValidated), after: own.filter(({ isValidated }) => !isValidated) };
}

function formatCreate(table: TableDefinition): string {
  if (table.kind === 'materialized view') {
    const options = table.options.length === 0 ? '' : ` WITH (${formatOptions(table.options)})`;
    return [
      `CREATE MATERIALIZED VIEW ${table.name}${table.accessMethod === null ? '' : ` USING ${table.accessMethod}`}${options} AS`,
      (table.query ?? '').trim().replace(/;$/, ''),
      `WITH ${table.isPopulated ? '' : 'NO '}DATA`,
    ].join('\n');
  }
  const constraints = sortConstraints(table);
  const namedNotNull = new Set(
    [...constraints.inside, ...constraints.after].flatMap(({ notNullColumn }) => notNullColumn ?? []),
  );
  const lines = [
    ...table.columns
      .filter(({ isLocal }) => isLocal || table.isPartition)
      .map((column) => formatColumn(column, table, namedNotNull)),
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
  return table.columns.flatMap((column) => {
    const isInherited = !column.isLocal && !table.isPartition;
    const actions = [
      isInherited && column.generated === null && column.expression !== null ? `SET DEFAULT ${column.expression}` : '',
      column.storage === null ? '' : `SET STORAGE ${column.storage}`,
      column.statisticsTarget === null ? '' : `SET STATISTICS ${column.statisticsTarget}`,
      column.options.length === 0 ? '' : `SET (${formatOptions(column.options)})`,
    ];
    return actions
      .filter((action) => action !== '')
      .map((action) => `ALTER ${toAlterKind(table)} ${table.name} ALTER COLUMN ${column.name} ${action}`);
  });
}

function toAlterKind(table: TableDefinition): string {
  if (table.kind === 'foreign table') return 'FOREIGN TABLE';
  return table.kind === 'materialized view' ? 'MATERIALIZED VIEW' : 'TABLE ONLY';
}

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

function formatComments(table: TableDefinition): string[] {
  const commentedKind = table.kind === 'partitioned table' ? 'TABLE' : table.kind.toUpperCase();
  const comment = (object: string, text: string | null) => (text === null ? [] : [`COMMENT ON ${object} IS ${text}`]);
  return [
    ...comment(`${commentedKind} ${table.name}`, table.comment),
    ...table.columns.flatMap((column) => comment(`COLUMN ${table.name}.${column.name}`, column.comment)),
    ...table.constraints
      .filter(({ isLocal }) => isLocal)
      .flatMap((constraint) => comment(`CONSTRAINT ${constraint.name} ON ${table.name}`, constraint.comment)),
    ...table.indexes.flatMap((index) => comment(`INDEX ${index.name}`, index.comment)),
    ...table.extendedStatistics.flatMap((each) => comment(`STATISTICS ${each.name}`, each.comment)),
  ];
}

/** Paragraphs of statements, each ended by a semicolon. */
export function formatTableDdl(table: TableDefinition): string {
  const serials = table.sequences.filter(({ isIdentity }) => !isIdentity);
  const paragraphs = [
    serials.map((sequence) =>
      [
        `CREATE SEQUENCE ${sequence.name}${sequence.type === 'bigint' ? '' : ` AS ${sequence.type}`}`,
        ...formatSequenceOptions(sequence),
      ].join(' '),
    ),
    [formatCreate(table)],
    serials.map((sequence) => `ALTER SEQUENCE ${sequence.name} OWNED BY ${table.name}.${sequence.column}`),
    table.kind === 'materialized view'
      ? []
      : sortConstraints(table).after.map(
          ({ name, definition }) => `ALTER ${toAlterKind(table)} ${table.name} ADD CONSTRAINT ${name} ${definition}`,
        ),
    formatColumnAlterations(table),
    table.indexes.map(({ definition }) => definition),
    table.constraints.flatMap(({ indexName, indexOptions }) =>
      indexName === null || indexOptions.length === 0
        ? []
        : [`ALTER INDEX ${indexName} SET (${formatOptions(indexOptions)})`],
    ),
    formatReplicaIdentity(table),
    table.extendedStatistics.map(({ definition }) => definition),
    formatComments(table),
    table.isPartition && table.partitionBound !== null
      ? [`ALTER TABLE ONLY ${table.parents[0] ?? ''} ATTACH PARTITION ${table.name} ${table.partitionBound}`]
      : [],
  ];
  return paragraphs
    .filter((statements) => statements.length > 0)
    .map((statements) => statements.map((statement) => `${statement};\n`).join(''))
    .join('\n');
}
