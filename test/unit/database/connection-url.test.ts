import assert from 'node:assert/strict';
import { DatabaseFailure } from '../../../src/analysis/connection/connection-failure';
import { parseConnectionUrl, type UrlConnection } from '../../../src/database/connection-url';

function fieldsOf(url: string): Partial<UrlConnection['fields']> {
  const entries = Object.entries(parseConnectionUrl(url).fields).filter(([, value]) => value !== null);
  return Object.fromEntries(entries);
}

describe('parseConnectionUrl', () => {
  it('reads user, password, host, port and database', () => {
    const url = 'postgresql://ann:secret@db.example.com:5433/shop';
    assert.deepEqual(fieldsOf(url), { host: 'db.example.com', port: 5433, database: 'shop', user: 'ann' });
    assert.equal(parseConnectionUrl(url).password, 'secret');
    assert.deepEqual(parseConnectionUrl(url).notes, []);
  });

  it('accepts postgres:// and the URLs of SQLAlchemy', () => {
    assert.deepEqual(fieldsOf('postgres://h/d'), { host: 'h', database: 'd' });
    assert.deepEqual(fieldsOf('postgresql+psycopg2://h/d'), { host: 'h', database: 'd' });
  });

  it('leaves out what the URL leaves out', () => {
    assert.deepEqual(fieldsOf('postgresql://'), {});
    assert.deepEqual(fieldsOf('postgresql:///shop'), { database: 'shop' });
    assert.deepEqual(fieldsOf('postgresql://ann@'), { user: 'ann' });
    assert.equal(parseConnectionUrl('postgresql://ann@h').password, null);
  });

  it('decodes percent-encoding everywhere', () => {
    const url = 'postgresql://a%40b:p%2Fw%3A%C3%A9@h/my%20d%22b?application_name=x%26y';
    assert.deepEqual(fieldsOf(url), {
      host: 'h',
      user: 'a@b',
      database: 'my d"b',
      parameters: { application_name: 'x&y' },
    });
    assert.equal(parseConnectionUrl(url).password, 'p/w:é');
  });

  it('takes a password with colons as it is', () => {
    assert.equal(parseConnectionUrl('postgresql://u:a:b@h').password, 'a:b');
  });

  it('reads unix sockets, as encoded host or as parameter', () => {
    assert.deepEqual(fieldsOf('postgresql://%2Fvar%2Frun%2Fpostgresql:5433/shop'), {
      host: '/var/run/postgresql',
      port: 5433,
      database: 'shop',
    });
    assert.deepEqual(fieldsOf('postgresql:///shop?host=/tmp'), { host: '/tmp', database: 'shop' });
  });

  it('reads IPv6 addresses and several hosts', () => {
    assert.deepEqual(fieldsOf('postgresql://[::1]:5433/d'), { host: '::1', port: 5433, database: 'd' });
    assert.deepEqual(fieldsOf('postgresql://a:1,[fe80::1],c:3/d'), {
      host: 'a,fe80::1,c',
      database: 'd',
      parameters: { port: '1,,3' },
    });
  });

  it('lets parameters say what the rest of the URL does not', () => {
    assert.deepEqual(fieldsOf('postgresql:///?user=ann&password=x&host=h&port=6432&dbname=d&service=s'), {
      host: 'h',
      port: 6432,
      database: 'd',
      user: 'ann',
      service: 's',
    });
  });

  it('keeps TLS parameters with the meaning of libpq', () => {
    assert.deepEqual(fieldsOf('postgresql://h/d?sslmode=verify-ca&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem'), {
      host: 'h',
      database: 'd',
      sslMode: 'verify-ca',
      sslRootCert: '/ca.pem',
      sslCert: '/c.pem',
      sslKey: '/k.pem',
    });
    assert.equal(fieldsOf('postgresql://h?ssl=true').sslMode, 'require');
  });

  it("says that node-postgres' no-verify is require", () => {
    const { fields, notes } = parseConnectionUrl('postgresql://h?sslmode=no-verify');
    assert.equal(fields.sslMode, 'require');
    assert.equal(notes.length, 1);
  });

  it("takes Prisma's schema as search path, and keeps its pool parameters for a note", () => {
    assert.deepEqual(fieldsOf('postgresql://h/d?schema=app&connection_limit=5&pgbouncer=true'), {
      host: 'h',
      database: 'd',
      searchPath: ['app'],
      parameters: { connection_limit: '5', pgbouncer: 'true' },
    });
    assert.deepEqual(fieldsOf('postgresql://h/d?currentSchema=app, public').searchPath, ['app', 'public']);
  });

  it('says whether the host or the port can not be read', () => {
    assert.throws(
      () => parseConnectionUrl('postgresql://ann@h:abc/d'),
      /^DatabaseFailure: The port in the connection URL is no number/,
    );
    assert.throws(() => parseConnectionUrl('postgresql://ann@[::1/d'), /The host in the connection URL can't be read/);
  });

  for (const [what, url] of [
    ['another scheme', 'mysql://ann:hunter2@h/d'],
    ['an unencoded "@" and "/"', 'postgresql://ann:hunt/er2@x@h/d'],
    ['a broken percent-encoding', 'postgresql://ann:hunter2%zz@h/d'],
    ['a port that is none', 'postgresql://ann:hunter2@h:70000/d'],
    ['an unknown sslmode', 'postgresql://ann:hunter2@h/d?sslmode=sometimes'],
    ['a broken IPv6 address', 'postgresql://ann:hunter2@[::1/d'],
  ] as const) {
    it(`refuses ${what} without repeating the password`, () => {
      assert.throws(
        () => parseConnectionUrl(url),
        (error: unknown) => {
          assert.ok(error instanceof DatabaseFailure);
          assert.equal(error.kind, 'configuration');
          assert.doesNotMatch(`${error.message} ${error.nextStep} ${String(error.stack)}`, /hunt/);
          return true;
        },
      );
    });
  }
});
