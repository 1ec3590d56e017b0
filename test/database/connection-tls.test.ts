import assert from 'node:assert/strict';
import { chown, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../../scripts/environment/postgres-server';
import { DatabaseFailure, type FailureKind } from '../../src/analysis/connection/connection-failure';
import type { SslMode } from '../../src/analysis/connection/connection-profile';
import { parseConnectionUrl } from '../../src/database/connection-url';
import { resolveConnectionSettings } from '../../src/database/connection-settings';
import { localSystem, type LocalSystem } from '../../src/database/local-system';
import { openSession, type Session } from '../../src/database/session';
import { issueCertificate, makeAuthority, makeSelfSigned, type Certificate } from './certificates';

describe('TLS', () => {
  const authority = makeAuthority('Test authority');
  const otherAuthority = makeAuthority('Other authority');
  const serverCertificate = issueCertificate(authority, { commonName: 'localhost', hosts: ['localhost', '127.0.0.1'] });
  const clientCertificate = issueCertificate(authority, { commonName: 'postgres' });
  const strangerCertificate = issueCertificate(otherAuthority, { commonName: 'postgres' });

  let server: PostgresServer;
  let folder: string;
  let opened: Session[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pg-insight-tls-'));
    server = await startPostgres({ major: 18 });
  });

  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  afterEach(async () => {
    await Promise.all(opened.map((session) => session.close()));
    opened = [];
  });

  async function writeServerFile(name: string, text: string): Promise<void> {
    const file = path.join(server.dataFolder, name);
    await writeFile(file, text, { mode: 0o600 });
    // PostgreSQL refuses a key that is not its own
    if (process.getuid?.() === 0) await chown(file, 65534, 65534);
  }

  /** Restarts the server with this certificate (null: without TLS) and these host rules. */
  async function serve(
    certificate: Certificate | null,
    hostRules = 'host all all 127.0.0.1/32 scram-sha-256',
  ): Promise<void> {
    await writeServerFile('server.crt', certificate?.certificate ?? '');
    await writeServerFile('server.key', certificate?.key ?? '');
    await writeServerFile('root.crt', authority.certificate);
    await writeServerFile('pg_hba.conf', `${hostRules}\n`);
    await writeServerFile(
      'postgresql.auto.conf',
      certificate === null ? "ssl = 'off'\n" : "ssl = 'on'\nssl_ca_file = 'root.crt'\nlog_connections = 'on'\n",
    );
    await server.restart();
  }

  async function keep(name: string, text: string, mode = 0o600): Promise<string> {
    const file = path.join(folder, name);
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }

  interface Wish {
    host?: string;
    sslMode?: SslMode;
    root?: Certificate;
    client?: Certificate;
    parameters?: Record<string, string>;
    system?: Partial<LocalSystem>;
  }

  /** A session as a profile would open it, with no file but those given. */
  async function connect({ host = 'localhost', sslMode, root, client, parameters, system }: Wish): Promise<Session> {
    const profile = {
      id: 'tls',
      name: 'tls',
      environment: 'development',
      ...parseConnectionUrl(`postgresql://postgres@${host}:${server.port}/postgres`).fields,
      sslMode: sslMode ?? null,
      sslRootCert: root === undefined ? null : await keep('root.crt', root.certificate),
      sslCert: client === undefined ? null : await keep('client.crt', client.certificate),
      sslKey: client === undefined ? null : await keep('client.key', client.key),
      // localhost may be ::1 first, where the server does not listen
      parameters: { hostaddr: '127.0.0.1', ...parameters },
    } as const;
    const settings = await resolveConnectionSettings(profile, server.password, {
      ...localSystem,
      env: {},
      homeFolder: folder,
      ...system,
    });
    const session = await openSession(settings);
    opened.push(session);
    return session;
  }

  const isEncrypted = async (wish: Wish) => (await connect(wish)).tls !== null;

  const rejectsWith = (wish: Wish, kind: FailureKind, pattern: RegExp) =>
    assert.rejects(connect(wish), (error: unknown) => {
      assert.ok(error instanceof DatabaseFailure, String(error));
      assert.equal(error.kind, kind, error.message);
      assert.match(error.message, pattern);
      assert.ok(error.message.includes(`:${server.port}`), error.message);
      assert.notEqual(error.nextStep, '');
      return true;
    });

  describe('on a server without it', () => {
    before(() => serve(null));

    it('is left out by disable, allow and prefer', async () => {
      for (const sslMode of ['disable', 'allow', 'prefer'] as const)
        assert.equal(await isEncrypted({ sslMode }), false);
    });

    it('is missed by require, verify-ca and verify-full', async () => {
      for (const sslMode of ['require', 'verify-ca', 'verify-full'] as const) {
        await rejectsWith({ sslMode, root: authority }, 'tls', /offers no TLS/);
      }
    });
  });

  describe('on a server with it', () => {
    before(() => serve(serverCertificate));

    it('is used by prefer, which is the default, and by all stricter modes', async () => {
      assert.equal(await isEncrypted({}), true);
      assert.equal(await isEncrypted({ sslMode: 'require' }), true);
      assert.equal(await isEncrypted({ sslMode: 'verify-ca', root: authority }), true);
      assert.equal(await isEncrypted({ sslMode: 'verify-full', root: authority }), true);
    });

    it('is left out by disable, and by allow unless the server insists', async () => {
      assert.equal(await isEncrypted({ sslMode: 'disable' }), false);
      assert.equal(await isEncrypted({ sslMode: 'allow' }), false);
    });

    it('is known to the session as the server knows it', async () => {
      const session = await connect({});
      const [row] = await session.run(
        { searchPath: 'catalogue', access: 'read-only', statementTimeoutMs: 10_000 },
        (unit) =>
          unit.query('SELECT version, cipher FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()'),
      );
      assert.deepEqual(session.tls, row);
    });

    it('checks the authority when there is a root certificate, also for require', async () => {
      for (const sslMode of ['require', 'verify-ca', 'verify-full'] as const) {
        await rejectsWith({ sslMode, root: otherAuthority }, 'tls', /authority that is not trusted/);
      }
    });

    it("uses libpq's own root certificate file", async () => {
      const homeFolder = await mkdtemp(path.join(folder, 'home-'));
      const system: Partial<LocalSystem> = {
        readFile: async (file) =>
          file === path.join(homeFolder, '.postgresql', 'root.crt')
            ? { text: otherAuthority.certificate, mode: 0o644, ownedByRoot: false }
            : localSystem.readFile(file),
        homeFolder,
      };
      await rejectsWith({ sslMode: 'require', system }, 'tls', /not trusted/);
      // prefer goes on without TLS, as libpq does
      assert.equal(await isEncrypted({ sslMode: 'prefer', system }), false);
    });

    it('checks the host name for verify-full alone', async () => {
      const wish = { host: 'db.example.com', root: authority };
      await rejectsWith({ ...wish, sslMode: 'verify-full' }, 'tls', /for another host name/);
      assert.equal(await isEncrypted({ ...wish, sslMode: 'verify-ca' }), true);
    });

    it('checks an address against the addresses of the certificate', async () => {
      assert.equal(await isEncrypted({ host: '127.0.0.1', root: authority, sslMode: 'verify-full' }), true);
      await rejectsWith({ host: '127.0.0.2', root: authority, sslMode: 'verify-full' }, 'tls', /for another host name/);
    });

    it('begins at once with sslnegotiation=direct', async () => {
      assert.equal(await isEncrypted({ sslMode: 'require', parameters: { sslnegotiation: 'direct' } }), true);
    });

    it('binds the login to the connection with channel_binding=require', async () => {
      assert.equal(await isEncrypted({ sslMode: 'require', parameters: { channel_binding: 'require' } }), true);
      await rejectsWith({ sslMode: 'disable', parameters: { channel_binding: 'require' } }, 'tls', /channel binding/);
    });

    it('carries cancel requests too', async () => {
      const session = await connect({ sslMode: 'require' });
      const controller = new AbortController();
      const running = session.run(
        { searchPath: 'role', access: 'read-only', statementTimeoutMs: 60_000, signal: controller.signal },
        (unit) => unit.query('SELECT pg_sleep(30)'),
      );
      setTimeout(() => {
        controller.abort();
      }, 200);
      await assert.rejects(running, (error) => error instanceof DatabaseFailure && error.kind === 'cancelled');
      const admin = new Client({ connectionString: server.url(), ssl: { rejectUnauthorized: false } });
      await admin.connect();
      const { rows } = await admin.query<{ state: string }>(
        "SELECT state FROM pg_stat_activity WHERE application_name = 'PG Insight'",
      );
      await admin.end();
      assert.deepEqual(rows, [{ state: 'idle' }]);
    });
  });

  describe('that fails', () => {
    it('says that the certificate is self-signed', async () => {
      await serve(makeSelfSigned({ commonName: 'localhost', hosts: ['localhost'] }));
      await rejectsWith({ sslMode: 'verify-full', root: authority }, 'tls', /self-signed/);
      assert.equal(await isEncrypted({ sslMode: 'require' }), true);
    });

    it('says that the certificate has expired', async () => {
      await serve(issueCertificate(authority, { commonName: 'localhost', hosts: ['localhost'], expired: true }));
      await rejectsWith({ sslMode: 'verify-ca', root: authority }, 'tls', /has expired/);
    });

    it('says that files are no certificates', async () => {
      const junk = { certificate: 'junk', key: 'junk' };
      await rejectsWith({ sslMode: 'require', client: junk }, 'tls', /could not be read|not.*PEM/);
    });
  });

  describe('that pg_hba.conf asks for', () => {
    before(() => serve(serverCertificate, 'hostssl all all 127.0.0.1/32 scram-sha-256'));

    it('is said when the connection does without', () =>
      rejectsWith({ sslMode: 'disable' }, 'not-permitted', /refuses this unencrypted connection/));

    it('is used by allow in a second attempt', async () => {
      assert.equal(await isEncrypted({ sslMode: 'allow' }), true);
    });
  });

  describe('that pg_hba.conf forbids', () => {
    before(() => serve(serverCertificate, 'hostnossl all all 127.0.0.1/32 scram-sha-256'));

    it('is given up by prefer, and not by require', async () => {
      assert.equal(await isEncrypted({ sslMode: 'prefer' }), false);
      await rejectsWith({ sslMode: 'require' }, 'not-permitted', /pg_hba\.conf/);
    });
  });

  describe('with client certificates', () => {
    before(() => serve(serverCertificate, 'hostssl all all 127.0.0.1/32 cert'));

    it('logs in with one that the server knows', async () => {
      assert.equal(await isEncrypted({ sslMode: 'verify-full', root: authority, client: clientCertificate }), true);
    });

    it('says when one is wanted', () => rejectsWith({ sslMode: 'require' }, 'tls', /wants a client certificate/));

    it('says when the server does not know the authority', () =>
      rejectsWith(
        { sslMode: 'require', client: strangerCertificate },
        'tls',
        /does not accept the client certificate/,
      ));

    it('says when key and certificate do not belong together', () =>
      rejectsWith(
        { sslMode: 'require', client: { certificate: clientCertificate.certificate, key: strangerCertificate.key } },
        'tls',
        /do not belong together/,
      ));
  });
});
