// From --url, --profile or PG* to a connected database.
import { DatabaseFailure, isDatabaseFailure } from '../analysis/connection/connection-failure';
import { environments, type ConnectionProfile, type Environment } from '../analysis/connection/connection-profile';
import { isLocalHost } from '../analysis/connection/local-host';
import { unsetConnection } from '../analysis/connection/unset-connection';
import { resolveConnectionSettings } from '../database/connection-settings';
import { parseConnectionUrl } from '../database/connection-url';
import { createConnectionSources } from '../database/connection-sources';
import { connectProfile, type DatabaseConnection } from '../database/database-access';
import { localSystem } from '../database/local-system';
import { findConfigurationFolder, openProfileStore } from '../database/profile-store';
import { UsageError, type CommandArguments } from './command';
import type { Terminal } from './terminal';
import { toTerminalWords } from './terminal-words';

interface Choice {
  profile: ConnectionProfile;
  password: string | null;
  notes: readonly string[];
  /** What the profile or --environment says; null when nobody said anything. */
  environment: Environment | null;
}

async function chooseConnection(args: CommandArguments): Promise<Choice> {
  const url = args.text('url');
  const name = args.text('profile');
  const environment = args.choice('environment', environments);
  if (url !== null && name !== null) throw new UsageError('--url and --profile exclude each other.');
  if (name !== null) {
    if (environment !== null) {
      throw new UsageError('--environment is for --url and PG*: a saved profile has one of its own.');
    }
    const profile = await findProfile(name);
    return { profile, password: null, notes: [], environment: profile.environment };
  }
  const { fields, password, notes } =
    url === null ? { fields: unsetConnection, password: null, notes: [] } : parseConnectionUrl(url);
  // the environment of this profile is not looked at: it is decided when the host is known
  const profile = { ...fields, id: 'terminal', name: 'terminal', environment: environment ?? 'production' } as const;
  return { profile, password, notes, environment };
}

async function findProfile(name: string): Promise<ConnectionProfile> {
  const store = openProfileStore(findConfigurationFolder(localSystem));
  const profiles = await store.load();
  const profile =
    profiles.find((each) => each.name === name) ??
    profiles.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (profile !== undefined) return profile;
  const names = profiles.map((each) => `"${each.name}"`).join(', ');
  throw new UsageError(
    `There is no profile "${name}" in ${store.file}; ${names === '' ? 'none is saved there yet' : `it has ${names}`}.`,
    'Save it in the editor ("PG Insight: Add Connection"), or give --url.',
  );
}

/** Connects, hands the connection to `work` and closes it, whatever happens. */
export async function withConnection<Result>(
  args: CommandArguments,
  terminal: Terminal,
  signal: AbortSignal,
  work: (connection: DatabaseConnection) => Promise<Result>,
): Promise<Result> {
  const { profile, password, notes, environment } = await chooseConnection(args);
  // asked first of all for the host, which may come from PG* or a service file and decides how careful to be
  const settings = await resolveConnectionSettings(profile, password, localSystem);
  for (const note of [...notes, ...settings.notes]) terminal.note(`Note: ${note}`);
  const isLocal = settings.targets.every(({ address, host }) => isLocalHost(address ?? host));
  const careful = { ...profile, environment: environment ?? (isLocal ? 'development' : 'production') };
  const connection = await terminal
    .during(`Connecting to database "${settings.database}"`, () =>
      connectProfile(careful, password, localSystem, signal),
    )
    .catch(async (error: unknown) => {
      throw isDatabaseFailure(error) && error.kind !== 'cancelled' && !(await isConnectionGiven(args))
        ? toNotGivenFailure(error)
        : error;
    });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function isConnectionGiven(args: CommandArguments): Promise<boolean> {
  if (args.has('url') || args.has('profile')) return true;
  return Object.keys(await createConnectionSources(localSystem).listEnvironmentVariables()).length > 0;
}

/** Whoever named no server may not know that one of this machine was tried. DATABASE_URL is said, never taken unasked. */
function toNotGivenFailure({ kind, message, details }: DatabaseFailure): DatabaseFailure {
  const hasUrl = (localSystem.env['DATABASE_URL'] ?? '') !== '';
  return new DatabaseFailure(
    kind,
    `No connection was given, so the server of this machine was tried. ${message}`,
    [
      'Say where to connect: --url postgresql://user@host:5432/database, --profile NAME for one that was saved in the editor, or the variables PGHOST, PGPORT, PGUSER and PGDATABASE.',
      ...(hasUrl ? ['DATABASE_URL is set but not read by itself: give --url "$DATABASE_URL" to use it.'] : []),
    ].join(' '),
    details,
  );
}

/** A failure in one or more lines, for standard error. */
export function describeFailure(failure: DatabaseFailure): string {
  // the editor reconnects by itself; this program ends
  const nextStep =
    failure.kind === 'connection-lost' ? 'Run the command again when the server is back.' : failure.nextStep;
  const lines = [failure.message, failure.details.hint === nextStep ? null : failure.details.hint, nextStep]
    .filter((part): part is string => part !== undefined && part !== null && part !== '')
    .join('\n');
  return toTerminalWords(lines);
}
