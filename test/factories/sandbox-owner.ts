// A process that owns a sandbox and can be killed: says "ready" with the server's folder, then works until it is ended.
import { findPostgresBinaries, nativeSearch } from '../../src/database/what-if/sandbox/postgres-binaries';
import { defaultSandboxLimits } from '../../src/database/what-if/sandbox/sandbox-arguments';
import { startSandboxServer } from '../../src/database/what-if/sandbox/sandbox-server';

async function main([setting = '', temporaryFolder = '', cacheFolder = '']: string[]): Promise<void> {
  const [binaries] = (await findPostgresBinaries({ ...nativeSearch, setting })).usable;
  if (binaries === undefined) throw new Error(`no PostgreSQL in ${setting}`);
  const places = { temporaryFolders: [temporaryFolder], cacheFolder };
  const server = await startSandboxServer({ binaries, places, limits: defaultSandboxLimits });
  process.stdout.write(`ready ${server.dataFolder}\n`);
  setInterval(() => undefined, 60_000);
}

void main(process.argv.slice(2));
