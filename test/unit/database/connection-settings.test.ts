import assert from 'node:assert/strict';
import { DatabaseFailure } from '../../../src/analysis/connection/connection-failure';
import type { ConnectionProfile } from '../../../src/analysis/connection/connection-profile';
import { unsetConnection } from '../../../src/analysis/connection/unset-connection';
import { resolveConnectionSettings, type ConnectionSettings } from '../../../src/database/connection-settings';
import { localSystem, type LocalSystem } from '../../../src/database/local-system';

const emptyProfile: ConnectionProfile = {
  id: '1',
  name: 'test',
  environment: 'development',
  ...unsetConnection,
};

interface Machine {
  env?: Record<string, string>;
  files?: Record<string, string | { text: string; mode: number; ownedByRoot?: boolean }>;
  platform?: NodeJS.Platform;
}

function toSystem({ env = {}, files = {}, platform = 'linux' }: Machine): LocalSystem {
  return {
    env,
    platform,
    homeFolder: '/home/ann',
    userName: 'ann',
    readFile: (path) => {
      const file = files[path];
      if (file === undefined) return Promise.resolve(null);
      return Promise.resolve({
        mode: 0o600,
        ownedByRoot: false,
        ...(typeof file === 'string' ? { text: file } : file),
      });
    },
    exists: (path) => Promise.resolve(path in files),
  };
}

function resolve(
  profile: Partial<ConnectionProfile> = {},
  machine: Machine = {},
  password: string | null = null,
): Promise<ConnectionSettings> {
  return resolveConnectionSettings({ ...emptyProfile, ...profile }, password, toSystem(machine));
}

function passwordOf(settings: ConnectionSettings): Promise<string | null> {
  return settings.readPassword(settings.targets[0]!, new AbortController().signal);
}

function isConfigurationFailure(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DatabaseFailure);
    assert.equal(error.kind, 'configuration');
    assert.match(error.message, pattern);
    assert.notEqual(error.nextStep, '');
    return true;
  };
}

describe('resolveConnectionSettings', () => {
  it("has libpq's defaults: the user's name, localhost without a socket, prefer", async () => {
    const settings = await resolve();
    assert.deepEqual(settings.targets, [{ host: 'localhost', address: null, port: 5432 }]);
    assert.deepEqual([settings.user, settings.database, settings.sslMode], ['ann', 'ann', 'prefer']);
    assert.equal(settings.tls.checkChain, false);
    assert.deepEqual(settings.notes, []);
    assert.equal(await passwordOf(settings), null);
  });

  it('finds the default unix socket of the port', async () => {
    const machine = { files: { '/tmp/.s.PGSQL.5433': '' } };
    assert.equal((await resolve({ port: 5433 }, machine)).targets[0]?.host, '/tmp');
    assert.equal((await resolve({}, machine)).targets[0]?.host, 'localhost');
  });

  it('prefers the profile to the service, the service to the environment', async () => {
    const machine = {
      env: { PGHOST: 'env', PGPORT: '1', PGDATABASE: 'env', PGUSER: 'env', PGSERVICE: 'shop' },
      files: { '/home/ann/.pg_service.conf': '[shop]\nport=2\ndbname=service\nuser=service\n' },
    };
    const settings = await resolve({ user: 'profile' }, machine);
    assert.deepEqual(settings.targets, [{ host: 'env', address: null, port: 2 }]);
    assert.deepEqual([settings.database, settings.user], ['service', 'profile']);
  });

  it('looks for a service in PGSERVICEFILE, then in PGSYSCONFDIR', async () => {
    const env = { PGSERVICEFILE: '/own.conf', PGSYSCONFDIR: '/etc/pg' };
    const files = { '/own.conf': '[a]\nhost=own\n', '/etc/pg/pg_service.conf': '[a]\nhost=no\n[b]\nhost=system\n' };
    assert.equal((await resolve({ service: 'a' }, { env, files })).targets[0]?.host, 'own');
    assert.equal((await resolve({ service: 'b' }, { env, files })).targets[0]?.host, 'system');
    await assert.rejects(
      resolve({ service: 'c' }, { env, files }),
      isConfigurationFailure(/no service "c" in \/own\.conf/),
    );
  });

  it('takes passwords in the order: kept one, service, PGPASSWORD, .pgpass', async () => {
    const files = {
      '/home/ann/.pgpass': 'localhost:*:*:ann:file',
      '/home/ann/.pg_service.conf': '[s]\npassword=service\n',
    };
    const env = { PGPASSWORD: 'env' };
    assert.equal(await passwordOf(await resolve({ service: 's' }, { files, env }, 'kept')), 'kept');
    assert.equal(await passwordOf(await resolve({ service: 's' }, { files, env })), 'service');
    assert.equal(await passwordOf(await resolve({}, { files, env })), 'env');
    assert.equal(await passwordOf(await resolve({}, { files })), 'file');
  });

  it('looks into PGPASSFILE, for the host in question', async () => {
    const machine = { env: { PGPASSFILE: '/p' }, files: { '/p': 'b:*:*:*:for-b' } };
    const settings = await resolve({ host: 'a,b' }, machine);
    const { signal } = new AbortController();
    assert.equal(await settings.readPassword(settings.targets[0]!, signal), null);
    assert.equal(await settings.readPassword(settings.targets[1]!, signal), 'for-b');
  });

  it('does not use a password file that others can read, and says so', async () => {
    const files = { '/home/ann/.pgpass': { text: '*:*:*:*:x', mode: 0o644 } };
    const settings = await resolve({}, { files });
    assert.equal(await passwordOf(settings), null);
    assert.match(settings.notes.join(), /chmod 600 \/home\/ann\/\.pgpass/);
  });

  it('runs a password command without a shell', async () => {
    const print = [process.execPath, '-e', 'console.log(process.argv[1])', '$HOME; echo `id`'];
    assert.equal(await passwordOf(await resolve({ passwordCommand: print })), '$HOME; echo `id`');
  });

  for (const [what, command, message] of [
    ['is missing', ['/does/not/exist'], /was not found/],
    ['fails', [process.execPath, '-e', 'console.log("hunter2"); console.error("hunter2"); process.exit(1)'], /failed/],
    ['prints nothing', [process.execPath, '-e', ''], /printed nothing/],
  ] as const) {
    it(`says that a password command ${what}, without what it printed`, async () => {
      const settings = await resolve({ passwordCommand: [...command] });
      await assert.rejects(passwordOf(settings), (error: unknown) => {
        assert.ok(isConfigurationFailure(message)(error));
        assert.ok(error instanceof DatabaseFailure);
        assert.doesNotMatch(`${error.message}${error.nextStep}${String(error.cause)}`, /hunter2/);
        return true;
      });
    });
  }

  it('tries several hosts with one port or one each', async () => {
    const ports = async (port: string) =>
      (await resolve({ host: 'a,b', parameters: { port } })).targets.map((target) => target.port);
    assert.deepEqual(await ports('1'), [1, 1]);
    assert.deepEqual(await ports('1,'), [1, 5432]);
    await assert.rejects(ports('1,2,3'), isConfigurationFailure(/3 ports for 2 hosts/));
    await assert.rejects(ports('x'), isConfigurationFailure(/port "x"/));
  });

  it('connects to hostaddr and keeps host for the certificate', async () => {
    const { targets } = await resolve({ host: 'db', parameters: { hostaddr: '10.0.0.1' } });
    assert.deepEqual(targets, [{ host: 'db', address: '10.0.0.1', port: 5432 }]);
  });

  it('uses the files of ~/.postgresql when they are there', async () => {
    const files = {
      '/home/ann/.postgresql/root.crt': 'ROOT',
      '/home/ann/.postgresql/postgresql.crt': 'CERT',
      '/home/ann/.postgresql/postgresql.key': 'KEY',
    };
    const { tls } = await resolve({ sslMode: 'require' }, { files });
    assert.deepEqual([tls.checkChain, tls.rootCertificates, tls.checkHostName], [true, 'ROOT', false]);
    assert.deepEqual([tls.certificate, tls.key], ['CERT', 'KEY']);
    assert.equal((await resolve({ sslMode: 'verify-full' }, { files })).tls.checkHostName, true);
  });

  it('wants a root certificate for verify-ca and verify-full', async () => {
    await assert.rejects(resolve({ sslMode: 'verify-ca' }), isConfigurationFailure(/needs a root certificate/));
    await assert.rejects(
      resolve({ sslMode: 'require', sslRootCert: '/none.pem' }),
      isConfigurationFailure(/no file \/none\.pem \(sslrootcert/),
    );
  });

  it('says once which file it could not read, and why', async () => {
    for (const [profile, env, what] of [
      [{ service: 'shop' }, { PGSERVICEFILE: '/etc' }, 'service file /etc'],
      [{ sslMode: 'verify-ca', sslRootCert: '/etc' }, {}, 'sslrootcert file /etc'],
    ] as const) {
      const machine = { ...toSystem({ env }), readFile: (file: string) => localSystem.readFile(file) };
      await assert.rejects(resolveConnectionSettings({ ...emptyProfile, ...profile }, null, machine), (error) => {
        assert.ok(isConfigurationFailure(/./)(error));
        assert.equal((error as Error).message, `The ${what} can't be read: it is a folder.`);
        return true;
      });
    }
  });

  it('knows sslrootcert=system', async () => {
    const settings = await resolve({ sslRootCert: 'system' });
    assert.equal(settings.sslMode, 'verify-full');
    assert.deepEqual([settings.tls.checkChain, settings.tls.rootCertificates], [true, null]);
    await assert.rejects(resolve({ sslRootCert: 'system', sslMode: 'require' }), isConfigurationFailure(/too weak/));
  });

  it('does not use a private key that others can read', async () => {
    const files = (mode: number, ownedByRoot: boolean) => ({ '/c': 'CERT', '/k': { text: 'KEY', mode, ownedByRoot } });
    const profile = { sslCert: '/c', sslKey: '/k' };
    await assert.rejects(
      resolve(profile, { files: files(0o640, false) }),
      isConfigurationFailure(/can be read by others/),
    );
    assert.equal((await resolve(profile, { files: files(0o640, true) })).tls.key, 'KEY');
  });

  it('refuses to leave out a check that was asked for', async () => {
    for (const parameters of [{ sslcrl: '/crl' }, { require_auth: 'scram-sha-256' }, { gssencmode: 'require' }]) {
      await assert.rejects(resolve({ parameters }), isConfigurationFailure(/does not make/));
    }
    assert.deepEqual((await resolve({ parameters: { gssencmode: 'prefer' } })).notes, []);
  });

  it('says which parameters have no effect', async () => {
    const { notes } = await resolve({
      parameters: { connection_limit: '5', pgbouncer: 'true', client_encoding: 'UTF8' },
    });
    assert.deepEqual(notes, [
      'Without effect in PG Insight: connection_limit, pgbouncer (parameters of this connection).',
    ]);
  });

  it('takes search_path out of options and says what it leaves', async () => {
    const settings = await resolve({ parameters: { options: '-c search_path=App,"My\\ Schema" --geqo=off' } });
    assert.deepEqual(settings.searchPath, ['app', 'My Schema']);
    assert.match(settings.notes.join(), /geqo/);
    const own = await resolve({ searchPath: ['mine'], parameters: { options: '-csearch_path=x' } });
    assert.deepEqual(own.searchPath, ['mine']);
  });

  it('reads connect_timeout and application_name', async () => {
    const settings = await resolve({}, { env: { PGCONNECT_TIMEOUT: '3', PGAPPNAME: 'mine' } });
    assert.deepEqual([settings.connectTimeoutMs, settings.applicationName], [3000, 'mine']);
    assert.ok((await resolve({ parameters: { connect_timeout: '0' } })).connectTimeoutMs > 0);
  });

  it("looks in Windows' folders on Windows", async () => {
    const settings = await resolve({}, { platform: 'win32' });
    assert.equal(settings.targets[0]?.host, 'localhost');
  });
});
