// Everything needed to open a connection, found where libpq's users expect it: the profile first, then the service file,
// PG* variables, .pgpass, the files of ~/.postgresql, and libpq's defaults.
import path from 'node:path';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { sslModeSchema, type ConnectionProfile, type SslMode } from '../analysis/connection/connection-profile';
import { describeFileError } from './error-code';
import type { LocalFile, LocalSystem } from './local-system';
import { runPasswordCommand } from './password-command';
import { findPassword } from './password-file';
import { findServiceFiles, parseService } from './service-file';
import { uncheckedTls, type Target, type TlsMaterial } from './transport';

export interface ConnectionSettings {
  /** Tried in order until one answers. */
  readonly targets: readonly Target[];
  readonly database: string;
  readonly user: string;
  /** Asked only when a server wants a password, and again at every reconnect; null when there is none. */
  readonly readPassword: (target: Target, signal: AbortSignal) => Promise<string | null>;
  readonly sslMode: SslMode;
  readonly tls: TlsMaterial;
  /** channel_binding=require: the login must be bound to this very TLS connection. */
  readonly requireChannelBinding: boolean;
  /** Schemas for user SQL; null: the role's own. */
  readonly searchPath: readonly string[] | null;
  readonly applicationName: string;
  /** For each target. */
  readonly connectTimeoutMs: number;
  /** What was asked for and is not done, a sentence each: shown, never dropped. */
  readonly notes: readonly string[];
}

const defaultPort = 5432;
/** libpq waits for ever; an editor should not. */
const defaultConnectTimeoutMs = 10_000;
const defaultApplicationName = 'PG Insight';

/** libpq's variables for its parameters. */
const variables = new Map<string, string>([
  ['host', 'PGHOST'],
  ['hostaddr', 'PGHOSTADDR'],
  ['port', 'PGPORT'],
  ['dbname', 'PGDATABASE'],
  ['user', 'PGUSER'],
  ['password', 'PGPASSWORD'],
  ['passfile', 'PGPASSFILE'],
  ['channel_binding', 'PGCHANNELBINDING'],
  ['options', 'PGOPTIONS'],
  ['application_name', 'PGAPPNAME'],
  ['connect_timeout', 'PGCONNECT_TIMEOUT'],
  ['sslmode', 'PGSSLMODE'],
  ['sslnegotiation', 'PGSSLNEGOTIATION'],
  ['sslrootcert', 'PGSSLROOTCERT'],
  ['sslcert', 'PGSSLCERT'],
  ['sslkey', 'PGSSLKEY'],
  ['sslcrl', 'PGSSLCRL'],
  ['sslcrldir', 'PGSSLCRLDIR'],
  ['ssl_min_protocol_version', 'PGSSLMINPROTOCOLVERSION'],
  ['gssencmode', 'PGGSSENCMODE'],
  ['require_auth', 'PGREQUIREAUTH'],
  ['requirepeer', 'PGREQUIREPEER'],
  ['target_session_attrs', 'PGTARGETSESSIONATTRS'],
]);

/** Parameters that are used here and nowhere else. */
const usedParameters = new Set([
  ...['host', 'hostaddr', 'port', 'dbname', 'user', 'password', 'passfile', 'channel_binding', 'options', 'service'],
  ...['application_name', 'connect_timeout', 'sslmode', 'sslnegotiation', 'sslrootcert', 'sslcert', 'sslkey'],
  ...['sslpassword', 'servicefile'],
]);

/**
 * Parameters that ask for a check which is not made here, by the values that ask for nothing. To go on without it would
 * be less safe than the user believes.
 */
const checks = new Map<string, readonly string[]>([
  ['sslcrl', []],
  ['sslcrldir', []],
  ['require_auth', []],
  ['requirepeer', []],
  ['gssencmode', ['disable', 'prefer']],
  ['ssl_min_protocol_version', ['TLSv1', 'TLSv1.1', 'TLSv1.2']],
]);

/** Values that are what happens anyway. */
const harmless = new Map<string, readonly string[]>([
  ['target_session_attrs', ['any']],
  ['client_encoding', ['auto', 'utf8', 'UTF8', 'utf-8', 'UTF-8']],
  ['fallback_application_name', []],
]);

/** Folders in which a server's unix socket is looked for, Debian's first. */
const socketFolders = ['/var/run/postgresql', '/tmp'];

/** `password` is the one kept for this profile; null lets the other sources answer. */
export async function resolveConnectionSettings(
  profile: ConnectionProfile,
  password: string | null,
  system: LocalSystem,
): Promise<ConnectionSettings> {
  const notes: string[] = [];
  const values = await collectValues(profile, system, notes);
  reportUnused(values, notes);
  const user = values.get('user') ?? system.userName;
  const database = values.get('dbname') ?? user;
  const targets = await toTargets(values, system);
  const sslMode = toSslMode(values);
  const options = parseOptions(values.get('options') ?? '');
  notes.push(...options.ignored.map((name) => `The option ${name} of this connection is not set: poolers refuse it.`));
  const channelBinding = values.get('channel_binding') ?? 'prefer';
  if (targets.some((target) => !path.isAbsolute(target.host)) && password === null) {
    notes.push(...(await describePasswordFile(values, system)));
  }
  return {
    targets,
    database,
    user,
    readPassword: toPasswordReader(profile, password, values, { user, database }, system),
    sslMode,
    tls: await toTlsMaterial(sslMode, values, system),
    requireChannelBinding: channelBinding === 'require',
    searchPath: profile.searchPath ?? options.searchPath,
    applicationName: values.get('application_name') ?? defaultApplicationName,
    connectTimeoutMs: toConnectTimeoutMs(values.get('connect_timeout')),
    notes,
  };
}

function configurationFailure(message: string, nextStep: string): DatabaseFailure {
  return new DatabaseFailure('configuration', message, nextStep);
}

/** Every parameter from the first source that has it: profile, service file, environment. */
async function collectValues(
  profile: ConnectionProfile,
  system: LocalSystem,
  notes: string[],
): Promise<Map<string, string>> {
  const own: [string, string | null][] = [
    ['host', profile.host],
    ['port', profile.port === null ? null : String(profile.port)],
    ['dbname', profile.database],
    ['user', profile.user],
    ['service', profile.service],
    ['sslmode', profile.sslMode],
    ['sslrootcert', profile.sslRootCert],
    ['sslcert', profile.sslCert],
    ['sslkey', profile.sslKey],
  ];
  const values = new Map(Object.entries(profile.parameters ?? {}));
  for (const [keyword, value] of own) if (value !== null) values.set(keyword, value);
  const service = values.get('service') ?? system.env['PGSERVICE'] ?? '';
  const fromService = service === '' ? new Map<string, string>() : await readService(service, values, system, notes);
  for (const [keyword, value] of fromService) if (!values.has(keyword)) values.set(keyword, value);
  for (const [keyword, variable] of variables) {
    const value = system.env[variable];
    if (value !== undefined && value !== '' && !values.has(keyword)) values.set(keyword, value);
  }
  return values;
}

async function readService(
  name: string,
  values: ReadonlyMap<string, string>,
  system: LocalSystem,
  notes: string[],
): Promise<Map<string, string>> {
  const files = findServiceFiles(system, values.get('servicefile') ?? null);
  for (const file of files) {
    const content = await readSetting(file, 'service file', system);
    const service = content === null ? null : parseService(content.text, name);
    if (service === null) continue;
    notes.push(...service.notes);
    return service.parameters;
  }
  throw configurationFailure(
    `There is no service "${name}" in ${files.join(' or ')}.`,
    'Add a section of that name, or choose another service for this connection.',
  );
}

async function readSetting(file: string, what: string, system: LocalSystem): Promise<LocalFile | null> {
  try {
    return await system.readFile(file);
  } catch (error) {
    throw configurationFailure(
      `The ${what} ${file} can't be read: ${describeFileError(error)}.`,
      'Check the path and its permissions.',
    );
  }
}

function reportUnused(values: ReadonlyMap<string, string>, notes: string[]): void {
  const unused: string[] = [];
  for (const [keyword, value] of values) {
    const check = checks.get(keyword);
    if (check !== undefined) {
      if (check.includes(value)) continue;
      throw configurationFailure(
        `The connection asks for ${keyword}, a check that PG Insight does not make.`,
        `Remove ${keyword} from the connection if it may go without.`,
      );
    }
    const harmlessValues = harmless.get(keyword);
    const isHarmless = harmlessValues !== undefined && (harmlessValues.length === 0 || harmlessValues.includes(value));
    if (!usedParameters.has(keyword) && !isHarmless) unused.push(keyword);
  }
  if (unused.length > 0) {
    notes.push(`Without effect in PG Insight: ${unused.join(', ')} (parameters of this connection).`);
  }
}

async function toTargets(values: ReadonlyMap<string, string>, system: LocalSystem): Promise<Target[]> {
  const hosts = (values.get('host') ?? '').split(',');
  const addresses = values.get('hostaddr')?.split(',') ?? [];
  const ports = (values.get('port') ?? '').split(',').map(toPort);
  const count = Math.max(hosts.length, addresses.length);
  if (ports.length > 1 && ports.length !== count) {
    throw configurationFailure(
      `The connection has ${ports.length} ports for ${count} hosts.`,
      'Give one port for all of them, or as many as hosts.',
    );
  }
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const port = ports[index] ?? ports[0] ?? defaultPort;
      const address = addresses[index] ?? null;
      const host = hosts[index] ?? '';
      return { host: host === '' ? (address ?? (await findDefaultHost(port, system))) : host, address, port };
    }),
  );
}

function toPort(text: string): number {
  if (text === '') return defaultPort;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw configurationFailure(`The port "${text}" of the connection is not between 1 and 65535.`, 'Correct the port.');
}

/** libpq's default is a unix socket in a folder fixed when it was built; here, where one is found. */
async function findDefaultHost(port: number, system: LocalSystem): Promise<string> {
  if (system.platform === 'win32') return 'localhost';
  for (const folder of socketFolders) if (await system.exists(`${folder}/.s.PGSQL.${port}`)) return folder;
  return 'localhost';
}

function toSslMode(values: ReadonlyMap<string, string>): SslMode {
  const isSystem = values.get('sslrootcert') === 'system';
  const text = values.get('sslmode') ?? (isSystem ? 'verify-full' : 'prefer');
  const mode = sslModeSchema.safeParse(text);
  if (!mode.success) {
    throw configurationFailure(
      `sslmode "${text}" of the connection is none of ${sslModeSchema.options.join(', ')}.`,
      'Correct sslmode.',
    );
  }
  if (isSystem && mode.data !== 'verify-full') {
    throw configurationFailure(
      `sslmode ${mode.data} is too weak for sslrootcert=system: anyone can have a certificate of a well-known authority.`,
      'Set sslmode to verify-full.',
    );
  }
  return mode.data;
}

async function toTlsMaterial(
  sslMode: SslMode,
  values: ReadonlyMap<string, string>,
  system: LocalSystem,
): Promise<TlsMaterial> {
  if (sslMode === 'disable') return uncheckedTls;
  const negotiation = values.get('sslnegotiation') === 'direct' ? 'direct' : 'postgres';
  if (negotiation === 'direct' && (sslMode === 'allow' || sslMode === 'prefer')) {
    throw configurationFailure(
      `sslnegotiation=direct does not go with sslmode ${sslMode}.`,
      'Set sslmode to require, verify-ca or verify-full.',
    );
  }
  const read = (keyword: string, defaultName: string) => readTlsFile(keyword, defaultName, values, system);
  const isSystem = values.get('sslrootcert') === 'system';
  const root = isSystem ? null : await read('sslrootcert', 'root.crt');
  if (!isSystem && root === null && (sslMode === 'verify-ca' || sslMode === 'verify-full')) {
    throw configurationFailure(
      `sslmode ${sslMode} needs a root certificate, and there is none in ${defaultTlsFile('root.crt', system)}.`,
      'Set sslrootcert to a file, or to "system" for the well-known authorities.',
    );
  }
  const certificate = await read('sslcert', 'postgresql.crt');
  const key = certificate === null ? null : await read('sslkey', 'postgresql.key');
  if (key !== null) checkKeyPermissions(key, values.get('sslkey') ?? defaultTlsFile('postgresql.key', system), system);
  return {
    // as libpq: a root certificate that is there is used, whatever sslmode says
    checkChain: isSystem || root !== null,
    rootCertificates: root?.text ?? null,
    checkHostName: sslMode === 'verify-full',
    certificate: certificate?.text ?? null,
    key: key?.text ?? null,
    keyPassphrase: values.get('sslpassword') ?? null,
    negotiation,
  };
}

function defaultTlsFile(name: string, system: LocalSystem): string {
  return system.platform === 'win32'
    ? path.join(system.env['APPDATA'] ?? system.homeFolder, 'postgresql', name)
    : path.join(system.homeFolder, '.postgresql', name);
}

/** The file that was named, which has to exist, or the default one, which need not. */
async function readTlsFile(
  keyword: string,
  defaultName: string,
  values: ReadonlyMap<string, string>,
  system: LocalSystem,
): Promise<LocalFile | null> {
  const named = values.get(keyword);
  const content = await readSetting(named ?? defaultTlsFile(defaultName, system), `${keyword} file`, system);
  if (named !== undefined && content === null) {
    throw configurationFailure(`There is no file ${named} (${keyword} of the connection).`, `Correct ${keyword}.`);
  }
  return content;
}

function checkKeyPermissions(key: LocalFile, file: string, system: LocalSystem): void {
  if (system.platform === 'win32') return;
  // libpq's rule: nobody else may read it, except the group of a file that belongs to root
  const forbidden = key.ownedByRoot ? 0o037 : 0o077;
  if ((key.mode & forbidden) === 0) return;
  throw configurationFailure(
    `The private key ${file} can be read by others, so it is not used.`,
    `Run: chmod 600 ${file}`,
  );
}

function toConnectTimeoutMs(text: string | undefined): number {
  const seconds = Number(text ?? '');
  // libpq's 0 waits for ever
  return Number.isInteger(seconds) && seconds > 0 ? seconds * 1000 : defaultConnectTimeoutMs;
}

function passwordFilePath(values: ReadonlyMap<string, string>, system: LocalSystem): string {
  return (
    values.get('passfile') ??
    (system.platform === 'win32'
      ? path.join(system.env['APPDATA'] ?? system.homeFolder, 'postgresql', 'pgpass.conf')
      : path.join(system.homeFolder, '.pgpass'))
  );
}

function isTooOpen(file: LocalFile, system: LocalSystem): boolean {
  return system.platform !== 'win32' && (file.mode & 0o077) !== 0;
}

/** libpq's warning about a password file that others can read. */
async function describePasswordFile(values: ReadonlyMap<string, string>, system: LocalSystem): Promise<string[]> {
  if (values.has('password')) return [];
  const file = passwordFilePath(values, system);
  const content = await system.readFile(file).catch(() => null);
  if (content === null || !isTooOpen(content, system)) return [];
  return [`The password file ${file} is not used: others can read it. Run: chmod 600 ${file}`];
}

function toPasswordReader(
  profile: ConnectionProfile,
  password: string | null,
  values: ReadonlyMap<string, string>,
  { user, database }: { user: string; database: string },
  system: LocalSystem,
): ConnectionSettings['readPassword'] {
  return async (target, signal) => {
    if (password !== null) return password;
    if (profile.passwordCommand !== null) return runPasswordCommand(profile.passwordCommand, signal);
    const given = values.get('password');
    if (given !== undefined) return given;
    const content = await readSetting(passwordFilePath(values, system), 'password file', system);
    if (content === null || isTooOpen(content, system)) return null;
    const hosts = socketFolders.includes(target.host) ? [target.host, 'localhost'] : [target.host];
    return findPassword(content.text, { hosts, port: target.port, database, user });
  };
}

/** libpq's options ("-c name=value" or "--name=value"): only search_path is followed, by SET LOCAL. */
function parseOptions(text: string): { searchPath: string[] | null; ignored: string[] } {
  let searchPath: string[] | null = null;
  const ignored: string[] = [];
  const words = (text.match(/(?:\\.|[^\s\\])+/g) ?? []).map((word) => word.replace(/\\(.)/g, '$1'));
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const setting = word === '-c' ? (words[++index] ?? '') : word.replace(/^(-c|--)/, '');
    const [name = '', ...value] = setting.split('=');
    if (name === 'search_path') searchPath = splitNames(value.join('='));
    else ignored.push(name);
  }
  return { searchPath, ignored };
}

/** Names of a search_path: unquoted ones are folded to lower case, as the server does. */
function splitNames(text: string): string[] {
  return (text.match(/"(?:""|[^"])*"|[^,]+/g) ?? [])
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()));
}
