// What the role, the server or this machine lacks for PG Insight to work fully, what each gap costs, and how to close it.
// Every check is there in every report, also when all is well: a check that is not listed could be mistaken for a fine one.
import * as z from 'zod';
import { isLocalHost } from './connection/local-host';
import { objectRefSchema, suggestedFixSchema, type ObjectRef, type SuggestedFix } from './finding';
import { formatQuantity } from './format/numbers';
import type { ServerFacts } from './server/server-facts';
import type { SectionGap } from './snapshot';
import { quoteIdentifier } from './sql/identifiers';

export const doctorStatusSchema = z.enum([
  'fine',
  /** Not there; can be added. */
  'missing',
  /** There, but this role may not use it. */
  'not-permitted',
  /** This server can't have it. */
  'not-possible',
  /** There, but a setting keeps it from working. */
  'switched-off',
]);
export type DoctorStatus = z.infer<typeof doctorStatusSchema>;

export const doctorCheckSchema = z.object({
  /** Stable, kebab-case. */
  id: z.string(),
  status: doctorStatusSchema,
  subject: objectRefSchema,
  /** One sentence: what is there, or what is lacking. */
  message: z.string(),
  /** What does not work because of it; null when the status is fine. */
  cost: z.string().nullable(),
  /** Statements, one a line, to be run by who has the right to. */
  remedy: suggestedFixSchema.optional(),
});
export type DoctorCheck = z.infer<typeof doctorCheckSchema>;

/** What is known without asking the server. */
export interface MachineFacts {
  /** Host name or address as connected to, or the folder of a unix socket. */
  host: string;
  sqlParser: 'libpg-query' | 'node-sql-parser';
  /** Why the fallback is in use; null when it is not. */
  sqlParserReason: string | null;
  sandbox: SandboxFacts;
}

/** The PostgreSQL on this machine that advice for this server would be planned in. */
export type SandboxFacts =
  | { readonly isThere: true; readonly version: string; readonly folder: string }
  | { readonly isThere: false; readonly message: string; readonly nextStep: string };

const oldestMajor = 13;
/** The newest major that PG Insight's tests run on. */
const newestTestedMajor = 18;
/** First version with planning figures and total_exec_time; PostgreSQL 13 came with it. */
const oldestStatementStatistics = [1, 8] as const;

type Check = (facts: ServerFacts, machine: MachineFacts) => DoctorCheck | null;

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const toMajor = (facts: ServerFacts) => Math.floor(facts.versionNumber / 10_000);
const role = (facts: ServerFacts): ObjectRef => ({ kind: 'role', name: facts.role });
const setting = (name: string): ObjectRef => ({ kind: 'setting', name });
const reload = 'SELECT pg_reload_conf();';

const fine = (id: string, subject: ObjectRef, message: string): DoctorCheck => ({
  id,
  status: 'fine',
  subject,
  message,
  cost: null,
});

function toGrant(title: string, sql: string, undoSql: string, risk: string): SuggestedFix {
  return { title, sql, undoSql, risk, outsideTransaction: false };
}

const checkVersion: Check = (facts) => {
  const major = toMajor(facts);
  const subject: ObjectRef = { kind: 'server' };
  if (major < oldestMajor) {
    return {
      id: 'server-version',
      status: 'not-possible',
      subject,
      message: `PostgreSQL ${facts.version} is older than ${oldestMajor}, the oldest version that PG Insight knows.`,
      cost: 'Queries of the catalogue may fail or be read wrongly.',
    };
  }
  const untested =
    major > newestTestedMajor ? `; it is newer than ${newestTestedMajor}, the last one PG Insight was tested with` : '';
  return fine('server-version', subject, `PostgreSQL ${facts.version} is supported${untested}.`);
};

const checkMonitor: Check = (facts) => {
  const lacking = ['pg_read_all_stats', 'pg_read_all_settings'].filter(
    (name) => !facts.isSuperuser && !facts.predefinedRoles.includes(name),
  );
  if (lacking.length === 0) {
    return fine('role-statistics', role(facts), `Role "${facts.role}" sees the statistics and settings of all roles.`);
  }
  return {
    id: 'role-statistics',
    status: 'not-permitted',
    subject: role(facts),
    message: `Role "${facts.role}" is not a member of ${lacking.join(' and ')}.`,
    cost: "Statements of other roles are hidden (shown as <insufficient privilege>), and so are some of the server's settings.",
    remedy: toGrant(
      'Let the role see all statistics',
      `GRANT pg_monitor TO ${quoteIdentifier(facts.role)};`,
      `REVOKE pg_monitor FROM ${quoteIdentifier(facts.role)};`,
      'The role can then read the text of every statement, with the constants in it.',
    ),
  };
};

const checkSelect: Check = (facts) => {
  const schemas = facts.unreadableTables.filter(({ notPermitted, sequences }) => notPermitted + sequences > 0);
  const tables = schemas.reduce((sum, { notPermitted }) => sum + notPermitted, 0);
  const sequences = schemas.reduce((sum, each) => sum + each.sequences, 0);
  if (schemas.length === 0) {
    return fine('role-select', role(facts), `Role "${facts.role}" may read all tables and sequences of this database.`);
  }
  const parts = [
    ...(tables === 0 ? [] : [formatQuantity(tables, 'table')]),
    ...(sequences === 0 ? [] : [formatQuantity(sequences, 'sequence')]),
  ];
  const costs = [
    ...(tables === 0
      ? []
      : [
          'Column statistics of these tables are hidden: no typical values, no advice that rests on them, and no EXPLAIN of statements that read them.',
        ]),
    ...(sequences === 0 ? [] : ['How far these sequences have come is not known (rule sequence-exhaustion).']),
  ];
  const names = schemas.map(({ schema }) => quoteIdentifier(schema)).join(', ');
  const grantee = quoteIdentifier(facts.role);
  const risk =
    'The role can then read every row of the tables that are there now; tables made later need the same again.';
  const where = `${schemas.length === 1 ? 'schema' : 'schemas'} ${names}`;
  return {
    id: 'role-select',
    status: 'not-permitted',
    subject: role(facts),
    message: `Role "${facts.role}" may not read ${parts.join(' and ')} of ${where}.`,
    cost: costs.join(' '),
    remedy:
      // the predefined role that reads everything came with 14
      toMajor(facts) >= 14
        ? toGrant(
            'Let the role read all tables',
            `GRANT pg_read_all_data TO ${grantee};`,
            `REVOKE pg_read_all_data FROM ${grantee};`,
            'The role can then read every row of every database of the server, except behind row-level security.',
          )
        : toGrant(
            'Let the role read these tables',
            [
              `GRANT USAGE ON SCHEMA ${names} TO ${grantee};`,
              `GRANT SELECT ON ALL TABLES IN SCHEMA ${names} TO ${grantee};`,
              `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${names} TO ${grantee};`,
            ].join('\n'),
            [
              `REVOKE SELECT ON ALL TABLES IN SCHEMA ${names} FROM ${grantee};`,
              `REVOKE SELECT ON ALL SEQUENCES IN SCHEMA ${names} FROM ${grantee};`,
            ].join('\n'),
            risk,
          ),
  };
};

const checkRowSecurity: Check = (facts) => {
  const tables = facts.unreadableTables.reduce((sum, { behindRowSecurity }) => sum + behindRowSecurity, 0);
  if (tables === 0)
    return fine('row-security', role(facts), 'No table hides its statistics behind row-level security.');
  return {
    id: 'row-security',
    status: 'not-permitted',
    subject: role(facts),
    message: `Row-level security hides the statistics of ${tables === 1 ? '1 table' : `${tables} tables`} from role "${facts.role}".`,
    cost: 'Column statistics of these tables are hidden, although the planner uses them.',
    remedy: toGrant(
      'Let the role pass row-level security',
      `ALTER ROLE ${quoteIdentifier(facts.role)} BYPASSRLS;`,
      `ALTER ROLE ${quoteIdentifier(facts.role)} NOBYPASSRLS;`,
      'The role can then read every row of the tables that it may read, whatever their policies say. Prefer a role that is used for nothing else.',
    ),
  };
};

const checkOwnership: Check = (facts) => {
  const id = 'role-ownership';
  const tables = facts.unownedTables.reduce((sum, each) => sum + each.tables, 0);
  if (tables === 0) {
    return fine(id, role(facts), `Role "${facts.role}" may create and drop indexes on all tables of this database.`);
  }
  const owners = facts.unownedTables.map(({ owner }) => quoteIdentifier(owner));
  const grantable = facts.unownedTables.filter(({ isOwnerSuperuser }) => !isOwnerSuperuser);
  const names = grantable.map(({ owner }) => quoteIdentifier(owner)).join(', ');
  const grantee = quoteIdentifier(facts.role);
  return {
    id,
    status: 'not-permitted',
    subject: role(facts),
    message: `Role "${facts.role}" is no member of ${owners.join(' and ')}, who ${owners.length === 1 ? 'owns' : 'own'} ${formatQuantity(tables, 'table')}.`,
    cost: 'It cannot create or drop an index on them, VACUUM or ANALYZE them: copy the statements and have their owner run them. To look at them takes no more rights.',
    // to become a member of a superuser is to become one
    ...(grantable.length === 0
      ? {}
      : {
          remedy: toGrant(
            'Let the role do what the owner may',
            `GRANT ${names} TO ${grantee};`,
            `REVOKE ${names} FROM ${grantee};`,
            'The role can then change and drop all that belongs to the owner. Prefer a second profile with the owner as its role.',
          ),
        }),
  };
};

/** Without the present value of a list of libraries a statement would throw others out of it. */
function toSettingsGrant(facts: ServerFacts, otherwise: string): SuggestedFix {
  const grantee = quoteIdentifier(facts.role);
  return toGrant(
    'Let the role see which libraries are loaded, then look again: the exact statement is given',
    `GRANT pg_read_all_settings TO ${grantee};`,
    `REVOKE pg_read_all_settings FROM ${grantee};`,
    `The role can then read every setting of the server. Or ${otherwise}.`,
  );
}

/** Adds to a list setting; each element is a literal of its own, or the server takes the list for one long name. */
function toLibraryList(current: string, library: string): string {
  const libraries = current
    .split(',')
    .map((name) => name.trim().replaceAll('"', ''))
    .filter((name) => name !== '' && name !== library);
  return [...libraries, library].map(literal).join(', ');
}

function isOlder(version: string, than: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < than[0] || (major === than[0] && minor < than[1]);
}

const checkStatementStatistics = (facts: ServerFacts): DoctorCheck => {
  const id = 'pg-stat-statements';
  const subject: ObjectRef = { kind: 'extension', name: 'pg_stat_statements' };
  const cost = 'PG Insight cannot tell which statements take the time on this server.';
  const installed = facts.extensions.find(({ name }) => name === 'pg_stat_statements');
  const track = facts.settings['pg_stat_statements.track'];
  if (installed === undefined && !facts.availableExtensions.includes('pg_stat_statements')) {
    return {
      id,
      status: 'not-possible',
      subject,
      message:
        "pg_stat_statements is not among the server's files: install PostgreSQL's contrib package (or ask the provider).",
      cost,
    };
  }
  if (track === undefined) {
    const libraries = facts.settings['shared_preload_libraries'];
    return {
      id,
      status: 'missing',
      subject,
      message:
        'pg_stat_statements is not loaded: it has to be in shared_preload_libraries when the server starts' +
        (libraries === undefined ? ' (the present value is hidden from this role).' : '.'),
      cost,
      remedy:
        libraries === undefined
          ? toSettingsGrant(
              facts,
              "an administrator adds 'pg_stat_statements' to shared_preload_libraries and restarts",
            )
          : {
              title: 'Load pg_stat_statements at the next start of the server',
              sql: `ALTER SYSTEM SET shared_preload_libraries = ${toLibraryList(libraries, 'pg_stat_statements')};`,
              undoSql: 'ALTER SYSTEM RESET shared_preload_libraries;',
              risk: 'Takes effect only when the server is restarted, which ends all connections.',
              outsideTransaction: true,
            },
    };
  }
  if (installed === undefined) {
    return {
      id,
      status: 'missing',
      subject,
      message: `pg_stat_statements is loaded but not created in database "${facts.database}"${facts.inRecovery ? ' (create it on the primary)' : ''}.`,
      cost,
      remedy: {
        title: 'Create pg_stat_statements in this database',
        sql: 'CREATE EXTENSION pg_stat_statements;',
        undoSql: 'DROP EXTENSION pg_stat_statements;',
        risk: 'Adds a view and a few functions to the first schema of the search_path.',
        outsideTransaction: false,
      },
    };
  }
  if (isOlder(installed.version, oldestStatementStatistics)) {
    return {
      id,
      status: 'missing',
      subject,
      message: `pg_stat_statements ${installed.version} is older than ${oldestStatementStatistics.join('.')}: the database was upgraded without it.`,
      cost,
      remedy: {
        title: 'Update pg_stat_statements',
        sql: 'ALTER EXTENSION pg_stat_statements UPDATE;',
        risk: "Columns of the view get other names (total_time becomes total_exec_time): other programs' queries may need the same change.",
        outsideTransaction: false,
      },
    };
  }
  if (!facts.canReadStatementStatistics) {
    const view = `${quoteIdentifier(installed.schema)}.pg_stat_statements`;
    const [grantee, schema] = [quoteIdentifier(facts.role), quoteIdentifier(installed.schema)];
    // what the role has already is not granted, so that taking it back leaves the role as it was
    const rights = facts.lackingStatementRights.map((right) =>
      right === 'USAGE' ? `USAGE ON SCHEMA ${schema}` : `SELECT ON ${view}`,
    );
    return {
      id,
      status: 'not-permitted',
      subject,
      message: `Role "${facts.role}" may not read the view ${view}.`,
      cost,
      remedy: toGrant(
        'Let the role read pg_stat_statements',
        rights.map((right) => `GRANT ${right} TO ${grantee};`).join('\n'),
        rights
          .toReversed()
          .map((right) => `REVOKE ${right} FROM ${grantee};`)
          .join('\n'),
        'The role can then see figures of all statements (their texts only with pg_read_all_stats).',
      ),
    };
  }
  if (track === 'none') {
    return {
      id,
      status: 'switched-off',
      subject,
      message: `pg_stat_statements.track is none${describeNarrow(facts, 'pg_stat_statements.track')}: nothing is recorded.`,
      cost,
      remedy: toSettingRemedy(
        facts,
        'pg_stat_statements.track',
        'top',
        'A few percent of CPU time on servers with very many short statements.',
      ),
    };
  }
  return fine(id, subject, `pg_stat_statements ${installed.version} records ${track} statements.`);
};

/** What the value holds for, as ALTER names it; null for the whole server. */
function findNarrowPlace({ narrowSettings, database, role: user }: ServerFacts, name: string): string | null {
  const source = narrowSettings[name];
  if (source === undefined) return null;
  switch (source) {
    case 'database':
      return `DATABASE ${quoteIdentifier(database)}`;
    case 'user':
      return `ROLE ${quoteIdentifier(user)}`;
    case 'database user':
      return `ROLE ${quoteIdentifier(user)} IN DATABASE ${quoteIdentifier(database)}`;
    case 'global':
      return 'ROLE ALL';
  }
}

/** " for DATABASE shop", where ALTER SYSTEM would not help. */
function describeNarrow(facts: ServerFacts, name: string): string {
  const place = findNarrowPlace(facts, name);
  return place === null ? '' : ` for ${place}`;
}

function toSettingRemedy(facts: ServerFacts, name: string, value: string, risk: string): SuggestedFix {
  const place = findNarrowPlace(facts, name);
  const current = facts.settings[name];
  // it comes before what ALTER SYSTEM sets
  if (place !== null) {
    return {
      title: `Set ${name} back for ${place}`,
      sql: `ALTER ${place} RESET ${name};`,
      ...(current === undefined ? {} : { undoSql: `ALTER ${place} SET ${name} = ${literal(current)};` }),
      risk: `The server's value holds then, for new connections: connect again. ${risk}`,
      outsideTransaction: false,
    };
  }
  return {
    title: `Set ${name} to ${value}`,
    sql: `ALTER SYSTEM SET ${name} = ${literal(value)};\n${reload}`,
    undoSql: `ALTER SYSTEM RESET ${name};\n${reload}`,
    risk: `Holds for the whole server, from the next statement on. ${risk}`,
    outsideTransaction: true,
  };
}

/** A setting that should not be "off". One that the server does not have (compute_query_id before 14) is not checked. */
const checkSetting =
  (id: string, name: string, whenOn: string, cost: string, newValue: string, risk: string) =>
  (facts: ServerFacts): DoctorCheck | null => {
    const value = facts.settings[name];
    if (value === undefined) return null;
    if (value !== 'off') return fine(id, setting(name), whenOn);
    return {
      id,
      status: 'switched-off',
      subject: setting(name),
      message: `${name} is off${describeNarrow(facts, name)}.`,
      cost,
      remedy: toSettingRemedy(facts, name, newValue, risk),
    };
  };

const checkQueryIds = checkSetting(
  'compute-query-id',
  'compute_query_id',
  'Statements get an identifier.',
  'pg_stat_statements records nothing, whatever else is set.',
  'auto',
  'Costs next to nothing.',
);

/** Statements within a sentence, which brings the last one's end. */
function toInline(sql: string): string {
  return sql.replaceAll('\n', ' ').replace(/;$/, '');
}

/** Why there are no figures of statements, with the steps to get them; null when there are. */
export function findStatementStatisticsGap(facts: ServerFacts): SectionGap | null {
  const check = [checkStatementStatistics(facts), checkQueryIds(facts)].find(
    (each) => (each?.status ?? 'fine') !== 'fine',
  );
  if (check === undefined || check === null || check.status === 'fine') return null;
  const isLoaded = facts.settings['pg_stat_statements.track'] !== undefined;
  const isHidden = !isLoaded && facts.settings['shared_preload_libraries'] === undefined;
  const isCreated = facts.extensions.some(({ name }) => name === 'pg_stat_statements');
  const steps =
    check.status === 'not-possible'
      ? ["Install PostgreSQL's contrib package on the server"]
      : [
          isHidden
            ? 'Have an administrator add pg_stat_statements to shared_preload_libraries'
            : `Run ${toInline(check.remedy?.sql ?? '')}`,
          ...(isLoaded ? [] : ['restart the server']),
          ...(check.remedy?.risk.includes('connect again') === true ? ['connect again'] : []),
          ...(isLoaded || isCreated ? [] : [`run CREATE EXTENSION pg_stat_statements in database "${facts.database}"`]),
        ];
  return {
    kind: check.status,
    message: check.message,
    nextStep: `${steps.join(', then ')}.`,
    ...(check.remedy === undefined ? {} : { fix: check.remedy }),
  };
}

const checkAutoExplain: Check = (facts) => {
  const id = 'auto-explain';
  const subject: ObjectRef = { kind: 'extension', name: 'auto_explain' };
  const cost = "Plans of slow statements are not in the server's log; EXPLAIN in PG Insight works without it.";
  const threshold = facts.settings['auto_explain.log_min_duration'];
  const risk =
    "Writes the plan of every statement that takes longer than a second to the server's log, constants included.";
  if (threshold === undefined) {
    const libraries = facts.settings['session_preload_libraries'];
    return {
      id,
      status: 'missing',
      subject,
      message:
        'auto_explain is not loaded' +
        (libraries === undefined ? ' (session_preload_libraries is hidden from this role).' : '.'),
      cost,
      remedy:
        libraries === undefined
          ? toSettingsGrant(
              facts,
              "an administrator adds 'auto_explain' to session_preload_libraries and sets auto_explain.log_min_duration to '1s'",
            )
          : {
              title: 'Log the plans of statements that take longer than a second',
              sql: [
                // the server knows the library's settings only while it is loaded
                "LOAD 'auto_explain';",
                `ALTER SYSTEM SET session_preload_libraries = ${toLibraryList(libraries, 'auto_explain')};`,
                "ALTER SYSTEM SET auto_explain.log_min_duration = '1s';",
                reload,
              ].join('\n'),
              undoSql: [
                libraries === ''
                  ? 'ALTER SYSTEM RESET session_preload_libraries;'
                  : `ALTER SYSTEM SET session_preload_libraries = ${libraries
                      .split(',')
                      .map((name) => literal(name.trim()))
                      .join(', ')};`,
                'ALTER SYSTEM RESET auto_explain.log_min_duration;',
                reload,
              ].join('\n'),
              risk: `Holds for new connections. ${risk}`,
              outsideTransaction: true,
            },
    };
  }
  if (threshold === '-1') {
    return {
      id,
      status: 'switched-off',
      subject,
      message: `auto_explain is loaded, but auto_explain.log_min_duration is -1${describeNarrow(facts, 'auto_explain.log_min_duration')}: no plan is logged.`,
      cost,
      remedy: toSettingRemedy(facts, 'auto_explain.log_min_duration', '1s', risk),
    };
  }
  return fine(id, subject, `auto_explain logs plans of statements that take ${threshold} ms or longer.`);
};

const checkPooler: Check = (facts) =>
  facts.pooler === 'none'
    ? fine('pooler', { kind: 'server' }, 'The connection goes to the server itself.')
    : {
        id: 'pooler',
        status: 'not-possible',
        subject: { kind: 'server' },
        message: 'A connection pooler (pgbouncer or one like it) stands between PG Insight and the server.',
        cost: 'What needs a connection of its own for longer than one transaction does not work: CREATE INDEX CONCURRENTLY and hypothetical indexes. Connect to the server directly for these.',
      };

const checkStandby: Check = (facts) =>
  facts.inRecovery
    ? {
        id: 'standby',
        status: 'not-possible',
        subject: { kind: 'server' },
        message: 'The server is a standby: nothing can be created or analyzed on it.',
        cost: 'Fixes have to be run on the primary, and counts of scans are those of this server alone: an index that is unused here may be in use there.',
      }
    : fine('standby', { kind: 'server' }, 'The server is a primary.');

const checkTls: Check = (facts, machine) => {
  if (facts.tls !== null) {
    return fine('tls', { kind: 'server' }, `The connection is encrypted (${facts.tls.version}, ${facts.tls.cipher}).`);
  }
  if (isLocalHost(machine.host)) {
    return fine('tls', { kind: 'server' }, 'The connection is not encrypted and does not leave this machine.');
  }
  return {
    id: 'tls',
    status: 'missing',
    subject: { kind: 'server' },
    message: `The connection to ${machine.host} is not encrypted: set sslmode to verify-full (or at least require) in the profile, once the server has a certificate.`,
    cost: 'Statements, rows and statistics can be read on the way.',
  };
};

const checkParser: Check = (_facts, machine) =>
  machine.sqlParser === 'libpg-query'
    ? fine('sql-parser', { kind: 'machine' }, "PostgreSQL's own grammar is loaded.")
    : {
        id: 'sql-parser',
        status: 'missing',
        subject: { kind: 'machine' },
        message:
          machine.sqlParserReason ??
          "PostgreSQL's own grammar (WebAssembly) could not be loaded: the fallback is in use.",
        cost: 'PG Insight asks before every EXPLAIN, since it cannot tell what a statement does, and it marks no statements in files.',
      };

const checkSandbox: Check = (facts, { sandbox }) => {
  const id = 'what-if-sandbox';
  const subject: ObjectRef = { kind: 'machine' };
  if (!sandbox.isThere) {
    return {
      id,
      status: 'missing',
      subject,
      message: `${sandbox.message} ${sandbox.nextStep}`,
      cost: 'Index advice is not planned in a sandbox before it is given.',
    };
  }
  const isSameMajor = Number.parseInt(sandbox.version, 10) === toMajor(facts);
  const planner = isSameMajor ? '' : `; the server is PostgreSQL ${toMajor(facts)}, whose planner may choose otherwise`;
  return fine(
    id,
    subject,
    `Index advice can be planned in a sandbox of PostgreSQL ${sandbox.version} (${sandbox.folder})${planner}.`,
  );
};

const checks: readonly Check[] = [
  checkVersion,
  checkMonitor,
  checkSelect,
  checkRowSecurity,
  checkOwnership,
  checkStatementStatistics,
  checkQueryIds,
  checkSetting(
    'track-io-timing',
    'track_io_timing',
    'I/O is timed.',
    'EXPLAIN ANALYZE and pg_stat_statements cannot tell time of reading from time of computing.',
    'on',
    'Costs two readings of the clock for each block that is read; pg_test_timing tells what that is on this machine.',
  ),
  checkSetting(
    'track-counts',
    'track_counts',
    'Scans and rows are counted.',
    'Scans and dead rows of tables are unknown, and autovacuum does not work.',
    'on',
    'It is on by default.',
  ),
  checkSetting(
    'track-activities',
    'track_activities',
    'Sessions say what they do.',
    'Statements that run, open transactions and who waits for whom are unknown.',
    'on',
    'It is on by default.',
  ),
  checkSetting(
    'autovacuum',
    'autovacuum',
    'Autovacuum is on.',
    'Statistics get old and dead rows stay, so that estimates and sizes are wrong.',
    'on',
    'Autovacuum begins with what has been left undone.',
  ),
  checkAutoExplain,
  checkPooler,
  checkStandby,
  checkTls,
  checkParser,
  checkSandbox,
];

/** All checks, in the order in which a gap hurts. */
export function findDoctorChecks(facts: ServerFacts, machine: MachineFacts): DoctorCheck[] {
  return checks.flatMap((check) => check(facts, machine) ?? []);
}
