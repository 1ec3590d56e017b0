// What everything else asks about the server and the role: five small queries, right after connecting.
import { narrowSources, observedSettings, type ServerFacts } from '../analysis/server/server-facts';
import { captureRows, oldestVersionNumber } from './queries/query';
import {
  extensionsQuery,
  serverFactsQuery,
  settingsQuery,
  unownedTablesQuery,
  unreadableTablesQuery,
} from './queries/server-facts';
import type { Session } from './session';
import { catalogueUnit } from './tables';
import type { UnitOfWork } from './unit-of-work';

const factsTimeoutMs = 15_000;

/** Pooler and TLS come from the connection: behind a pooler the server can't know them. */
export async function captureServerFacts(
  session: Pick<Session, 'run' | 'pooler' | 'tls'>,
  signal?: AbortSignal,
): Promise<ServerFacts> {
  return session.run(catalogueUnit(factsTimeoutMs, signal), async (unit) => {
    // one text for all versions: there is nothing to choose by before the version is known
    const [row] = await captureRows(unit, { versionNumber: oldestVersionNumber }, serverFactsQuery);
    if (row === undefined) throw new Error('pg_roles has no row for current_user.');
    const server = { versionNumber: row.version_number };
    const unreadableTables = await captureRows(unit, server, unreadableTablesQuery);
    const unownedTables = await captureRows(unit, server, unownedTablesQuery);
    return {
      versionNumber: row.version_number,
      version: row.version,
      database: row.database,
      role: row.role,
      isSuperuser: row.is_superuser,
      predefinedRoles: row.predefined_roles,
      inRecovery: row.in_recovery,
      blockSizeBytes: row.block_size_bytes,
      availableExtensions: row.available_extensions,
      ...(await captureChangingFacts(unit, server)),
      pooler: session.pooler,
      tls: session.tls,
      unreadableTables: unreadableTables.map(({ schema, not_permitted, behind_row_security, sequences }) => ({
        schema,
        notPermitted: not_permitted,
        behindRowSecurity: behind_row_security,
        sequences,
      })),
      unownedTables: unownedTables.map(({ owner, is_owner_superuser, tables }) => ({
        owner,
        isOwnerSuperuser: is_owner_superuser,
        tables,
      })),
    };
  });
}

type ChangingFacts = Pick<
  ServerFacts,
  'settings' | 'narrowSettings' | 'extensions' | 'canReadStatementStatistics' | 'lackingStatementRights'
>;

/** Extensions and settings: somebody may do while we are connected what a gap asks for. */
export async function captureChangingFacts(
  unit: UnitOfWork,
  server: { versionNumber: number },
): Promise<ChangingFacts> {
  const settings = await captureRows(unit, server, settingsQuery, [observedSettings]);
  const extensions = await captureRows(unit, server, extensionsQuery);
  const statements = extensions.find(({ name }) => name === 'pg_stat_statements');
  const lackingStatementRights: ChangingFacts['lackingStatementRights'] = [];
  if (statements?.may_use_schema === false) lackingStatementRights.push('USAGE');
  if (statements?.may_select_statements === false) lackingStatementRights.push('SELECT');
  return {
    settings: Object.fromEntries(settings.flatMap(({ name, value }) => (value === null ? [] : [[name, value]]))),
    narrowSettings: Object.fromEntries(
      settings.flatMap(({ name, source }) => {
        const narrow = narrowSources.find((each) => each === source);
        return narrow === undefined ? [] : [[name, narrow]];
      }),
    ),
    extensions: extensions.map(({ name, version, schema }) => ({ name, version, schema })),
    canReadStatementStatistics: statements !== undefined && lackingStatementRights.length === 0,
    lackingStatementRights,
  };
}
