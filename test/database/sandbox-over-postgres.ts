// A SandboxServer over the tests' own embedded PostgreSQL, of any of its majors: the sandbox's contents are tested apart from
// how its server is found, started and looked after.
import { chown, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { runsAsRoot, unprivileged } from '../../scripts/environment/cache-folder';
import type { PostgresMajor } from '../../scripts/environment/postgres-binaries';
import { startPostgres } from '../../scripts/environment/postgres-server';
import type { SandboxServer } from '../../src/database/what-if/sandbox/sandbox-server';

export async function startSandboxOverPostgres(major: PostgresMajor): Promise<SandboxServer> {
  const server = await startPostgres({
    major,
    settings: { autovacuum: 'off', full_page_writes: 'off' },
    checksums: false,
  });
  const connect = async (user: string, database: string) => {
    const url = new URL(server.url(database));
    url.username = user;
    const client = new pg.Client({ connectionString: url.href });
    // the server going away is what `ended` tells
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const owner = await connect('postgres', 'postgres');
  await owner.query(`CREATE ROLE planner LOGIN PASSWORD '${server.password}'`);
  const { rows } = await owner.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
  await owner.end();
  return {
    major,
    versionNumber: Number(rows[0]?.version),
    dataFolder: server.dataFolder,
    async createDataFile(relativePath) {
      const file = path.join(server.dataFolder, relativePath);
      await mkdir(path.dirname(file), { recursive: true });
      await (await open(file, 'a', 0o600)).close();
      if (runsAsRoot) await chown(file, unprivileged.uid, unprivileged.gid);
    },
    connect: (role, database) => connect(role === 'owner' ? 'postgres' : 'planner', database),
    ended: server.ended().then(() => undefined),
    failure: null,
    isBroken: false,
    stop: () => server.stop(),
  };
}
