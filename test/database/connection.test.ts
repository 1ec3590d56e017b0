import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chown, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { freePort } from '../../scripts/environment/free-port';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { DatabaseFailure, type FailureKind } from '../../src/analysis/connection/connection-failure';
import type { ConnectionSettings } from '../../src/database/connection-settings';
import type { UnitOfWorkOptions } from '../../src/database/unit-of-work';
import { startDeafServer } from './deaf-server';
import { openTestSession } from './test-session';

const readOnly: UnitOfWorkOptions = { searchPath: 'role', access: 'read-only', statementTimeoutMs: 60_000 };
const quoteIdentifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

describe('connection failures', () => {
  let server: PostgresServer;
  let admin: Client;

  before(async () => {
    server = await startPostgres({
      major: 18,
      settings: { max_connections: '10', superuser_reserved_connections: '3' },
    });
    admin = new Client({ connectionString: server.url() });
    await admin.connect();
    await admin.query("CREATE ROLE plain LOGIN PASSWORD 'plain'");
  });

  after(async () => {
    await admin.end();
    await server.stop();
  });

  /** A failure in words: what failed, on which server, what to do next, and no password anywhere. */
  function isFailure(kind: FailureKind, pattern: RegExp, secrets: readonly string[] = []): (error: unknown) => boolean {
    return (error) => {
      assert.ok(error instanceof DatabaseFailure, String(error));
      assert.equal(error.kind, kind, error.message);
      assert.match(error.message, pattern);
      assert.match(error.nextStep, /^[A-Z].*[.;]$/s);
      const everything = `${error.message} ${error.nextStep} ${String(error.stack)} ${JSON.stringify(error)} ${String(error.cause)}`;
      for (const secret of [server.password, ...secrets]) assert.ok(!everything.includes(secret), everything);
      return true;
    };
  }

  const rejects = (
    settings: Partial<ConnectionSettings>,
    kind: FailureKind,
    pattern: RegExp,
    to: { host: string; port: number; user?: string; password?: string } = server,
    secrets: readonly string[] = [],
  ) =>
    assert.rejects(
      openTestSession({ ...server, ...to }, { connectTimeoutMs: 1_000, ...settings }),
      isFailure(kind, pattern, secrets),
    );

  describe('of the login', () => {
    it('say that the password is wrong', () =>
      rejects(
        {},
        'authentication',
        /does not accept the password of role "plain"/,
        {
          ...server,
          user: 'plain',
          password: 'hunter2hunter2',
        },
        ['hunter2hunter2'],
      ));

    it('say that a password is wanted and there is none', () =>
      rejects(
        { readPassword: () => Promise.resolve(null) },
        'authentication',
        /asks for a password for role "postgres"/,
      ));

    it('do not come from a password source that takes longer than the server may', async () => {
      const session = await openTestSession(server, {
        connectTimeoutMs: 300,
        readPassword: () => new Promise((resolve) => setTimeout(resolve, 700, server.password)),
      });
      await session.close();
    });

    it('say the same of a role that does not exist', () =>
      rejects({ user: 'nobody here' }, 'authentication', /role "nobody here"/));

    it('say that there is no such database', () =>
      rejects({ database: 'no "such" db' }, 'no-such-database', /no database "no "such" db" on 127\.0\.0\.1:\d+/));

    it('say that the role may not connect to the database, with the GRANT', async () => {
      await admin.query('CREATE DATABASE closed');
      await admin.query('REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
      await assert.rejects(
        openTestSession({ ...server, user: 'plain', password: 'plain' }, { database: 'closed' }),
        (error: unknown) =>
          isFailure('not-permitted', /may not connect to database "closed"/)(error) &&
          (error as DatabaseFailure).nextStep.includes('GRANT CONNECT ON DATABASE "closed" TO "plain";'),
      );
    });

    it('say that the server has no connection left', async () => {
      const clients = Array.from(
        { length: 12 },
        () => new Client({ connectionString: server.url(), user: 'plain', password: 'plain' }),
      );
      try {
        for (const client of clients) client.on('error', () => undefined);
        await Promise.all(clients.map((client) => client.connect().catch(() => undefined)));
        await rejects({}, 'unreachable', /no free connection/, { ...server, user: 'plain', password: 'plain' });
      } finally {
        await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      }
    });

    it('say that pg_hba.conf has no rule', async () => {
      const limited = await startPostgres({ major: 18, hostRules: 'host all postgres 127.0.0.1/32 scram-sha-256\n' });
      try {
        await rejects(
          { user: 'plain' },
          'not-permitted',
          /refuses this unencrypted connection \(role "plain"/,
          limited,
        );
      } finally {
        await limited.stop();
      }
    });
  });

  describe('of the way there', () => {
    it('say that nothing listens', async () => {
      await rejects({}, 'unreachable', /can't be reached: nothing listens there/, {
        host: '127.0.0.1',
        port: await freePort(),
      });
    });

    it('say that there is no such host', () =>
      rejects(
        {},
        'unreachable',
        /no\.such\.host\.invalid:5432 can't be reached: (there is no host|the name could not)/,
        {
          host: 'no.such.host.invalid',
          port: 5432,
        },
      ));

    it('say that there is no such socket', () =>
      rejects({}, 'unreachable', /\.s\.PGSQL\.5432 can't be reached: there is no such socket/, {
        host: '/nowhere',
        port: 5432,
      }));

    it('say that nobody answered in time', async () => {
      const deaf = await startDeafServer();
      try {
        await rejects({ connectTimeoutMs: 300 }, 'unreachable', /can't be reached: there was no answer in time/, {
          host: '127.0.0.1',
          port: deaf.port,
        });
      } finally {
        deaf.close();
      }
    });

    it('try the next host, and name the one that answered', async () => {
      const dead = { host: '127.0.0.1', address: null, port: await freePort() };
      const session = await openTestSession(server, {
        targets: [dead, { host: server.host, address: null, port: server.port }],
      });
      assert.equal(session.server, `127.0.0.1:${server.port}`);
      await session.close();
    });
  });

  describe('of something that is not PostgreSQL', () => {
    const servers: Server[] = [];
    const sockets: Socket[] = [];

    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.destroy();
      for (const one of servers.splice(0)) one.close();
    });

    async function listen(one: Server): Promise<{ host: string; port: number }> {
      servers.push(one.on('connection', (socket) => sockets.push(socket)));
      one.listen(0, '127.0.0.1');
      await once(one, 'listening');
      const address = one.address();
      assert.ok(address !== null && typeof address === 'object');
      return { host: '127.0.0.1', port: address.port };
    }

    const answerWith = (answer: Buffer | string | null) =>
      listen(
        createServer((socket) => {
          socket.on('error', () => undefined);
          socket.on('data', () => {
            if (answer !== null) socket.write(answer);
          });
        }),
      );

    for (const sslMode of ['prefer', 'disable', 'require'] as const) {
      it(`say so of a web server (${sslMode})`, async () => {
        const web = await listen(createHttpServer((_, response) => response.end('hello')));
        await rejects({ sslMode }, 'not-postgresql', /is not a PostgreSQL server/, web);
      });

      it(`say so of garbage (${sslMode})`, async () => {
        const garbage = await answerWith(Buffer.from([0, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
        await rejects({ sslMode }, 'not-postgresql', /is not a PostgreSQL server/, garbage);
      });

      it(`say so of a server that greets first, as SSH and MySQL do (${sslMode})`, async () => {
        const greeter = await listen(
          createServer((socket) => socket.on('error', () => undefined).write('SSH-2.0-OpenSSH\r\n')),
        );
        await rejects({ sslMode }, 'not-postgresql', /is not a PostgreSQL server/, greeter);
      });

      it(`say so of silence (${sslMode})`, async () => {
        await rejects({ sslMode, connectTimeoutMs: 300 }, 'not-postgresql', /did not answer/, await answerWith(null));
      });

      it(`say so of a server that hangs up (${sslMode})`, async () => {
        const rude = await listen(createServer((socket) => socket.on('error', () => undefined).end()));
        await assert.rejects(
          openTestSession({ ...server, ...rude }, { sslMode }),
          (error) => error instanceof DatabaseFailure && /not-postgresql|unreachable/.test(error.kind),
        );
      });
    }

    it('survive a broken authentication message', async () => {
      const broken = await answerWith(Buffer.from([0x52, 0, 0, 0, 8, 0x7f, 0xff, 0xff, 0xff]));
      await rejects({ sslMode: 'disable' }, 'not-postgresql', /is not a PostgreSQL server/, broken);
    });
  });

  describe('of a server that is starting or stopping', () => {
    it('say that it is starting up', async () => {
      const standby = await startPostgres({ major: 18 });
      try {
        // a standby that waits for its primary and is not "hot" takes connections only to refuse them
        await standby.shutdown();
        const own = async (name: string, text: string) => {
          const file = path.join(standby.dataFolder, name);
          await writeFile(file, text);
          if (process.getuid?.() === 0) await chown(file, 65534, 65534);
        };
        await own('standby.signal', '');
        await own('postgresql.auto.conf', "hot_standby = 'off'\nrestore_command = 'false'\n");
        const starting = standby.start().catch(() => undefined);
        let failure: unknown;
        for (let attempt = 0; attempt < 100; attempt++) {
          failure = await openTestSession(standby).catch((error: unknown) => error);
          if (failure instanceof DatabaseFailure && failure.details.code === '57P03') break;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.ok(isFailure('unreachable', /does not accept connections right now/)(failure));
        await standby.shutdown();
        await starting;
      } finally {
        await standby.stop();
      }
    });

    it('say that the server went away in the middle of a statement', async () => {
      const leaving = await startPostgres({ major: 18 });
      try {
        const session = await openTestSession(leaving);
        const running = assert.rejects(
          session.run(readOnly, (unit) => unit.query('SELECT pg_sleep(30)')),
          isFailure('connection-lost', /database "postgres" on 127\.0\.0\.1:\d+ was lost/),
        );
        await new Promise((resolve) => setTimeout(resolve, 300));
        await leaving.restart();
        await running;
        assert.deepEqual(await session.run(readOnly, (unit) => unit.query('SELECT 1 AS a')), [{ a: 1 }]);
        await session.close();
      } finally {
        await leaving.stop();
      }
    });
  });

  describe('of statements', () => {
    it('say which right the role lacks', async () => {
      await admin.query(
        'CREATE TABLE secret (); CREATE SCHEMA hidden; CREATE TABLE hidden.t (); GRANT SELECT ON hidden.t TO plain',
      );
      const session = await openTestSession({ ...server, user: 'plain', password: 'plain' });
      await assert.rejects(
        session.run(readOnly, (unit) => unit.query('SELECT FROM secret')),
        isFailure('not-permitted', /Role "plain" lacks a right on database "postgres" on .*secret/),
      );
      for (const [text, grant] of [
        ['SELECT FROM secret', 'GRANT SELECT ON secret TO plain'],
        ['DELETE FROM secret', 'GRANT SELECT, DELETE ON secret TO plain'],
        ['SELECT FROM hidden.t', 'GRANT USAGE ON SCHEMA hidden TO plain'],
      ] as const) {
        const failure = await session
          .run({ ...readOnly, access: 'rolled-back' }, (unit) => unit.query(text))
          .catch((error: unknown) => error);
        assert.ok(isFailure('not-permitted', /./)(failure));
        const { nextStep } = failure as DatabaseFailure;
        assert.ok(nextStep.startsWith(`Ask the owner for a GRANT: ${grant};`), nextStep);
        await admin.query(grant);
        await session.run({ ...readOnly, access: 'rolled-back' }, (unit) => unit.query(text));
        await admin.query(grant.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM '));
      }
      await session.close();
    });
  });

  for (const major of [13, 15, 18] as const) {
    it(`say which value of a parameter is wrong, on PostgreSQL ${major}`, async () => {
      const versioned = await startPostgres({ major });
      try {
        const session = await openTestSession(versioned);
        const failureOf = async (text: string, values: (string | null)[]) => {
          const error = await session
            .run(readOnly, (unit) => unit.query(text, values))
            .then(
              () => null,
              (reason: unknown) => reason,
            );
          assert.ok(isFailure('statement', /./)(error));
          return error as DatabaseFailure;
        };
        const compare = 'SELECT FROM pg_class WHERE relname = $1 AND relpages = $2 AND relname = $3';
        for (const [text, values, index, problem] of [
          [compare, ['a', 'abc', null], 1, 'is not a valid integer'],
          [compare, ['a', '99999999999', 'a'], 1, 'is out of range for type integer'],
          ["SELECT now() > $1, interval '1 day' = $2", ['yesterdayish', '1 h'], 0, 'is not a valid timestamp'],
          ['SELECT $1::date', ['2026-13-45'], 0, 'is not accepted: date/time field value out of range'],
        ] as const) {
          const { details, nextStep } = await failureOf(text, [...values]);
          assert.equal(details.parameter?.index, index);
          assert.ok(details.parameter.problem.startsWith(problem), details.parameter.problem);
          assert.ok(nextStep.includes(`$${index + 1}`) || nextStep.startsWith('Perhaps'), nextStep);
        }
        // what is wrong in the statement itself is no parameter's fault
        for (const text of ["SELECT $1::int, 'abc'::int", 'SELECT 1 / $1::int', 'SELECT $1::int FROM nowhere']) {
          assert.equal((await failureOf(text, ['0'])).details.parameter, null, text);
        }
        await session.close();
      } finally {
        await versioned.stop();
      }
    });
  }

  describe('do not come from', () => {
    it('an empty database', async () => {
      await admin.query('CREATE DATABASE empty TEMPLATE template0');
      const session = await openTestSession(server, { database: 'empty' });
      const rows = await session.run({ ...readOnly, searchPath: 'catalogue' }, (unit) =>
        unit.query("SELECT FROM pg_catalog.pg_class WHERE relnamespace = 'public'::pg_catalog.regnamespace"),
      );
      assert.deepEqual(rows, []);
      await session.close();
    });

    for (const name of [
      `it's "quoted" \\ and; --`,
      'with space and = sign',
      '🐘 Ünïcödé',
      `${'n'.repeat(59)}🐘`,
      '$user',
    ]) {
      it(`roles, databases, passwords, schemas and tables called ${name}`, async () => {
        assert.ok(Buffer.byteLength(name) <= 63);
        const quoted = quoteIdentifier(name);
        await admin.query(
          `CREATE ROLE ${quoted} LOGIN PASSWORD '${name.replaceAll("'", "''").replaceAll('\\', '\\')}'`,
        );
        await admin.query(`CREATE DATABASE ${quoted} OWNER ${quoted}`);
        const owner = new Client({ ...server, user: name, password: name, database: name });
        await owner.connect();
        await owner.query(`CREATE SCHEMA ${quoted}; CREATE TABLE ${quoted}.${quoted} AS SELECT 1 AS a`);
        await owner.end();
        const session = await openTestSession(
          { ...server, user: name, password: name },
          { database: name, searchPath: [name] },
        );
        assert.equal(session.database, name);
        // "$user" in a search_path means the schema named after the role, which is this one
        assert.deepEqual(await session.run(readOnly, (unit) => unit.query(`SELECT a FROM ${quoted}`)), [{ a: 1 }]);
        await assert.rejects(
          session.run(readOnly, (unit) => unit.query('SELECT FROM nope')),
          (error: unknown) => isFailure('statement', /nope/)(error) && (error as Error).message.includes(`"${name}"`),
        );
        await session.close();
      });
    }
  });
});
