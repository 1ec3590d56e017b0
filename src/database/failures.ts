// Errors of the server, the driver and the operating system in words: what failed, on which server and database, what to
// do next. Nothing else of them reaches the user; no message holds a password.
import pg from 'pg';
import {
  DatabaseFailure,
  isDatabaseFailure,
  type FailureKind,
  type WrongValue,
} from '../analysis/connection/connection-failure';
import { connectionLossCodes, NoChannelBindingError, NoPasswordError } from './backend-connection';
import { errorCode } from './error-code';
import { quoteIdentifier, quoteName } from '../analysis/sql/identifiers';
import { TransportError } from './transport';

/** Where it happened, for messages. */
export interface FailureContext {
  /** host:port, or the path of a unix socket. */
  readonly server: string;
  readonly database: string;
  readonly user: string;
}

/** How a statement was sent. */
interface StatementRun {
  values: readonly unknown[];
  elapsedMs: number;
  timeoutMs: number;
  lockTimeoutMs: number;
}

interface Words {
  kind: FailureKind;
  message: string;
  nextStep: string;
}

/** A failure while connecting. */
export function toConnectionFailure(error: unknown, context: FailureContext): DatabaseFailure {
  if (isDatabaseFailure(error)) return error;
  const { kind, message, nextStep } = describeConnectionError(error, context);
  return new DatabaseFailure(kind, message, nextStep, serverDetails(error), { cause: error });
}

/** A failure of a statement on an open connection. `text` is what was sent; the offset points into it. */
export function toStatementFailure(
  error: unknown,
  text: string,
  context: FailureContext,
  statement: StatementRun,
): DatabaseFailure {
  if (isDatabaseFailure(error)) return error;
  if (!(error instanceof pg.DatabaseError) || connectionLossCodes.test(error.code ?? '')) {
    return toLossFailure(error, context);
  }
  const parameter = findWrongValue(error, statement.values);
  const { kind, message, nextStep } = describeStatementError(error, text, context, statement, parameter);
  const position = Number(error.position);
  return new DatabaseFailure(
    kind,
    message,
    nextStep,
    {
      ...serverDetails(error),
      offset: Number.isInteger(position) && position > 0 ? toUtf16Offset(text, position) : null,
      parameter,
    },
    { cause: error },
  );
}

/** The connection broke while something ran on it. */
export function toLossFailure(error: unknown, { server, database }: FailureContext): DatabaseFailure {
  if (isDatabaseFailure(error)) return error;
  return new DatabaseFailure(
    'connection-lost',
    `The connection to database "${database}" on ${server} was lost: ${describeLoss(error)}`,
    'PG Insight reconnects by itself. Run it again when the connection is back.',
    serverDetails(error),
    { cause: error },
  );
}

/** Why a connection broke, a sentence. */
export function describeLoss(error: unknown): string {
  switch (errorCode(error)) {
    case '57P01':
      return 'the server is shutting down, or an administrator ended the connection.';
    case '57P02':
      return 'the server is recovering from the crash of another connection.';
    case '57P03':
      return 'the server is starting up or shutting down.';
    case '25P03':
      return 'the server ended it because a transaction was idle for too long.';
    case '57P05':
      return 'the server ended it because it was idle for too long.';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the other side reset it.';
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the server can no longer be reached over the network.';
    default:
      return error instanceof Error && error.message.startsWith('The server ')
        ? `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`
        : 'the server closed it.';
  }
}

export function toCancelledFailure({ server, database }: FailureContext): DatabaseFailure {
  return new DatabaseFailure(
    'cancelled',
    `Cancelled on database "${database}" on ${server}.`,
    'Run it again when you want to.',
  );
}

export function toClosedFailure({ server, database }: FailureContext): DatabaseFailure {
  return new DatabaseFailure(
    'connection-lost',
    `The connection to database "${database}" on ${server} is closed.`,
    'Connect again.',
  );
}

function serverDetails(error: unknown): { code: string | null; hint: string | null } {
  if (!(error instanceof pg.DatabaseError)) return { code: null, hint: null };
  const hint = [error.detail, error.hint].filter((text) => text !== undefined && text !== '').join(' ');
  return { code: error.code ?? null, hint: hint === '' ? null : hint };
}

function describeConnectionError(error: unknown, context: FailureContext): Words {
  if (error instanceof pg.DatabaseError) return describeRefusal(error, context);
  if (error instanceof TransportError) return describeTransportError(error, context);
  const { server, database, user } = context;
  if (error instanceof NoPasswordError) {
    return {
      kind: 'authentication',
      message: `${server} asks for a password for role "${user}", and none was found.`,
      nextStep:
        'Enter the password for this connection, or give it by PGPASSWORD, a password file, a service file or a password command.',
    };
  }
  if (error instanceof NoChannelBindingError) {
    return {
      kind: 'tls',
      message: `${server} logs role "${user}" in without channel binding, and the connection demands it.`,
      nextStep: 'Use TLS and a SCRAM password, or remove channel_binding=require from the connection.',
    };
  }
  const code = errorCode(error);
  if (code.startsWith('ERR_SSL_') || code === 'ECONNRESET' || code === 'EPIPE') {
    return code.startsWith('ERR_SSL_')
      ? describeHandshake(error, context)
      : {
          kind: 'unreachable',
          message: `${server} broke the connection off while PG Insight was logging in to database "${database}".`,
          nextStep: "Look into the server's log (or the pooler's, if there is one in front of it).",
        };
  }
  if (error instanceof Error && error.message.startsWith('SASL')) {
    return {
      kind: 'authentication',
      message: `The login of role "${user}" on ${server} failed: the password exchange was not completed (${error.message}).`,
      nextStep: 'Check the password; if it is right, this may not be the server you mean to talk to.',
    };
  }
  return {
    kind: 'unreachable',
    message: `${server} closed the connection while PG Insight was logging in to database "${database}".`,
    nextStep: 'Check that host and port are those of a PostgreSQL server, and look into its log.',
  };
}

/** The server answered, with an ErrorResponse. */
function describeRefusal(error: pg.DatabaseError, { server, database, user }: FailureContext): Words {
  switch (error.code) {
    case '28P01':
      return {
        kind: 'authentication',
        message: `${server} does not accept the password of role "${user}" (or there is no such role).`,
        nextStep: 'Enter the password again, and check the name of the role.',
      };
    case '28000':
      return describeHostRule(error, { server, database, user });
    case '3D000':
      return {
        kind: 'no-such-database',
        message: `There is no database "${database}" on ${server}.`,
        nextStep: 'Check the spelling (capitals count), or ask for the list of databases with psql -l.',
      };
    case '42501':
      return {
        kind: 'not-permitted',
        message: `Role "${user}" may not connect to database "${database}" on ${server}.`,
        nextStep: `Have its owner run: GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(user)};`,
      };
    case '53300':
      return {
        kind: 'unreachable',
        message: `${server} has no free connection for role "${user}" and database "${database}": ${error.message}.`,
        nextStep:
          'Close connections that nobody needs, or raise max_connections (or the limit of the role or database).',
      };
    case '08P01':
      return {
        kind: 'unreachable',
        message: `The pooler on ${server} did not let role "${user}" through to database "${database}": ${error.message}.`,
        nextStep: 'Check role and database in the configuration of the pooler, and that the server behind it runs.',
      };
    case '57P03':
      return {
        kind: 'unreachable',
        message: `${server} does not accept connections right now: ${error.message}.`,
        nextStep: 'Wait until the server has started, then connect again.',
      };
    default:
      return {
        kind: 'other',
        message: `${server} refused the connection of role "${user}" to database "${database}": ${error.message}.`,
        nextStep: error.hint ?? "Look into the server's log for the reason.",
      };
  }
}

function describeHostRule(error: pg.DatabaseError, { server, database, user }: FailureContext): Words {
  const rest = `role "${user}", database "${database}"`;
  // Only the message tells the cases apart, and a server with translated messages lands in the last one.
  if (/valid client certificate/i.test(error.message)) {
    return {
      kind: 'tls',
      message: `${server} wants a client certificate (${rest}).`,
      nextStep: 'Set client certificate and key of the connection (sslcert, sslkey).',
    };
  }
  if (/no encryption|SSL off/i.test(error.message)) {
    return {
      kind: 'not-permitted',
      message: `${server} refuses this unencrypted connection (${rest}): no rule of pg_hba.conf lets it in.`,
      nextStep:
        'Set sslmode of the connection to require if the server has TLS; else have an administrator add a rule to pg_hba.conf.',
    };
  }
  if (/no pg_hba\.conf entry|pg_hba\.conf rejects/i.test(error.message)) {
    return {
      kind: 'not-permitted',
      message: `${server} refuses connections from this machine (${rest}): ${error.message}.`,
      nextStep: 'Have an administrator add a rule to pg_hba.conf, or connect from a machine that has one.',
    };
  }
  return {
    kind: 'authentication',
    message: `${server} refused the login (${rest}): ${error.message}.`,
    nextStep: 'Check role and login method; pg_hba.conf on the server says which one is expected.',
  };
}

function describeTransportError(error: TransportError, context: FailureContext): Words {
  const { server } = context;
  switch (error.stage) {
    case 'connect':
      return describeUnreachable(error.cause, context);
    case 'tls-not-offered':
      return {
        kind: 'tls',
        message: `${server} offers no TLS, and sslmode of the connection demands it.`,
        nextStep: 'Switch TLS on at the server (ssl = on), or set sslmode to prefer if the network is trusted.',
      };
    case 'handshake':
      return describeHandshake(error.cause, context);
    case 'not-postgresql':
      return {
        kind: 'not-postgresql',
        message: `What listens on ${server} is not a PostgreSQL server.`,
        nextStep: 'Check host and port; PostgreSQL usually listens on port 5432.',
      };
    case 'no-answer':
      return {
        kind: 'not-postgresql',
        message: `${server} accepted the connection but did not answer as a PostgreSQL server does.`,
        nextStep: 'Check host and port; if they are right, the server (or a pooler or tunnel in front of it) hangs.',
      };
  }
}

function describeUnreachable(cause: unknown, { server }: FailureContext): Words {
  const reasons: Record<string, [string, string]> = {
    ECONNREFUSED: ['nothing listens there', 'Check that the server runs, and host and port.'],
    ENOTFOUND: ['there is no host of that name', 'Check the spelling of the host, and VPN or DNS settings.'],
    EAI_AGAIN: ['the name could not be looked up', 'Check the network and DNS settings, then try again.'],
    ETIMEDOUT: ['there was no answer in time', 'Check host, port, VPN and firewalls.'],
    EHOSTUNREACH: ['there is no route to it', 'Check the network and VPN.'],
    ENETUNREACH: ['there is no route to it', 'Check the network and VPN.'],
    ENOENT: ['there is no such socket', 'Check that the server runs, and the folder of the socket.'],
    EACCES: ['this user may not open the socket', 'Check the permissions of the socket.'],
    ECONNRESET: ['it broke the connection off', 'Check host and port, and what stands between (tunnel, proxy).'],
  };
  // a name with several addresses fails with one error for each
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = errorCode(first);
  const [reason, nextStep] = reasons[code] ?? [code === '' ? 'the connection failed' : code, 'Check host and port.'];
  return { kind: 'unreachable', message: `${server} can't be reached: ${reason}.`, nextStep };
}

function describeHandshake(cause: unknown, { server }: FailureContext): Words {
  const words = (reason: string, nextStep: string): Words => ({
    kind: 'tls',
    message: `The TLS handshake with ${server} failed: ${reason}.`,
    nextStep,
  });
  const code = errorCode(cause);
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return words(
        "the server's certificate is self-signed and not trusted",
        'Give this certificate as root certificate (sslrootcert) if you trust it.',
      );
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
      return words(
        "the server's certificate comes from an authority that is not trusted",
        'Give the certificate of the authority as root certificate (sslrootcert).',
      );
    case 'CERT_HAS_EXPIRED':
      return words("the server's certificate has expired", 'Have the certificate renewed.');
    case 'CERT_NOT_YET_VALID':
      return words("the server's certificate is not valid yet", 'Check the clocks of this machine and the server.');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return words(
        "the server's certificate is for another host name",
        'Connect by the name in the certificate, or set sslmode to verify-ca if the authority alone is enough.',
      );
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
    case 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return words('the server speaks no TLS version that is still considered safe', 'Have it allow TLS 1.2 or newer.');
    case 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED':
      return words('the server wants a client certificate', 'Set client certificate and key (sslcert, sslkey).');
    case 'ERR_OSSL_X509_KEY_VALUES_MISMATCH':
      return words('client certificate and key do not belong together', 'Check sslcert and sslkey.');
  }
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERT)/.test(code)) {
    return words(
      'the server does not accept the client certificate',
      'Check that sslcert comes from an authority that the server knows.',
    );
  }
  if (code.startsWith('ERR_OSSL') || code === 'ERR_CRYPTO_INVALID_KEYLEN') {
    return words(
      'certificate or key could not be read as PEM',
      'Check sslrootcert, sslcert and sslkey (and the passphrase of the key).',
    );
  }
  return words(
    code === '' ? 'the server broke it off' : code,
    "Check sslmode and certificates; the server's log has its side of it.",
  );
}

function describeStatementError(
  error: pg.DatabaseError,
  text: string,
  { server, database, user }: FailureContext,
  statement: StatementRun,
  parameter: WrongValue | null,
): Words {
  const where = `database "${database}" on ${server}`;
  switch (error.code) {
    case '57014':
      // the server's word for "timeout" depends on its language; the clock does not
      return statement.timeoutMs > 0 && statement.elapsedMs >= statement.timeoutMs
        ? {
            kind: 'timed-out',
            message: `The statement on ${where} was stopped after ${statement.timeoutMs / 1000} s.`,
            nextStep: 'Give it more time, or look at the plan without running it.',
          }
        : {
            kind: 'cancelled',
            message: `The statement on ${where} was cancelled on the server.`,
            nextStep: 'Run it again when you want to.',
          };
    case '55P03':
      return {
        kind: 'timed-out',
        message: `The statement on ${where} waited longer than ${statement.lockTimeoutMs / 1000} s for a lock: ${error.message}.`,
        nextStep: 'Run it again when the other session is done; pg_stat_activity shows who holds the lock.',
      };
    case '08P01':
      // poolers answer so when they have no server to hand the statement to, or do not take transactions
      return {
        kind: 'unreachable',
        message: `The pooler on ${server} did not pass the statement on to database "${database}": ${error.message}.`,
        nextStep:
          'Check that the server behind it runs, and that the pool is in transaction or session mode; its log says more.',
      };
    case '42501':
      return {
        kind: 'not-permitted',
        message: `Role "${user}" lacks a right on ${where}: ${error.message}.`,
        nextStep: `Ask the owner for a GRANT${findMissingGrant(error.message, text, user) ?? ''}; the Connections view and "pg-insight doctor" list what the role lacks.`,
      };
    default:
      return {
        kind: 'statement',
        message: `${error.message} (${where}).`,
        nextStep:
          error.hint ??
          (parameter === null ? 'Correct the statement.' : `Correct the value of parameter $${parameter.index + 1}.`),
      };
  }
}

const deniedObject =
  /^permission denied for (table|view|materialized view|foreign table|sequence|schema|function) (.+)$/;

/**
 * ": GRANT SELECT ON orders TO app". Only the server's message names the object (without its schema, as the search path
 * finds it), so in other languages there is none; nor for a function, whose arguments it does not name.
 */
function findMissingGrant(message: string, text: string, user: string): string | null {
  const [, kind, name] = deniedObject.exec(message) ?? [];
  if (kind === undefined || name === undefined || kind === 'function') return null;
  const grantee = quoteName(user);
  if (kind === 'schema') return `: GRANT USAGE ON SCHEMA ${quoteName(name)} TO ${grantee}`;
  // a statement that changes rows reads them too; a word in a string grants no more than the owner wants to
  const writes = ['INSERT', 'UPDATE', 'DELETE'].filter((verb) => new RegExp(`\\b${verb}\\b`, 'i').test(text));
  const privileges = kind === 'sequence' ? ['USAGE', 'SELECT'] : ['SELECT', ...writes];
  return `: GRANT ${privileges.join(', ')} ON ${kind === 'sequence' ? 'SEQUENCE ' : ''}${quoteName(name)} TO ${grantee}`;
}

/** The last line of an error's context while a value is bound, in any language: "unnamed portal parameter $1 = '...'". */
const boundParameter = /\$(\d+)(?: = '[^\n]*)?$/;

/** SQLSTATE classes of a value that its type does not take: data exceptions, and the checks of a domain. */
const valueErrors = /^22|^23514$/;

/**
 * The parameter whose value the server refused. Servers before 14 don't say which one it was: then it is the only one
 * whose value the message quotes. An error with a place is about a literal of the statement.
 */
function findWrongValue(error: pg.DatabaseError, values: readonly unknown[]): WrongValue | null {
  if (error.position !== undefined || !valueErrors.test(error.code ?? '')) return null;
  const said = Number(boundParameter.exec(error.where ?? '')?.[1] ?? 0);
  const quoted = values.flatMap((value, index) =>
    typeof value === 'string' && value !== '' && error.message.includes(`"${value}"`) ? [index] : [],
  );
  const index = said >= 1 && said <= values.length ? said - 1 : quoted.length === 1 ? quoted[0] : undefined;
  return index === undefined ? null : { index, problem: describeProblem(error) };
}

/** In the server's own words where they are not the usual ones. */
function describeProblem({ message }: pg.DatabaseError): string {
  const type = /^invalid input syntax for type (.+?)(?:: ".*)?$/s.exec(message)?.[1];
  if (type !== undefined) return `is not a valid ${type}`;
  const small = /^value ".*" is out of range for type (.+)$/s.exec(message)?.[1];
  return small === undefined ? `is not accepted: ${message}` : `is out of range for type ${small}`;
}

/** The server counts characters (code points) from 1, editors UTF-16 units from 0. */
function toUtf16Offset(text: string, position: number): number {
  let offset = 0;
  for (const character of text) {
    if (--position <= 0) break;
    offset += character.length;
  }
  return offset;
}
