// What everything else asks about the server and the role: five small queries, right after connecting.
import { observedSettings, type ServerFacts } from '../analysis/server/server-facts';
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
    const settings = await captureRows(unit, server, settingsQuery, [observedSettings]);
    const extensions = await captureRows(unit, server, extensionsQuery);
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
      extensions: extensions.map(({ name, version, schema }) => ({ name, version, schema })),
      availableExtensions: row.available_extensions,
      settings: Object.fromEntries(settings.flatMap(({ name, value }) => (value === null ? [] : [[name, value]]))),
      pooler: session.pooler,
      tls: session.tls,
      canReadStatementStatistics: extensions.some(({ can_read_statements }) => can_read_statements),
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
