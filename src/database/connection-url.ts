// Connection URLs as libpq reads them (several hosts, percent-encoding, unix sockets, any parameter in the query), with
// what other drivers add to them. Messages never repeat the URL: there is a password in it.
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { sslModeSchema, type ConnectionProfile } from '../analysis/connection/connection-profile';

/** What a URL says about a connection; a profile without its identity. */
export interface UrlConnection {
  fields: Omit<ConnectionProfile, 'id' | 'name' | 'environment'>;
  /** Never stored in the profile; null when the URL has none. */
  password: string | null;
  /** A sentence for each thing in the URL that has no effect here. */
  notes: string[];
}

const parsedUrl = /^postgres(?:ql)?(\+[\w-]+)?:\/\/(?:([^@/]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

export function isConnectionUrl(text: string): boolean {
  return /^postgres(?:ql)?(\+[\w-]+)?:\/\//i.test(text.trim());
}

export function parseConnectionUrl(url: string): UrlConnection {
  const match = parsedUrl.exec(url.trim());
  if (match === null) {
    throw invalidUrl(
      isConnectionUrl(url)
        ? 'The connection URL can\'t be read: a "#", "?", "/" or "@" in the name or password has to be percent-encoded'
        : 'The connection URL does not begin with postgresql:// or postgres://',
    );
  }
  const [, , login = '', hosts = '', path = '', query = ''] = match;
  const parameters = new Map<string, string>();
  const set = (keyword: string, value: string) => {
    if (value !== '') parameters.set(keyword, value);
  };
  const [user = '', ...password] = login.split(':');
  set('user', decode(user, 'user name'));
  set('password', decode(password.join(':'), 'password'));
  const places = hosts === '' ? [] : hosts.split(',').map(parseHost);
  set('host', places.map(({ host }) => host).join(','));
  if (places.some(({ port }) => port !== '')) set('port', places.map(({ port }) => port).join(','));
  set('dbname', decode(path, 'database name'));
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const [name = '', ...value] = pair.split('=');
    set(decode(name, 'name of a parameter'), decode(value.join('='), `parameter ${name}`));
  }
  return toUrlConnection(parameters);
}

function invalidUrl(reason: string): DatabaseFailure {
  return new DatabaseFailure(
    'configuration',
    `${reason}.`,
    'Write it as postgresql://user@host:5432/database?sslmode=require.',
  );
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUrl(`The connection URL has a "%" in its ${what} that is not followed by two hexadecimal digits`);
  }
}

function parseHost(text: string): { host: string; port: string } {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(text);
  if (match === null && /^(?:\[[^\]]*\]|[^:[\]]*):[^:]*$/.test(text))
    throw invalidUrl(
      'The port in the connection URL is no number (a "/" or "@" of a password is written "%2F" or "%40")',
    );
  if (match === null)
    throw invalidUrl('The host in the connection URL can\'t be read (an IPv6 address goes in "[" and "]")');
  return { host: decode(match[1] ?? match[2] ?? '', 'host'), port: match[3] ?? '' };
}

/** Names that other drivers use for the schemas of unqualified names. */
const searchPathParameters = ['schema', 'currentSchema', 'search_path'];

function toUrlConnection(parameters: Map<string, string>): UrlConnection {
  const notes: string[] = [];
  const take = (keyword: string): string | null => {
    const value = parameters.get(keyword) ?? null;
    parameters.delete(keyword);
    return value;
  };
  const ssl = take('ssl');
  const mode = take('sslmode') ?? (ssl === null ? null : ssl === 'false' || ssl === '0' ? 'disable' : 'require');
  if (mode === 'no-verify') notes.push('sslmode=no-verify is taken as require, which does not verify either.');
  const sslMode = sslModeSchema.nullable().safeParse(mode === 'no-verify' ? 'require' : mode);
  if (!sslMode.success) {
    throw invalidUrl(`sslmode in the connection URL is none of ${sslModeSchema.options.join(', ')}`);
  }
  const port = take('port');
  const singlePort = port !== null && /^\d+$/.test(port) ? Number(port) : null;
  if (port !== null && singlePort === null) parameters.set('port', port);
  if (singlePort !== null && (singlePort < 1 || singlePort > 65535)) {
    throw invalidUrl('The port in the connection URL is not between 1 and 65535');
  }
  const schemas = searchPathParameters.map(take).find((value) => value !== null) ?? null;
  const password = take('password');
  if (take('sslpassword') !== null) {
    notes.push('sslpassword is not stored; put it into a service file, or use a key without a passphrase.');
  }
  const fields: UrlConnection['fields'] = {
    host: take('host'),
    port: singlePort,
    database: take('dbname'),
    user: take('user'),
    service: take('service'),
    sslMode: sslMode.data,
    sslRootCert: take('sslrootcert'),
    sslCert: take('sslcert'),
    sslKey: take('sslkey'),
    searchPath: schemas === null ? null : schemas.split(',').map((name) => name.trim()),
    passwordCommand: null,
  };
  const rest = Object.fromEntries(parameters);
  return { fields: Object.keys(rest).length > 0 ? { ...fields, parameters: rest } : fields, password, notes };
}
